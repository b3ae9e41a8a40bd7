"""One stream before the whole door: identity, tracks and liveness together."""

import itertools
import random
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from server.access.door import Door
from server.access.liveness.proof import Liveness
from server.access.matching.gallery import Gallery
from server.access.matching.recogniser import SFACE
from server.access.rules import Rules
from server.access.seen import Hints, PhotoAccepted
from server.vision.frame import analyse_frame
from server.vision.photo import judge_photo
from tests.benchmarks.spoof.motion import Asked
from tests.benchmarks.spoof.portrait import Clip
from tests.benchmarks.spoof.sighting import MAX_PIXELS, MIN_FACE, RATE, Stream, models
from tests.benchmarks.spoof.sources import photos
from tests.benchmarks.spoof.trial import Verdict
from wire import Verdict as DoorVerdict
from wire.reasons import Prompt

STEPS = (Prompt.TURN_LEFT, Prompt.TURN_RIGHT, Prompt.OPEN_MOUTH, Prompt.COME_CLOSER)
"""Prompts that whoever stands at the door would follow; he looks at the camera when none of them is shown."""
LONGEST_VISIT = 20.0
"""Seconds: time for three asks."""
PHOTOS_PER_SECOND, ENLARGED = 4, 1.5


@lru_cache
def gallery(half: str) -> Gallery:
    """Everybody of one half, enrolled by all photos: those that are printed, too."""
    rows = []
    for person, paths in photos(half).items():
        for path in paths:
            outcome = judge_photo(models(), path.read_bytes())
            if isinstance(outcome, PhotoAccepted):
                rows.append((person, np.stack([outcome.embedding, outcome.mirrored])))
    return Gallery.build(SFACE, 1, rows)


def alone(person: str, path: Path) -> Gallery:
    """One person, enrolled by one photo; nobody, when the photo is refused."""
    return _of_photo(person, path.read_bytes())


def _of_photo(person: str, photo: bytes) -> Gallery:
    outcome = judge_photo(models(), photo)
    if not isinstance(outcome, PhotoAccepted):
        return Gallery.build(SFACE, 1, [])
    return Gallery.build(SFACE, 1, [(person, np.stack([outcome.embedding, outcome.mirrored]))])


def of_footage(person: str, piece: Clip) -> Gallery:
    """One person, enrolled by the first frame of the piece that does for a photo, enlarged a little; nobody,
    when none does."""
    for frame in piece.frames[:: round(piece.rate / PHOTOS_PER_SECOND)]:
        large = cv2.resize(frame, None, fx=ENLARGED, fy=ENLARGED)
        gallery = _of_photo(person, cv2.imencode(".png", large)[1].tobytes())
        if gallery.people:
            return gallery
    return Gallery.build(SFACE, 1, [])


def visit(
    stream: Stream,
    enrolled: Gallery,
    mode: Liveness,
    seed: int,
    rate: float = RATE,
    longest: float = LONGEST_VISIT,
) -> Verdict:
    """Whether the door is opened to whoever the stream shows, at `rate` frames per second for `longest`
    seconds, and after how many. It is left to the door what is asked, and how often."""
    ids = itertools.count()
    door = Door(Rules(liveness=mode), new_id=lambda: str(next(ids)), rng=random.Random(seed))
    wanted = Hints(MIN_FACE, 4, MAX_PIXELS)
    asked: tuple[Asked, ...] = ()
    for index in range(round(longest * rate)):
        at = index / rate
        jpeg = stream.jpeg(at, asked)
        if jpeg is None:
            break
        outcome = door.observe(analyse_frame(models(), jpeg, door.hints(wanted, at)), enrolled, at)
        if outcome.decision is not None:
            outcome = door.settle(outcome.decision, written=True)
        if outcome.verdict is DoorVerdict.GRANTED:
            return Verdict(True, at, tuple(each.prompt.value for each in asked))
        shown = outcome.asked.prompt if outcome.asked else None
        prompt = shown if shown in STEPS else Prompt.LOOK_AT_CAMERA
        if prompt is not (asked[-1].prompt if asked else Prompt.LOOK_AT_CAMERA):
            asked = (*asked, Asked(prompt, at))
    return Verdict(False, at, tuple(each.prompt.value for each in asked))
