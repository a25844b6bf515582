"""Which barcodes the item master knows."""

from collections.abc import Iterable

from sqlmodel import col

from ..catalog import Barcode
from ..work import Work


def known_barcodes(work: Work, texts: Iterable[str]) -> set[str]:
    """Those of the texts that some item wears."""
    wanted = sorted(set(texts))
    return {barcode.text for barcode in work.find(Barcode, col(Barcode.text).in_(wanted))} if wanted else set()
