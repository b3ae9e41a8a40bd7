"""API keys: for programs, with some of their owner's rights, and for a time."""

import json
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select, update

from server.accounts.accounts import AccountError, as_json, terminals_of
from server.accounts.rights import RIGHTS, Caller, Right, Role, narrowed
from server.accounts.tables import ACCOUNT, API_KEY
from server.support.clock import now_ms
from server.support.secret import hashed, new_secret

PREFIX = "dw_"
"""Every key begins so: one that was published by mistake is found by it."""
MAX_DAYS = 366
MAX_KEYS = 50
"""Of one account."""
NAME_CHARS = 64
SEEN_MS = 60_000
DAY_MS = 24 * 3600 * 1000


@dataclass(frozen=True)
class Key:
    """`scopes`: what it may at most. `terminals`: the only ones that it sees; None: all of its owner's.
    Times in milliseconds since 1970."""

    number: int
    name: str
    scopes: frozenset[Right]
    terminals: frozenset[str] | None
    created: int
    expires: int
    seen: int | None


def add(
    connection: Connection,
    account: int,
    name: str,
    *,
    scopes: Collection[Right],
    terminals: Collection[str] | None,
    days: int,
) -> tuple[int, str]:
    """Its number and the key itself, which nobody can tell again. Raises AccountError."""
    name = checked_name(name)
    if not 1 <= days <= MAX_DAYS:
        raise AccountError(f"A key is valid for 1 to {MAX_DAYS} days.")
    if not scopes:
        raise AccountError("A key needs at least one scope.")
    require_room(connection, account)
    secret, now = PREFIX + new_secret(), now_ms()
    row = {
        "hash": hashed(secret),
        "account": account,
        "name": name,
        "scopes": json.dumps(sorted(scope.value for scope in scopes)),
        "terminals": as_json(terminals),
        "created": now,
        "expires": now + days * DAY_MS,
    }
    inserted = connection.execute(insert(API_KEY).values(row)).inserted_primary_key
    assert inserted is not None
    return int(inserted[0]), secret


def checked_name(name: str) -> str:
    """A key's name as it is kept. Raises AccountError."""
    name = name.strip()
    if not 1 <= len(name) <= NAME_CHARS or not name.isprintable():
        raise AccountError(f"A key's name has 1 to {NAME_CHARS} characters.")
    return name


def require_room(connection: Connection, account: int) -> None:
    """Raises AccountError: the account can have no further key."""
    owned = select(func.count()).select_from(API_KEY).where(API_KEY.c.account == account)
    if connection.execute(owned).scalar_one() >= MAX_KEYS:
        raise AccountError(f"There are {MAX_KEYS} keys already.")


def caller(connection: Connection, secret: str, source: str) -> Caller | None:
    """Who asks with this key; None: nobody may. It has no right that its owner has not."""
    query = (
        select(API_KEY, ACCOUNT.c.name.label("owner"), ACCOUNT.c.role, ACCOUNT.c.terminals.label("owners"))
        .join_from(API_KEY, ACCOUNT)
        .where(API_KEY.c.hash == hashed(secret), ACCOUNT.c.disabled.is_(False))
    )
    row = connection.execute(query).first()
    if row is None or row.expires <= now_ms():
        return None
    return Caller(
        account=row.account,
        name=row.owner,
        rights=RIGHTS[Role(row.role)] & _scopes(row.scopes),
        terminals=narrowed(terminals_of(row.owners), terminals_of(row.terminals)),
        source=source,
        key=row.name,
    )


def is_stale(connection: Connection, secret: str) -> bool:
    """Whether it is time to write down that it is in use."""
    stale = func.coalesce(API_KEY.c.seen, 0) < now_ms() - SEEN_MS
    query = select(API_KEY.c.number).where(API_KEY.c.hash == hashed(secret), stale)
    return connection.execute(query).first() is not None


def touch(connection: Connection, secret: str) -> None:
    """It is in use."""
    connection.execute(update(API_KEY).where(API_KEY.c.hash == hashed(secret)).values(seen=now_ms()))


def of_account(connection: Connection, account: int) -> list[Key]:
    """The newest first, also those that have expired."""
    query = select(API_KEY).where(API_KEY.c.account == account).order_by(API_KEY.c.number.desc())
    return [
        Key(
            number=row.number,
            name=row.name,
            scopes=_scopes(row.scopes),
            terminals=terminals_of(row.terminals),
            created=row.created,
            expires=row.expires,
            seen=row.seen,
        )
        for row in connection.execute(query)
    ]


def remove(connection: Connection, account: int, number: int) -> str | None:
    """Its name; None: the account has no such key."""
    mine = (API_KEY.c.number == number) & (API_KEY.c.account == account)
    name = connection.execute(select(API_KEY.c.name).where(mine)).scalar_one_or_none()
    connection.execute(delete(API_KEY).where(mine))
    return name


def _scopes(text: str) -> frozenset[Right]:
    return frozenset(Right(each) for each in json.loads(text))
