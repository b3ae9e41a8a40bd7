"""What a worker is asked to look at in the next frame of one terminal, and how hard. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from server.access.seen import Analysis, Face, Followed, Hints, Scan
from server.access.tracks import Track
from server.access.visit import Care

NEWCOMER_SECONDS = 0.3
"""How often the picture beside a followed face is searched where it has changed since the last time."""
SEARCH_SECONDS = 0.1
"""How often, while nobody is followed."""
SWEEP_SECONDS = 4.0
"""How often all of the picture is searched whatever has changed, while somebody is followed."""
IDLE_SWEEP_SECONDS = 10.0
"""How often, while nobody is."""
SEARCH_FRAMES, SWEEP_FRAMES = 2, 8
"""And not more often than once in so many frames: where frames come late for want of processors, a search in
each of them would make the next ones later still."""
FRESH_SECONDS = 0.4
"""A face not seen for longer counts as lost: somebody else may stand there."""
LOOK_SECONDS = {Care.GATHER: 0.1, Care.PROVE: 0.6, Care.VERIFY: 0.9}
"""Least time between two looks: nearer frames say the same twice, and what is known needs fewer."""
WAIT_SECONDS = {Care.GATHER: 0.2, Care.PROVE: 0.9, Care.VERIFY: 1.1}
"""After so long without a look a face is embedded even in a bad frame."""
LANDMARK_SECONDS = 0.065
"""How often the points of a face are found while it is to be proven that it is a living one: each of the
frames of a terminal that sends fifteen in a second, every other one of thirty. Less often, blinks and quick
movements are missed: of short clips of people who sign, one in five was found live at 15 a second only."""
DETECT_SECONDS = 0.3
"""How long a face may be taken to be where it was detected because it looks the same there."""
GOOD_SHARE = 0.7
"""A frame is good when the face is at least so nearly as good to see as it was at its best."""
REACH, SPEED, MAX_REACH = 0.25, 1.5, 0.8
"""A face is searched within REACH widths of its place, SPEED more for each second, MAX_REACH at most."""
MAX_FOLLOWED = 16
"""Faces followed at once; the others are found whenever all of the picture is searched."""


@dataclass(frozen=True)
class Watched:
    """A track, what looks at it are for, and whether its landmarks are of use."""

    track: Track
    care: Care
    unproven: bool = False


class Attention:
    """Remembers what the terminal showed and where it was searched."""

    def __init__(self) -> None:
        self._followed: list[Track | None] = []
        self._scene: bytes | None = None
        self._size: tuple[int, int] | None = None
        self._searched = self._swept = self._fed = -math.inf
        self._unsearched, self._unswept = SEARCH_FRAMES, SWEEP_FRAMES

    def hints(
        self,
        wanted: Hints,
        watched: Sequence[Watched],
        others: Sequence[Face],
        now: float,
        may_sweep: bool = True,
    ) -> Hints:
        """How to look at the frame received at `now`.

        `wanted`: what every terminal has in common. `others`: faces of the last frame that have no track yet.
        `may_sweep`: False puts off searching everywhere, except in a first frame and when it is due for twice
        as long as it should be.
        """
        newest = sorted(watched, key=lambda each: (-each.track.last_seen, -each.track.box.area))[
            :MAX_FOLLOWED
        ]
        bystanders = others[: MAX_FOLLOWED - len(newest)]
        self._followed = [*(each.track for each in newest), *(None for _ in bystanders)]
        followed = tuple(
            [self._follow(each, now, wanted.mirrored) for each in newest]
            + [self._approach(face, now, wanted.mirrored) for face in bystanders]
        )
        somebody = any(not each.lost for each in followed)
        overdue = now - self._swept >= 2 * _sweep_seconds(somebody)
        may_sweep = (may_sweep or overdue) and self._unswept >= SWEEP_FRAMES
        return replace(
            wanted,
            followed=followed,
            scan=self._scan(somebody, now, may_sweep),
            rescan=may_sweep,
            scene=self._scene,
            size=self._size,
        )

    def learn(self, analysis: Analysis, now: float) -> None:
        """Take in what came of the last hints."""
        self._fed = now
        self._scene = analysis.scene
        self._size = analysis.width, analysis.height
        self._unsearched += 1
        self._unswept += 1
        if analysis.scanned is not Scan.NOWHERE:
            self._searched, self._unsearched = now, 1
        if analysis.scanned is Scan.EVERYWHERE:
            self._swept, self._unswept = now, 1

    def continued(self, face: Face) -> Track | None:
        """The track that a face of the last analysis continues, by its place; None for a newcomer."""
        at = face.followed
        return self._followed[at] if at is not None and at < len(self._followed) else None

    def _follow(self, each: Watched, now: float, may_mirror: bool) -> Followed:
        track, care = each.track, each.care
        unseen = now - track.last_seen
        lost = track.last_seen < self._fed or unseen > FRESH_SECONDS
        quality = _least_quality(track, care, now)
        points = each.unproven and now - track.last_landmarks >= LANDMARK_SECONDS
        settled = not lost and not points and quality == math.inf
        stay = settled and now - track.last_detected < DETECT_SECONDS
        mirrored = may_mirror and care is Care.GATHER
        return Followed(
            box=track.box,
            patch=track.patch,
            reach=_reach(unseen),
            lost=lost,
            quality=quality,
            stay=stay,
            mirrored=mirrored,
            landmarks=points,
        )

    def _approach(self, face: Face, now: float, may_mirror: bool) -> Followed:
        """Somebody who has not been looked at yet."""
        return Followed(
            box=face.box,
            patch=face.patch,
            reach=_reach(now - self._fed),
            lost=False,
            quality=0.0,
            mirrored=may_mirror,
        )

    def _scan(self, somebody: bool, now: float, may_sweep: bool) -> Scan:
        if may_sweep and now - self._swept >= _sweep_seconds(somebody):
            return Scan.EVERYWHERE
        due = now - self._searched >= (NEWCOMER_SECONDS if somebody else SEARCH_SECONDS)
        return Scan.CHANGED if due and self._unsearched >= SEARCH_FRAMES else Scan.NOWHERE


def _sweep_seconds(somebody: bool) -> float:
    return SWEEP_SECONDS if somebody else IDLE_SWEEP_SECONDS


def _reach(seconds: float) -> float:
    return min(REACH + SPEED * seconds, MAX_REACH)


def _least_quality(track: Track, care: Care, now: float) -> float:
    """How good the face must be to see for the next look at it."""
    since = now - track.last_look
    if since < LOOK_SECONDS[care]:
        return math.inf
    return 0.0 if since >= WAIT_SECONDS[care] else GOOD_SHARE * track.quality
