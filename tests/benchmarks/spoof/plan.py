"""Which attacks and which visits of real people are tried: the same ones every time."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product
from pathlib import Path

from tests.benchmarks.spoof.portrait import SourceError, clip, portrait
from tests.benchmarks.spoof.real import filmed, repeated, windows
from tests.benchmarks.spoof.sighting import RATE, Stream
from tests.benchmarks.spoof.sources import TEST, TUNING, footage, photos, visitors
from tests.benchmarks.spoof.species import Manner, Source, Species, attack, can_visit, rendered_person
from tests.benchmarks.spoof.trial import PASSIVE_SECONDS
from tests.support.photos import DATA

REAL, CLIP, RENDERED, VISITOR = "real", "clip", "rendered", "visitor"
RECAPTURED, REAL_PHOTO = "recaptured_held", "real_photo_held"
"""Kinds of streams beside the species."""
PRINTS = (Species.PRINT_HELD, Species.PRINT_MOVED, Species.PRINT_TILTED)
COUNTS = {
    Species.PRINT_HELD: 104,
    Species.PRINT_MOVED: 104,
    Species.PRINT_TILTED: 104,
    Species.PRINT_BENT: 96,
    Species.PRINT_FLEXING: 96,
    Species.SCREEN_PHOTO: 96,
    Species.EYES_CUT_OUT: 32,
    Species.MOUTH_ANIMATED: 32,
    Species.REPLAY: 48,
    Species.REPLAY_TILTED: 24,
    Species.REPLAY_TURNING: 24,
    Species.RELIEF_MASK: 16,
}
"""How many of each species, of the people of the test half."""
STILLS = tuple(COUNTS)[:6]
"""Those that show one photo: each that of another person, as far as there are so many."""
SWAPS = {Species.SWAP_PHOTO_PERSON: 8, Species.SWAP_PERSON_PHOTO: 8, Species.SWAP_PHOTOS: 8}
"""The same for those that only the whole door can judge."""
REPLAYS = (Species.REPLAY, Species.REPLAY_TILTED)
QUICK = 16
"""A quick run tries one in so many."""
RENDERED_PEOPLE = 180
"""Whose photos are laid over the shape of a head; of about 2 in 5 the photo is fit for that."""
VISITING_PEOPLE = 60
"""How many of them come to the door itself."""
CLIP_SECONDS = 12.0
CLIP_RATES = (10.0, 15.0, 30.0)
"""Real footage comes to the door itself, too, in pieces so long, forward and backward, at so many frames per
second."""


@dataclass(frozen=True)
class Case:
    """One stream. `kind`: a species, or `REAL` ...; `half`: of which people. `source`, `other`: files;
    `start`: where in a video it begins, in seconds; `manner`: of a rendered visitor; `rate`, frames per
    second, and `backward`: of footage at the door itself."""

    kind: str
    half: str
    person: str
    source: Path
    seed: int
    other: Path | None = None
    start: float = 0.0
    end: float = 0.0
    manner: Manner = Manner.CALM
    rate: float = field(default=RATE, repr=False)
    backward: bool = field(default=False, repr=False)

    @property
    def key(self) -> str:
        shown = (
            f" at {self.rate:g}, {'backward' if self.backward else 'forward'}" if self.kind == CLIP else ""
        )
        return f"{self!r}{shown}"


def cases(quick: bool) -> list[Case]:
    """Everything that is tried. Prints are of a person each, and of few people in turn with all their
    photos."""
    every = [*_attacks(), *_swaps(), *_stills()]
    every += [case for half in (TUNING, TEST) for case in (*_visits(half), *_clips(half))]
    every += _cooperative()
    if not quick:
        return every
    kinds = dict.fromkeys(case.kind for case in every)
    groups = [[case for case in every if case.kind == kind] for kind in kinds]
    return [case for group in groups for case in group[: max(1, len(group) // QUICK)]]


def _attacks() -> Iterator[Case]:
    paths = list(photos(TEST).items())
    clips = footage(TEST)
    others = iter(visitors(TEST)[RENDERED_PEOPLE:])
    for species, count in COUNTS.items():
        for index in range(count):
            seed = _seed(species, index)
            if species is Species.REPLAY_TURNING:
                yield Case(species, TEST, "webcam", clips[0].path, seed, start=TURNING[index % len(TURNING)])
            elif species in REPLAYS:
                piece = clips[index % len(clips)]
                start = (seed % 40) if piece.end > 40 else 0.0
                yield Case(species, TEST, piece.person, piece.path, seed, start=start)
            elif species in STILLS and index % 4 and (photo := next(others, None)):
                yield Case(species, TEST, photo.parent.name, photo, seed)
            else:
                person, own = paths[index % len(paths)]
                yield Case(species, TEST, person, own[index // len(paths) % len(own)], seed)


TURNING = (17.0, 18.0, 19.0, 25.0, 26.0, 27.0, 36.0, 37.0)
"""Where webcam_turning.mp4 shows him turning soon after, in seconds."""


def _swaps() -> Iterator[Case]:
    paths, webcam = list(photos(TEST).items()), footage(TEST)[0]
    for species, count in SWAPS.items():
        for index in range(count):
            person, own = paths[index % len(paths)]
            other = (
                webcam.path if species is not Species.SWAP_PHOTOS else paths[(index + 3) % len(paths)][1][0]
            )
            yield Case(
                species, TEST, person, own[index % len(own)], _seed(species, index), other, TURNING[index % 8]
            )


def _stills() -> Iterator[Case]:
    for name, kind in (("image_F1", RECAPTURED), ("image_F2", RECAPTURED), ("image_T1", REAL_PHOTO)):
        for index in range(4):
            yield Case(kind, TEST, name, DATA / "spoof" / f"{name}.jpg", _seed(name, index))


def _visits(half: str) -> Iterator[Case]:
    for each in footage(half):
        for start in windows(each, PASSIVE_SECONDS):
            yield Case(REAL, half, each.person, each.path, 0, start=start, end=each.end)


def _clips(half: str) -> Iterator[Case]:
    for each in footage(half):
        for start, rate, backward in product(windows(each, CLIP_SECONDS), CLIP_RATES, (False, True)):
            yield Case(
                kind=CLIP,
                half=half,
                person=each.person,
                source=each.path,
                seed=0,
                start=start,
                end=each.end,
                rate=rate,
                backward=backward,
            )


def _cooperative() -> Iterator[Case]:
    manners = list(Manner)
    for index, path in enumerate(visitors(TEST)[:RENDERED_PEOPLE]):
        person, manner = path.parent.name, manners[index % len(manners)]
        yield Case(RENDERED, TEST, person, path, _seed(RENDERED, person), manner=manner)
        if index < VISITING_PEOPLE:
            yield Case(VISITOR, TEST, person, path, _seed(VISITOR, person), manner=manner)


def _seed(*what: object) -> int:
    return int.from_bytes(hashlib.sha256(repr(what).encode()).digest()[:4], "big")


def stream(case: Case) -> Stream:
    """The stream of a case. Raises SourceError."""
    if case.kind in (REAL, CLIP):
        each = next(one for one in footage(case.half) if one.path == case.source)
        if case.kind == REAL:
            return filmed(each, case.start, PASSIVE_SECONDS)
        return repeated(each, case.start, CLIP_SECONDS, case.backward)
    if case.kind in (RENDERED, VISITOR):
        face = portrait(case.source)
        if not can_visit(face):
            raise SourceError(f"{case.source} does not show a head that looks ahead with its mouth shut")
        return rendered_person(case.seed, face, case.manner)
    if case.kind in (RECAPTURED, REAL_PHOTO):
        return attack(Species.PRINT_HELD, case.seed, portrait(case.source))
    return attack(Species(case.kind), case.seed, _opened(case.source, case.start), _other(case))


def _other(case: Case) -> Source | None:
    return None if case.other is None else _opened(case.other, case.start)


@lru_cache(maxsize=64)
def _opened(path: Path, start: float) -> Source:
    if path.suffix in (".mp4", ".mkv"):
        return clip(path, start, PASSIVE_SECONDS + 2)
    return portrait(path)
