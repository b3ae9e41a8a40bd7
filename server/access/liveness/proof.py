"""Whether the face of one visit is a living one: passively, by a challenge, or not asked for. Pure."""

import math
import random
from enum import Enum

from server.access.liveness.challenge import Challenge, ChallengeState
from server.access.liveness.passive import Passive
from server.access.seen import Landmarks
from wire.reasons import Prompt


class Liveness(str, Enum):
    """What a visitor has to show before a grant, beyond the face."""

    OFF = "off"
    PASSIVE = "passive"
    CHALLENGE = "challenge"


class Aliveness(str, Enum):
    """What is known of whether the face is a living one: as the log tells it."""

    OFF = "off"
    NOT_PROVEN = "not_proven"
    LIVE = "live"
    CHALLENGE = "challenge"


class Proof(Enum):
    """How far it has come."""

    NOT_ASKED = "not_asked"
    GATHERING = "gathering"
    PROVEN = "proven"
    FAILED = "failed"


class LivenessCheck:
    """Gathers proof about one track, for one recognised name: another name, or a break of the track, starts
    it anew. A failed challenge stays failed for the rest of the visit."""

    def __init__(self, proof_seconds: float, rng: random.Random) -> None:
        """`proof_seconds`: how long passive proof is waited for before the visitor is challenged."""
        self._proof_seconds = proof_seconds
        self._rng = rng
        self.name: str | None = None
        self._unbroken_since = -math.inf
        self._asked_at: float | None = None
        self._passive = Passive()
        self._challenge: Challenge | None = None
        self._proven_at: float | None = None
        self._failed = False
        self.how = Aliveness.NOT_PROVEN

    @property
    def proof(self) -> Proof:
        if self._failed:
            return Proof.FAILED
        if self._proven_at is not None:
            return Proof.PROVEN
        return Proof.NOT_ASKED if self._asked_at is None else Proof.GATHERING

    @property
    def proven_at(self) -> float:
        """When it was proven; infinity while it is not."""
        return math.inf if self._proven_at is None else self._proven_at

    @property
    def challenging(self) -> bool:
        """Whether the visitor is being asked to do something."""
        return self._challenge is not None and self.proof is Proof.GATHERING

    def ask(
        self, name: str, unbroken_since: float, mode: Liveness, now: float, may_challenge: bool = True
    ) -> None:
        """The face has been recognised as `name`: gather proof, or go on with it.

        `unbroken_since`: since when it has surely been one and the same face. `may_challenge`: nobody else
        is being challenged at this door.
        """
        if self._failed:
            return
        if mode is Liveness.CHALLENGE and self.how is Aliveness.LIVE:
            self.drop()
        if self._asked_at is None or name != self.name or unbroken_since != self._unbroken_since:
            self._begin(name, unbroken_since, now)
        assert self._asked_at is not None
        waited = now - self._asked_at >= self._proof_seconds
        due = self._proven_at is None and self._challenge is None and (mode is Liveness.CHALLENGE or waited)
        if due and may_challenge:
            self._challenge = Challenge(self._rng, now)

    def drop(self) -> None:
        """Proof is not wanted for the time being; what there is of it is forgotten."""
        if not self._failed:
            self._asked_at = self._proven_at = self._challenge = None
            self.how = Aliveness.NOT_PROVEN

    def see(self, landmarks: Landmarks | None, now: float) -> None:
        """A frame shows the face, perhaps with its landmarks."""
        if self.proof is not Proof.GATHERING:
            return
        if self._challenge is None:
            if landmarks is not None:
                self._passive.see(now, landmarks)
            if self._passive.live:
                self._proven_at, self.how = now, Aliveness.LIVE
            return
        if landmarks is not None:
            self._challenge.see(now, landmarks)
        self._take(self._challenge, now)

    def tick(self, unbroken_since: float, now: float) -> None:
        """Time passes, also without the face: a challenge does not wait, and what broke off is not gone on
        with."""
        if self.proof is Proof.GATHERING and self._challenge is not None:
            if unbroken_since != self._unbroken_since:
                self._failed = True
            else:
                self._challenge.tick(now)
                self._take(self._challenge, now)

    def prompt(self, now: float) -> tuple[Prompt, float] | None:
        """What the visitor is to do, and how many seconds are left for it."""
        if self.proof is not Proof.GATHERING or self._challenge is None:
            return None
        return self._challenge.prompt, self._challenge.seconds_left(now)

    def _begin(self, name: str, unbroken_since: float, now: float) -> None:
        if self._challenge is not None and self._proven_at is None:
            self._failed = True
            return
        self.name, self._unbroken_since, self._asked_at = name, unbroken_since, now
        self._passive, self._challenge, self._proven_at = Passive(), None, None
        self.how = Aliveness.NOT_PROVEN

    def _take(self, challenge: Challenge, now: float) -> None:
        if challenge.state is ChallengeState.PASSED:
            self._proven_at, self.how = now, Aliveness.CHALLENGE
        elif challenge.state is ChallengeState.FAILED:
            self._failed = True
