"""By what somebody proves who they are, and may change: a password and a second factor."""

from http import HTTPStatus
from typing import Annotated

import segno
from fastapi import APIRouter
from pydantic import BaseModel, Field

from server.accounts import accounts, second_factor
from server.accounts.passwords import MAX_CHARS, require_strong
from server.accounts.rights import Caller
from server.accounts.sign_in import RefusedError, SignIn
from server.audit.operator_log import ActKind
from server.audit.security_log import SecurityKind
from server.web.acting import note
from server.web.callers import Entrance, Ports, SignedIn, session_of
from server.web.problems import ProblemError
from server.web.running import Running

router = APIRouter(tags=["own account"])
Password = Annotated[str, Field(max_length=4 * MAX_CHARS)]
Code = Annotated[str, Field(max_length=10)]


class PasswordChange(BaseModel):
    old: Password
    new: Password


@router.put("/password", status_code=HTTPStatus.NO_CONTENT)
async def change_password(
    given: PasswordChange, caller: SignedIn, running: Ports, entrance: Entrance
) -> None:
    """Change one's own password; all other sessions of the account end, and its keys go on."""
    await _prove(running, entrance, caller, given.old)
    require_strong(given.new, [caller.name])
    hashed, number = await entrance.passwords.hash(given.new), session_of(caller)
    await note(running, caller, ActKind.ACCOUNT_PASSWORD_CHANGED, caller.name)
    await running.database.write(lambda sql: accounts.set_password(sql, caller.account, hashed))
    await running.database.write(lambda sql: accounts.end_sessions(sql, caller.account, but=number))


class Factor(BaseModel):
    """`key`: for an authenticator app, to be typed. `picture`: the same as a QR code, SVG."""

    key: str
    picture: str


@router.post("/second-factor")
async def begin_second_factor(caller: SignedIn) -> Factor:
    """A key for an authenticator app. It counts once a code of it has been sent back."""
    key = second_factor.new_key()
    picture = segno.make(second_factor.address(key, caller.name)).svg_inline(scale=5, omitsize=True)
    return Factor(key=key, picture=picture)


class FactorProof(BaseModel):
    """`password`: the account's. `code`: what the app shows for `key`."""

    key: Annotated[str, Field(pattern="^[A-Z2-7]{32}$")]
    code: Code
    password: Password


@router.put("/second-factor", status_code=HTTPStatus.NO_CONTENT)
async def turn_on_second_factor(
    given: FactorProof, caller: SignedIn, running: Ports, entrance: Entrance
) -> None:
    """Ask for a code at every sign-in from now on. One that is on is turned off first."""
    await _prove(running, entrance, caller, given.password)
    if await _second_factor(running, caller) is not None:
        raise ProblemError.conflict("A second factor is on already; turn it off first.")
    step = second_factor.step_of(given.key, given.code)
    if step is None:
        raise ProblemError.refused("This code is not what the app shows for this key now.")
    await note(running, caller, ActKind.ACCOUNT_SECOND_FACTOR_ADDED, caller.name)
    await running.database.write(lambda sql: second_factor.turn_on(sql, caller.account, given.key, step))


class Proof(BaseModel):
    """`code`: of the authenticator app, if a second factor is on."""

    password: Password
    code: Code = ""


@router.delete("/second-factor", status_code=HTTPStatus.NO_CONTENT)
async def turn_off_second_factor(given: Proof, caller: SignedIn, running: Ports, entrance: Entrance) -> None:
    """Ask for the password alone. While a second factor is on, this takes a code of it."""
    await _prove(running, entrance, caller, given.password)
    if await _second_factor(running, caller) is not None:
        await _prove_code(running, entrance, caller, given.code)
    await note(running, caller, ActKind.ACCOUNT_SECOND_FACTOR_REMOVED, caller.name)
    await running.database.write(lambda sql: second_factor.turn_off(sql, caller.account))


async def _prove(running: Running, entrance: SignIn, caller: Caller, password: str) -> None:
    """Who sits at a browser that somebody left signed in does not get far. Raises ProblemError."""
    try:
        await entrance.prove_again(caller, password)
    except RefusedError:
        _notice_refusal(running, caller, "password")
        raise ProblemError(HTTPStatus.FORBIDDEN, "wrong_password", "The password is wrong.") from None


async def _prove_code(running: Running, entrance: SignIn, caller: Caller, code: str) -> None:
    """Raises ProblemError."""
    try:
        await entrance.prove_code_again(caller, code)
    except RefusedError:
        _notice_refusal(running, caller, "code")
        detail = "Give the code that your authenticator app shows; each is good once."
        raise ProblemError(HTTPStatus.FORBIDDEN, "wrong_code", detail) from None


def _notice_refusal(running: Running, caller: Caller, what: str) -> None:
    running.notice(SecurityKind.PROOF_REFUSED, source=caller.source, account=caller.name, wrong=what)


async def _second_factor(running: Running, caller: Caller) -> str | None:
    return await running.database.read(lambda sql: second_factor.key_of(sql, caller.account))
