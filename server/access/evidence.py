"""From looks at one face to who it is: several agreeing looks, or nobody."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from server.access.decision import Policy, Reason
from server.gallery.snapshot import Gallery, Match
from server.vision.analysis import Embedding

SPREAD = 0.6
"""With it one threshold accepts as many strangers for 1, 3 and 5 independent looks (measured on LFW)."""


@dataclass(frozen=True)
class Rules:
    """How evidence is weighed. docs/decisions.md tells what the defaults were measured to do.

    `threshold`: largest distance (see `compare`) from the last looks to a person's nearest photo. `margin`:
    how much farther the runner-up must be. `frames`: how many of the last `window` looks must each have that
    person as the nearest, no farther than `contradiction`. `window_seconds`: older looks say nothing.
    `deny_seconds`: how long a face is looked at before it is denied; one farther than `stranger` from
    everybody needs only `stranger_seconds`, whatever a better look might bring.
    """

    threshold: float = 0.45
    margin: float = 0.04
    frames: int = 3
    policy: Policy = Policy.ANY
    window: int = 5
    window_seconds: float = 5.0
    contradiction: float = 0.55
    deny_seconds: float = 3.0
    stranger: float = 0.6
    stranger_seconds: float = 1.5


@dataclass(frozen=True, eq=False)
class Look:
    """One embedded face of a track at time `at` (monotonic seconds), matched against one gallery."""

    at: float
    embedding: Embedding
    match: Match | None
    gallery_version: int

    @classmethod
    def take(cls, at: float, embedding: Embedding, gallery: Gallery) -> "Look":
        return cls(at, embedding, gallery.match(embedding), gallery.version)

    def against(self, gallery: Gallery) -> "Look":
        """The same look matched against the present gallery."""
        if gallery.version == self.gallery_version:
            return self
        return Look.take(self.at, self.embedding, gallery)


class Identity(Enum):
    """How far the evidence about a face has come."""

    GATHERING = "gathering"
    RECOGNISED = "recognised"
    UNRECOGNISED = "unrecognised"


@dataclass(frozen=True)
class Standing:
    """What the looks of one track say now.

    `name` is set exactly when recognised, `reason` says why or why not, `match` is that of the looks that
    count, taken together.
    """

    identity: Identity
    name: str | None
    reason: Reason
    match: Match | None


def recent(looks: Iterable[Look], now: float, rules: Rules) -> tuple[Look, ...]:
    """The looks, oldest first, that count at time `now`."""
    return tuple(look for look in looks if now - look.at <= rules.window_seconds)[-rules.window :]


def judge(
    window: Sequence[Look], match: Match | None, looked_for: float, total: int, rules: Rules
) -> Standing:
    """Who the face is, from the looks that count.

    `window`: `recent` looks, all matched against one gallery, and `match`, the comparison of them together
    with it. `looked_for`: seconds since the track's first look. `total`: number of looks so far, including
    those that no longer count.
    """
    reason = _weigh(window, match, rules)
    if match is not None and reason is Reason.RECOGNISED:
        return Standing(Identity.RECOGNISED, match.name, reason, match)
    tried_enough = total >= rules.window and looked_for >= _patience(match, rules)
    return Standing(Identity.UNRECOGNISED if tried_enough else Identity.GATHERING, None, reason, match)


def _patience(match: Match | None, rules: Rules) -> float:
    """How long a face that nobody matches is looked at: longer when it might be somebody on a better look."""
    hopeless = match is None or match.distance > rules.stranger
    return min(rules.stranger_seconds, rules.deny_seconds) if hopeless else rules.deny_seconds


def mean_embedding(looks: Sequence[Look]) -> Embedding:
    """The mean of the looks' embeddings, float32[128]: chance differences between frames cancel out."""
    mean: Embedding = np.mean([look.embedding for look in looks], axis=0)
    return mean


def compare(looks: Sequence[Look], gallery: Gallery) -> Match | None:
    """The looks, taken together, against the gallery; None without looks, or when nobody is enrolled.

    A distance is sqrt(|g - m|^2 + SPREAD s^2), with the photo g, the mean m of the looks and their mean
    squared distance s^2 from it. For one look, or looks that are all alike, that is the Euclidean distance;
    the more the looks differ, the more chance is averaged out of m, and the term keeps that from becoming a
    cheaper way in.
    """
    if not looks:
        return None
    mean = mean_embedding(looks)
    match = gallery.match(mean)
    if match is None:
        return None
    spread = SPREAD * float(np.mean([np.sum((look.embedding - mean) ** 2) for look in looks]))
    runner_up = None if match.runner_up is None else math.sqrt(match.runner_up**2 + spread)
    return Match(match.name, math.sqrt(match.distance**2 + spread), runner_up)


def _weigh(window: Sequence[Look], match: Match | None, rules: Rules) -> Reason:
    """`RECOGNISED` when the looks, together and one by one, say that it is `match.name`; else why not."""
    if not window:
        return Reason.TOO_FEW_LOOKS
    if match is None:
        return Reason.NOBODY_ENROLLED
    if match.distance > rules.threshold:
        return Reason.UNKNOWN_FACE
    if match.runner_up is not None and match.runner_up - match.distance < rules.margin:
        return Reason.NEAR_TIE
    if any(_names_other(look, match.name, rules) for look in window):
        return Reason.DISAGREEING
    agreeing = [_agrees(look, match.name, rules) for look in window]
    return Reason.RECOGNISED if agreeing[-1] and sum(agreeing) >= rules.frames else Reason.TOO_FEW_LOOKS


def _agrees(look: Look, name: str, rules: Rules) -> bool:
    match = look.match
    return match is not None and match.name == name and match.distance <= rules.contradiction


def _names_other(look: Look, name: str, rules: Rules) -> bool:
    match = look.match
    return match is not None and match.name != name and match.distance <= rules.threshold
