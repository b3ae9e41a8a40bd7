"""What a change of the rules means, in sentences for whoever is about to make it. Pure."""

from collections.abc import Callable, Mapping

from server.access.odds import one_in
from server.access.rules import Rules
from server.tuning.values import Value, values_of

CHOICES = {
    "policy": {
        "any": "any of them opens the door",
        "flag": "any of them opens the door, and the log tells of company",
        "all": "all must be known and allowed in",
        "largest": "the largest face alone counts",
    },
    "liveness": {
        "off": "none, so that a photo of an enrolled person opens the door",
        "passive": "by how the face moves of itself, else by a challenge",
        "challenge": "by doing what the screen asks for",
    },
}
"""Setting -> each value that it may have -> what that means."""


def changes(before: Rules, after: Rules) -> list[str]:
    """A sentence for each setting that differs, such as "Looks that must agree: 3 of 5, then 4 of 5."."""
    old, new = values_of(before), values_of(after)
    return [
        f"{title}: {told(old[name], before)}, then {told(new[name], after)}."
        for name, (title, told) in _TOLD.items()
        if old[name] != new[name]
    ]


def _risk(value: Value, rules: Rules) -> str:
    return f"{one_in(rules.max_false_accept)} visits"


def _by_hand(value: Value, rules: Rules) -> str:
    return "as the share of strangers gives it" if value is None else f"{value:g}, set by hand"


def _margin(value: Value, rules: Rules) -> str:
    return f"{rules.least_margin:g}" + (", the recogniser's own" if value is None else "")


def _attempts(value: Value, rules: Rules) -> str:
    return f"{value}" if value else "none, it never locks"


def _of(sentences: Mapping[str, str]) -> Callable[[Value, Rules], str]:
    return lambda value, rules: f"{value} ({sentences[str(value)]})"


_TOLD: dict[str, tuple[str, Callable[[Value, Rules], str]]] = {
    "max_false_accept": ("Strangers who may be let in", _risk),
    "threshold": ("Largest distance at which somebody is recognised", _by_hand),
    "margin": ("How much farther the runner-up must be", _margin),
    "frames": ("Looks that must agree", lambda value, rules: f"{value} of {rules.window}"),
    "policy": ("With several people in view", _of(CHOICES["policy"])),
    "liveness": ("Proof of life", _of(CHOICES["liveness"])),
    "attempts": ("Failed visits that lock a terminal", _attempts),
    "deny_seconds": ("How long a face is looked at before it is denied", lambda value, rules: f"{value:g} s"),
}
