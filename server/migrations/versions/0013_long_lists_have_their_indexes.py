"""Long lists have their indexes."""

from alembic import op

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None

OF_A_RETURN = ['site_id', 'owner_id', 'type_code', 'origin', 'customer_id', 'filed_by', 'status']
OF_AN_ENTRY = ['at', 'id', 'status', 'site_id', 'owner_id', 'quantity']
INDEXES = (
    ('list_returns', 'returnorder', ['created_at', 'id', *OF_A_RETURN]),
    ('list_returns_by_status', 'returnorder', ['status', 'created_at', 'id', *OF_A_RETURN]),
    ('list_returns_by_site', 'returnorder', ['site_id', 'created_at', 'id', *OF_A_RETURN]),
    ('list_parcels', 'parcel', ['signed_at', 'id', 'site_id', 'state', 'waybill']),
    ('list_parcels_by_state', 'parcel', ['state', 'signed_at', 'id', 'site_id']),
    ('list_parcels_by_site', 'parcel', ['site_id', 'signed_at', 'id', 'state']),
    ('list_entries', 'stockentry', OF_AN_ENTRY),
    ('list_entries_by_status', 'stockentry', ['status', *OF_AN_ENTRY]),
    ('list_entries_by_item', 'stockentry', ['item_id', *OF_AN_ENTRY]),
    ('list_entries_by_bin', 'stockentry', ['bin_id', *OF_AN_ENTRY]),
    ('list_entries_by_order', 'stockentry', ['order_id']),
    ('list_stock', 'stockbalance',
     ['status', 'site_id', 'item_id', 'quantity', 'bin_id', 'lot', 'expiry', 'owner_id', 'serial', 'container_id', 'value', 'currency']),
    ('list_dispositions', 'disposition', ['state', 'at', 'site_id']),
    ('list_alerts', 'alert', ['state', 'first_at', 'id', 'site_id', 'rule']),
    ('list_conflicts', 'conflict', ['state', 'opened_at', 'id', 'site_id']),
    ('list_mutations', 'mutation', ['status', 'at', 'id']),
)


def upgrade() -> None:
    for name, table, columns in INDEXES:
        op.create_index(name, table, list(dict.fromkeys(columns)))
