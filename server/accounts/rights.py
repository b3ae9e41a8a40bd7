"""What somebody at the console may do. Pure."""

from dataclasses import dataclass
from enum import Enum


class Right(str, Enum):
    """One thing that may be allowed. An API key has some of these as its scopes."""

    SEE = "see"
    VERIFY = "verify"
    ENROL = "enrol"
    CORRECT = "correct"
    ADMINISTER = "administer"
    METRICS = "metrics"


class Role(str, Enum):
    """What an account is for. Each may all that the one before may, and more."""

    VIEWER = "viewer"
    GUARD = "guard"
    ADMIN = "admin"


_VIEWER = frozenset({Right.SEE})
_GUARD = _VIEWER | {Right.VERIFY, Right.ENROL, Right.CORRECT}
RIGHTS = {
    Role.VIEWER: _VIEWER,
    Role.GUARD: _GUARD,
    Role.ADMIN: frozenset(Right),
}


@dataclass(frozen=True)
class Caller:
    """Who asks, for as long as one request takes.

    `account`: its number and name. `terminals`: the only terminals that it may see or act upon; None: all.
    `session`: number of the session, None for an API key. `key`: the key's name. `source`: the address that
    it comes from.
    """

    account: int
    name: str
    rights: frozenset[Right]
    terminals: frozenset[str] | None
    source: str
    session: int | None = None
    key: str | None = None

    @property
    def title(self) -> str:
        """As the operators' record has it, such as "account:jane" or "key:jane/report"."""
        return f"account:{self.name}" if self.key is None else f"key:{self.name}/{self.key}"

    def may(self, right: Right) -> bool:
        return right in self.rights

    @property
    def everywhere(self) -> bool:
        """Whether it may act upon all terminals, and so do what holds at all of them."""
        return self.terminals is None

    def sees(self, terminal: str) -> bool:
        return self.terminals is None or terminal in self.terminals


def narrowed(owner: frozenset[str] | None, terminals: frozenset[str] | None) -> frozenset[str] | None:
    """The terminals that both allow; None is all."""
    if owner is None or terminals is None:
        return terminals if owner is None else owner
    return owner & terminals
