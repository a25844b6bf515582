"""Stock: an append-only ledger of paired entries, and balances as a cache of it that can be rebuilt at will."""

from sqlmodel import Field

from .model import Table, integer, moment, ref

STATUSES = (
    "quarantine", "sellable", "defective", "held", "in_repair", "scrap_pending", "vendor_pending", "customer_pending",
    "lost", "in_transit",
)  # fmt: skip
"""In the building, in somebody's care."""

OUTSIDE = ("out", "scrapped", "vendor_shipped", "customer_shipped", "shipped_exchange", "handed_over")
"""Where goods come from and go to. Their balances are kept too, so that everything always adds up to zero."""


class StockEntry(Table, table=True):
    """One side of a move. `move_id` joins the pair; both ids come from the mutation's, so a replay cannot double them."""

    move_id: str = ref()
    mutation_id: str = ref()
    balance_id: str = ref()
    site_id: str = ref()
    owner_id: str = ""
    item_id: str = ref()
    status: str = ""
    bin_id: str = ""
    container_id: str = ""
    lot: str = ""
    expiry: str = ""
    serial: str = Field(default="", index=True)
    quantity: int = integer()
    unit_cost: int = integer()
    currency: str = "CNY"
    cause: str = ""  # receive | unreceive | dispose | put_away | move | import | resolve
    order_id: str = ""
    line_id: str = ref()
    business_date: str = ""
    posting_date: str = ""
    device_id: str = ""
    by: str = ""
    at: int = moment()


class StockBalance(Table, table=True):
    """The id is the hash of all its dimensions."""

    site_id: str = ref()
    owner_id: str = ""
    item_id: str = ref()
    status: str = ""
    bin_id: str = ref()
    container_id: str = ref()
    lot: str = ""
    expiry: str = ""
    serial: str = ""
    quantity: int = integer()
