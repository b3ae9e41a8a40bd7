"""One terminal's door: analyses and the gallery in, verdicts and decisions out.

A visit is one track, and is decided once; again only when the evidence really changes. At most one visit is
decided in a frame: the next frame decides the next. A face counts as granted only in frames in which it is
seen and its recent looks still agree; the decision stands behind that, it does not replace it.
"""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from server.access.attention import Attention, Watched
from server.access.decision import FAILED_ATTEMPTS, Decision
from server.access.evidence import Identity
from server.access.liveness.proof import Liveness, LivenessCheck
from server.access.lockout import Lockout, Lockouts
from server.access.matching.gallery import EMPTY, Gallery
from server.access.orders import EMPTY as NO_ROSTER
from server.access.orders import Orders
from server.access.policy import Policy
from server.access.rules import Rules
from server.access.seen import Analysis, Face, Hints
from server.access.tracks import BLIND, LOST_SECONDS, Track, Tracker
from server.access.visit import Asked, Visit, VisitSummary
from wire import FaceReport, Verdict
from wire.reasons import Prompt, Reason

RETRY_SECONDS = 1.0
"""After a decision that could not be logged, how long before the visit may be granted again."""
NO_ORDERS = NO_ROSTER.orders("", datetime.min)


@dataclass(frozen=True)
class Outcome:
    """What one frame means: the frame's verdict, each face in the analysis' order, perhaps a decision and
    something for the visitor to do; and the visits that are over."""

    verdict: Verdict
    faces: tuple[FaceReport, ...]
    decision: Decision | None
    asked: Asked | None = None
    ended: tuple[VisitSummary, ...] = ()


class Door:
    """State of one terminal's door."""

    def __init__(
        self,
        rules: Rules,
        new_id: Callable[[], str],
        terminal: str = "",
        lockouts: Lockouts | None = None,
        rng: random.Random | None = None,
    ) -> None:
        """`new_id` makes the ids of decisions. `lockouts` outlive the door: reconnecting does not end a lock.
        `rng` chooses challenges; by default nobody can foresee them."""
        self._defaults = rules
        self._rules = rules
        self._orders = NO_ORDERS
        self._new_id = new_id
        self._terminal = terminal
        self._lockouts = lockouts or Lockouts()
        self._lockout = Lockout(0)
        self.rng = rng or random.SystemRandom()
        self._tracker = Tracker(rules.window)
        self._attention = Attention()
        self._gallery = EMPTY
        self._visits: dict[int, Visit] = {}
        self._left: list[Visit] = []
        self._ended: list[VisitSummary] = []
        self._seen: list[tuple[Face, Visit | None]] = []
        self._crowded_until = -math.inf
        self._uncounted: tuple[Verdict, Reason] | None = None
        self._now = -math.inf

    def hints(self, wanted: Hints, now: float, may_sweep: bool = True) -> Hints:
        """How to look at the frame received at `now`, given what every terminal has in common. `may_sweep`:
        False puts off searching all of the picture."""
        watched = [Watched(visit.track, visit.care(self._rules)) for visit in self._visits.values()]
        others = [face for face, visit in self._seen if visit is None]
        return self._attention.hints(wanted, watched, others, now, may_sweep)

    def observe(
        self, analysis: Analysis, gallery: Gallery, now: float, orders: Orders = NO_ORDERS
    ) -> Outcome:
        """Take in what the worker made of the last hints, for the frame received at `now` (monotonic
        seconds, never decreasing). `orders`: what the administrator wants at this terminal at this time."""
        self._orders, self._rules = orders, _ordered(self._defaults, orders)
        self._gallery, self._now = gallery, now
        self._lockout = self._lockouts.of(self._terminal, self._rules.attempts, now)
        self._count(now)
        tracks, ended = self._tracker.update(analysis.faces, gallery, now, self._attention.continued)
        self._attention.learn(analysis, now)
        self._left += [visit for track in ended if (visit := self._visits.pop(track.id, None))]
        for track in self._tracker.tracks:
            self._follow(track, gallery, now)
        self._seen = [
            (face, self._visits[track.id] if track else None)
            for face, track in zip(analysis.faces, tracks, strict=True)
        ]
        for face, visit in self._seen:
            if visit is not None and visit.track.flaw not in BLIND:
                visit.check.see(face.landmarks, now)
        if any(visit is None for _, visit in self._seen):
            self._crowded_until = now + LOST_SECONDS
        return self._outcome(self._decide(gallery, now), now)

    def retract(self, decision: Decision, now: float) -> Outcome:
        """The decision could not be written down: whatever it was, the visit is denied."""
        denied = replace(decision, verdict=Verdict.DENIED, reason=Reason.LOG_UNAVAILABLE)
        if decision.verdict is Verdict.GRANTED:
            self._uncounted = None
        for visit in self._visits.values():
            if visit.decision is decision:
                visit.decision = denied
                visit.not_before = now + RETRY_SECONDS
        return self._outcome(denied, now)

    def close(self) -> tuple[list[Decision], list[VisitSummary]]:
        """The terminal is gone: the decisions on visits that were under way and never decided, and what
        became of all that had not ended."""
        self._count(self._now)
        leaving = [*self._left, *self._visits.values()]
        self._left, self._visits, self._seen = [], {}, []
        decisions = []
        for visit in leaving:
            decision = self._on_leaving(visit, self._now)
            self._count(self._now)
            decisions += [decision] if decision else []
        accounts, self._ended = self._ended, []
        return decisions, accounts

    def _follow(self, track: Track, gallery: Gallery, now: float) -> None:
        standing = track.standing(now, gallery, self._rules)
        visit = self._visits.get(track.id)
        if visit is None:
            check = LivenessCheck(self._rules.proof_seconds, self.rng)
            visit = self._visits[track.id] = Visit(track, standing, check)
        barred = standing.name is not None and self._bar(standing.name, now) is not None
        others = (other for other in self._visits.values() if other is not visit)
        may_challenge = not any(other.check.challenging for other in others)
        visit.take(standing, self._rules, now, barred, may_challenge)

    def _outcome(self, decision: Decision | None, now: float) -> Outcome:
        faces = tuple(_report(face, visit) for face, visit in self._seen)
        ended, self._ended = tuple(self._ended), []
        return Outcome(self._verdict(faces, now), faces, decision, self._asked(now), ended)

    def _asked(self, now: float) -> Asked | None:
        """The largest face that can do something about it is asked."""
        visits = [visit for _, visit in self._seen if visit is not None]
        locked = self._lockout.seconds_left(now)
        if locked > 0 and any(visit.verdict is not Verdict.GRANTED for visit in visits):
            return Asked(Prompt.WAIT, locked)
        visits.sort(key=lambda visit: not visit.check.challenging)
        return next((asked for visit in visits if (asked := visit.asked(now))), None)

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
        return self._rules.policy is not Policy.LARGEST or self._is_largest(self._seen[0][1])

    def _is_largest(self, visit: Visit | None) -> bool:
        if visit is None or visit is not self._seen[0][1]:
            return False
        return all(visit.track.box.area >= other.track.box.area for other in self._visits.values())

    def _decide(self, gallery: Gallery, now: float) -> Decision | None:
        for visit in self._visits.values():
            reason = self._revocation(visit, gallery)
            if reason is not None:
                return self._record(visit, Verdict.DENIED, reason, now)
        for visit in [visit for _, visit in self._seen if visit is not None]:
            barred = self._barred(visit, now)
            if barred is not None:
                if visit.decision is None or visit.decision.reason is not barred:
                    return self._record(visit, Verdict.DENIED, barred, now)
            elif self._is_due_a_grant(visit, now):
                return self._record(visit, Verdict.GRANTED, Reason.RECOGNISED, now)
        for visit in self._visits.values():
            reason = self._denial(visit, now)
            if reason is not None:
                return self._record(visit, Verdict.DENIED, reason, now)
        while self._left:
            decision = self._on_leaving(self._left.pop(0), now)
            if decision:
                return decision
        return None

    def _revocation(self, visit: Visit, gallery: Gallery) -> Reason | None:
        """Why somebody granted is granted no longer, although the face is still the same."""
        granted = visit.decision if visit.decided is Verdict.GRANTED else None
        if granted is None or granted.name is None:
            return None
        return self._orders.bar(granted.name) if granted.name in gallery else Reason.REVOKED

    def _barred(self, visit: Visit, now: float) -> Reason | None:
        """Why somebody recognised may not enter here and now."""
        if visit.standing.name is None or visit.verdict is Verdict.GRANTED or visit.over:
            return None
        return self._bar(visit.standing.name, now)

    def _bar(self, name: str, now: float) -> Reason | None:
        locked = self._lockout.seconds_left(now) > 0
        return self._orders.bar(name) or (Reason.LOCKED_OUT if locked else None)

    def _is_due_a_grant(self, visit: Visit, now: float) -> bool:
        return (
            visit.standing.identity is Identity.RECOGNISED
            and visit.recognised_in_time
            and not visit.over
            and visit.alive(self._rules)
            and visit.verdict is not Verdict.GRANTED
            and now >= visit.not_before
            and self._permits(visit, now)
        )

    def _permits(self, visit: Visit, now: float) -> bool:
        """Whether the faces in view, or seen a moment ago, allow a grant."""
        if self._rules.policy is Policy.ALL:
            return not self._accompanied(visit, now)
        return self._rules.policy is not Policy.LARGEST or self._is_largest(visit)

    def _accompanied(self, visit: Visit, now: float) -> bool:
        """Whether somebody is there, or was a moment ago, who has not shown that they may come in."""
        strangers = any(
            not other.welcome(self._rules) for other in self._visits.values() if other is not visit
        )
        return strangers or now < self._crowded_until

    def _denial(self, visit: Visit, now: float) -> Reason | None:
        """Why this visit is to be denied now, if it is."""
        refusal = visit.refusal(self._rules, now)
        if refusal is not None:
            return refusal
        not_alone = (
            self._rules.policy is Policy.ALL
            and visit.decided is not Verdict.DENIED
            and visit.standing.identity is Identity.RECOGNISED
            and any(other.standing.identity is Identity.UNRECOGNISED for other in self._visits.values())
        )
        return Reason.NOT_ALONE if not_alone else None

    def _on_leaving(self, visit: Visit, now: float) -> Decision | None:
        """A visit is over: it is accounted for, and decided if it should have been."""
        reason = visit.parting(self._rules)
        decision = self._record(visit, Verdict.DENIED, reason, now) if reason else None
        if visit.track.total_looks >= self._rules.frames:
            self._ended.append(visit.account(self._rules, len(self._gallery.people)))
        return decision

    def _record(self, visit: Visit, verdict: Verdict, reason: Reason, now: float) -> Decision:
        standing = visit.standing
        match, name = standing.match, standing.name
        if visit.decision and visit.decided is Verdict.GRANTED and verdict is Verdict.DENIED:
            name = visit.decision.name
        if reason in (Reason.NOT_LIVE, Reason.CHALLENGE_FAILED):
            name = name or visit.check.name
        if verdict is Verdict.GRANTED or (reason in FAILED_ATTEMPTS and not visit.failed):
            self._uncounted = verdict, reason
            visit.failed = verdict is Verdict.DENIED
        proven = verdict is Verdict.GRANTED and self._rules.liveness is not Liveness.OFF
        visit.granted_unbroken = visit.track.unbroken_since if proven else None
        visit.decision = Decision(
            self._new_id(),
            verdict,
            name,
            reason,
            match.distance if match else None,
            match.runner_up if match else None,
            standing.threshold,
            visit.track.total_looks,
            visit.aliveness(self._rules),
            self._rules.policy is Policy.FLAG and self._accompanied(visit, now),
            self._orders.note,
        )
        return visit.decision

    def _count(self, now: float) -> None:
        """The last decision counts once it is known to be written down: a grant that is not lifts no lock."""
        if self._uncounted is not None and self._uncounted[0] is Verdict.GRANTED:
            self._lockout.granted()
        elif self._uncounted is not None:
            self._lockout.failed(now)
        self._uncounted = None


def _ordered(rules: Rules, orders: Orders) -> Rules:
    """The settings' rules, where the administrator has laid down nothing else for the terminal."""
    return replace(
        rules,
        policy=rules.policy if orders.policy is None else orders.policy,
        liveness=rules.liveness if orders.liveness is None else orders.liveness,
        attempts=rules.attempts if orders.attempts is None else orders.attempts,
    )


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
    return next(verdict for verdict in (worst if policy is Policy.ALL else first) if verdict in verdicts)
