"""Totes, cages, pallets and stickers: own labels (LPN) printed beforehand. A container moves with all it holds by one scan."""

from sqlmodel import Field

from .model import Command, Table, moment, ref


class Container(Table, table=True):
    """The id comes from the label, so two handhelds that first use it make one container."""

    site_id: str = ref()
    label: str = Field(default="", index=True)
    kind: str = "tote"  # tote | pallet | sticker
    bin_id: str = ref()
    outcome: str = ""  # what it collects: '' anything, else a disposition
    created_by: str = ""
    created_at: int = moment()


class UseContainer(Command):
    """A label is scanned for the first time and becomes a container."""

    container_id: str
    site_id: str
    label: str
    kind: str = "tote"
    bin_id: str = ""
    outcome: str = ""


class MoveContainer(Command):
    """The container, with all it holds, now stands in this bin. Also how a whole tote is put away."""

    container_id: str
    bin_id: str
