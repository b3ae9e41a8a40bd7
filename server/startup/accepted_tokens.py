"""Which terminals' tokens hold, for a look that starts no server and changes nothing."""

from typing import TypeAlias

from sqlalchemy import Connection, inspect, select
from sqlalchemy.exc import SQLAlchemyError

from server.database.database import DatabaseError, address_of, look
from server.settings import Settings
from server.support.clock import now_ms
from server.tokens.accepted import AcceptedTokens
from server.tokens.certificates import required
from server.tokens.store import hashes
from server.tokens.tables import TERMINAL_CERTIFICATE, TERMINAL_TOKEN


def accepted_now(settings: Settings) -> AcceptedTokens:
    """As a server that starts now would take them; of a database that cannot be read none."""
    asks = settings.tls_terminals is not None
    try:
        found = look(address_of(settings.logs, settings.database), _stored)
    except (DatabaseError, SQLAlchemyError):
        return AcceptedTokens.of(settings.tokens, None, any_certificate=asks)
    stored, certificates = found or ({}, {})
    return AcceptedTokens.of(settings.tokens, stored, settings.needs_tokens, certificates)


_Held: TypeAlias = dict[str, frozenset[str]]


def _stored(connection: Connection) -> tuple[_Held, _Held]:
    """Hashes and fingerprints that hold."""
    known = inspect(connection).has_table(TERMINAL_CERTIFICATE.name)
    return _hashes(connection), required(connection, now_ms()) if known else {}


def _hashes(connection: Connection) -> _Held:
    tables = inspect(connection)
    if not tables.has_table(TERMINAL_TOKEN.name):
        return {}
    if TERMINAL_TOKEN.c.expires.name in {each["name"] for each in tables.get_columns(TERMINAL_TOKEN.name)}:
        return hashes(connection)
    # a version before made it, whose tokens a start takes over
    rows = connection.execute(select(TERMINAL_TOKEN.c.terminal, TERMINAL_TOKEN.c.hash))
    return {row.terminal: frozenset({row.hash} - {None}) for row in rows}
