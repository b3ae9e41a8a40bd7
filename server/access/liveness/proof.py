"""Whether the face of one visit is a living one: passively, by being asked, or not asked for. Pure."""

import math
import random
from enum import Enum
from typing import NamedTuple

from server.access.liveness.challenge import KEEP_SECONDS, Challenge, ChallengeState, Extent
from server.access.liveness.passive import Passive
from server.access.liveness.sightings import Run, Sighting
from server.access.seen import Landmarks
from wire.reasons import Prompt

PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 2.0, 32.0
"""After a failed ask it is this long until the next one, and twice as long after each further one: long
enough to read what went wrong, and too long to try one's luck."""


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


class Step(NamedTuple):
    """What the visitor is to do, the seconds left for it, and how much of it is done, -1 to 1."""

    prompt: Prompt
    seconds: float
    progress: float | None


class LivenessCheck:
    """Gathers proof about one track: passively from its first sighting on, and for the first name that it is
    recognised as. Another name, or a break of the track, starts it anew, and an ask that was open then has
    failed. After a failed ask comes a pause, then another ask, and nothing else counts any more: a print that
    is held up for long enough, and turned as asked, shows some change or other in the end."""

    def __init__(self, proof_seconds: float, rng: random.Random) -> None:
        """`proof_seconds`: how long passive proof is waited for before the visitor is asked."""
        self._proof_seconds = proof_seconds
        self._rng = rng
        self.name: str | None = None
        self.failures = 0
        self._mode: Liveness | None = None
        self._unbroken_since = -math.inf
        self._asked_at: float | None = None
        self._passive = Passive()
        self._recent = Run(KEEP_SECONDS)
        self._challenge: Challenge | None = None
        self._not_before = -math.inf
        self._proven_at: float | None = None
        self.how = Aliveness.NOT_PROVEN

    @property
    def proof(self) -> Proof:
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
        return self._challenge is not None

    def follow(self, unbroken_since: float, mode: Liveness, now: float) -> None:
        """Time passes, also without the face, which has surely been one and the same since `unbroken_since`:
        an ask does not wait, and what broke off is not gone on with."""
        if unbroken_since != self._unbroken_since:
            self._begin(now)
            self._unbroken_since = unbroken_since
        if mode is not self._mode:
            self.drop()
            self._mode = mode
        if self._challenge is not None:
            self._challenge.tick(now)
            self._take(self._challenge, now)

    def ask(self, name: str, now: float, may_challenge: bool = True) -> None:
        """The face has been recognised as `name`: gather proof, or go on with it. `may_challenge`: nobody
        else is being challenged at this door."""
        if name != self.name and self._asked_at is not None:
            self._begin(now)
        self.name = name
        self._asked_at = now if self._asked_at is None else self._asked_at
        waited = self._mode is Liveness.CHALLENGE or now - self._asked_at >= self._proof_seconds
        if self.proof is Proof.GATHERING and waited and may_challenge and now >= self._not_before:
            extent = Extent.WHOLE if self._mode is Liveness.CHALLENGE else Extent.SHORT
            if self._challenge is None:
                self._challenge = Challenge(self._rng, now, extent, self._recent.sightings)

    def drop(self) -> None:
        """Proof is not wanted for the time being; what there is of it is forgotten."""
        self._asked_at = self._proven_at = self._challenge = None
        self._passive, self._recent = Passive(), Run(KEEP_SECONDS)
        self.how = Aliveness.NOT_PROVEN

    def see(self, landmarks: Landmarks | None, now: float) -> None:
        """A frame shows the face, perhaps with its landmarks."""
        if self.proof is Proof.PROVEN or landmarks is None:
            return
        sighting = Sighting.take(now, landmarks)
        if self._mode is Liveness.PASSIVE and not self.failures:
            counts = self._passive.see(sighting)
            if counts and self.proof is Proof.GATHERING and self._passive.live:
                self._prove(Aliveness.LIVE, now)
                return
        self._recent.add(sighting)
        if self._challenge is not None:
            self._challenge.see(sighting)
            self._take(self._challenge, now)

    def step(self, now: float) -> Step | None:
        """What the visitor is being asked to do."""
        asked = self._challenge
        return None if asked is None else Step(asked.prompt, asked.seconds_left(now), asked.progress)

    def pause_left(self, now: float) -> float:
        """Seconds until whoever has failed is asked again; 0 when nothing is waited for."""
        waits = self.proof is Proof.GATHERING and self._challenge is None
        return max(0.0, self._not_before - now) if waits else 0.0

    def _begin(self, now: float) -> None:
        if self._challenge is not None:
            self._fail(now)
        self.drop()

    def _take(self, challenge: Challenge, now: float) -> None:
        if challenge.state is ChallengeState.PASSED:
            self._prove(Aliveness.CHALLENGE, now)
        elif challenge.state is ChallengeState.FAILED:
            self._fail(now)

    def _prove(self, how: Aliveness, now: float) -> None:
        self._proven_at, self.how, self._challenge = now, how, None

    def _fail(self, now: float) -> None:
        pause = min(PAUSE_SECONDS * 2.0**self.failures, LONGEST_PAUSE_SECONDS)
        self.failures += 1
        self._challenge, self._not_before = None, now + pause
