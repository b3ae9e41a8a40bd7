"""One visit: a track, what its looks say, what is proven of it, and what was decided.

What a face in view means depends on what was decided, and on its looks going on to agree:

    state      the face in view means
    OPEN       checking
    PROPOSED   what it meant before: nothing counts before it is written down
    GRANTED    granted, as long as it is recognised as that person, has surely been the same face since it was
               granted, and no other proof is asked for meanwhile; else checking
    DENIED     denied; checking while it is asked to do something

    from                     what happens                                                 to
    OPEN, GRANTED, DENIED    `propose`: a grant, or a denial for another reason           PROPOSED
    PROPOSED                 `settle`: the decision is written, a grant                   GRANTED
    PROPOSED                 `settle`: the decision is written, a denial                  DENIED
    PROPOSED                 `settle`: it is not written, whatever it was                 DENIED, and no grant
                                                                                          for `RETRY_SECONDS`

Whoever fails when asked is denied, and is asked again after a pause: each failure is a decision of its own.
A visit ends with its track. `over`: its looks are used up; no grant follows.
"""

import math
from dataclasses import dataclass, replace
from enum import Enum

from server.access.decision import Decision
from server.access.evidence import Identity, Recognition
from server.access.liveness.proof import Aliveness, Liveness, LivenessCheck, Proof
from server.access.liveness.sightings import GAP_SECONDS
from server.access.outcome import Asked, VisitSummary
from server.access.rules import VISIT_LOOKS, Rules
from server.access.seen import Flaw
from server.access.tracks import Track
from wire import Verdict
from wire.reasons import Prompt, Reason

RETRY_SECONDS = 1.0
"""After a decision that could not be written down, how long before the visit may be granted again."""


class State(Enum):
    """How far the decision has come."""

    OPEN = "open"
    PROPOSED = "proposed"
    GRANTED = "granted"
    DENIED = "denied"


class Care(Enum):
    """What more looks at a visit are for."""

    GATHER = "gather"
    PROVE = "prove"
    VERIFY = "verify"


PROMPTS = {
    Flaw.TOO_SMALL: Prompt.COME_CLOSER,
    Flaw.TOO_DARK: Prompt.MORE_LIGHT,
    Flaw.TOO_BRIGHT: Prompt.LESS_LIGHT,
    Flaw.TOO_BLURRED: Prompt.HOLD_STILL,
    Flaw.LOOKING_AWAY: Prompt.LOOK_AT_CAMERA,
}
POOR_VIEWS = {
    Flaw.TOO_DARK: Reason.TOO_DARK,
    Flaw.TOO_BRIGHT: Reason.TOO_BRIGHT,
    Flaw.TOO_BLURRED: Reason.TOO_BLURRED,
    Flaw.LOOKING_AWAY: Reason.LOOKING_AWAY,
}
"""Whoever is too far away has not come to the door: nothing is decided."""


@dataclass(eq=False)
class Visit:
    """`decision`: the settled one, `proposal`: the one that waits to be written. `mode`: what is asked of it
    now, `granted_mode`: when it was granted, `granted_unbroken`: since when it had been the same face then.
    `recognised_in_time`: it was recognised before its looks were used up, and has surely been the same face
    since. `barred`: whoever it is may not come in here and now. `failed`: it has counted as a failed attempt.
    `told_failures`: how many failures to do as asked have been written down."""

    track: Track
    recognition: Recognition
    check: LivenessCheck
    decision: Decision | None = None
    proposal: Decision | None = None
    not_before: float = -math.inf
    recognised_in_time: bool = False
    recognised_at: float = -math.inf
    mode: Liveness = Liveness.OFF
    granted_mode: Liveness = Liveness.OFF
    granted_unbroken: float = -math.inf
    barred: bool = False
    failed: bool = False
    told_failures: int = 0
    asked_since: float | None = None
    nearest: Recognition | None = None

    @property
    def state(self) -> State:
        if self.proposal is not None:
            return State.PROPOSED
        return State.OPEN if self.decision is None else State(self.decision.verdict.value)

    @property
    def decided(self) -> Verdict:
        """What was settled last."""
        return self.decision.verdict if self.decision else Verdict.NONE

    @property
    def verdict(self) -> Verdict:
        """What the face in view means now."""
        if self.decided is Verdict.DENIED:
            return Verdict.CHECKING if self.check.challenging else Verdict.DENIED
        if self.decision and self.decided is Verdict.GRANTED and self.recognition.name == self.decision.name:
            same = self.granted_mode is Liveness.OFF or self.granted_unbroken == self.track.unbroken_since
            enough = self.mode in (Liveness.OFF, self.granted_mode)
            return Verdict.GRANTED if same and enough else Verdict.CHECKING
        return Verdict.CHECKING

    @property
    def over(self) -> bool:
        """Whether nothing but a new visit can lead to a grant."""
        return self.track.good_looks > VISIT_LOOKS and not self.recognised_in_time

    def take(
        self,
        recognition: Recognition,
        rules: Rules,
        now: float,
        barred: bool = False,
        may_challenge: bool = True,
    ) -> None:
        """What the track's looks say now; asks for proof of life where that is due.

        `barred`: whoever it is may not come in anyway, and is not asked for any. `may_challenge`: nobody
        else is being challenged at this door.
        """
        self.recognition, self.barred, self.mode = recognition, barred, rules.liveness
        if self.track.unbroken_since > self.recognised_at:
            self.recognised_in_time = False
        if recognition.name is not None and not self.over:
            self.recognised_in_time, self.recognised_at = True, now
        if recognition.candidate is not None and not self.over:
            self._remember(recognition)
        if barred:
            self.check.drop()
        undecided = self.verdict is not Verdict.GRANTED and not self.over and not barred
        self.check.follow(self.track.unbroken_since, rules.liveness, now)
        if recognition.name is not None and undecided and rules.liveness is not Liveness.OFF:
            self.asked_since = now if self.asked_since is None else self.asked_since
            self.check.ask(recognition.name, now, may_challenge)

    def propose(self, decision: Decision, rules: Rules) -> None:
        """What is to be decided, once it is written down."""
        self.granted_unbroken, self.granted_mode = self.track.unbroken_since, rules.liveness
        self.proposal = decision

    def settle(self, written: bool, reason: Reason, now: float) -> Decision:
        """Commit the proposal, or withdraw it and deny for `reason`; returns what now stands."""
        assert self.proposal is not None
        decision, self.proposal = self.proposal, None
        if not written:
            decision = replace(decision, verdict=Verdict.DENIED, reason=reason)
            self.not_before = now + RETRY_SECONDS
        elif decision.reason is Reason.CHALLENGE_FAILED:
            self.told_failures = self.check.failures
        self.decision = decision
        return decision

    def alive(self, rules: Rules) -> bool:
        """Whether enough is proven for a grant: by looks at this very face, the newest taken since."""
        if rules.liveness is Liveness.OFF:
            return True
        own = [look for look in self.track.evidence if look.at >= self.track.unbroken_since]
        looked_again = len(own) >= rules.looks and own[-1].at >= self.check.proven_at
        return self.check.proof is Proof.PROVEN and looked_again

    def welcome(self, rules: Rules) -> bool:
        """Whether this is somebody who may come in, and has shown it."""
        known = self.recognition.identity is Identity.RECOGNISED and not self.barred and not self.over
        return known and (self.verdict is Verdict.GRANTED or self.alive(rules))

    def aliveness(self, rules: Rules) -> Aliveness:
        return Aliveness.OFF if rules.liveness is Liveness.OFF else self.check.how

    def told_name(self, rules: Rules) -> str | None:
        """Whom the terminal may call the face: nobody before it is proven to be a living one."""
        proven = self.aliveness(rules) is not Aliveness.NOT_PROVEN
        return self.recognition.name if proven or self.verdict is Verdict.GRANTED else None

    def refusal(self, rules: Rules, now: float) -> Reason | None:
        """Why this visit is to be denied now, whatever others in view mean; None when it is not."""
        if self.check.failures > self.told_failures:
            return Reason.CHALLENGE_FAILED
        if self.decided is not Verdict.NONE:
            return None
        if self.recognition.identity is Identity.UNRECOGNISED:
            known = now - self.recognised_at < rules.window_seconds
            return None if known else self.recognition.reason
        return self._poor_view(rules, now)

    def parting(self, rules: Rules) -> Reason | None:
        """Why a visit that ends undecided, or while it is asked to do something, is to be denied; None when
        there was nothing to decide."""
        if self.check.challenging and self.verdict is not Verdict.GRANTED:
            return Reason.NOT_LIVE
        if self.decision is not None or self.track.total_looks < rules.looks:
            return None
        if self.asked_since is not None and self.check.proof is not Proof.PROVEN:
            return Reason.NOT_LIVE
        flaw = self.track.flaw
        if self.track.good_looks >= rules.looks or flaw is None:
            return Reason.LEFT
        return POOR_VIEWS.get(flaw)

    def care(self, rules: Rules) -> Care:
        """How closely the face is to be watched."""
        if self.over or self.verdict is Verdict.GRANTED:
            return Care.VERIFY
        if self.check.proof is Proof.GATHERING and rules.liveness is not Liveness.OFF:
            return Care.PROVE
        if self.decided is not Verdict.DENIED:
            return Care.GATHER
        match = self.recognition.match
        hopeful = match is not None and match.distance <= rules.recogniser.contradiction
        return Care.GATHER if hopeful and self.recognition.name is None else Care.VERIFY

    def unproven(self, rules: Rules, now: float) -> bool:
        """Whether its landmarks are of use: in passive mode already before it is known who it is; not while
        whoever has failed waits to be asked again, until shortly before."""
        if self.check.pause_left(now) > GAP_SECONDS:
            return False
        care = self.care(rules)
        early = rules.liveness is Liveness.PASSIVE and self.check.proof is Proof.NOT_ASKED
        return care is Care.PROVE or (care is Care.GATHER and early and not self.barred)

    def asked(self, now: float) -> Asked | None:
        """What the visitor could do."""
        if self.verdict is Verdict.GRANTED:
            return None
        if self.over:
            return Asked(Prompt.STEP_AWAY)
        step = self.check.step(now)
        if step is not None:
            return Asked(*step)
        pause = self.check.pause_left(now)
        if pause > 0:
            return Asked(Prompt.WAIT, pause)
        flaw = self.track.flaw
        looked_for = self.recognition.identity is not Identity.RECOGNISED or self.check.proof is Proof.PROVEN
        return Asked(PROMPTS[flaw]) if flaw and looked_for else None

    def summary(self, rules: Rules, people: int) -> VisitSummary:
        """`people`: how many are enrolled."""
        nearest = self.nearest.match if self.nearest else None
        return VisitSummary(
            decision=self.decision,
            candidate=nearest.name if nearest else None,
            distance=nearest.distance if nearest else None,
            runner_up=nearest.runner_up if nearest else None,
            people=people,
            photos=nearest.photos if nearest else 0,
            looks=self.track.total_looks,
            seconds=self.track.last_seen - self.track.first_look,
            liveness=self.aliveness(rules),
            recogniser=rules.recogniser.name,
        )

    def _poor_view(self, rules: Rules, now: float) -> Reason | None:
        """Somebody near enough who cannot be seen well enough for longer than a visitor should wait."""
        flaw = self.track.flaw
        waited = now - self.track.first_look >= rules.poor_seconds
        if not waited or self.track.good_looks >= rules.looks:
            return None
        return POOR_VIEWS.get(flaw) if flaw else None

    def _remember(self, recognition: Recognition) -> None:
        match, nearest = recognition.match, self.nearest.match if self.nearest else None
        if match is not None and (nearest is None or match.distance < nearest.distance):
            self.nearest = recognition
