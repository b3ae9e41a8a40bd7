"""The settings' rules that hold now: one value, replaced between two frames, everywhere at once."""

from collections.abc import Callable
from dataclasses import replace

from server.access.rules import Rules

CHANGEABLE = (
    "max_false_accept",
    "threshold",
    "margin",
    "looks",
    "policy",
    "liveness",
    "attempts",
    "deny_seconds",
)
"""The rules that may change while doors are open. Embeddings of another recogniser would have to be made
first, and the other rules are no settings."""


class PresentRules:
    """Their owner. Whoever decides asks for `rules` anew each time. `on_change` is called after a change."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self.on_change: Callable[[], None] = lambda: None

    @property
    def rules(self) -> Rules:
        return self._rules

    def change(self, rules: Rules) -> None:
        """From the next frame on these hold. Raises ValueError: they differ in more than `CHANGEABLE`; all
        stays as it is."""
        if replace(rules, **{name: getattr(self._rules, name) for name in CHANGEABLE}) != self._rules:
            raise ValueError(f"only {', '.join(CHANGEABLE)} may change while doors are open")
        self._rules = rules
        self.on_change()
