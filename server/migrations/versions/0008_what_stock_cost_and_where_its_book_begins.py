"""Stock keeps what it cost, a site's own book has a beginning, goods are handed over, and lots are held everywhere."""

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('handover',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('site_id', sa.String(), nullable=False),
    sa.Column('owner_id', sa.String(), nullable=False),
    sa.Column('item_id', sa.String(), nullable=False),
    sa.Column('quantity', sa.BigInteger(), nullable=False),
    sa.Column('lot', sa.String(), nullable=False),
    sa.Column('expiry', sa.String(), nullable=False),
    sa.Column('serial', sa.String(), nullable=False),
    sa.Column('bin_id', sa.String(), nullable=False),
    sa.Column('container_id', sa.String(), nullable=False),
    sa.Column('order_id', sa.String(), nullable=False),
    sa.Column('line_id', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('reference', sa.String(), nullable=False),
    sa.Column('mutation_id', sa.String(), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('acknowledged_by', sa.String(), nullable=False),
    sa.Column('acknowledged_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sqlite_with_rowid=False
    )
    with op.batch_alter_table('handover', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_handover_item_id'), ['item_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_handover_order_id'), ['order_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_handover_site_id'), ['site_id'], unique=False)

    op.create_table('lothold',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('owner_id', sa.String(), nullable=False),
    sa.Column('item_id', sa.String(), nullable=False),
    sa.Column('lot', sa.String(), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('by', sa.String(), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('released_by', sa.String(), nullable=False),
    sa.Column('released_at', sa.BigInteger(), nullable=False),
    sa.Column('release_reason', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sqlite_with_rowid=False
    )
    with op.batch_alter_table('lothold', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_lothold_item_id'), ['item_id'], unique=False)

    op.create_table('numberreport',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('site_id', sa.String(), nullable=False),
    sa.Column('figure', sa.String(), nullable=False),
    sa.Column('shown', sa.BigInteger(), nullable=False),
    sa.Column('asked', sa.Text(), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('evidence', sa.Text(), nullable=False),
    sa.Column('by', sa.String(), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sqlite_with_rowid=False
    )
    with op.batch_alter_table('numberreport', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_numberreport_site_id'), ['site_id'], unique=False)

    op.create_table('openingstock',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('site_id', sa.String(), nullable=False),
    sa.Column('owner_id', sa.String(), nullable=False),
    sa.Column('external_id', sa.String(), nullable=False),
    sa.Column('said', sa.Text(), nullable=False),
    sa.Column('item_id', sa.String(), nullable=False),
    sa.Column('quantity', sa.BigInteger(), nullable=False),
    sa.Column('counted_on', sa.String(), nullable=False),
    sa.Column('source', sa.String(), nullable=False),
    sa.Column('mutation_id', sa.String(), nullable=False),
    sa.Column('by', sa.String(), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sqlite_with_rowid=False
    )
    with op.batch_alter_table('openingstock', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_openingstock_item_id'), ['item_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_openingstock_mutation_id'), ['mutation_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_openingstock_site_id'), ['site_id'], unique=False)

    with op.batch_alter_table('item', schema=None) as batch_op:
        batch_op.add_column(sa.Column('costs', sa.Text(), nullable=False, server_default='[]'))
        batch_op.create_index(batch_op.f('ix_item_min_days_to_sell'), ['min_days_to_sell'], unique=False)

    with op.batch_alter_table('outboundline', schema=None) as batch_op:
        batch_op.add_column(sa.Column('posted', sa.BigInteger(), nullable=False, server_default='0'))

    with op.batch_alter_table('outboundorder', schema=None) as batch_op:
        batch_op.create_index('ix_outboundorder_shipped', ['site_id', 'shipped_on'], unique=False)

    with op.batch_alter_table('site', schema=None) as batch_op:
        batch_op.add_column(sa.Column('book_from', sa.String(), nullable=False, server_default=''))

    with op.batch_alter_table('stockbalance', schema=None) as batch_op:
        batch_op.add_column(sa.Column('value', sa.BigInteger(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('currency', sa.String(), nullable=False, server_default='CNY'))

    # What stands there was posted at the item's cost, which nobody could change so far: places that are empty are worth nothing.
    op.execute("""UPDATE stockbalance SET
        currency = coalesce((SELECT currency FROM item WHERE item.id = stockbalance.item_id), 'CNY'),
        value = coalesce((SELECT sum(quantity * unit_cost) FROM stockentry WHERE stockentry.balance_id = stockbalance.id), 0)""")
