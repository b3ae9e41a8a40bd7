"""What the administrator has laid down for people and terminals, as one immutable value."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from server.access.liveness.proof import Liveness
from server.access.permits import Permit, bar
from server.access.policy import Policy
from server.access.rules import Rules
from wire.reasons import Reason

DEFAULT = "default"
"""The entry for what a terminal's own entry does not say."""


@dataclass(frozen=True)
class TerminalRules:
    """What is laid down for a terminal; None: nothing. `note`: what the visitor can do when refused."""

    policy: Policy | None = None
    liveness: Liveness | None = None
    attempts: int | None = None
    note: str | None = None

    def over(self, other: "TerminalRules") -> "TerminalRules":
        """These rules, and where they say nothing those of `other`."""
        return TerminalRules(
            policy=other.policy if self.policy is None else self.policy,
            liveness=other.liveness if self.liveness is None else self.liveness,
            attempts=other.attempts if self.attempts is None else self.attempts,
            note=other.note if self.note is None else self.note,
        )


@dataclass(frozen=True)
class Orders:
    """What holds at one terminal at one moment. None: nothing is laid down, the settings decide.

    `policy`: whom a grant depends on. `attempts`: failed visits in a row until the terminal is locked, 0
    never. `note`: what to tell a visitor who is refused.
    """

    policy: Policy | None
    liveness: Liveness | None
    attempts: int | None
    note: str | None
    _permits: Mapping[str, Permit]
    _terminal: str
    _moment: datetime

    def applied_to(self, rules: Rules) -> Rules:
        """The settings' rules, where the administrator has laid down nothing else for the terminal."""
        return replace(
            rules,
            policy=rules.policy if self.policy is None else self.policy,
            liveness=rules.liveness if self.liveness is None else self.liveness,
            attempts=rules.attempts if self.attempts is None else self.attempts,
        )

    def bar(self, name: str) -> Reason | None:
        """Why the person of this display name may not come in here and now; None: may."""
        return bar(self._permits.get(name), self._terminal, self._moment)


@dataclass(frozen=True)
class Roster:
    """`permits`: by display name. `terminals`: by name, `DEFAULT` for what the others do not say.
    `confirmed`: pairs of people who look alike and are both to be enrolled, by display name. `held`: photos
    that are to enrol nobody, by their paths relative to faces/."""

    permits: Mapping[str, Permit] = field(default_factory=dict)
    terminals: Mapping[str, TerminalRules] = field(default_factory=dict)
    confirmed: frozenset[frozenset[str]] = frozenset()
    held: frozenset[str] = frozenset()

    def orders(self, terminal: str, moment: datetime) -> Orders:
        """What holds at `terminal` at `moment`, the server's wall clock as `datetime.now()` gives it."""
        default = self.terminals.get(DEFAULT, TerminalRules())
        rules = self.terminals.get(terminal, default).over(default)
        return Orders(
            policy=rules.policy,
            liveness=rules.liveness,
            attempts=rules.attempts,
            note=rules.note or None,
            _permits=self.permits,
            _terminal=terminal,
            _moment=moment,
        )

    def summary(self) -> str:
        """How much is laid down, for the console."""
        counts = len(self.permits), len(self.terminals), len(self.confirmed), len(self.held)
        return "people {}, terminals {}, confirmed pairs {}, held photos {}".format(*counts)

    def unknown_names(self, people: Iterable[str]) -> list[str]:
        """Names that something is laid down for and that are not among the enrolled `people`."""
        named = {*self.permits, *(name for pair in self.confirmed for name in pair)}
        return sorted(named.difference(people))

    def unknown_photos(self, is_there: Callable[[str], bool]) -> list[str]:
        """Photos that are held and are not there: misspelt ones would enrol somebody."""
        return sorted(path for path in self.held if not is_there(path))

    def unknown_terminals(self, terminals: Iterable[str]) -> list[str]:
        """Terminals that something is laid down for and that are not among `terminals`: misspelt ones?"""
        named = {name for permit in self.permits.values() for name in permit.terminals or ()}
        return sorted((named | set(self.terminals)).difference(terminals, {DEFAULT}))


EMPTY = Roster()
"""No limits for anybody, nothing laid down for any terminal."""
