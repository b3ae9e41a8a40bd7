"""Which terminals' tokens hold, for a look that starts no server and changes nothing."""

from sqlalchemy import Connection, inspect, select
from sqlalchemy.exc import SQLAlchemyError

from server.database.database import DatabaseError, address_of, look
from server.settings import Settings
from server.support.clock import now_ms
from server.tokens.accepted import AcceptedTokens
from server.tokens.reminders import Reminders
from server.tokens.store import TerminalTokens, all_tokens, hashes
from server.tokens.tables import TERMINAL_TOKEN


def accepted_now(settings: Settings) -> AcceptedTokens:
    """As a server that starts now would take them; of a database that cannot be read none."""
    try:
        stored = look(address_of(settings.logs, settings.database), _hashes) or {}
    except (DatabaseError, SQLAlchemyError):
        stored = None
    return AcceptedTokens.of(settings.tokens, stored, settings.needs_tokens)


def reminders_now(settings: Settings) -> list[str]:
    """A sentence for each terminal whose token expires soon."""
    try:
        known = look(address_of(settings.logs, settings.database), _dated) or []
    except (DatabaseError, SQLAlchemyError):
        known = []
    return Reminders().due(known, now_ms())


def _dated(connection: Connection) -> list[TerminalTokens]:
    return all_tokens(connection) if _has_expiry(connection) else []


def _has_expiry(connection: Connection) -> bool:
    tables = inspect(connection)
    if not tables.has_table(TERMINAL_TOKEN.name):
        return False
    return TERMINAL_TOKEN.c.expires.name in {each["name"] for each in tables.get_columns(TERMINAL_TOKEN.name)}


def _hashes(connection: Connection) -> dict[str, frozenset[str]]:
    tables = inspect(connection)
    if not tables.has_table(TERMINAL_TOKEN.name):
        return {}
    if _has_expiry(connection):
        return hashes(connection)
    # a version before made it, whose tokens a start takes over
    rows = connection.execute(select(TERMINAL_TOKEN.c.terminal, TERMINAL_TOKEN.c.hash))
    return {row.terminal: frozenset({row.hash} - {None}) for row in rows}
