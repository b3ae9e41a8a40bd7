"""From looks at one face to who it is: several agreeing looks, or nobody."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from server.access.decision import Policy, Reason
from server.gallery.snapshot import Gallery, Match
from server.vision.analysis import Embedding


@dataclass(frozen=True)
class Rules:
    """How evidence is weighed. docs/decisions.md tells what the defaults were measured to do.

    `threshold`: largest Euclidean distance from the mean of the last looks to a person's nearest photo.
    `margin`: how much farther the runner-up must be. `frames`: how many of the last `window` looks must each
    have that person as the nearest, no farther than `contradiction`. `window_seconds`: older looks say
    nothing. `deny_seconds`: how long a face is looked at before it is denied.
    """

    threshold: float = 0.40
    margin: float = 0.04
    frames: int = 3
    policy: Policy = Policy.ANY
    window: int = 5
    window_seconds: float = 5.0
    contradiction: float = 0.55
    deny_seconds: float = 3.0


@dataclass(frozen=True)
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

    `name` is set exactly when recognised, `reason` says why or why not, `match` is that of the mean of the
    looks that count.
    """

    identity: Identity
    name: str | None
    reason: Reason
    match: Match | None


def judge(
    looks: Sequence[Look], first_look: float, total: int, now: float, gallery: Gallery, rules: Rules
) -> Standing:
    """Who the face is, from the last looks at it.

    `looks`: oldest first, all matched against `gallery`. `first_look`: time of the track's first look.
    `total`: number of looks so far, including those no longer in `looks`.
    """
    window = [look for look in looks if now - look.at <= rules.window_seconds][-rules.window :]
    match = gallery.match(mean_embedding(window)) if window else None
    reason = _weigh(window, match, rules)
    if match is not None and reason is Reason.RECOGNISED:
        return Standing(Identity.RECOGNISED, match.name, reason, match)
    tried_enough = total >= rules.window and now - first_look >= rules.deny_seconds
    return Standing(Identity.UNRECOGNISED if tried_enough else Identity.GATHERING, None, reason, match)


def mean_embedding(looks: Sequence[Look]) -> Embedding:
    """The mean of the looks' embeddings, float32[128]: chance differences between frames cancel out."""
    mean: Embedding = np.mean([look.embedding for look in looks], axis=0)
    return mean


def _weigh(window: Sequence[Look], match: Match | None, rules: Rules) -> Reason:
    """`RECOGNISED` when the looks, together and one by one, say that it is `match.name`; else why not."""
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
