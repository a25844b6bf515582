"""EAN-13 in the in-store range, for goods that have no barcode of their own (GS1: prefixes 20 to 29 are for use inside a company)."""

import hashlib
import re
from collections.abc import Callable

_REGULAR = re.compile(r"([0-9]{5})([A-Z]{0,3})")


def ean13(twelve: str) -> str:
    """The twelve digits and the check digit."""
    total = sum(int(digit) * (3 if at % 2 else 1) for at, digit in enumerate(twelve))
    return f"{twelve}{-total % 10}"


def is_ean13(text: str) -> bool:
    return len(text) == 13 and text.isascii() and text.isdigit() and ean13(text[:12]) == text


def in_store(code: str, taken: Callable[[str], bool] = lambda text: False) -> str:
    """The barcode of a stock code, always the same one.

    Five digits and up to three letters, as nearly all codes are, are written into it as they are, under prefix 20: two codes can
    never meet. Any other code is hashed into prefixes 21 to 29, and again while another code has that barcode.
    """
    code = code.upper()
    if regular := _REGULAR.fullmatch(code):
        letters = 0
        for letter in regular[2]:
            letters = letters * 27 + ord(letter) - ord("A") + 1
        return ean13(f"20{regular[1]}{letters:05d}")
    for attempt in range(1_000):
        digest = int(hashlib.sha256(f"{code}\x1f{attempt}".encode()).hexdigest(), 16)
        text = ean13(f"{21 + digest % 9}{digest // 9 % 10**10:010d}")
        if not taken(text):
            return text
    raise AssertionError("unreachable: a thousand barcodes are not all taken")
