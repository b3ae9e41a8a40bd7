"""The history: decisions, visits, acts of operators, and what happens to terminals."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _create(name: str, indices: dict[str, list[str]], *columns: sa.Column[Any]) -> None:
    number = sa.Column("number", NUMBER, primary_key=True, autoincrement=True)
    moment = sa.Column("moment", sa.BigInteger, nullable=False)
    op.create_table(name, number, moment, *columns, sqlite_autoincrement=True)
    for first, more in indices.items():
        op.create_index(f"ix_{name}_{first}", name, [first, *more])


def upgrade() -> None:
    _create(
        "decision",
        {
            "moment": ["number", "terminal", "verdict", "reason", "utc_offset"],
            "name": ["moment", "number", "verdict", "terminal"],
            "terminal": ["moment", "number", "verdict"],
            "reason": ["moment", "number", "verdict"],
            "id": [],
        },
        sa.Column("utc_offset", sa.Integer, nullable=False),
        sa.Column("terminal", sa.Text, nullable=False),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("name", sa.Text),
        sa.Column("distance", sa.Float),
        sa.Column("runner_up", sa.Float),
        sa.Column("threshold", sa.Float),
        sa.Column("looks", sa.BigInteger),
        sa.Column("liveness", sa.Text),
        sa.Column("accompanied", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("latency_ms", sa.BigInteger),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("nearest", sa.Text),
    )
    _create(
        "visit",
        {"moment": ["number"], "terminal": ["moment", "number"]},
        sa.Column("terminal", sa.Text, nullable=False),
        sa.Column("decision", sa.Text),
        sa.Column("verdict", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Column("name", sa.Text),
        sa.Column("threshold", sa.Float),
        sa.Column("candidate", sa.Text),
        sa.Column("distance", sa.Float),
        sa.Column("runner_up", sa.Float),
        sa.Column("people", sa.BigInteger, nullable=False),
        sa.Column("photos", sa.BigInteger, nullable=False),
        sa.Column("looks", sa.BigInteger, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("liveness", sa.Text, nullable=False),
        sa.Column("recogniser", sa.Text, nullable=False),
    )
    _create(
        "act",
        {
            "moment": ["number"],
            "operator": ["moment", "number"],
            "kind": ["moment", "number"],
            "subject": ["moment", "number"],
        },
        sa.Column("utc_offset", sa.Integer, nullable=False),
        sa.Column("operator", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject", sa.Text),
        sa.Column("source", sa.Text),
        sa.Column("details", sa.Text, nullable=False),
    )
    _create(
        "terminal_event",
        {"moment": ["number"], "terminal": ["moment", "number"]},
        sa.Column("terminal", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("session", sa.Text, nullable=False),
        sa.Column("detail", sa.Text),
    )
