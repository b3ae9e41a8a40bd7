"""`python -m server users`: accounts of the console, without a browser."""

from server.accounts import accounts
from server.accounts.accounts import Account, checked_name
from server.accounts.rights import Role
from server.audit.operator_log import ActKind
from server.commands.terminals import noted, written
from server.settings import Settings
from server.startup.console_address import console_address
from server.support.clock import moment
from server.support.errors import StartError


async def add(settings: Settings, name: str, role: str) -> str:
    if role not in [each.value for each in Role]:
        raise StartError(f"there is no role {role!r}; write viewer, guard or admin")
    kind, known = ActKind.ACCOUNT_ADDED, name.strip().lower()
    account, secret = noted(
        settings, kind, known, lambda connection: accounts.add(connection, name, Role(role)), role=role
    )
    return f"{account.name} sets a password at {accounts.set_up_link(console_address(settings), secret)}"


async def reset(settings: Settings, name: str) -> str:
    kind, known = ActKind.ACCOUNT_RESET, name.strip().lower()
    secret = noted(settings, kind, known, lambda connection: accounts.reset(connection, checked_name(name)))
    link = accounts.set_up_link(console_address(settings), secret)
    return f"{checked_name(name)} sets a new password at {link}"


async def listed(settings: Settings) -> str:
    known = written(settings, accounts.all_accounts)
    return "\n".join(map(_line, known)) or "there is no account"


def _line(account: Account) -> str:
    seen = "never" if account.seen is None else f"{moment(account.seen):%Y-%m-%d %H:%M}"
    words = [account.role.value, f"last signed in: {seen}"]
    words += ["disabled"] if account.disabled else []
    words += [] if account.ready else ["has no password yet"]
    words += ["second factor"] if account.second_factor else []
    words += [] if account.terminals is None else [f"terminals: {', '.join(sorted(account.terminals))}"]
    return f"{account.name}: {'; '.join(words)}"
