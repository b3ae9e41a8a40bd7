"""Other people's accounts, for administrators in person; and one's own API keys."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field, Strict, StrictBool
from sqlalchemy import Connection

from server.accounts import accounts, keys
from server.accounts.accounts import Account, checked_name
from server.accounts.rights import Right, Role
from server.audit.operator_log import ActKind
from server.support.setting_types import TerminalName
from server.web.acting import note, noted
from server.web.callers import Ports, SignedIn, SiteAdministratorInPerson, site_address
from server.web.etags import IfMatch, etag_of, require_match
from server.web.problems import ProblemError
from wire import TERMINAL_CHARS

router = APIRouter()
Terminals = Annotated[
    list[Annotated[TerminalName, Field(min_length=1, max_length=TERMINAL_CHARS)]], Field(max_length=200)
]


class AccountView(BaseModel):
    """`terminals`: the only ones that it sees; null: all. `ready`: it has a password. Times in milliseconds
    since 1970."""

    name: str
    role: Role
    terminals: list[str] | None
    disabled: bool
    ready: bool
    second_factor: bool
    created: int
    seen: int | None

    @classmethod
    def of(cls, account: Account) -> "AccountView":
        values = {key: value for key, value in vars(account).items() if key != "number"}
        terminals = None if account.terminals is None else sorted(account.terminals)
        return cls(**{**values, "terminals": terminals})


class Link(BaseModel):
    """`link`: where the owner sets a password, once, within 7 days."""

    name: str
    link: str


class Standing(BaseModel):
    """What an administrator decides about an account."""

    role: Role
    terminals: Terminals | None = None
    disabled: StrictBool = False


class NewAccount(BaseModel):
    name: Annotated[str, Field(min_length=1, max_length=accounts.NAME_CHARS)]
    role: Role
    terminals: Terminals | None = None


@router.get("/accounts", tags=["accounts"])
async def all_accounts(caller: SiteAdministratorInPerson, running: Ports) -> list[AccountView]:
    """Who may use the console."""
    return [AccountView.of(each) for each in await running.database.read(accounts.all_accounts)]


@router.get("/accounts/{name}", tags=["accounts"])
async def one_account(
    name: str, caller: SiteAdministratorInPerson, running: Ports, response: Response
) -> AccountView:
    """One account. The ETag is another whenever something that can be changed is otherwise."""
    account = await running.database.read(lambda sql: accounts.existing(sql, name))
    response.headers["ETag"] = etag(account)
    return AccountView.of(account)


@router.post("/accounts", tags=["accounts"], status_code=HTTPStatus.CREATED)
async def add_account(
    given: NewAccount, caller: SiteAdministratorInPerson, running: Ports, request: Request
) -> Link:
    """Make an account; its owner sets a password by the link."""
    name = checked_name(given.name)
    await running.database.read(lambda sql: accounts.require_new(sql, name))
    details = {"role": given.role.value, "terminals": _told(given.terminals)}
    async with noted(running, caller, ActKind.ACCOUNT_ADDED, name, **details):
        account, secret = await running.database.write(
            lambda sql: accounts.add(sql, name, given.role, given.terminals)
        )
    return Link(name=account.name, link=accounts.set_up_link(site_address(request), secret))


@router.put("/accounts/{name}", tags=["accounts"])
async def change_account(
    name: str,
    given: Standing,
    caller: SiteAdministratorInPerson,
    running: Ports,
    response: Response,
    if_match: IfMatch = None,
) -> AccountView:
    """Change role, terminals, or whether it is disabled; its sessions and keys follow at once."""
    role, terminals, disabled = given.role, given.terminals, given.disabled

    def check(sql: Connection) -> None:
        account = _unchanged(sql, name, if_match)
        accounts.require_an_admin(sql, account, role=role, terminals=terminals, disabled=disabled)

    def change(sql: Connection) -> Account:
        _unchanged(sql, name, if_match)
        return accounts.change(sql, name, role=role, terminals=terminals, disabled=disabled)

    details = {
        "role": role.value,
        "disabled": "yes" if disabled else "no",
        "terminals": _told(terminals),
    }
    await running.database.read(check)
    async with noted(running, caller, ActKind.ACCOUNT_CHANGED, name, **details):
        changed = await running.database.write(change)
    response.headers["ETag"] = etag(changed)
    return AccountView.of(changed)


@router.delete("/accounts/{name}", tags=["accounts"], status_code=HTTPStatus.NO_CONTENT)
async def remove_account(
    name: str, caller: SiteAdministratorInPerson, running: Ports, if_match: IfMatch = None
) -> None:
    """Remove an account with its sessions and keys."""

    def check(sql: Connection) -> None:
        accounts.require_another_admin(sql, _unchanged(sql, name, if_match))

    def remove(sql: Connection) -> None:
        _unchanged(sql, name, if_match)
        accounts.remove(sql, name)

    await running.database.read(check)
    async with noted(running, caller, ActKind.ACCOUNT_REMOVED, name):
        await running.database.write(remove)


@router.post("/accounts/{name}/reset", tags=["accounts"])
async def reset_account(
    name: str, caller: SiteAdministratorInPerson, running: Ports, request: Request
) -> Link:
    """Take away password, second factor, sessions and keys; the owner sets a new password by the link."""
    await running.database.read(lambda sql: accounts.existing(sql, name))
    async with noted(running, caller, ActKind.ACCOUNT_RESET, name):
        secret = await running.database.write(lambda sql: accounts.reset(sql, name))
    return Link(name=name, link=accounts.set_up_link(site_address(request), secret))


def etag(account: Account) -> str:
    """Another one whenever something that can be changed is otherwise; having signed in is no change."""
    return etag_of(AccountView.of(account).model_copy(update={"seen": None}))


def _told(terminals: list[str] | None) -> str:
    """For the operators' record."""
    return "all" if terminals is None else ", ".join(sorted(terminals))


def _unchanged(connection: Connection, name: str, if_match: str | None) -> Account:
    """The account. Raises UnknownAccountError, and ProblemError: it is no longer what the caller has seen."""
    account = accounts.existing(connection, name)
    require_match(if_match, etag(account))
    return account


class KeyView(BaseModel):
    """`terminals`: the only ones that it sees; null: all of its owner's. Times in milliseconds since 1970."""

    number: int
    name: str
    scopes: list[Right]
    terminals: list[str] | None
    created: int
    expires: int
    seen: int | None


class NewKey(BaseModel):
    """`scopes`: what it may, of what its owner may."""

    name: Annotated[str, Field(min_length=1, max_length=keys.NAME_CHARS)]
    scopes: Annotated[list[Right], Field(min_length=1, max_length=len(Right))]
    terminals: Terminals | None = None
    days: Annotated[int, Field(ge=1, le=keys.MAX_DAYS), Strict()] = 90


class MadeKey(BaseModel):
    """`key`: shown this once."""

    number: int
    key: str


@router.get("/keys", tags=["own account"])
async def own_keys(caller: SignedIn, running: Ports) -> list[KeyView]:
    """One's own API keys."""
    found = await running.database.read(lambda sql: keys.of_account(sql, caller.account))
    return [
        KeyView(
            number=each.number,
            name=each.name,
            scopes=sorted(each.scopes),
            terminals=None if each.terminals is None else sorted(each.terminals),
            created=each.created,
            expires=each.expires,
            seen=each.seen,
        )
        for each in found
    ]


@router.post("/keys", tags=["own account"], status_code=HTTPStatus.CREATED)
async def add_key(given: NewKey, caller: SignedIn, running: Ports) -> MadeKey:
    """Make an API key. It has no right that its owner has not, now or later."""
    beyond = sorted(scope.value for scope in set(given.scopes) - caller.rights)
    if beyond:
        raise ProblemError.refused(f"You may not give what you have not: {', '.join(beyond)}.")
    name = keys.checked_name(given.name)
    await running.database.read(lambda sql: keys.require_room(sql, caller.account))
    scopes = ", ".join(sorted(scope.value for scope in given.scopes))
    details = {"scopes": scopes, "days": str(given.days), "terminals": _told(given.terminals)}
    async with noted(running, caller, ActKind.KEY_ADDED, name, **details):
        number, key = await running.database.write(
            lambda sql: keys.add(
                sql,
                caller.account,
                name,
                scopes=set(given.scopes),
                terminals=given.terminals,
                days=given.days,
            )
        )
    return MadeKey(number=number, key=key)


@router.delete("/keys/{number}", tags=["own account"], status_code=HTTPStatus.NO_CONTENT)
async def remove_key(number: int, caller: SignedIn, running: Ports) -> None:
    """Revoke one of one's own keys."""
    owned = await running.database.read(lambda sql: keys.of_account(sql, caller.account))
    name = next((each.name for each in owned if each.number == number), None)
    if name is None:
        raise ProblemError.not_found("You have no such key.")
    await note(running, caller, ActKind.KEY_REVOKED, name)
    await running.database.write(lambda sql: keys.remove(sql, caller.account, number))
