"""What holds at each terminal: the settings, and over them what people.toml lays down."""

from dataclasses import dataclass
from datetime import datetime

from server.access.liveness.proof import Liveness
from server.access.orders import DEFAULT, Orders, Roster
from server.access.policy import Policy
from server.access.rules import Rules
from server.audit.line import quoted, word


@dataclass(frozen=True)
class RulesInForce:
    """`terminal`: None for all that are not named. `place`: such as "terminal lab" or "all other terminals".
    `note`: for those who are refused."""

    terminal: str | None
    place: str
    policy: Policy
    liveness: Liveness
    attempts: int
    note: str | None

    def unlike(self, rules: Rules) -> str:
        """What differs from the settings, such as "liveness off; attempts 5"; empty: nothing does."""
        pairs = {
            "policy": (self.policy.value, rules.policy.value),
            "liveness": (self.liveness.value, rules.liveness.value),
            "attempts": (self.attempts, rules.attempts),
        }
        return "; ".join(f"{name} {here}" for name, (here, there) in pairs.items() if here != there)

    def __str__(self) -> str:
        """Everything in short."""
        note = f"; note {quoted(self.note)}" if self.note else ""
        attempts = f"attempts {self.attempts}"
        return f"policy {self.policy.value}; liveness {self.liveness.value}; {attempts}{note}"


def rules_in_force(roster: Roster, rules: Rules) -> list[RulesInForce]:
    """For each terminal that people.toml has rules for, by name, then for all others. `rules`: the settings'.
    Empty where it has rules for none."""
    if not roster.terminals:
        return []
    named = sorted(set(roster.terminals) - {DEFAULT})
    others = "all other terminals" if named else "all terminals"
    return [
        *(_at(name, f"terminal {word(name)}", roster.orders(name, datetime.min), rules) for name in named),
        _at(None, others, roster.orders(DEFAULT, datetime.min), rules),
    ]


def _at(terminal: str | None, place: str, orders: Orders, rules: Rules) -> RulesInForce:
    return RulesInForce(
        terminal=terminal,
        place=place,
        policy=rules.policy if orders.policy is None else orders.policy,
        liveness=rules.liveness if orders.liveness is None else orders.liveness,
        attempts=rules.attempts if orders.attempts is None else orders.attempts,
        note=orders.note,
    )
