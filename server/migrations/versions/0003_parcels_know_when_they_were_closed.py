"""Parcels know when they were closed, and snapshots are sealed beside each other."""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The version that still runs writes parcels without it.
    op.add_column('parcel', sa.Column('closed_at', sa.BigInteger(), nullable=False, server_default='0'))
    op.execute("UPDATE parcel SET closed_at = signed_at WHERE state IN ('done', 'claimed', 'refused')")
    # Made anew from the feeds whenever one is asked for.
    op.drop_table('snapshot')
    op.create_table('snapshot',
    sa.Column('feed', sa.String(), nullable=False),
    sa.Column('revision', sa.BigInteger(), nullable=False),
    sa.Column('page', sa.Integer(), nullable=False),
    sa.Column('pages', sa.BigInteger(), nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('feed', 'revision', 'page')
    )
