"""By what the long lists are ordered and narrowed, so that their first page and their total are read from an index alone.

Each begins with what its list is asked by most, then the order it is shown in, then what else a filter or a right asks: with those at
hand a row is not fetched only to be passed over.
"""

from typing import Any

from sqlalchemy import Index
from sqlmodel import col

from .alerts import Alert
from .conflicts import Conflict
from .dispositions import Disposition
from .parcels import Parcel
from .records import Mutation
from .returns import ReturnOrder
from .stock import StockBalance, StockEntry

_of_a_return = (
    ReturnOrder.site_id, ReturnOrder.owner_id, ReturnOrder.type_code, ReturnOrder.origin, ReturnOrder.customer_id, ReturnOrder.filed_by,
    ReturnOrder.status,
)  # fmt: skip
_of_an_entry = (
    StockEntry.at,
    StockEntry.id,
    StockEntry.status,
    StockEntry.site_id,
    StockEntry.owner_id,
    StockEntry.quantity,
)


def _index(name: str, *columns: Any) -> Index:
    """Each column once, where it is named first."""
    return Index(name, *(col(column) for column in dict.fromkeys(columns)))


INDEXES = (
    _index("list_returns", ReturnOrder.created_at, ReturnOrder.id, *_of_a_return),
    _index("list_returns_by_status", ReturnOrder.status, ReturnOrder.created_at, ReturnOrder.id, *_of_a_return),
    _index("list_returns_by_site", ReturnOrder.site_id, ReturnOrder.created_at, ReturnOrder.id, *_of_a_return),
    _index("list_parcels", Parcel.signed_at, Parcel.id, Parcel.site_id, Parcel.state, Parcel.waybill),
    _index("list_parcels_by_state", Parcel.state, Parcel.signed_at, Parcel.id, Parcel.site_id),
    _index("list_parcels_by_site", Parcel.site_id, Parcel.signed_at, Parcel.id, Parcel.state),
    _index("list_entries", *_of_an_entry),
    _index("list_entries_by_status", StockEntry.status, *_of_an_entry),
    _index("list_entries_by_item", StockEntry.item_id, *_of_an_entry),
    _index("list_entries_by_bin", StockEntry.bin_id, *_of_an_entry),
    _index("list_entries_by_order", StockEntry.order_id),
    _index(
        "list_stock", StockBalance.status, StockBalance.site_id, StockBalance.item_id, StockBalance.quantity, StockBalance.bin_id,
        StockBalance.lot, StockBalance.expiry, StockBalance.owner_id, StockBalance.serial, StockBalance.container_id, StockBalance.value,
        StockBalance.currency,
    ),
    _index("list_dispositions", Disposition.state, Disposition.at, Disposition.site_id),
    _index("list_alerts", Alert.state, Alert.first_at, Alert.id, Alert.site_id, Alert.rule),
    _index("list_conflicts", Conflict.state, Conflict.opened_at, Conflict.id, Conflict.site_id),
    _index("list_mutations", Mutation.status, Mutation.at, Mutation.id),
)  # fmt: skip
