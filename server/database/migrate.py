"""Brings the tables to the layout that this version knows."""

import logging
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

FOLDER = Path(__file__).with_name("migrations")


class LayoutError(Exception):
    """The tables are those of a newer version, or of another program."""


def migrate(connection: Connection) -> None:
    """Take the steps that are missing. Raises LayoutError, sqlalchemy.exc.SQLAlchemyError."""
    logging.getLogger("alembic").setLevel(logging.WARNING)
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    present = present_layout(connection)
    known = {step.revision for step in ScriptDirectory.from_config(config).walk_revisions()}
    if present is not None and present not in known:
        raise LayoutError(f"its layout, {present}, is one that only a newer version knows")
    command.upgrade(config, "head")


def present_layout(connection: Connection) -> str | None:
    """The step that was taken last; None: none was."""
    return MigrationContext.configure(connection).get_current_revision()
