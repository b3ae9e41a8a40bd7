"""Whom the attacks are made of, and the real footage: some people for tuning, others for the test."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from tests.support.photos import DATA

TUNING, TEST = "tuning", "test"
PEOPLE = {
    TUNING: (
        "lfw10/Ariel_Sharon",
        "lfw10/Arnold_Schwarzenegger",
        "lfw10/Colin_Powell",
        "lfw10/Donald_Rumsfeld",
        "lfw10/George_W_Bush",
        "people/obama",
        "people/lin-manuel-miranda",
        "people/rose_leslie",
    ),
    TEST: (
        "lfw10/Gerhard_Schroeder",
        "lfw10/Hugo_Chavez",
        "lfw10/Jacques_Chirac",
        "lfw10/Tony_Blair",
        "lfw10/Vladimir_Putin",
        "people/biden",
        "people/alex-lacamoire",
        "people/kit_harington",
    ),
}
"""Folders of photos, or how the names of photos begin."""


VISITORS = {TUNING: 1, TEST: 3}
"""People of `lfw/` who visit as rendered heads: those whose number leaves this rest when divided by 4."""


def visitors(half: str) -> tuple[Path, ...]:
    """One photo of each, in an order that says nothing of them."""
    folders = [each for each in (DATA / "lfw").glob("*") if int(each.name) % 4 == VISITORS[half]]
    folders.sort(key=lambda each: hashlib.sha256(each.name.encode()).digest())
    return tuple(min(each.iterdir()) for each in folders)


@dataclass(frozen=True)
class Footage:
    """A video of a real person. `start` and `end`: the seconds of it that show that person, without a cut."""

    person: str
    path: Path
    start: float
    end: float


def footage(half: str) -> tuple[Footage, ...]:
    """The real footage of one half."""
    stream = DATA / "stream"
    signing = {
        TUNING: (("signer-1", "again"), ("signer-1", "brother"), ("signer-1", "help"), ("signer-2", "bird")),
        TEST: (("signer-3", "book"), ("signer-3", "learn"), ("signer-4", "eat"), ("signer-5", "hungry")),
    }
    long = {
        TUNING: (
            Footage("talking", stream / "talking.mp4", 0, 200),
            Footage("lin-manuel-miranda", stream / "hamilton.mp4", 84 / 29.97, 210 / 29.97),
        ),
        TEST: (Footage("webcam", stream / "webcam_turning.mp4", 0, 53.4),),
    }
    clips = (Footage(person, stream / "signing" / f"{name}.mkv", 0, 4) for person, name in signing[half])
    return (*long[half], *clips)


def photos(half: str) -> dict[str, tuple[Path, ...]]:
    """Photos of each person of one half."""
    found = {}
    for person in PEOPLE[half]:
        place = DATA / person
        names = place.glob("*.jpg") if place.is_dir() else place.parent.glob(f"{place.name}*")
        found[place.name] = tuple(path for path in sorted(names) if "_and_" not in path.name)
    return found
