"""From looks at one face to who it is: several agreeing looks, or nobody."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from server.access.matching.gallery import Gallery, Match
from server.access.matching.neighbourhood import Population
from server.access.matching.recogniser import Embedding
from server.access.matching.templates import Template, template
from server.access.rules import Rules
from server.access.seen import Face, Flaw
from wire.reasons import Reason

PROBE_LOOKS = 8
"""Looks that make a template, at most: more of one visit say nothing new."""
POOR_VIEW = 0.5
"""A look worth less than this share of the best one is left out of the template."""


@dataclass(frozen=True, eq=False)
class Look:
    """One embedded face of a track at time `at` (monotonic seconds), matched against one gallery.

    `rows`: float32[1 or 2, 128], its embedding and that of its mirror image. `flaw`: why it says nothing
    about who it is; it is then not matched. `quality`: see `Face.quality`.
    """

    at: float
    embedding: Embedding
    rows: NDArray[np.float32]
    quality: float
    flaw: Flaw | None
    match: Match | None
    gallery_version: int

    @classmethod
    def take(cls, at: float, face: Face, gallery: Gallery) -> "Look":
        assert face.embedding is not None
        mirrored = [] if face.mirrored is None else [face.mirrored]
        rows = np.stack([face.embedding, *mirrored])
        match = None if face.flaw else gallery.match(template(rows))
        return cls(
            at=at,
            embedding=face.embedding,
            rows=rows,
            quality=face.quality,
            flaw=face.flaw,
            match=match,
            gallery_version=gallery.version,
        )

    def against(self, gallery: Gallery) -> "Look":
        """The same look matched against the present gallery."""
        if gallery.version == self.gallery_version:
            return self
        match = None if self.flaw else gallery.match(template(self.rows))
        return replace(self, match=match, gallery_version=gallery.version)


class Identity(Enum):
    """How far the evidence about a face has come."""

    GATHERING = "gathering"
    RECOGNISED = "recognised"
    UNRECOGNISED = "unrecognised"


@dataclass(frozen=True)
class Recognition:
    """What the looks of one track say now.

    `name` is set exactly when recognised, `reason` says why or why not, `match` is that of the visit's
    template, `threshold` what its distance was held against. `candidate`: whom the looks agree on, whatever
    the threshold and the runner-up say.
    """

    identity: Identity
    name: str | None
    reason: Reason
    match: Match | None
    threshold: float
    candidate: str | None = None


def recent(looks: Iterable[Look], now: float, rules: Rules) -> tuple[Look, ...]:
    """The looks, oldest first, that count at time `now`: all good enough, and not old."""
    return tuple(look for look in looks if look.flaw is None and now - look.at <= rules.window_seconds)


def chosen(looks: Sequence[Look], same_view: float) -> tuple[Look, ...]:
    """The looks that make a template: the best that differ, then the best of those that repeat them.

    `same_view`: the distance of two embeddings that say the same.
    """
    ranked = sorted(looks, key=lambda look: (look.quality, look.at), reverse=True)
    good = [look for look in ranked if look.quality >= POOR_VIEW * ranked[0].quality]
    alike = _alike(good, same_view)
    fresh: list[int] = []
    for at in range(len(good)):
        if len(fresh) < PROBE_LOOKS and not alike[at, fresh].any():
            fresh.append(at)
    repeated = [at for at in range(len(good)) if at not in fresh]
    return tuple(good[at] for at in [*fresh, *repeated][:PROBE_LOOKS])


def probe(looks: Sequence[Look], same_view: float) -> Template:
    """The template of the chosen looks, of which there is at least one. A mirror image weighs as much as
    the image, and each look as much as another."""
    return template(np.stack([template(look.rows) for look in chosen(looks, same_view)]))


def compare(looks: Sequence[Look], gallery: Gallery) -> Match | None:
    """The looks, taken together, against the gallery; None without looks, or when nobody is enrolled."""
    return gallery.match(probe(looks, gallery.recogniser.same_view)) if looks else None


def judge(
    looks: Sequence[Look],
    match: Match | None,
    population: Population,
    looked_for: float,
    total: int,
    rules: Rules,
) -> Recognition:
    """Who the face is, from the looks that count.

    `looks`: `recent` ones, all matched against one gallery of `population`, and `match`, the comparison of
    them together with it. `looked_for`: seconds since the first good look. `total`: good looks since then,
    also those that no longer count.
    """
    window = looks[-rules.window :]
    threshold = rules.threshold_for(population)
    candidate = match.name if match is not None and _agreement(window, match.name, rules) else None
    reason = _weigh(window, match, threshold, rules)
    if match is not None and reason is Reason.RECOGNISED:
        return Recognition(
            identity=Identity.RECOGNISED,
            name=match.name,
            reason=reason,
            match=match,
            threshold=threshold,
            candidate=candidate,
        )
    tried_enough = total >= rules.window and looked_for >= _patience(match, rules)
    identity = Identity.UNRECOGNISED if tried_enough else Identity.GATHERING
    return Recognition(
        identity=identity, name=None, reason=reason, match=match, threshold=threshold, candidate=candidate
    )


def held_against(distance: float, runner_up: float | None, threshold: float, margin: float) -> Reason:
    """What a comparison of the looks together says by itself: `RECOGNISED`, `UNKNOWN_FACE` or `NEAR_TIE`.

    `margin`: how much farther the runner-up must be."""
    if distance > threshold:
        return Reason.UNKNOWN_FACE
    tie = runner_up is not None and runner_up - distance < margin
    return Reason.NEAR_TIE if tie else Reason.RECOGNISED


def mean_embedding(looks: Sequence[Look]) -> Embedding:
    """The mean of the looks' embeddings, float32[128], not brought to one length: what tracks are held
    together by."""
    mean: Embedding = np.mean([look.embedding for look in looks], axis=0)
    return mean


def _alike(looks: Sequence[Look], same_view: float) -> NDArray[np.bool_]:
    """bool[n, n]: which of the looks say the same."""
    units = np.stack([look.embedding for look in looks])
    units /= np.linalg.norm(units, axis=1, keepdims=True)
    alike: NDArray[np.bool_] = 2.0 - 2.0 * units @ units.T < same_view**2
    return alike


def _patience(match: Match | None, rules: Rules) -> float:
    """How long a face that nobody matches is looked at: longer when it might be somebody on a better look."""
    hopeless = match is None or match.distance > rules.recogniser.stranger
    return min(rules.stranger_seconds, rules.deny_seconds) if hopeless else rules.deny_seconds


def _weigh(window: Sequence[Look], match: Match | None, threshold: float, rules: Rules) -> Reason:
    """`RECOGNISED` when the looks, together and one by one, say that it is `match.name`; else why not."""
    if not window:
        return Reason.TOO_FEW_LOOKS
    if match is None:
        return Reason.NOBODY_ENROLLED
    together = held_against(match.distance, match.runner_up, threshold, rules.least_margin)
    if together is not Reason.RECOGNISED:
        return together
    if any(_names_other(look, match.name, threshold) for look in window):
        return Reason.DISAGREEING
    return Reason.RECOGNISED if _agreement(window, match.name, rules) else Reason.TOO_FEW_LOOKS


def _agreement(window: Sequence[Look], name: str, rules: Rules) -> bool:
    """Whether the newest look, and enough of them, have this person as the nearest."""
    agreeing = [_agrees(look, name, rules) for look in window]
    return bool(agreeing) and agreeing[-1] and sum(agreeing) >= rules.looks


def _agrees(look: Look, name: str, rules: Rules) -> bool:
    match = look.match
    return match is not None and match.name == name and match.distance <= rules.recogniser.contradiction


def _names_other(look: Look, name: str, threshold: float) -> bool:
    match = look.match
    return match is not None and match.name != name and match.distance <= threshold
