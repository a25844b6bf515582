"""A sample's verdict decides its tranche."""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('inspection', schema=None) as batch_op:
        batch_op.add_column(sa.Column('sampled', sa.BigInteger(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('tranche', sa.BigInteger(), nullable=False, server_default='0'))
