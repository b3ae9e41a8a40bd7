"""The species of attacks, each a stream of pictures as the door's camera sees them.

An attack is a pure function of its seed, the time, and what the terminal has asked so far: attackers read
the terminal's screen, too, and turn their print as they are told.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.spoof import holding
from tests.benchmarks.spoof.animation import blinking, eye_holes, speaking, wearing_glasses
from tests.benchmarks.spoof.geometry import Pose
from tests.benchmarks.spoof.holding import FLAT, Bending, Held
from tests.benchmarks.spoof.motion import Asked, Obedience, wander
from tests.benchmarks.spoof.portrait import (
    FACE_MM,
    JAW,
    MOUTH,
    Clip,
    Portrait,
    SourceError,
    cut_out,
    face_of,
    face_points,
    rimmed,
)
from tests.benchmarks.spoof.relief import relief, turning
from tests.benchmarks.spoof.scene import CAMERA, Screen, Shown, put, room, screen
from tests.benchmarks.spoof.sensor import Frame, Sensor, sensor
from wire.reasons import Prompt

PAPER, BLACK = (235, 238, 240), (18, 18, 20)
AHEAD, SHUT = 12.0, 0.12
"""How far the head of a visitor may be turned in the photo (yaw, degrees), and how far its mouth may be open,
in widths of it."""
WIDE_OPEN = 2.0
"""Of a mouth, in openings of `speaking`: 22 mm."""
BEHIND = 15.0
"""How far behind a mask of paper the eyes of its wearer are, in mm."""
SWAP_SECONDS = 0.2
"""How long it takes to pull one face away from before another."""
SWAP_FROM, SWAP_TO = 2.0, 4.5
"""When it is done, in seconds."""

Source = Portrait | Clip
Light = Callable[[float, Sequence[Asked]], Frame]
"""What reaches the camera at a time, in seconds, after everything asked so far."""


class Species(str, Enum):
    """What is held up, and how."""

    PRINT_HELD = "print_held"
    PRINT_MOVED = "print_moved"
    PRINT_TILTED = "print_tilted"
    PRINT_BENT = "print_bent"
    PRINT_FLEXING = "print_flexing"
    SCREEN_PHOTO = "screen_photo"
    EYES_CUT_OUT = "eyes_cut_out"
    MOUTH_ANIMATED = "mouth_animated"
    REPLAY = "replay"
    REPLAY_TILTED = "replay_tilted"
    REPLAY_TURNING = "replay_turning"
    RELIEF_MASK = "relief_mask"
    SWAP_PHOTO_PERSON = "swap_photo_person"
    SWAP_PERSON_PHOTO = "swap_person_photo"
    SWAP_PHOTOS = "swap_photos"


@dataclass(frozen=True, eq=False)
class Attack:
    """An attack, ready to be looked at. The same time, asked the same, always gives the same frame."""

    light: Light
    sensor: Sensor
    seed: int

    def jpeg(self, at: float, asked: Sequence[Asked] = ()) -> bytes:
        """The frame of time `at`, 640x480, as the terminal would send it."""
        random = np.random.default_rng([self.seed, round(at * 1000)])
        return self.sensor.jpeg(self.light(at, asked), at, random)

    def frame(self, at: float, asked: Sequence[Asked] = ()) -> Frame:
        """The same, decoded: uint8[480, 640, 3], BGR."""
        coded = np.frombuffer(self.jpeg(at, asked), np.uint8)
        return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)


def attack(species: Species, seed: int, source: Source, other: Source | None = None) -> Attack:
    """Make an attack of a photo or a video. `other`: whoever is swapped in, for the species that swap.

    Raises SourceError when the species cannot be made of these.
    """
    random = np.random.default_rng([seed, list(Species).index(species)])
    return Attack(_light(species, source, other, random), sensor(random), seed)


def _light(species: Species, source: Source, other: Source | None, random: np.random.Generator) -> Light:
    match species:
        case Species.SWAP_PHOTO_PERSON | Species.SWAP_PERSON_PHOTO | Species.SWAP_PHOTOS:
            return _swap(species, source, other, random)
        case Species.REPLAY | Species.REPLAY_TILTED | Species.REPLAY_TURNING:
            return _replay(species, source, random)
        case Species.EYES_CUT_OUT:
            return _eyes_cut_out(still_of(source), random)
        case Species.MOUTH_ANIMATED:
            return _mouth_animated(still_of(source), random)
        case Species.RELIEF_MASK:
            mask = relief(still_of(source))
            return turning(mask, holding.still(random), room(random), lambda at, asked: mask.face.picture)
        case Species.SCREEN_PHOTO:
            return _held_up(
                rimmed(still_of(source), BLACK), holding.still(random), FLAT, random, screen(random)
            )
        case _:
            return _print(species, still_of(source), random)


def still_of(source: Source) -> Portrait:
    """The photo, or the first good frame of the video."""
    if isinstance(source, Portrait):
        return source
    for frame in source.frames[:: max(1, round(source.rate / 2))]:
        points = face_points(frame)
        if points is not None:
            return cut_out(frame, points)
    raise SourceError("no face was found in the video")


def _print(species: Species, face: Portrait, random: np.random.Generator) -> Light:
    how = {Species.PRINT_MOVED: holding.moved, Species.PRINT_TILTED: holding.tilted}.get(
        species, holding.still
    )
    bends = {Species.PRINT_BENT: holding.bent, Species.PRINT_FLEXING: holding.flexing}
    bending = bends[species](random) if species in bends else FLAT
    return _held_up(rimmed(face, PAPER), how(random), bending, random)


def _held_up(
    face: Portrait, held: Held, bending: Bending, random: np.random.Generator, display: Screen | None = None
) -> Light:
    """A picture that stays as it is."""
    return partial(_sheet, room(random), lambda at: face.picture, face.centre, held, bending, display)


def _sheet(
    behind: Frame,
    picture: Callable[[float], Frame],
    centre: NDArray[np.float64],
    held: Held,
    bending: Bending,
    display: Screen | None,
    at: float,
    asked: Sequence[Asked],
) -> Frame:
    view = behind.copy()
    put(view, Shown(picture(at), centre, held.pose(at, asked), bending.at(at), display=display), at)
    return view


def _mouth_animated(face: Portrait, random: np.random.Generator) -> Light:
    """A print whose mouth speaks and whose eyes do not move."""
    framed = rimmed(face, PAPER)
    speech = wander(random, [0.45], 0.8, 4.0)

    def picture(at: float) -> Frame:
        return speaking(framed, framed.picture, float(np.clip(0.3 + speech.at(at)[0], 0, 1)))

    return partial(_sheet, room(random), picture, framed.centre, holding.still(random), FLAT, None)


def _eyes_cut_out(face: Portrait, random: np.random.Generator) -> Light:
    """A mask of paper, through which its wearer looks, and blinks now and then, or when asked to."""
    framed, behind, held = rimmed(face, PAPER), room(random), holding.still(random)
    holes, head = eye_holes(framed), wander(random, [2.0, 2.0, 2.0], 0.1, 1.0)
    closed = _blinks(random)

    def light(at: float, asked: Sequence[Asked]) -> Frame:
        pose, (x, y, z) = held.pose(at, asked), head.at(at)
        away = pose.rotation @ [0, 0, BEHIND]
        eyes = Pose(
            pose.x + away[0] + x, pose.y + away[1] + y, pose.z + away[2] + z, pose.yaw, pose.pitch, pose.roll
        )
        view = behind.copy()
        put(view, Shown(blinking(framed, framed.picture, closed(at, asked)), framed.centre, eyes))
        put(view, Shown(framed.picture, framed.centre, pose, holes=holes))
        return view

    return light


def _blinks(random: np.random.Generator) -> Callable[[float, Sequence[Asked]], float]:
    """How far the eyes are closed, 0 to 1, of somebody who blinks now and then, and when asked to."""
    unasked = np.cumsum(random.uniform(1.5, 5.0, 40))

    def closed(at: float, asked: Sequence[Asked]) -> float:
        wanted = [each.since + 0.5 for each in asked if each.prompt is Prompt.BLINK]
        return max(_lid(at - blink) for blink in [*unasked, *wanted])

    return closed


class Manner(str, Enum):
    """How somebody does as the terminal asks."""

    CALM = "calm"
    HASTY = "hasty"
    SLOW = "slow"
    TOO_FAR = "too_far"
    ASTRAY = "astray"
    GLASSES = "glasses"


def rendered_person(seed: int, face: Portrait, manner: Manner = Manner.CALM) -> Attack:
    """No attack: a portrait on the shape of a head that looks ahead, blinks and does as it is asked."""
    random = np.random.default_rng([seed, len(Species)])
    obedience = manners(random)[manner]
    held = holding.still(random)
    head = relief(wearing_glasses(face) if manner is Manner.GLASSES else face)
    ahead = replace(held.rest, yaw=held.rest.yaw - head.yaw)
    held = replace(held, rest=ahead, obedience=obedience)
    skin = _face_that_obeys(head.face, _blinks(random), _mouth(obedience))
    return Attack(turning(head, held, room(random), skin), sensor(random), seed)


def manners(random: np.random.Generator) -> dict[Manner, Obedience]:
    """An obedience of each kind."""
    calm = Obedience(random.uniform(0.4, 0.9), random.uniform(0.7, 1.3), random.uniform(23, 36), 0.7)
    return {
        Manner.CALM: calm,
        Manner.GLASSES: calm,
        Manner.HASTY: replace(calm, reaction=0.1, turning=random.uniform(0.5, 0.7)),
        Manner.SLOW: replace(calm, reaction=random.uniform(1.0, 1.5), turning=random.uniform(1.5, 2.2)),
        Manner.TOO_FAR: replace(calm, angle=random.uniform(36, 45)),
        Manner.ASTRAY: replace(calm, astray=random.uniform(10, 30)),
    }


def can_visit(face: Portrait) -> bool:
    """Whether a rendered person can be made of the portrait: the far side of a head that is turned in it
    would be smeared over the near one, and a mouth that is open in it cannot be opened."""
    lips = face.points[MOUTH]
    gape = np.linalg.norm(lips[18] - lips[14]) / np.linalg.norm(lips[16] - lips[12])
    return bool(abs(relief(face).yaw) <= AHEAD and gape <= SHUT)


def _mouth(obedience: Obedience) -> Callable[[float, Sequence[Asked]], float]:
    """How far the mouth is open, in openings of `speaking`, of somebody who opens it when asked to."""

    def opened(at: float, asked: Sequence[Asked]) -> float:
        heard = [each for each in asked if each.since + obedience.reaction <= at]
        if not heard:
            return 0.0
        since = at - heard[-1].since - obedience.reaction
        moved = min(1.0, since / (0.5 * obedience.turning))
        before = len(heard) > 1 and heard[-2].prompt is Prompt.OPEN_MOUTH
        share = moved if heard[-1].prompt is Prompt.OPEN_MOUTH else (1 - moved if before else 0.0)
        return WIDE_OPEN * share

    return opened


def _face_that_obeys(
    face: Portrait,
    closed: Callable[[float, Sequence[Asked]], float],
    opened: Callable[[float, Sequence[Asked]], float],
) -> Callable[[float, Sequence[Asked]], Frame]:
    def picture(at: float, asked: Sequence[Asked]) -> Frame:
        blinked = blinking(face, face.picture, closed(at, asked))
        wide = opened(at, asked)
        return speaking(face, blinked, wide) if wide > 0 else blinked

    return picture


def _lid(since: float) -> float:
    """How far the eyes are closed, 0 to 1, so many seconds after a blink began."""
    return float(np.interp(since, [0.0, 0.1, 0.15, 0.3], [0.0, 1.0, 1.0, 0.0]))


def _replay(species: Species, source: Source, random: np.random.Generator) -> Light:
    """A video on a screen. Its holder does nothing of what is asked, but for `REPLAY_TILTED`: turns it."""
    if not isinstance(source, Clip):
        raise SourceError(f"{species.value} is made of a video, not of a photo")
    around, held = face_of(source), holding.still(random)
    if species is not Species.REPLAY_TILTED:
        held = Held(held.rest, held.sway, None)
    length = max(0.0, source.seconds - 1)
    start = most_turning(source) if species is Species.REPLAY_TURNING else random.uniform(0, length)
    centre = rimmed(cut_out(source.frames[0], around), BLACK).centre

    def picture(at: float) -> Frame:
        return rimmed(cut_out(source.at(start + at), around), BLACK).picture

    return partial(_sheet, room(random), picture, centre, held, FLAT, screen(random))


def most_turning(piece: Clip, seconds: float = 8.0) -> float:
    """Where the part of the video begins in which the head turns most, in seconds."""
    step = 0.4
    times = np.arange(0, piece.seconds, step)
    turned = np.array([_turned(piece.at(float(time))) for time in times])
    window = max(1, round(seconds / step))
    spans = [_span(turned[first : first + window]) for first in range(max(1, len(turned) - window + 1))]
    return float(times[int(np.argmax(spans))])


def _span(turned: NDArray[np.float64]) -> float:
    known = turned[np.isfinite(turned)]
    return float(np.ptp(known)) if len(known) else 0.0


def _turned(frame: Frame) -> float:
    """Where the tip of the nose is between the ears, -0.5 to 0.5; nan without a face."""
    points = face_points(frame)
    if points is None:
        return float("nan")
    return float((points[30, 0] - points[JAW, 0].mean()) / np.ptp(points[JAW, 0]))


def _swap(species: Species, source: Source, other: Source | None, random: np.random.Generator) -> Light:
    """One face is taken away from before another. Photo and person: the other face is a video of a person
    who stands there."""
    if other is None:
        raise SourceError(f"{species.value} needs two sources")
    photo = rimmed(still_of(source), PAPER)
    held, when = holding.still(random), float(random.uniform(SWAP_FROM, SWAP_TO))
    if species is Species.SWAP_PHOTOS:
        second = rimmed(still_of(other), PAPER)
        behind = _held_up(second, held, FLAT, random)
    elif isinstance(other, Clip):
        behind, rest = _person(other)
        held = Held(rest, held.sway, held.obedience)
    else:
        raise SourceError(f"{species.value} needs a video of the person, not a photo")
    return swapped(photo, held, behind, when, photo_first=species is not Species.SWAP_PERSON_PHOTO)


def swapped(photo: Portrait, held: Held, behind: Light, when: float, photo_first: bool) -> Light:
    """A print is pulled away downwards, or up, before whatever is `behind` it, at `when` seconds."""

    def light(at: float, asked: Sequence[Asked]) -> Frame:
        view = behind(at, asked).copy()
        gone = min(max((at - when) / SWAP_SECONDS, 0.0), 1.0)
        away = gone if photo_first else 1.0 - gone
        if away < 1:
            pose = held.pose(at, asked)
            pose = Pose(pose.x, pose.y + 500 * away, pose.z - 10, pose.yaw, pose.pitch, pose.roll)
            put(view, Shown(photo.picture, photo.centre, pose))
        return view

    return light


def _person(piece: Clip) -> tuple[Light, Pose]:
    """A person as the door's camera would film them, and where a print must be held to cover the face."""
    points = face_points(filling(piece.frames[0]))
    if points is None:
        raise SourceError("the video does not begin with a face")
    return lambda at, asked: filling(piece.at(at)), place_of(points)


def place_of(points: NDArray[np.float64]) -> Pose:
    """Where a life-size face is that is seen at these pixels, float64[68, 2]."""
    z = CAMERA.focal * FACE_MM / float(np.ptp(points[JAW, 0]))
    x, y = points.mean(axis=0) - [CAMERA.width / 2, CAMERA.height / 2]
    return Pose(x * z / CAMERA.focal, y * z / CAMERA.focal, z)


def filling(frame: Frame) -> Frame:
    """The middle of the frame at the size of the door's camera."""
    height, width = frame.shape[:2]
    scale = max(CAMERA.width / width, CAMERA.height / height)
    sized = cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    top, left = (sized.shape[0] - CAMERA.height) // 2, (sized.shape[1] - CAMERA.width) // 2
    filled: Frame = sized[top : top + CAMERA.height, left : left + CAMERA.width].astype(np.uint8)
    return filled
