"""Accounts as they are kept: functions over a connection, each in the transaction that it is called in."""

import json
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from server.accounts.rights import Role
from server.accounts.tables import ACCOUNT, API_KEY, INVITATION, SESSION
from server.support.clock import now_ms
from server.support.secret import hashed, new_secret

NAME_CHARS = 64
MAX_ACCOUNTS = 1000
INVITATION_MS = 7 * 24 * 3600 * 1000
"""For so long an account's invitation may be followed; that to make the first account does not expire."""
NO_INVITATION = "This link holds no longer: it was used, replaced by a newer one, or is older than 7 days."


class AccountError(ValueError):
    """It cannot be done; the message says why, for whoever asked."""


class UnknownAccountError(AccountError):
    """There is no such account."""


@dataclass(frozen=True)
class Account:
    """`terminals`: the only ones that it may see; None: all. `ready`: it has a password. `second_factor`: it
    asks for a code, too. `created`, `seen`: milliseconds since 1970, `seen` None before the first sign-in."""

    number: int
    name: str
    role: Role
    terminals: frozenset[str] | None
    disabled: bool
    ready: bool
    second_factor: bool
    created: int
    seen: int | None


def exist(connection: Connection) -> bool:
    """Whether there is anybody who could sign in or was invited to."""
    return connection.execute(select(ACCOUNT.c.number).limit(1)).first() is not None


def all_accounts(connection: Connection) -> list[Account]:
    """By name."""
    rows = connection.execute(select(ACCOUNT).order_by(func.lower(ACCOUNT.c.name), ACCOUNT.c.number))
    return [_account(row) for row in rows]


def find(connection: Connection, name: str) -> Account | None:
    row = connection.execute(select(ACCOUNT).where(ACCOUNT.c.name == name)).first()
    return None if row is None else _account(row)


def add(
    connection: Connection, name: str, role: Role, terminals: Collection[str] | None = None
) -> tuple[Account, str]:
    """An account without a password, and the secret of the invitation by which its owner sets one. Raises
    AccountError."""
    name = checked_name(name)
    require_new(connection, name)
    row = {
        "name": name,
        "role": role.value,
        "terminals": as_json(terminals),
        "disabled": False,
        "created": now_ms(),
    }
    number = connection.execute(insert(ACCOUNT).values(row)).inserted_primary_key
    assert number is not None
    account = find(connection, name)
    assert account is not None
    return account, invite(connection, account.number)


def require_new(connection: Connection, name: str) -> None:
    """Raises AccountError: there can be no further account, or none of this name."""
    if find(connection, name) is not None:
        raise AccountError(f"There is an account {name} already.")
    if connection.execute(select(func.count()).select_from(ACCOUNT)).scalar_one() >= MAX_ACCOUNTS:
        raise AccountError(f"There are {MAX_ACCOUNTS} accounts already.")


def change(
    connection: Connection,
    name: str,
    *,
    role: Role,
    terminals: Collection[str] | None,
    disabled: bool,
) -> Account:
    """Set all that an administrator decides. Takes effect at once: sessions and keys have what their account
    has. Raises AccountError."""
    account = existing(connection, name)
    require_an_admin(connection, account, role=role, terminals=terminals, disabled=disabled)
    values = {"role": role.value, "terminals": as_json(terminals), "disabled": disabled}
    connection.execute(update(ACCOUNT).where(ACCOUNT.c.number == account.number).values(values))
    if disabled:
        end_sessions(connection, account.number)
    return existing(connection, name)


def remove(connection: Connection, name: str) -> None:
    """With its sessions, keys and invitation. Raises AccountError."""
    account = existing(connection, name)
    require_another_admin(connection, account)
    connection.execute(delete(ACCOUNT).where(ACCOUNT.c.number == account.number))


def reset(connection: Connection, name: str) -> str:
    """Take away password, second factor, sessions and keys; returns the secret of a new invitation. Raises
    AccountError."""
    account = existing(connection, name)
    values = {"password": None, "totp": None, "totp_step": None}
    connection.execute(update(ACCOUNT).where(ACCOUNT.c.number == account.number).values(values))
    end_sessions(connection, account.number)
    connection.execute(delete(API_KEY).where(API_KEY.c.account == account.number))
    return invite(connection, account.number)


def invite(connection: Connection, account: int | None) -> str:
    """The secret of an invitation for this account, None for the first one; an older one is void."""
    same = INVITATION.c.account.is_(None) if account is None else INVITATION.c.account == account
    connection.execute(delete(INVITATION).where(same))
    secret = new_secret()
    row = {"hash": hashed(secret), "account": account, "created": now_ms()}
    connection.execute(insert(INVITATION).values(row))
    return secret


def set_up_link(address: str, secret: str) -> str:
    """Where an invitation is followed; what follows the # the browser keeps to itself. `address`: the
    console's."""
    return f"{address}/set-up#{secret}"


def invited(connection: Connection, secret: str) -> tuple[bool, Account | None]:
    """Whether there is such an invitation, and for which account; None: for the first one."""
    query = select(INVITATION).where(INVITATION.c.hash == hashed(secret))
    row = connection.execute(query).first()
    if row is None:
        return False, None
    if row.account is None:
        return not exist(connection), None
    account = _account(connection.execute(select(ACCOUNT).where(ACCOUNT.c.number == row.account)).one())
    holds = not account.disabled and now_ms() - row.created <= INVITATION_MS
    return (True, account) if holds else (False, None)


def accept(connection: Connection, secret: str, name: str, password: str) -> Account:
    """Use an invitation up: set the password, and for the first account make it, an admin, by this name.
    `password`: its hash. Raises AccountError: there is no such invitation."""
    valid, account = invited(connection, secret)
    if not valid:
        raise AccountError(NO_INVITATION)
    if account is None:
        account, _ = add(connection, name, Role.ADMIN)
    connection.execute(delete(INVITATION).where(INVITATION.c.account == account.number))
    connection.execute(delete(INVITATION).where(INVITATION.c.hash == hashed(secret)))
    set_password(connection, account.number, password)
    return existing(connection, account.name)


def password_of(connection: Connection, name: str) -> str | None:
    """The hash; None where the account cannot sign in."""
    query = select(ACCOUNT.c.password).where(ACCOUNT.c.name == name, ACCOUNT.c.disabled.is_(False))
    return connection.execute(query).scalar_one_or_none()


def set_password(connection: Connection, account: int, password: str) -> None:
    """`password`: its hash."""
    connection.execute(update(ACCOUNT).where(ACCOUNT.c.number == account).values(password=password))


def end_sessions(connection: Connection, account: int, but: int | None = None) -> None:
    """Of this account; `but`: the number of one that goes on."""
    ended = delete(SESSION).where(SESSION.c.account == account)
    connection.execute(ended if but is None else ended.where(SESSION.c.number != but))


def checked_name(name: str) -> str:
    """The name as it is kept: in small letters, so that nobody poses as another by a capital. Raises
    AccountError."""
    name = unicodedata.normalize("NFKC", name).strip().lower()
    if not 1 <= len(name) <= NAME_CHARS:
        raise AccountError(f"A name has 1 to {NAME_CHARS} characters.")
    if not all(char.isalnum() or char in "._-@+" for char in name):
        raise AccountError("A name has letters, digits and . _ - @ + only.")
    return name


def as_json(terminals: Collection[str] | None) -> str | None:
    return None if terminals is None else json.dumps(sorted(terminals), ensure_ascii=False)


def terminals_of(text: str | None) -> frozenset[str] | None:
    return None if text is None else frozenset(json.loads(text))


def _account(row: Row[tuple[object, ...]]) -> Account:
    return Account(
        number=row.number,
        name=row.name,
        role=Role(row.role),
        terminals=terminals_of(row.terminals),
        disabled=row.disabled,
        ready=row.password is not None,
        second_factor=row.totp is not None,
        created=row.created,
        seen=row.seen,
    )


def existing(connection: Connection, name: str) -> Account:
    """Raises UnknownAccountError."""
    account = find(connection, name)
    if account is None:
        raise UnknownAccountError(f"There is no account {name}.")
    return account


def require_an_admin(
    connection: Connection,
    account: Account,
    *,
    role: Role,
    terminals: Collection[str] | None,
    disabled: bool,
) -> None:
    """Raises AccountError: with the account changed to this, nobody would be left who can sign in and
    administer everything."""
    if not (account.ready and role is Role.ADMIN and terminals is None and not disabled):
        require_another_admin(connection, account)


def require_another_admin(connection: Connection, account: Account) -> None:
    """Raises AccountError: without this account, nobody would."""
    query = select(ACCOUNT.c.number).where(
        ACCOUNT.c.number != account.number,
        ACCOUNT.c.role == Role.ADMIN.value,
        ACCOUNT.c.disabled.is_(False),
        ACCOUNT.c.terminals.is_(None),
        ACCOUNT.c.password.is_not(None),
    )
    if connection.execute(query.limit(1)).first() is None:
        raise AccountError("One admin who has a password and is not restricted must be left.")
