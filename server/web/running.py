"""What of the running server the console may reach: each as a narrow port."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from server.accounts.passwords import Passwords
from server.accounts.sign_in import SignIn
from server.audit.operator_log import Act
from server.database.database import Database
from server.settings import Settings


class Record(Protocol):
    """The operators' record."""

    async def note(self, act: Act) -> None:
        """Returns when it is on disk. Raises OSError: it is not, and nothing may be done."""


@dataclass(frozen=True)
class Running:
    """`tokens_changed`: to be awaited when the terminals' tokens are others: who lost one goes now."""

    settings: Settings
    database: Database
    record: Record
    passwords: Passwords
    sign_in: SignIn
    tokens_changed: Callable[[], Awaitable[None]]
