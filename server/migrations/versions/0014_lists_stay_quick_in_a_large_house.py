"""Lists stay quick in a large house."""

from alembic import op
from sqlalchemy import text

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None

OF_A_RETURN = ['site_id', 'owner_id', 'type_code', 'origin', 'customer_id', 'filed_by', 'status']
OF_AN_ENTRY = ['at', 'id', 'status', 'site_id', 'owner_id', 'quantity']
NO_MORE = (
    ('list_returns', 'returnorder'),  # made anew below
    ('list_stock', 'stockbalance'),
    ('ix_stockentry_site_id', 'stockentry'),  # longer ones begin alike
    ('ix_stockentry_item_id', 'stockentry'),
    ('ix_stockbalance_bin_id', 'stockbalance'),
    ('ix_stockbalance_site_id', 'stockbalance'),  # a site has half of them: whoever looks here looks at too much
)
INDEXES = (
    ('list_returns', 'returnorder', ['created_at', 'id', *OF_A_RETURN, 'number'], ''),
    ('list_returns_by_origin', 'returnorder', ['origin', 'created_at', 'id', *OF_A_RETURN], ''),
    ('list_returns_noted', 'returnorder', ['id'], "note <> ''"),
    ('list_outbound', 'outboundorder', ['shipped_on', 'id'], ''),
    ('list_parcels_unclaimed', 'parcel', ['unclaimed_at', 'id', 'site_id'], "state = 'unclaimed'"),
    ('list_entries_by_site', 'stockentry', ['site_id', *OF_AN_ENTRY], ''),
    ('list_stock_sums', 'stockbalance',
     ['status', 'site_id', 'currency', 'bin_id', 'owner_id', 'item_id', 'quantity', 'value'], 'quantity <> 0'),
    ('list_stock_dated', 'stockbalance', ['status', 'site_id', 'item_id', 'lot', 'expiry', 'owner_id'],
     "quantity <> 0 AND (lot <> '' OR expiry <> '')"),
    ('list_stock_by_bin', 'stockbalance', ['bin_id', 'status', 'site_id', 'item_id'], ''),
    ('list_stock_by_expiry', 'stockbalance', ['expiry', 'item_id', 'lot', 'site_id'], ''),
    ('list_stock_by_serial', 'stockbalance', ['serial', 'item_id', 'site_id'], ''),
    ('list_stock_by_lot', 'stockbalance', ['lot'], "lot <> ''"),
    ('list_items_kept', 'item', ['min_days_to_sell'], 'min_days_to_sell > 0'),
    ('list_mutations_of_a_site', 'mutation', ['at', 'id', 'site_id'], ''),
)


def upgrade() -> None:
    for name, table in NO_MORE:
        op.drop_index(name, table)
    for name, table, columns, only in INDEXES:
        part = text(only) if only else None
        op.create_index(name, table, list(dict.fromkeys(columns)), sqlite_where=part, postgresql_where=part)
