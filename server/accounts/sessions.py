"""Sessions: who has signed in at a browser, and for how long."""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, or_, select, update

from server.accounts.accounts import terminals_of
from server.accounts.rights import RIGHTS, Caller, Role
from server.accounts.tables import ACCOUNT, SESSION
from server.support.clock import now_ms
from server.support.secret import hashed, new_secret

IDLE_MS = 12 * 3600 * 1000
"""A session that nobody has used for so long is over: a shift."""
WHOLE_MS = 7 * 24 * 3600 * 1000
"""No session is longer."""
SEEN_MS = 60_000
"""`seen` is written down at most so often."""
AGENT_CHARS = 200
MOST = 20
"""Sessions of one account; the one used longest ago ends."""


@dataclass(frozen=True)
class Session:
    """`agent`: what the browser calls itself. `created`, `seen`: milliseconds since 1970."""

    number: int
    source: str
    agent: str
    created: int
    seen: int


def begin(connection: Connection, account: int, source: str, agent: str) -> str:
    """The secret of a new session."""
    _end_old(connection)
    others = select(SESSION.c.number).where(SESSION.c.account == account).order_by(SESSION.c.seen.desc())
    numbers = connection.execute(others.offset(MOST - 1)).scalars().all()
    connection.execute(delete(SESSION).where(SESSION.c.number.in_(numbers)))
    secret, now = new_secret(), now_ms()
    row = {
        "hash": hashed(secret),
        "account": account,
        "source": source,
        "agent": agent[:AGENT_CHARS],
        "created": now,
        "seen": now,
    }
    connection.execute(insert(SESSION).values(row))
    connection.execute(update(ACCOUNT).where(ACCOUNT.c.number == account).values(seen=now))
    return secret


def caller(connection: Connection, secret: str, source: str) -> Caller | None:
    """Whose session this is; None: nobody's, or of an account that is disabled."""
    query = (
        select(
            SESSION.c.number.label("session"),
            SESSION.c.created.label("begun"),
            SESSION.c.seen.label("used"),
            ACCOUNT,
        )
        .join_from(SESSION, ACCOUNT)
        .where(SESSION.c.hash == hashed(secret), ACCOUNT.c.disabled.is_(False))
    )
    row = connection.execute(query).first()
    now = now_ms()
    if row is None or now - row.used > IDLE_MS or now - row.begun > WHOLE_MS:
        return None
    return Caller(
        account=row.number,
        name=row.name,
        rights=RIGHTS[Role(row.role)],
        terminals=terminals_of(row.terminals),
        source=source,
        session=row.session,
    )


def is_stale(connection: Connection, session: int) -> bool:
    """Whether it is time to write down that it is in use."""
    seen = connection.execute(select(SESSION.c.seen).where(SESSION.c.number == session)).scalar_one_or_none()
    return seen is not None and now_ms() - seen > SEEN_MS


def touch(connection: Connection, session: int) -> None:
    """It is in use."""
    connection.execute(update(SESSION).where(SESSION.c.number == session).values(seen=now_ms()))


def of_account(connection: Connection, account: int) -> list[Session]:
    """Those that are not over, the one used last first."""
    _end_old(connection)
    query = select(SESSION).where(SESSION.c.account == account).order_by(SESSION.c.seen.desc())
    return [
        Session(row.number, row.source, row.agent, row.created, row.seen) for row in connection.execute(query)
    ]


def sources(connection: Connection, name: str) -> list[str]:
    """Addresses from which the account of this name is signed in."""
    query = select(SESSION.c.source).join_from(SESSION, ACCOUNT).where(ACCOUNT.c.name == name)
    return list(connection.execute(query).scalars())


def end(connection: Connection, session: int) -> None:
    connection.execute(delete(SESSION).where(SESSION.c.number == session))


def _end_old(connection: Connection) -> None:
    now = now_ms()
    over = or_(SESSION.c.seen < now - IDLE_MS, SESSION.c.created < now - WHOLE_MS)
    connection.execute(delete(SESSION).where(over))
