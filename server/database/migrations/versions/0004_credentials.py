"""Several tokens a terminal, which may expire, and its certificates. Tokens that there are hold as before."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_BEFORE = sa.table("terminal_token", *map(sa.column, ("terminal", "hash", "created")))


def upgrade() -> None:
    present = op.get_bind().execute(sa.select(_BEFORE).order_by(_BEFORE.c.terminal)).mappings().all()
    op.drop_table("terminal_token")
    made = op.create_table(
        "terminal_token",
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=True),
        sa.Column("terminal", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64)),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger()),
        sa.Column("seen", sa.BigInteger()),
        sa.PrimaryKeyConstraint("number", name="pk_terminal_token"),
    )
    op.bulk_insert(made, [dict(row) for row in present])
    op.create_table(
        "terminal_certificate",
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("terminal", sa.String(64), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("revoked", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", name="pk_terminal_certificate"),
    )
