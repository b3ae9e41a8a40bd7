"""One terminal's door: analyses and the gallery in, verdicts and decisions out.

A visit is one track, and is decided once; again only when the evidence really changes. At most one visit is
decided in a frame: the next frame decides the next. A face counts as granted only in frames in which it is
seen and its recent looks still agree; the decision stands behind that, it does not replace it.

The door proposes a decision, and its owner writes it down and says so by `settle`: nothing counts before.
"""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from server.access.attention import Attention, Watched
from server.access.decision import Decision
from server.access.dice import Dice
from server.access.evidence import Identity
from server.access.liveness.proof import LivenessCheck
from server.access.lockout import FAILED_ATTEMPTS, LEFT_PARTS, REPEATED_ATTEMPTS, Lockout, Lockouts
from server.access.matching.gallery import Gallery
from server.access.orders import EMPTY as NO_ROSTER
from server.access.orders import Orders
from server.access.outcome import Asked, Outcome, VisitSummary
from server.access.policy import (
    Company,
    allows_grant,
    company_refusal,
    frame_verdict,
    keeps_grant,
    tells_company,
)
from server.access.rules import Rules
from server.access.seen import Analysis, Face, Hints
from server.access.tracks import LOST_SECONDS, Track, Tracker
from server.access.visit import Visit
from wire import FaceReport, Verdict
from wire.reasons import Prompt, Reason

NEAREST = 5
"""Of so many people a decision tells how near they came."""
NO_ORDERS = NO_ROSTER.orders("", datetime.min)


class Door:
    """State of one terminal's door."""

    def __init__(
        self,
        rules: Rules,
        *,
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
        self._lockouts = Lockouts() if lockouts is None else lockouts
        self._lockout = Lockout(0)
        self._dice = Dice(rng or random.SystemRandom())
        self._tracker = Tracker(rules.window, rules.recogniser)
        self._attention = Attention()
        self._gallery = Gallery.build(rules.recogniser, 0, ())
        self._visits: dict[int, Visit] = {}
        self._leaving: list[Visit] = []
        self._seen: list[tuple[Face, Visit | None]] = []
        self._uncompared_until = -math.inf
        self._proposed: Visit | None = None
        self._ended: list[VisitSummary] = []
        self._now = -math.inf

    def hints(self, wanted: Hints, now: float, may_sweep: bool = True) -> Hints:
        """How to look at the frame received at `now`, given what every terminal has in common. `may_sweep`:
        False puts off searching all of the picture."""
        watched = [
            Watched(visit.track, visit.care(self._rules), visit.unproven(self._rules, now))
            for visit in self._visits.values()
        ]
        others = [face for face, visit in self._seen if visit is None]
        return self._attention.hints(wanted, watched, others, now, may_sweep)

    def observe(
        self,
        analysis: Analysis,
        gallery: Gallery,
        now: float,
        orders: Orders = NO_ORDERS,
        rules: Rules | None = None,
    ) -> Outcome:
        """Take in what the worker made of the last hints, for the frame received at `now` (monotonic
        seconds, never decreasing). `orders`: what the administrator wants at this terminal at this time.
        `rules`: the settings' from now on, by the same recogniser; None: as before.

        Not before the last proposal is settled.
        """
        assert self._proposed is None
        self._defaults = rules or self._defaults
        self._orders, self._rules = orders, orders.applied_to(self._defaults)
        self._gallery, self._now = gallery, now
        self._lockout = self._lockouts.of(self._terminal, self._rules.attempts, now)
        tracks, ended = self._tracker.update(analysis.faces, gallery, now, self._attention.continued)
        self._attention.learn(analysis, now)
        self._leaving += [visit for track in ended if (visit := self._visits.pop(track.id, None))]
        for track in self._tracker.tracks:
            self._follow(track)
        self._seen = [
            (face, self._visits[track.id] if track else None)
            for face, track in zip(analysis.faces, tracks, strict=True)
        ]
        for face, visit in self._seen:
            if visit is not None and visit.track.sure:
                visit.check.see(face.landmarks, now)
        if any(visit is None for _, visit in self._seen):
            self._uncompared_until = now + LOST_SECONDS
        self._decide()
        return self._outcome()

    def settle(self, decision: Decision, written: bool, reason: Reason = Reason.LOG_UNAVAILABLE) -> Outcome:
        """The proposed `decision` has been written down, or has not been, and then the visit is denied for
        `reason`, whatever it was. The outcome as it now stands."""
        visit, self._proposed = self._proposed, None
        assert visit is not None and visit.proposal is decision
        settled = visit.settle(written, reason, self._now)
        locked_seconds = self._count(visit, settled)
        if visit not in self._visits.values():
            self._end(visit)
        return replace(
            self._outcome(),
            decision=settled,
            decided_at=visit.track.last_seen,
            locked_seconds=locked_seconds,
        )

    def leave(self) -> Outcome:
        """The terminal is gone: decide, one after the other, the visits that were under way. To be called,
        and each decision settled, until none is proposed."""
        assert self._proposed is None
        self._leaving += self._visits.values()
        self._visits, self._seen = {}, []
        self._decide_leaving()
        return self._outcome()

    def _follow(self, track: Track) -> None:
        recognition = track.recognise(self._now, self._gallery, self._rules)
        visit = self._visits.get(track.id)
        if visit is None:
            check = LivenessCheck(self._rules.proof_seconds, self._dice)
            visit = self._visits[track.id] = Visit(track, recognition, check)
        barred = recognition.name is not None and self._bar(recognition.name) is not None
        others = (other for other in self._visits.values() if other is not visit)
        may_challenge = not any(other.check.challenging for other in others)
        visit.take(recognition, self._rules, self._now, barred, may_challenge)

    def _outcome(self) -> Outcome:
        if self._proposed is not None:
            return Outcome(Verdict.CHECKING, decision=self._proposed.proposal)
        faces = tuple(self._report(face, visit) for face, visit in self._seen)
        ended, self._ended = tuple(self._ended), []
        return Outcome(
            verdict=self._verdict(faces),
            faces=faces,
            unknown=tuple(face.box for face, visit in self._seen if not _is_recognised(visit)),
            asked=self._asked(),
            ended=ended,
            drawn=self._dice.told(),
        )

    def _report(self, face: Face, visit: Visit | None) -> FaceReport:
        if visit is None:
            return FaceReport(face.box, None, None, Verdict.CHECKING)
        match = visit.recognition.match
        name = visit.told_name(self._rules)
        return FaceReport(face.box, name, match.distance if match else None, visit.verdict)

    def _asked(self) -> Asked | None:
        """The largest face that can do something about it is asked."""
        visits = [visit for _, visit in self._seen if visit is not None]
        locked = self._lockout.seconds_left(self._now)
        if locked > 0 and any(visit.verdict is not Verdict.GRANTED for visit in visits):
            return Asked(Prompt.WAIT, locked)
        visits.sort(key=lambda visit: not visit.check.challenging)
        return next((asked for visit in visits if (asked := visit.asked(self._now))), None)

    def _verdict(self, faces: Sequence[FaceReport]) -> Verdict:
        """The frame's verdict. A grant that depends on others also depends on those seen a moment ago: a face
        that the detector missed once must not make its neighbour look alone, or the largest."""
        verdict = frame_verdict(faces, self._rules.policy)
        if verdict is not Verdict.GRANTED:
            return verdict
        all_granted = all(visit.verdict is Verdict.GRANTED for visit in self._visits.values())
        all_granted = all_granted and self._now >= self._uncompared_until
        kept = keeps_grant(self._rules.policy, all_granted, self._is_largest(self._seen[0][1]))
        return Verdict.GRANTED if kept else Verdict.CHECKING

    def _decide(self) -> None:
        """Propose the decision that is due first, if any is."""
        for visit in self._visits.values():
            reason = self._revocation(visit)
            if reason is not None:
                return self._propose(visit, Verdict.DENIED, reason)
        for visit in [visit for _, visit in self._seen if visit is not None]:
            barred = self._barred(visit)
            if barred is not None:
                if visit.decision is None or visit.decision.reason is not barred:
                    return self._propose(visit, Verdict.DENIED, barred)
            elif self._is_due_a_grant(visit):
                return self._propose(visit, Verdict.GRANTED, Reason.RECOGNISED)
        for visit in self._visits.values():
            reason = self._denial(visit)
            if reason is not None:
                return self._propose(visit, Verdict.DENIED, reason)
        return self._decide_leaving()

    def _decide_leaving(self) -> None:
        """Visits that are over are accounted for, and decided where they should have been."""
        while self._leaving and self._proposed is None:
            visit = self._leaving.pop(0)
            reason = visit.parting(self._rules)
            if reason is None:
                self._end(visit)
            else:
                self._propose(visit, Verdict.DENIED, reason)

    def _end(self, visit: Visit) -> None:
        if visit.track.total_looks >= self._rules.looks:
            self._ended.append(visit.summary(self._rules, len(self._gallery.people)))

    def _revocation(self, visit: Visit) -> Reason | None:
        """Why somebody granted is granted no longer, although the face is still the same."""
        granted = visit.decision if visit.decided is Verdict.GRANTED else None
        if granted is None or granted.name is None:
            return None
        return self._orders.bar(granted.name) if granted.name in self._gallery else Reason.REVOKED

    def _barred(self, visit: Visit) -> Reason | None:
        """Why somebody recognised may not enter here and now."""
        if visit.recognition.name is None or visit.verdict is Verdict.GRANTED or visit.over:
            return None
        return self._bar(visit.recognition.name)

    def _bar(self, name: str) -> Reason | None:
        locked = self._lockout.seconds_left(self._now) > 0
        return self._orders.bar(name) or (Reason.LOCKED_OUT if locked else None)

    def _is_due_a_grant(self, visit: Visit) -> bool:
        return (
            visit.recognition.identity is Identity.RECOGNISED
            and visit.recognised_in_time
            and not visit.over
            and visit.alive(self._rules)
            and visit.verdict is not Verdict.GRANTED
            and self._now >= visit.not_before
            and allows_grant(self._rules.policy, self._company(visit))
        )

    def _denial(self, visit: Visit) -> Reason | None:
        """Why this visit is to be denied now, if it is."""
        refusal = visit.refusal(self._rules, self._now)
        if refusal is not None:
            return refusal
        recognised = visit.recognition.identity is Identity.RECOGNISED
        if not recognised or visit.decided is Verdict.DENIED:
            return None
        return company_refusal(self._rules.policy, self._company(visit))

    def _company(self, visit: Visit) -> Company:
        others = [other for other in self._visits.values() if other is not visit]
        uncompared = self._now < self._uncompared_until
        return Company(
            welcome=not uncompared and all(other.welcome(self._rules) for other in others),
            stranger=any(other.recognition.identity is Identity.UNRECOGNISED for other in others),
            largest=self._is_largest(visit),
        )

    def _is_largest(self, visit: Visit | None) -> bool:
        if visit is None or not self._seen or visit is not self._seen[0][1]:
            return False
        return all(visit.track.box.area >= other.track.box.area for other in self._visits.values())

    def _propose(self, visit: Visit, verdict: Verdict, reason: Reason) -> None:
        recognition = visit.recognition
        match, name = recognition.match, recognition.name
        if visit.decision and visit.decided is Verdict.GRANTED and verdict is Verdict.DENIED:
            name = visit.decision.name
        if reason in (Reason.NOT_LIVE, Reason.CHALLENGE_FAILED):
            name = name or visit.check.name
        decision = Decision(
            id=self._new_id(),
            verdict=verdict,
            name=name,
            reason=reason,
            distance=match.distance if match else None,
            runner_up=match.runner_up if match else None,
            threshold=recognition.threshold,
            looks=visit.track.total_looks,
            liveness=visit.aliveness(self._rules),
            accompanied=tells_company(self._rules.policy, self._company(visit)),
            note=self._orders.note,
            nearest=visit.track.nearest(NEAREST),
        )
        visit.propose(decision, self._rules)
        self._proposed = visit

    def _count(self, visit: Visit, decision: Decision) -> float:
        """A settled decision counts for the terminal's lock; returns for how many seconds it locks it. What
        was withdrawn is neither a grant nor a failed attempt."""
        if decision.verdict is Verdict.GRANTED:
            self._lockout.granted()
            visit.failed = False
        elif decision.reason in (REPEATED_ATTEMPTS if visit.failed else FAILED_ATTEMPTS):
            visit.failed = True
            return self._lockout.failed(self._now)
        elif decision.reason is Reason.LEFT and decision.name is None:
            return self._lockout.failed(self._now, LEFT_PARTS)
        return 0.0


def _is_recognised(visit: Visit | None) -> bool:
    return visit is not None and visit.recognition.name is not None
