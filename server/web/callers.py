"""Who asks, and whether they may: every route says by `Requires` or `PUBLIC` who may use it."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, WebSocketException
from sqlalchemy import Connection
from starlette.requests import HTTPConnection
from websockets.frames import CloseCode

from server.accounts import keys, sessions
from server.accounts.rights import Caller, Right
from server.accounts.sign_in import SignIn
from server.audit.security_log import Notice, SecurityKind
from server.database.database import Database
from server.web.problems import ProblemError
from server.web.running import Running


def running(connection: HTTPConnection) -> Running:
    """What of the server this request may reach."""
    found: Running = connection.app.state.running
    return found


def entrance(connection: HTTPConnection) -> SignIn:
    """The only way to a session."""
    found: SignIn = connection.app.state.sign_in
    return found


def source(connection: HTTPConnection) -> str:
    """The address that the request comes from."""
    return connection.client.host if connection.client else "unknown"


def site_address(connection: HTTPConnection) -> str:
    """Where the caller has found this server: what a link for others begins with."""
    return connection.headers.get("origin") or str(connection.base_url).rstrip("/")


def cookie_name(connection: HTTPConnection) -> str:
    """With TLS browsers keep a cookie of this name from every other host, path and plain connection."""
    return "__Host-doorward" if connection.url.scheme in ("https", "wss") else "doorward"


async def find_caller(connection: HTTPConnection) -> Caller | None:
    """Who asks, by an API key or a session; None: nobody that is known."""
    database, address = running(connection).database, source(connection)
    scheme, _, key = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return await _of_key(database, running(connection).notice, key.strip(), address)
    secret = connection.cookies.get(cookie_name(connection))
    return None if secret is None else await _of_session(database, secret, address)


async def _of_key(database: Database, notice: Notice, key: str, address: str) -> Caller | None:
    def look(sql: Connection) -> tuple[Caller | None, bool]:
        caller = keys.caller(sql, key, address)
        return caller, caller is not None and keys.is_stale(sql, key)

    caller, is_stale = await database.read(look)
    if caller is None:
        notice(SecurityKind.KEY_REFUSED, source=address)
    if is_stale:
        await database.write(lambda sql: keys.touch(sql, key))
    return caller


async def _of_session(database: Database, secret: str, address: str) -> Caller | None:
    def look(sql: Connection) -> tuple[Caller | None, int | None]:
        caller = sessions.caller(sql, secret, address)
        session = None if caller is None else caller.session
        return caller, session if session is not None and sessions.is_stale(sql, session) else None

    caller, stale = await database.read(look)
    if stale is not None:
        await database.write(lambda sql: sessions.touch(sql, stale))
    return caller


def session_of(caller: Caller) -> int:
    """Of somebody who has signed in."""
    assert caller.session is not None
    return caller.session


async def found_caller(connection: HTTPConnection) -> Caller | None:
    """Who asks, as it was found when the request came in (`server.web.limits`)."""
    caller: Caller | None = connection.state.caller
    return caller


Known = Annotated[Caller | None, Depends(found_caller)]


def require_everywhere(caller: Caller) -> None:
    """Raises ProblemError: the caller sees some terminals only, and this holds at all of them."""
    if not caller.everywhere:
        detail = "This holds at all terminals, and you see only some of them."
        raise ProblemError(HTTPStatus.FORBIDDEN, "forbidden", detail)


class Requires:
    """A dependency: whoever has this right, or with None anybody who has signed in. `keys`: also by an API
    key; one can neither make keys nor change its owner. `everywhere`: only who sees all terminals."""

    def __init__(self, right: Right | None, *, keys: bool = True, everywhere: bool = False) -> None:
        self.right = right
        self.keys = keys
        self.everywhere = everywhere

    async def __call__(self, connection: HTTPConnection, caller: Known) -> Caller:
        """Raises ProblemError; of a WebSocket WebSocketException."""
        try:
            return self._checked(caller)
        except ProblemError as problem:
            if connection.scope["type"] == "websocket":
                reason = problem.document.detail
                raise WebSocketException(CloseCode.POLICY_VIOLATION, reason) from None
            raise

    def _checked(self, caller: Caller | None) -> Caller:
        if caller is None:
            challenge = {"WWW-Authenticate": 'Bearer realm="doorward"'}
            detail = "Sign in, or send an API key that holds."
            raise ProblemError(HTTPStatus.UNAUTHORIZED, "unauthorized", detail, headers=challenge)
        if caller.key is not None and not self.keys:
            raise ProblemError(HTTPStatus.FORBIDDEN, "forbidden", "This cannot be done with an API key.")
        if self.right is not None and not caller.may(self.right):
            raise ProblemError(
                HTTPStatus.FORBIDDEN, "forbidden", f"This needs the right to {self.right.value}."
            )
        if self.everywhere:
            require_everywhere(caller)
        return caller


async def public() -> None:
    """A dependency: everybody may."""


PUBLIC = Depends(public)
Anybody = Annotated[Caller, Depends(Requires(None))]
"""Whoever has signed in, or has an API key."""
SignedIn = Annotated[Caller, Depends(Requires(None, keys=False))]
"""Somebody at a browser, about their own account."""
Seer = Annotated[Caller, Depends(Requires(Right.SEE))]
Verifier = Annotated[Caller, Depends(Requires(Right.VERIFY))]
Enroller = Annotated[Caller, Depends(Requires(Right.ENROL))]
Corrector = Annotated[Caller, Depends(Requires(Right.CORRECT))]
Administrator = Annotated[Caller, Depends(Requires(Right.ADMINISTER))]
Measurer = Annotated[Caller, Depends(Requires(Right.METRICS))]
AdministratorInPerson = Annotated[Caller, Depends(Requires(Right.ADMINISTER, keys=False))]
SiteAdministrator = Annotated[Caller, Depends(Requires(Right.ADMINISTER, everywhere=True))]
"""What is about all terminals is for who sees them all."""
SiteAdministratorInPerson = Annotated[
    Caller, Depends(Requires(Right.ADMINISTER, keys=False, everywhere=True))
]
"""Accounts and keys are nothing for a key."""
Ports = Annotated[Running, Depends(running)]
Entrance = Annotated[SignIn, Depends(entrance)]
