"""Differences are followed, losses are cases, and other systems say what they have."""

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('listedstock',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('list_id', sa.String(), nullable=False),
    sa.Column('site_id', sa.String(), nullable=False),
    sa.Column('item_id', sa.String(), nullable=False),
    sa.Column('lot', sa.String(), nullable=False),
    sa.Column('status', sa.String(), nullable=False),
    sa.Column('bin_id', sa.String(), nullable=False),
    sa.Column('serial', sa.String(), nullable=False),
    sa.Column('quantity', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sqlite_with_rowid=False
    )
    with op.batch_alter_table('listedstock', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_listedstock_item_id'), ['item_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_listedstock_list_id'), ['list_id'], unique=False)

    op.create_table('losscase',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('site_id', sa.String(), nullable=False),
    sa.Column('owner_id', sa.String(), nullable=False),
    sa.Column('item_id', sa.String(), nullable=False),
    sa.Column('quantity', sa.BigInteger(), nullable=False),
    sa.Column('found', sa.BigInteger(), nullable=False),
    sa.Column('written_off', sa.BigInteger(), nullable=False),
    sa.Column('claimed', sa.BigInteger(), nullable=False),
    sa.Column('in_book', sa.Boolean(), nullable=False),
    sa.Column('lot', sa.String(), nullable=False),
    sa.Column('expiry', sa.String(), nullable=False),
    sa.Column('serial', sa.String(), nullable=False),
    sa.Column('status', sa.String(), nullable=False),
    sa.Column('bin_id', sa.String(), nullable=False),
    sa.Column('container_id', sa.String(), nullable=False),
    sa.Column('order_id', sa.String(), nullable=False),
    sa.Column('line_id', sa.String(), nullable=False),
    sa.Column('difference_id', sa.String(), nullable=False),
    sa.Column('unit_cost', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('parties', sa.Text(), nullable=False),
    sa.Column('assigned_to', sa.String(), nullable=False),
    sa.Column('opened_by', sa.String(), nullable=False),
    sa.Column('opened_at', sa.BigInteger(), nullable=False),
    sa.Column('closed_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sqlite_with_rowid=False
    )
    with op.batch_alter_table('losscase', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_losscase_difference_id'), ['difference_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_losscase_item_id'), ['item_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_losscase_line_id'), ['line_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_losscase_order_id'), ['order_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_losscase_site_id'), ['site_id'], unique=False)

    op.create_table('lossstep',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('case_id', sa.String(), nullable=False),
    sa.Column('site_id', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('quantity', sa.BigInteger(), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('bin_id', sa.String(), nullable=False),
    sa.Column('against', sa.String(), nullable=False),
    sa.Column('reference', sa.String(), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('by', sa.String(), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sqlite_with_rowid=False
    )
    with op.batch_alter_table('lossstep', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_lossstep_case_id'), ['case_id'], unique=False)

    op.create_table('stocklist',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('site_id', sa.String(), nullable=False),
    sa.Column('source', sa.String(), nullable=False),
    sa.Column('as_of', sa.BigInteger(), nullable=False),
    sa.Column('whole', sa.Boolean(), nullable=False),
    sa.Column('dimensions', sa.Text(), nullable=False),
    sa.Column('statuses', sa.Text(), nullable=False),
    sa.Column('rows', sa.BigInteger(), nullable=False),
    sa.Column('units', sa.BigInteger(), nullable=False),
    sa.Column('by', sa.String(), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sqlite_with_rowid=False
    )
    with op.batch_alter_table('stocklist', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_stocklist_site_id'), ['site_id'], unique=False)

    with op.batch_alter_table('difference', schema=None) as batch_op:
        batch_op.add_column(sa.Column('owner_id', sa.String(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('item_id', sa.String(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('order_id', sa.String(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('line_id', sa.String(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('bin_id', sa.String(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('container_id', sa.String(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('lot', sa.String(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('expiry', sa.String(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('serial', sa.String(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('status', sa.String(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('unit_cost', sa.BigInteger(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('currency', sa.String(), nullable=False, server_default='CNY'))
        batch_op.add_column(sa.Column('value', sa.BigInteger(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('facts', sa.Text(), nullable=False, server_default='{}'))
        batch_op.add_column(sa.Column('assigned_to', sa.String(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('occurrences', sa.BigInteger(), nullable=False, server_default='1'))
        batch_op.add_column(sa.Column('gone_at', sa.BigInteger(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('closed_by', sa.String(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('closing_reason', sa.Text(), nullable=False, server_default=''))
        batch_op.create_index(batch_op.f('ix_difference_item_id'), ['item_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_difference_order_id'), ['order_id'], unique=False)

    with op.batch_alter_table('task', schema=None) as batch_op:
        batch_op.add_column(sa.Column('difference_id', sa.String(), nullable=False, server_default=''))
        batch_op.create_index(batch_op.f('ix_task_difference_id'), ['difference_id'], unique=False)

    # What closed by itself had the word that people's decisions have now.
    op.execute("UPDATE difference SET state = 'auto_closed' WHERE state = 'resolved'")
