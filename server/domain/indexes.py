"""By what the long lists are ordered and narrowed, so that their first page and their total are read from an index alone.

Each begins with what its list is asked by most, then the order it is shown in, then what else a filter or a right asks: with those at
hand a row is not fetched only to be passed over.
"""

from typing import Any

from sqlalchemy import Index, text
from sqlmodel import col

from .alerts import Alert
from .catalog import Item
from .conflicts import Conflict
from .dispositions import Disposition
from .documents import OutboundOrder
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


def _index(name: str, *columns: Any, only: str = "") -> Index:
    """Each column once, where it is named first. `only`: the rows in it; who asks for these says so in the same words."""
    part = text(only) if only else None
    return Index(name, *(col(column) for column in dict.fromkeys(columns)), sqlite_where=part, postgresql_where=part)


INDEXES = (
    _index("list_returns", ReturnOrder.created_at, ReturnOrder.id, *_of_a_return, ReturnOrder.number),
    _index("list_returns_by_status", ReturnOrder.status, ReturnOrder.created_at, ReturnOrder.id, *_of_a_return),
    _index("list_returns_by_site", ReturnOrder.site_id, ReturnOrder.created_at, ReturnOrder.id, *_of_a_return),
    _index("list_returns_by_origin", ReturnOrder.origin, ReturnOrder.created_at, ReturnOrder.id, *_of_a_return),
    _index("list_returns_noted", ReturnOrder.id, only="note <> ''"),
    _index("list_outbound", OutboundOrder.shipped_on, OutboundOrder.id),
    _index("list_parcels", Parcel.signed_at, Parcel.id, Parcel.site_id, Parcel.state, Parcel.waybill),
    _index("list_parcels_by_state", Parcel.state, Parcel.signed_at, Parcel.id, Parcel.site_id),
    _index("list_parcels_by_site", Parcel.site_id, Parcel.signed_at, Parcel.id, Parcel.state),
    _index("list_parcels_unclaimed", Parcel.unclaimed_at, Parcel.id, Parcel.site_id, only="state = 'unclaimed'"),
    _index("list_entries", *_of_an_entry),
    _index("list_entries_by_status", StockEntry.status, *_of_an_entry),
    _index("list_entries_by_item", StockEntry.item_id, *_of_an_entry),
    _index("list_entries_by_site", StockEntry.site_id, *_of_an_entry),
    _index("list_entries_by_bin", StockEntry.bin_id, *_of_an_entry),
    _index("list_entries_by_order", StockEntry.order_id),
    _index(
        "list_stock_sums", StockBalance.status, StockBalance.site_id, StockBalance.currency, StockBalance.bin_id, StockBalance.owner_id,
        StockBalance.item_id, StockBalance.quantity, StockBalance.value, only="quantity <> 0",
    ),
    _index("list_stock_dated", StockBalance.status, StockBalance.site_id, StockBalance.item_id, StockBalance.lot, StockBalance.expiry,
           StockBalance.owner_id, only="quantity <> 0 AND (lot <> '' OR expiry <> '')"),
    _index("list_stock_by_bin", StockBalance.bin_id, StockBalance.status, StockBalance.site_id, StockBalance.item_id),
    _index("list_stock_by_expiry", StockBalance.expiry, StockBalance.item_id, StockBalance.lot, StockBalance.site_id),
    _index("list_stock_by_serial", StockBalance.serial, StockBalance.item_id, StockBalance.site_id),
    _index("list_stock_by_lot", StockBalance.lot, only="lot <> ''"),
    _index("list_items_kept", Item.min_days_to_sell, only="min_days_to_sell > 0"),
    _index("list_dispositions", Disposition.state, Disposition.at, Disposition.site_id),
    _index("list_alerts", Alert.state, Alert.first_at, Alert.id, Alert.site_id, Alert.rule),
    _index("list_conflicts", Conflict.state, Conflict.opened_at, Conflict.id, Conflict.site_id),
    _index("list_mutations", Mutation.status, Mutation.at, Mutation.id),
    _index("list_mutations_of_a_site", Mutation.at, Mutation.id, Mutation.site_id),
)  # fmt: skip
