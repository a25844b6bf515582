"""Photos are looked at, bins may be full, and a shipment says expiry and specification."""

import json

import sqlalchemy as sa
from alembic import op

from server.domain.ids import derived_id

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('photolook',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('problem', sa.String(), nullable=False),
    sa.Column('likeness', sa.String(), nullable=False),
    sa.Column('codes', sa.Text(), nullable=False),
    sa.Column('engines', sa.Text(), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sqlite_with_rowid=False
    )
    op.create_table('phototwin',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('sha256', sa.String(), nullable=False),
    sa.Column('other', sa.String(), nullable=False),
    sa.Column('differing', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sqlite_with_rowid=False
    )
    with op.batch_alter_table('phototwin', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_phototwin_sha256'), ['sha256'], unique=False)

    op.create_table('photouse',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('sha256', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('subject_kind', sa.String(), nullable=False),
    sa.Column('subject_id', sa.String(), nullable=False),
    sa.Column('site_id', sa.String(), nullable=False),
    sa.Column('order_id', sa.String(), nullable=False),
    sa.Column('line_id', sa.String(), nullable=False),
    sa.Column('serial', sa.String(), nullable=False),
    sa.Column('mutation_id', sa.String(), nullable=False),
    sa.Column('device_id', sa.String(), nullable=False),
    sa.Column('by', sa.String(), nullable=False),
    sa.Column('made_at', sa.BigInteger(), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sqlite_with_rowid=False
    )
    with op.batch_alter_table('photouse', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_photouse_line_id'), ['line_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_photouse_sha256'), ['sha256'], unique=False)
        batch_op.create_index(batch_op.f('ix_photouse_subject_id'), ['subject_id'], unique=False)

    with op.batch_alter_table('bin', schema=None) as batch_op:
        batch_op.add_column(sa.Column('capacity', sa.BigInteger(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('holds', sa.String(), nullable=False, server_default='units'))

    with op.batch_alter_table('blob', schema=None) as batch_op:
        batch_op.add_column(sa.Column('looked', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.create_index(batch_op.f('ix_blob_looked'), ['looked'], unique=False)

    with op.batch_alter_table('container', schema=None) as batch_op:
        batch_op.add_column(sa.Column('used_on', sa.Text(), nullable=False, server_default='[]'))

    with op.batch_alter_table('item', schema=None) as batch_op:
        batch_op.add_column(sa.Column('min_days_to_accept', sa.BigInteger(), nullable=False, server_default='0'))

    with op.batch_alter_table('outboundline', schema=None) as batch_op:
        batch_op.add_column(sa.Column('expiry', sa.String(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('spec', sa.String(), nullable=False, server_default=''))

    _tell_what_was_used()


def _tell_what_was_used() -> None:
    """What records said of photos so far becomes rows that can be asked for."""
    connection = op.get_bind()
    insert = sa.text(
        "INSERT INTO photouse (id, sha256, kind, subject_kind, subject_id, site_id, order_id, line_id, serial, mutation_id, device_id, "
        '"by", made_at, at) VALUES (:id, :sha256, :kind, :subject_kind, :subject_id, :site_id, :order_id, :line_id, :serial, '
        ":mutation_id, :device_id, :by, :made_at, :at) ON CONFLICT DO NOTHING"
    )
    for subject_kind, columns in (
        ("Inspection", 'order_id, line_id, serial, mutation_id, device_id, "by", made_at, at'),
        ("Parcel", "'' AS order_id, '' AS line_id, '' AS serial, '' AS mutation_id, '' AS device_id, signed_by AS \"by\", "
         "signed_at AS made_at, signed_at AS at"),
        ("TaskAnswer", "'' AS order_id, '' AS line_id, '' AS serial, mutation_id, device_id, \"by\", made_at, at"),
        ("Reply", "order_id, '' AS line_id, '' AS serial, mutation_id, device_id, \"by\", made_at, at"),
    ):
        found = connection.execute(
            sa.text(f"SELECT id, site_id, photos, {columns} FROM {subject_kind.lower()} WHERE photos <> '[]'")  # noqa: S608
        ).mappings()
        for row in found.all():
            for photo in json.loads(row["photos"]):
                if not photo.get("sha256"):
                    continue
                told = {name: row[name] for name in row if name not in ("id", "photos")}
                connection.execute(
                    insert,
                    told | {"id": derived_id("photo", photo["sha256"], row["id"]), "sha256": photo["sha256"],
                            "kind": photo.get("kind", ""), "subject_kind": subject_kind, "subject_id": row["id"]},
                )  # fmt: skip
