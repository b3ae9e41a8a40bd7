"""Signing in and out, and being invited."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from server.accounts import accounts, sessions
from server.accounts.passwords import require_strong
from server.accounts.rights import Caller, Right, Role
from server.accounts.sign_in import CodeNeededError, RefusedError
from server.audit.operator_log import ActKind
from server.audit.security_log import SecurityKind
from server.web.acting import note, note_as
from server.web.api.credentials import Code, Password
from server.web.callers import PUBLIC, Anybody, Entrance, Ports, SignedIn, cookie_name, session_of, source
from server.web.problems import ProblemError
from server.web.running import Running

router = APIRouter(tags=["own account"])
Name = Annotated[str, Field(min_length=1, max_length=200)]
Secret = Annotated[str, Field(min_length=1, max_length=200)]


class Credentials(BaseModel):
    """`code`: of the authenticator app, where the account asks for one."""

    name: Name
    password: Password
    code: Code | None = None


class Myself(BaseModel):
    """Who asks. `terminals`: the only ones that it sees; null: all. `key`: the name of the API key."""

    name: str
    rights: list[Right]
    terminals: list[str] | None
    key: str | None = None

    @classmethod
    def of(cls, caller: Caller) -> "Myself":
        return cls(
            name=caller.name,
            rights=sorted(caller.rights),
            terminals=None if caller.terminals is None else sorted(caller.terminals),
            key=caller.key,
        )


@router.post("/session", status_code=HTTPStatus.NO_CONTENT, dependencies=[PUBLIC])
async def sign_in(given: Credentials, request: Request, running: Ports, entrance: Entrance) -> Response:
    """Sign in: the answer sets a cookie."""
    try:
        secret = await entrance(
            given.name, given.password, given.code, source=source(request), agent=_agent(request)
        )
    except CodeNeededError:
        detail = "Give the code that your authenticator app shows."
        raise ProblemError(HTTPStatus.UNAUTHORIZED, "code_needed", detail) from None
    except RefusedError:
        account = await _account(running, given.name)
        running.notice(SecurityKind.SIGN_IN_REFUSED, source=source(request), account=account)
        detail = "Name, password or code is wrong."
        raise ProblemError(HTTPStatus.UNAUTHORIZED, "wrong_credentials", detail) from None
    await _note_sign_in(running, request, secret)
    return _signed_in(request, secret)


@router.get("/session")
async def who_am_i(caller: Anybody) -> Myself:
    """Who asks, and what they may."""
    return Myself.of(caller)


@router.delete("/session", status_code=HTTPStatus.NO_CONTENT)
async def sign_out(caller: SignedIn, request: Request, running: Ports) -> Response:
    """End this session."""
    await note(running, caller, ActKind.SIGN_OUT, caller.name)
    number = session_of(caller)
    await running.database.write(lambda sql: sessions.end(sql, number))
    response = Response(status_code=HTTPStatus.NO_CONTENT)
    response.delete_cookie(cookie_name(request), secure=request.url.scheme == "https", samesite="strict")
    return response


class SessionView(BaseModel):
    """One browser that is signed in. Times in milliseconds since 1970. `current`: this one."""

    number: int
    source: str
    agent: str
    created: int
    seen: int
    current: bool


@router.get("/sessions")
async def own_sessions(caller: SignedIn, running: Ports) -> list[SessionView]:
    """Where this account is signed in."""
    found = await running.database.write(lambda sql: sessions.of_account(sql, caller.account))
    return [SessionView(**vars(each), current=each.number == caller.session) for each in found]


@router.delete("/sessions", status_code=HTTPStatus.NO_CONTENT)
async def end_other_sessions(caller: SignedIn, running: Ports) -> None:
    """Sign this account out everywhere else."""
    await note(running, caller, ActKind.ACCOUNT_SIGNED_OUT, caller.name)
    number = session_of(caller)
    await running.database.write(lambda sql: accounts.end_sessions(sql, caller.account, but=number))


class Invitation(BaseModel):
    """`secret`: what follows the # in the link."""

    secret: Secret


class Invited(BaseModel):
    """`name`: whose password is to be set; null: the first account's, which has yet to be named."""

    name: str | None


@router.post("/invitation/look", dependencies=[PUBLIC])
async def look_at_invitation(given: Invitation, running: Ports) -> Invited:
    """Whose password an invitation lets one set."""
    valid, account = await running.database.read(lambda sql: accounts.invited(sql, given.secret))
    if not valid:
        raise ProblemError.not_found(accounts.NO_INVITATION)
    return Invited(name=None if account is None else account.name)


class Acceptance(Invitation):
    """`name`: for the first account; of another's invitation it is not read."""

    name: Name = "admin"
    password: Password


@router.post("/invitation", status_code=HTTPStatus.NO_CONTENT, dependencies=[PUBLIC])
async def accept_invitation(
    given: Acceptance, request: Request, running: Ports, entrance: Entrance
) -> Response:
    """Set a password by an invitation, which is then used up, and sign in."""
    invited = await look_at_invitation(given, running)
    name = accounts.checked_name(given.name if invited.name is None else invited.name)
    require_strong(given.password, [name])
    hashed = await entrance.passwords.hash(given.password)
    async with entrance.accepting:
        await look_at_invitation(given, running)  # of two at once the second finds it used
        await _note_invited(running, request, invited, name)
        account = await running.database.write(lambda sql: accounts.accept(sql, given.secret, name, hashed))
    secret = await running.database.write(
        lambda sql: sessions.begin(sql, account.number, source(request), _agent(request))
    )
    await _note_sign_in(running, request, secret)
    return _signed_in(request, secret)


async def _account(running: Running, name: str) -> str | None:
    """The account that is called so. Other names that are tried are told nowhere: one may be a password, in
    the wrong field."""
    try:
        known = accounts.checked_name(name)
    except accounts.AccountError:
        return None
    found = await running.database.read(lambda sql: accounts.find(sql, known))
    return None if found is None else found.name


async def _note_invited(running: Running, request: Request, invited: Invited, name: str) -> None:
    if invited.name is None:
        kind, details = ActKind.ACCOUNT_ADDED, {"role": Role.ADMIN.value, "terminals": "all"}
    else:
        kind, details = ActKind.ACCOUNT_PASSWORD_CHANGED, {}
    await note_as(running, "invitation", source(request), kind, name, **details)


async def _note_sign_in(running: Running, request: Request, secret: str) -> None:
    """A session that cannot be written down is none."""
    caller = await running.database.read(lambda sql: sessions.caller(sql, secret, source(request)))
    assert caller is not None and caller.session is not None
    number = caller.session
    try:
        await note(running, caller, ActKind.SIGN_IN, caller.name)
    except ProblemError:
        await running.database.write(lambda sql: sessions.end(sql, number))
        raise


def _signed_in(request: Request, secret: str) -> Response:
    response = Response(status_code=HTTPStatus.NO_CONTENT)
    response.set_cookie(
        cookie_name(request),
        secret,
        max_age=sessions.WHOLE_MS // 1000,
        httponly=True,
        secure=request.url.scheme == "https",
        samesite="strict",
    )
    return response


def _agent(request: Request) -> str:
    return "".join(char for char in request.headers.get("user-agent", "") if char.isprintable())
