"""One visit: a track, what its looks say, what is proven of it, and what was decided."""

import math
from dataclasses import dataclass
from enum import Enum

from server.access.decision import Decision
from server.access.evidence import Identity, Standing
from server.access.liveness.proof import Aliveness, Liveness, LivenessCheck, Proof
from server.access.rules import VISIT_LOOKS, Rules
from server.access.seen import Flaw
from server.access.tracks import Track
from wire import Verdict
from wire.reasons import Prompt, Reason

NUDGE_SECONDS = 1.5
"""After so long without passive proof the visitor is asked to move a little: a head that keeps still looks as
flat as a photo."""


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


@dataclass(frozen=True)
class Asked:
    """What the visitor is asked to do, and the seconds left for it, where there is a limit."""

    prompt: Prompt
    seconds: float | None = None


@dataclass(frozen=True)
class VisitSummary:
    """A visit when it is over, for the threshold grid: what decided it, and how near to whom it came.

    `candidate`: whom the looks agreed on, `distance` and `runner_up`: when it was nearest; None when they
    agreed on nobody. Any threshold of at least `distance` would have recognised that person.
    """

    decision: Decision | None
    candidate: str | None
    distance: float | None
    runner_up: float | None
    people: int
    photos: int
    looks: int
    seconds: float
    liveness: Aliveness


@dataclass(eq=False)
class Visit:
    """`recognised_in_time`: it was recognised before its looks were used up, and has surely been the same
    face since. `granted_unbroken`: since when it had been the same face when it was granted after proof of
    life. `barred`: whoever it is may not come in here and now. `failed`: it has counted as a failed attempt.
    """

    track: Track
    standing: Standing
    check: LivenessCheck
    decision: Decision | None = None
    not_before: float = -math.inf
    recognised_in_time: bool = False
    recognised_at: float = -math.inf
    granted_unbroken: float | None = None
    barred: bool = False
    failed: bool = False
    asked_since: float | None = None
    best: Standing | None = None

    @property
    def decided(self) -> Verdict:
        return self.decision.verdict if self.decision else Verdict.NONE

    @property
    def verdict(self) -> Verdict:
        """What the face in view means now."""
        if self.decided is Verdict.DENIED:
            return Verdict.DENIED
        if self.decided is Verdict.GRANTED and self.decision and self.standing.name == self.decision.name:
            same = self.granted_unbroken in (None, self.track.unbroken_since)
            return Verdict.GRANTED if same else Verdict.CHECKING
        return Verdict.CHECKING

    @property
    def over(self) -> bool:
        """Whether nothing but a new visit can lead to a grant."""
        return self.check.proof is Proof.FAILED or self._spent

    @property
    def _spent(self) -> bool:
        return self.track.good_looks > VISIT_LOOKS and not self.recognised_in_time

    def take(
        self, standing: Standing, rules: Rules, now: float, barred: bool = False, may_challenge: bool = True
    ) -> None:
        """What the track's looks say now; asks for proof of life where that is due. `barred`: whoever it is
        may not come in anyway, and is not asked for any. `may_challenge`: see `LivenessCheck.ask`."""
        self.standing, self.barred = standing, barred
        if self.track.unbroken_since > self.recognised_at:
            self.recognised_in_time = False
        if standing.name is not None and not self._spent:
            self.recognised_in_time, self.recognised_at = True, now
        if standing.candidate is not None and not self._spent:
            self._remember(standing)
        if barred:
            self.check.drop()
        undecided = self.verdict is not Verdict.GRANTED and not self.over and not barred
        if standing.name is not None and undecided and rules.liveness is not Liveness.OFF:
            self.asked_since = now if self.asked_since is None else self.asked_since
            unbroken_since = self.track.unbroken_since
            self.check.ask(standing.name, unbroken_since, rules.liveness, now, may_challenge)
        self.check.tick(self.track.unbroken_since, now)

    def alive(self, rules: Rules) -> bool:
        """Whether enough is proven for a grant: by looks at this very face, the newest taken since."""
        if rules.liveness is Liveness.OFF:
            return True
        own = [look for look in self.track.evidence if look.at >= self.track.unbroken_since]
        looked_again = len(own) >= rules.frames and own[-1].at >= self.check.proven_at
        return self.check.proof is Proof.PROVEN and looked_again

    def welcome(self, rules: Rules) -> bool:
        """Whether this is somebody who may come in, and has shown it."""
        known = self.standing.identity is Identity.RECOGNISED and not self.barred and not self.over
        return known and (self.verdict is Verdict.GRANTED or self.alive(rules))

    def aliveness(self, rules: Rules) -> Aliveness:
        return Aliveness.OFF if rules.liveness is Liveness.OFF else self.check.how

    def refusal(self, rules: Rules, now: float) -> Reason | None:
        """Why this visit is to be denied now, whatever others in view mean; None when it is not."""
        if self.check.proof is Proof.FAILED:
            told = self.decision is not None and self.decision.reason is Reason.CHALLENGE_FAILED
            return None if told else Reason.CHALLENGE_FAILED
        if self.decided is not Verdict.NONE:
            return None
        if self.standing.identity is Identity.UNRECOGNISED:
            known = now - self.recognised_at < rules.window_seconds
            return None if known else self.standing.reason
        return self._poor_view(rules, now)

    def parting(self, rules: Rules) -> Reason | None:
        """Why a visit that ends undecided is to be denied; None when there was nothing to decide."""
        if self.decision is not None or self.track.total_looks < rules.frames:
            return None
        if self.asked_since is not None and self.check.proof is not Proof.PROVEN:
            return Reason.NOT_LIVE
        flaw = self.track.flaw
        if self.track.good_looks >= rules.frames or flaw is None:
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
        match = self.standing.match
        hopeful = match is not None and match.distance <= rules.contradiction
        return Care.GATHER if hopeful and self.standing.name is None else Care.VERIFY

    def asked(self, now: float) -> Asked | None:
        """What the visitor could do."""
        if self.verdict is Verdict.GRANTED:
            return None
        if self.over:
            return Asked(Prompt.STEP_AWAY)
        step = self.check.prompt(now)
        if step is not None:
            return Asked(*step)
        flaw = self.track.flaw
        if self.standing.identity is not Identity.RECOGNISED:
            return Asked(PROMPTS[flaw]) if flaw else None
        if self.asked_since is None or self.check.proof is not Proof.GATHERING:
            return None
        return Asked(Prompt.MOVE_A_LITTLE) if now - self.asked_since >= NUDGE_SECONDS else None

    def account(self, rules: Rules, people: int) -> VisitSummary:
        best = self.best.match if self.best else None
        return VisitSummary(
            self.decision,
            best.name if best else None,
            best.distance if best else None,
            best.runner_up if best else None,
            people,
            best.photos if best else 0,
            self.track.total_looks,
            self.track.last_seen - self.track.first_look,
            self.aliveness(rules),
        )

    def _poor_view(self, rules: Rules, now: float) -> Reason | None:
        """Somebody near enough who cannot be seen well enough for longer than a visitor should wait."""
        flaw = self.track.flaw
        waited = now - self.track.first_look >= rules.poor_seconds
        if not waited or self.track.good_looks >= rules.frames:
            return None
        return POOR_VIEWS.get(flaw) if flaw else None

    def _remember(self, standing: Standing) -> None:
        match, best = standing.match, self.best.match if self.best else None
        if match is not None and (best is None or match.distance < best.distance):
            self.best = standing
