"""Accounts, sessions, keys, invitations and terminals' tokens."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("password", sa.Text()),
        sa.Column("totp", sa.Text()),
        sa.Column("totp_step", sa.BigInteger()),
        sa.Column("terminals", sa.Text()),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("seen", sa.BigInteger()),
        sa.PrimaryKeyConstraint("number", name="pk_account"),
        sa.UniqueConstraint("name", name="uq_account_name"),
    )
    op.create_table(
        "session",
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=True),
        sa.Column("hash", sa.String(64), nullable=False),
        _owner("session"),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_session"),
        sa.UniqueConstraint("hash", name="uq_session_hash"),
    )
    op.create_table(
        "api_key",
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=True),
        sa.Column("hash", sa.String(64), nullable=False),
        _owner("api_key"),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("terminals", sa.Text()),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("seen", sa.BigInteger()),
        sa.PrimaryKeyConstraint("number", name="pk_api_key"),
        sa.UniqueConstraint("hash", name="uq_api_key_hash"),
    )
    op.create_table(
        "invitation",
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=True),
        sa.Column("hash", sa.String(64), nullable=False),
        _owner("invitation", nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_invitation"),
        sa.UniqueConstraint("hash", name="uq_invitation_hash"),
        sa.UniqueConstraint("account", name="uq_invitation_account"),
    )
    op.create_table(
        "terminal_token",
        sa.Column("terminal", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64)),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("terminal", name="pk_terminal_token"),
    )


def _owner(table: str, nullable: bool = False) -> "sa.Column[int]":
    key = sa.ForeignKey("account.number", name=f"fk_{table}_account_account", ondelete="CASCADE")
    return sa.Column("account", sa.Integer(), key, nullable=nullable)
