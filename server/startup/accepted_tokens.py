"""Which terminals' tokens hold, for a look that starts no server and changes nothing."""

from sqlalchemy import Connection, inspect
from sqlalchemy.exc import SQLAlchemyError

from server.database.database import DatabaseError, address_of, look
from server.settings import Settings
from server.tokens.accepted import AcceptedTokens
from server.tokens.store import hashes
from server.tokens.tables import TERMINAL_TOKEN


def accepted_now(settings: Settings) -> AcceptedTokens:
    """As a server that starts now would take them; of a database that cannot be read none."""
    try:
        stored = look(address_of(settings.logs, settings.database), _hashes) or {}
    except (DatabaseError, SQLAlchemyError):
        stored = None
    return AcceptedTokens.of(settings.tokens, stored, settings.needs_tokens)


def _hashes(connection: Connection) -> dict[str, str | None]:
    return hashes(connection) if inspect(connection).has_table(TERMINAL_TOKEN.name) else {}
