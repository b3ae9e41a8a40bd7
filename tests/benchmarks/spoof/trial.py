"""One stream before the liveness of `server.access`: passively, and challenged."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from server.access.liveness.challenge import KEEP_SECONDS, Challenge, ChallengeState, Extent
from server.access.liveness.passive import Passive
from server.access.liveness.sightings import Run
from server.access.liveness.sightings import Sighting as Seen
from tests.benchmarks.spoof.motion import Asked
from tests.benchmarks.spoof.sighting import RATE, Sighting, Watcher

PASSIVE_SECONDS = 8.0
"""How long passive proof is waited for."""
SOON_SECONDS = 3.0
"""How long most visitors should have to wait for it."""
RECOGNISED_SECONDS = 0.5
"""How long a face is seen before its identity is known and a challenge begins."""
LONGEST = 60.0
"""No challenge takes so long."""


@dataclass(frozen=True)
class Verdict:
    """`accepted` after `seconds` of the face being seen; `asked`: what a challenge asked for. `strengths`:
    how strong the passive evidence became at its best within `SOON_SECONDS` and in all
    (`Evidence.strength`)."""

    accepted: bool
    seconds: float
    asked: tuple[str, ...] = ()
    strengths: tuple[float, float] | None = None


def passive(watcher: Watcher) -> Verdict:
    """Whether the stream is found live within `PASSIVE_SECONDS`; a track that breaks begins anew."""
    proof, before, first = Passive(), None, 0.0
    live_at: float | None = None
    soon = best = 0.0
    for sighting in _sightings(watcher):
        if before is None:
            first = sighting.at
        elif sighting.since != before.since:
            proof = Passive()
        before = sighting
        if sighting.landmarks is not None:
            proof.see(Seen.take(sighting.at, sighting.landmarks))
        seconds = sighting.at - first
        best = max(best, proof.evidence.strength)
        soon = best if seconds <= SOON_SECONDS else soon
        live_at = seconds if live_at is None and proof.live else live_at
    return Verdict(live_at is not None, live_at or PASSIVE_SECONDS, strengths=(soon, best))


def _sightings(watcher: Watcher) -> Iterator[Sighting]:
    before = None
    for index in range(round(PASSIVE_SECONDS * RATE)):
        if watcher.over(index, before, ()):
            return
        sighting = watcher.see(index, before, ())
        if sighting is not None:
            before = sighting
            yield sighting


def challenge(watcher: Watcher, seed: int, extent: Extent) -> Verdict:
    """Whether the stream passes a challenge that `seed` chooses; whoever shows it sees what is asked."""
    recent = Run(KEEP_SECONDS)
    asked: tuple[Asked, ...] = ()
    running: Challenge | None = None
    before: Sighting | None = None
    first = 0.0
    for index in range(round(LONGEST * RATE)):
        at = index / RATE
        if watcher.over(index, before, asked):
            break
        sighting = watcher.see(index, before, asked)
        if sighting is not None and before is None:
            first = at
        if running is not None and _broken(before, sighting):
            break
        before = sighting or before
        if running is None:
            if before is not None and at - first >= RECOGNISED_SECONDS:
                running = Challenge(random.Random(seed), at, extent, recent.sightings)
            if sighting is not None and sighting.landmarks is not None:
                recent.add(Seen.take(at, sighting.landmarks))
        elif sighting is not None and sighting.landmarks is not None:
            running.see(Seen.take(at, sighting.landmarks))
        if running is not None:
            running.tick(at)
            if running.state is ChallengeState.PASSED:
                return Verdict(True, at - first, _words(asked))
            if running.state is ChallengeState.FAILED:
                break
            if not asked or asked[-1].prompt is not running.prompt:
                asked = (*asked, Asked(running.prompt, at))
    return Verdict(False, at - first, _words(asked))


def _broken(before: Sighting | None, sighting: Sighting | None) -> bool:
    """Whether another track has begun."""
    return before is not None and sighting is not None and sighting.since != before.since


def _words(asked: tuple[Asked, ...]) -> tuple[str, ...]:
    return tuple(each.prompt.value for each in asked)
