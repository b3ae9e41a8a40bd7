"""What of the running server the console may reach: each as a narrow port."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from server.accounts.passwords import Passwords
from server.accounts.sign_in import SignIn
from server.database.database import Database
from server.settings import Settings
from server.startup.console import Record


@dataclass(frozen=True)
class Running:
    """`tokens_changed`: to be awaited when the terminals' tokens are others: who lost one goes now."""

    settings: Settings
    database: Database
    record: Record
    passwords: Passwords
    sign_in: SignIn
    tokens_changed: Callable[[], Awaitable[None]]
