"""Decisions that came with an archive."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("decision", _imported())


def _imported() -> "sa.Column[bool]":
    return sa.Column("imported", sa.Boolean(), nullable=False, server_default=sa.false())
