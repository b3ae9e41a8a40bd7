"""`python -m server terminals`: tokens are added, rotated and revoked without a browser."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from server.accounts.accounts import AccountError
from server.audit.operator_log import COMMAND_LINE, Act, ActKind
from server.database.database import DatabaseError, address_of, opened
from server.history.writing import note_here
from server.settings import Settings
from server.support.clock import moment
from server.support.errors import StartError
from server.tokens import store
from server.tokens.store import TokenError

T = TypeVar("T")


async def add(settings: Settings, name: str) -> str:
    kind = ActKind.TERMINAL_TOKEN_ADDED
    return noted(settings, kind, name, lambda connection: store.add(connection, name))


async def rotate(settings: Settings, name: str) -> str:
    kind = ActKind.TERMINAL_TOKEN_ROTATED
    return noted(settings, kind, name, lambda connection: store.rotate(connection, name))


async def revoke(settings: Settings, name: str) -> str:
    kind = ActKind.TERMINAL_TOKEN_REVOKED
    noted(settings, kind, name, lambda connection: store.revoke(connection, name))
    if name in settings.tokens:
        return f"{name}: its token is revoked; the one in the settings still holds"
    return f"{name}: its token is revoked"


async def listed(settings: Settings) -> str:
    lines = [
        f"{token.terminal}: {'revoked' if token.revoked else f'since {moment(token.created):%Y-%m-%d %H:%M}'}"
        for token in written(settings, store.all_tokens)
    ]
    lines += [f"{terminal}: in the settings" for terminal in sorted(settings.tokens)]
    return "\n".join(lines) or "no terminal has a token"


def noted(
    settings: Settings, kind: ActKind, subject: str, work: Callable[[Connection], T], **details: str
) -> T:
    """As `written`; that it is done is in the operators' record before it takes effect. Raises StartError."""
    act = Act(datetime.now().astimezone(), COMMAND_LINE, kind, subject, details=details)

    def work_and_note(connection: Connection) -> T:
        done = work(connection)
        note_here(settings.logs, connection, act)
        return done

    try:
        settings.logs.mkdir(parents=True, exist_ok=True)
        return written(settings, work_and_note)
    except OSError as error:
        raise StartError(f"the operators' record cannot be written, so nothing is done: {error}") from error


def written(settings: Settings, work: Callable[[Connection], T]) -> T:
    """Work on the server's database, beside a server that may be running. Raises StartError."""
    try:
        with opened(address_of(settings.logs, settings.database)) as database:
            return database.write_here(work)
    except (DatabaseError, AccountError, TokenError) as error:
        raise StartError(str(error)) from error
    except SQLAlchemyError as error:
        raise StartError(f"the database cannot be used now: {getattr(error, 'orig', error)}") from error
