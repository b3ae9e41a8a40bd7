"""Which terminals' tokens and certificates hold, for a look that starts no server and changes nothing."""

from typing import TypeAlias

from sqlalchemy import Connection, inspect, select
from sqlalchemy.exc import SQLAlchemyError

from server.database.database import DatabaseError, address_of, look
from server.settings import Settings
from server.support.clock import now_ms
from server.tokens.accepted import AcceptedTokens
from server.tokens.certificates import StoredCertificate, all_certificates, required
from server.tokens.reminders import Reminders
from server.tokens.store import TerminalTokens, all_tokens, hashes
from server.tokens.tables import TERMINAL_CERTIFICATE, TERMINAL_TOKEN

_Held: TypeAlias = dict[str, frozenset[str]]
_Dated: TypeAlias = tuple[list[TerminalTokens], list[StoredCertificate]]


def accepted_now(settings: Settings) -> AcceptedTokens:
    """As a server that starts now would take them; of a database that cannot be read none."""
    asks = settings.tls_terminals is not None
    try:
        found = look(address_of(settings.logs, settings.database), _holding)
    except (DatabaseError, SQLAlchemyError):
        return AcceptedTokens.of(settings.tokens, None, any_certificate=asks)
    stored, certificates = found or ({}, {})
    return AcceptedTokens.of(settings.tokens, stored, settings.needs_tokens, certificates)


def reminders_now(settings: Settings) -> list[str]:
    """A sentence for each terminal whose token or certificate expires soon."""
    try:
        known = look(address_of(settings.logs, settings.database), _dated)
    except (DatabaseError, SQLAlchemyError):
        known = None
    return Reminders().due(*(known or ([], [])), now_ms())


def _dated(connection: Connection) -> _Dated:
    if not _is_of_this_version(connection):
        return [], []
    return all_tokens(connection), all_certificates(connection)


def _holding(connection: Connection) -> tuple[_Held, _Held]:
    """Hashes and fingerprints."""
    if _is_of_this_version(connection):
        return hashes(connection), required(connection, now_ms())
    if not inspect(connection).has_table(TERMINAL_TOKEN.name):
        return {}, {}
    # a version before made it, whose tokens a start takes over
    rows = connection.execute(select(TERMINAL_TOKEN.c.terminal, TERMINAL_TOKEN.c.hash))
    return {row.terminal: frozenset({row.hash} - {None}) for row in rows}, {}


def _is_of_this_version(connection: Connection) -> bool:
    """Whether its tokens may expire, and terminals have certificates."""
    return inspect(connection).has_table(TERMINAL_CERTIFICATE.name)
