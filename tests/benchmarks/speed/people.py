"""Whose photos there are: who is enrolled, and portraits to put in front of a camera."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from client.camera.frames import Image, resized
from client.camera.simulated import BACKGROUND, HEIGHT, WIDTH
from scripts.samples import sample_photos
from tests.support.photos import DATA

PEOPLE = DATA / "people"
LFW = DATA / "lfw"
OBAMA, BIDEN, MIRANDA = "Barack Obama", "Joe Biden", "Lin-Manuel Miranda"
KIT, ROSE, ALEX = "Kit Harington", "Rose Leslie", "Alex Lacamoire"

# By which photos people are enrolled where the neighbour data is there; none of these is shown to a camera.
_ENROLLED = {
    OBAMA: "obama.jpg",
    BIDEN: "biden2.jpg",
    MIRANDA: "lin-manuel-miranda.png",
    ALEX: "alex-lacamoire.png",
    KIT: "kit_harington.jpeg",
    ROSE: "rose_leslie.jpg",
}


@dataclass(frozen=True)
class Portrait:
    """A photo of a person; (`x`, `y`): the middle of the face, `size`: its width, in pixels of the photo."""

    name: str
    photo: Path
    x: int
    y: int
    size: int


def enrolled() -> dict[str, Path]:
    """Who is enrolled, by which photo. Raises SamplesUnavailable."""
    found = {name: PEOPLE / file for name, file in _ENROLLED.items() if (PEOPLE / file).exists()}
    samples = sample_photos()
    return {OBAMA: samples["obama"], BIDEN: samples["biden"], **found}


def many() -> list[tuple[str, Path]]:
    """The photos of LFW, each with a name for its person: one of everybody first, then the second ones.
    Empty where they are not there."""
    photos = sorted(LFW.glob("*/*.jpg"), key=lambda path: (path.name, path.parent.name))
    return [(f"Person {path.parent.name}", path) for path in photos]


def enrol(people: dict[str, Path], folder: Path) -> None:
    """Copy the photos into `folder`, named after the people."""
    folder.mkdir(parents=True)
    for name, photo in people.items():
        shutil.copy(photo, folder / (name.lower().replace(" ", "_") + photo.suffix))


def visitor() -> Path:
    """A photo of somebody who is enrolled by another one."""
    return sample_photos()["obama2"]


def pair() -> list[Portrait]:
    """Two people, both enrolled."""
    samples = sample_photos()
    return [
        Portrait(OBAMA, samples["obama3"], 800, 456, 310),
        Portrait(BIDEN, samples["biden"], 594, 387, 310),
    ]


def quartet() -> list[Portrait]:
    """Four portraits: of four people where the neighbour data is there, else of two."""
    couple = PEOPLE / "kit_with_rose.jpg"
    if couple.exists():
        return [*pair(), Portrait(ROSE, couple, 116, 167, 75), Portrait(KIT, couple, 300, 145, 107)]
    samples = sample_photos()
    again = [
        Portrait(OBAMA, samples["obama2"], 304, 424, 268),
        Portrait(OBAMA, samples["obama"], 483, 275, 268),
    ]
    return [*pair(), *again]


def photograph(path: Path) -> Image:
    """The pixels of a photo. Raises OSError."""
    picture = cv2.imread(str(path))
    if picture is None:
        raise OSError(f"{path.name} cannot be read")
    return picture


def filmed(path: Path, first: int, count: int) -> Iterator[Image]:
    """`count` pictures of a video, or those that it has, from picture `first` on."""
    video = cv2.VideoCapture(str(path))
    try:
        for _ in range(first):  # seeking is not exact in every format
            video.grab()
        for _ in range(count):
            there, picture = video.read()
            if not there:
                break
            yield picture
    finally:
        video.release()


def side_by_side(portraits: Sequence[Portrait], columns: int) -> Image:
    """A group photo of the camera's size: the portraits in a grid, row by row."""
    rows = len(portraits) // columns
    width, height = WIDTH // columns, HEIGHT // rows
    group: Image = np.full((HEIGHT, WIDTH, 3), BACKGROUND, np.uint8)
    for index, portrait in enumerate(portraits):
        bust = _bust(portrait)
        bust = resized(bust, min(width / bust.shape[1], height / bust.shape[0]))
        top = index // columns * height + (height - bust.shape[0]) // 2
        left = index % columns * width + (width - bust.shape[1]) // 2
        group[top : top + bust.shape[0], left : left + bust.shape[1]] = bust
    return group


def _bust(portrait: Portrait) -> Image:
    """Head and shoulders: the face with a good half of its width around it."""
    picture = photograph(portrait.photo)
    half = round(1.1 * portrait.size)
    top, left = max(0, portrait.y - half), max(0, portrait.x - half)
    return picture[top : portrait.y + half, left : portrait.x + half]
