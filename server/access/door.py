"""One terminal's door: analyses and the gallery in, verdicts and decisions out.

A visit is one track, and is decided once; again only when the evidence really changes. At most one visit is
decided in a frame: the next frame decides the next. A face counts as granted only in frames in which it is
seen and its recent looks still agree; the decision stands behind that, it does not replace it.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from server.access.attention import Attention
from server.access.decision import Decision, Policy, Reason
from server.access.evidence import Identity, Rules, Standing
from server.access.tracks import LOST_SECONDS, Track, Tracker
from server.gallery.snapshot import Gallery
from server.vision.analysis import Analysis, Face, Hints
from wire import FaceReport, Verdict

RETRY_SECONDS = 1.0
"""After a decision that could not be logged, how long before the visit may be granted again."""


@dataclass(eq=False)
class Visit:
    """A track and what was decided about it."""

    track: Track
    standing: Standing
    decision: Decision | None = None
    not_before: float = 0.0

    @property
    def decided(self) -> Verdict:
        return self.decision.verdict if self.decision else Verdict.NONE

    @property
    def verdict(self) -> Verdict:
        """What the face in view means now."""
        if self.decided is Verdict.DENIED:
            return Verdict.DENIED
        if self.decided is Verdict.GRANTED and self.decision and self.standing.name == self.decision.name:
            return Verdict.GRANTED
        return Verdict.CHECKING

    def gathers(self, rules: Rules) -> bool:
        """Whether more looks may change what was decided."""
        if self.decided is not Verdict.DENIED:
            return self.verdict is not Verdict.GRANTED
        match = self.track.looks[-1].match
        return match is not None and match.distance <= rules.contradiction


@dataclass(frozen=True)
class Outcome:
    """What one frame means: the frame's verdict, each face in the analysis' order, perhaps a decision."""

    verdict: Verdict
    faces: tuple[FaceReport, ...]
    decision: Decision | None


class Door:
    """State of one terminal's door. `new_id` makes the ids of decisions."""

    def __init__(self, rules: Rules, new_id: Callable[[], str]) -> None:
        self._rules = rules
        self._new_id = new_id
        self._tracker = Tracker(rules.window)
        self._attention = Attention()
        self._visits: dict[int, Visit] = {}
        self._left: list[Visit] = []
        self._seen: list[tuple[Face, Visit | None]] = []
        self._crowded_until = -math.inf

    def hints(self, wanted: Hints, now: float, may_sweep: bool = True) -> Hints:
        """How to look at the frame received at `now`, given what every terminal has in common. `may_sweep`:
        False puts off searching all of the picture."""
        tracks = [(visit.track, visit.gathers(self._rules)) for visit in self._visits.values()]
        others = [face for face, visit in self._seen if visit is None]
        return self._attention.hints(wanted, tracks, others, now, may_sweep)

    def observe(self, analysis: Analysis, gallery: Gallery, now: float) -> Outcome:
        """Take in what the worker made of the last hints, for the frame received at `now` (monotonic
        seconds, never decreasing)."""
        tracks, ended = self._tracker.update(analysis.faces, gallery, now, self._attention.continued)
        self._attention.learn(analysis, now)
        self._left += [visit for track in ended if (visit := self._visits.pop(track.id, None))]
        for track in self._tracker.tracks:
            standing = track.standing(now, gallery, self._rules)
            self._visits.setdefault(track.id, Visit(track, standing)).standing = standing
        self._seen = [
            (face, self._visits[track.id] if track else None)
            for face, track in zip(analysis.faces, tracks, strict=True)
        ]
        if any(visit is None for _, visit in self._seen):
            self._crowded_until = now + LOST_SECONDS
        return self._outcome(self._decide(gallery, now), now)

    def retract(self, decision: Decision, now: float) -> Outcome:
        """The decision could not be written down: whatever it was, the visit is denied."""
        denied = replace(decision, verdict=Verdict.DENIED, reason=Reason.LOG_UNAVAILABLE)
        for visit in self._visits.values():
            if visit.decision is decision:
                visit.decision = denied
                visit.not_before = now + RETRY_SECONDS
        return self._outcome(denied, now)

    def close(self) -> list[Decision]:
        """The terminal is gone: the decisions on visits that were under way and never decided."""
        leaving = [*self._left, *self._visits.values()]
        self._left, self._visits, self._seen = [], {}, []
        return [decision for visit in leaving if (decision := self._on_leaving(visit))]

    def _outcome(self, decision: Decision | None, now: float) -> Outcome:
        faces = tuple(_report(face, visit) for face, visit in self._seen)
        return Outcome(self._verdict(faces, now), faces, decision)

    def _verdict(self, faces: Sequence[FaceReport], now: float) -> Verdict:
        """The frame's verdict. A grant that depends on others also depends on those seen a moment ago: a face
        that the detector missed once must not make its neighbour look alone, or the largest."""
        verdict = frame_verdict(faces, self._rules.policy)
        if verdict is Verdict.GRANTED and not self._others_allow(now):
            return Verdict.CHECKING
        return verdict

    def _others_allow(self, now: float) -> bool:
        if self._rules.policy is Policy.ALL:
            alone = all(visit.verdict is Verdict.GRANTED for visit in self._visits.values())
            return alone and now >= self._crowded_until
        return self._rules.policy is Policy.ANY or self._is_largest(self._seen[0][1])

    def _is_largest(self, visit: Visit | None) -> bool:
        if visit is None or visit is not self._seen[0][1]:
            return False
        return all(visit.track.box.area >= other.track.box.area for other in self._visits.values())

    def _decide(self, gallery: Gallery, now: float) -> Decision | None:
        for visit in self._visits.values():
            if _is_revoked(visit, gallery):
                return self._record(visit, Verdict.DENIED, Reason.REVOKED)
        for visit in [visit for _, visit in self._seen if visit is not None]:
            if self._is_due_a_grant(visit, now):
                return self._record(visit, Verdict.GRANTED, Reason.RECOGNISED)
        for visit in self._visits.values():
            reason = self._denial(visit)
            if reason is not None:
                return self._record(visit, Verdict.DENIED, reason)
        while self._left:
            decision = self._on_leaving(self._left.pop(0))
            if decision:
                return decision
        return None

    def _is_due_a_grant(self, visit: Visit, now: float) -> bool:
        return (
            visit.standing.identity is Identity.RECOGNISED
            and visit.verdict is not Verdict.GRANTED
            and now >= visit.not_before
            and self._permits(visit, now)
        )

    def _permits(self, visit: Visit, now: float) -> bool:
        """Whether the faces in view, or seen a moment ago, allow a grant."""
        if self._rules.policy is Policy.ALL:
            known = all(other.standing.identity is Identity.RECOGNISED for other in self._visits.values())
            return known and now >= self._crowded_until
        return self._rules.policy is Policy.ANY or self._is_largest(visit)

    def _denial(self, visit: Visit) -> Reason | None:
        """Why this visit is to be denied now, if it is."""
        if visit.decided is Verdict.NONE and visit.standing.identity is Identity.UNRECOGNISED:
            return visit.standing.reason
        not_alone = (
            self._rules.policy is Policy.ALL
            and visit.decided is not Verdict.DENIED
            and visit.standing.identity is Identity.RECOGNISED
            and any(other.standing.identity is Identity.UNRECOGNISED for other in self._visits.values())
        )
        return Reason.NOT_ALONE if not_alone else None

    def _on_leaving(self, visit: Visit) -> Decision | None:
        """A face that was looked at often enough to decide, and went before it was."""
        if visit.decision is not None or visit.track.total_looks < self._rules.frames:
            return None
        return self._record(visit, Verdict.DENIED, Reason.LEFT)

    def _record(self, visit: Visit, verdict: Verdict, reason: Reason) -> Decision:
        match = visit.standing.match
        name = visit.standing.name
        if reason is Reason.REVOKED and visit.decision:
            name = visit.decision.name
        visit.decision = Decision(
            self._new_id(),
            verdict,
            name,
            reason,
            match.distance if match else None,
            match.runner_up if match else None,
            self._rules.threshold,
            visit.track.total_looks,
        )
        return visit.decision


def _is_revoked(visit: Visit, gallery: Gallery) -> bool:
    granted = visit.decision if visit.decided is Verdict.GRANTED else None
    return granted is not None and granted.name is not None and granted.name not in gallery


def _report(face: Face, visit: Visit | None) -> FaceReport:
    if visit is None:
        return FaceReport(face.box, None, None, Verdict.CHECKING)
    match = visit.standing.match
    return FaceReport(face.box, visit.standing.name, match.distance if match else None, visit.verdict)


def frame_verdict(faces: Sequence[FaceReport], policy: Policy) -> Verdict:
    """What a frame means for the door, from its faces, largest first."""
    verdicts = [face.verdict for face in faces]
    if not verdicts:
        return Verdict.NONE
    if policy is Policy.LARGEST:
        return verdicts[0]
    first = (Verdict.GRANTED, Verdict.CHECKING, Verdict.DENIED)
    worst = (Verdict.DENIED, Verdict.CHECKING, Verdict.GRANTED)
    return next(verdict for verdict in (first if policy is Policy.ANY else worst) if verdict in verdicts)
