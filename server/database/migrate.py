"""Brings the tables to the layout that this version knows."""

import logging
from pathlib import Path

from sqlalchemy import Connection, column, inspect, select, table

FOLDER = Path(__file__).with_name("migrations")
STEPS = sorted(path.name.partition("_")[0] for path in (FOLDER / "versions").glob("[0-9]*_*.py"))
"""The revision of each, in the order in which they are taken."""
_TAKEN = table("alembic_version", column("version_num"))


class LayoutError(Exception):
    """The tables are those of a newer version, or of another program."""


def migrate(connection: Connection) -> None:
    """Take the steps that are missing. Raises LayoutError, sqlalchemy.exc.SQLAlchemyError."""
    present = present_layout(connection)
    if present is not None and present not in STEPS:
        raise LayoutError(f"its layout, {present}, is one that only a newer version knows")
    if present != STEPS[-1]:
        _take_steps(connection)


def present_layout(connection: Connection) -> str | None:
    """The step that was taken last; None: none was."""
    if not inspect(connection).has_table(_TAKEN.name):
        return None
    return connection.execute(select(_TAKEN.c.version_num)).scalar_one_or_none()


def _take_steps(connection: Connection) -> None:
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells of its own import
    from alembic import command  # a second of processor, which most starts have no use for
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
