"""What the benchmark counts: overlaps, recall, names, percentiles, starvation. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from client.camera.frames import Area
from wire import Box

SAME_FACE = 0.4
"""Intersection over union from which two boxes are of the same face: detectors frame faces differently."""
STARVED_SHARE = 0.5
"""A terminal that gets less than this share of what the middle one gets is starved."""


@dataclass(frozen=True)
class Reported:
    """One face that a contender reports: its box in pixels of the frame as sent, and whom it names."""

    box: Box
    name: str | None


Faces: TypeAlias = tuple[Reported, ...]


@dataclass(frozen=True)
class Spot:
    """Where in a frame a known person stands; whoever is named there must be `name`."""

    name: str
    area: Area


Spots: TypeAlias = tuple[Spot, ...]


@dataclass(frozen=True)
class Spread:
    """The median of the rounds, and the least and the greatest of them."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        return cls(float(np.median(values)), float(min(values)), float(max(values)))


@dataclass(frozen=True)
class Percentiles:
    """Of times in milliseconds."""

    p50: float
    p95: float
    p99: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Percentiles":
        return cls(*(float(value) for value in np.percentile(values, (50, 95, 99))))


@dataclass(frozen=True)
class Names:
    """How many faces were given the right name, and how many a wrong one."""

    right: int
    wrong: int


@dataclass(frozen=True)
class Overlap:
    """Faces of the reference, how many of them were reported too, and reported ones that match none."""

    wanted: int
    found: int
    extra: int

    @property
    def recall(self) -> float | None:
        """0 to 1; None where there was nothing to find."""
        return self.found / self.wanted if self.wanted else None


def iou(one: Box, other: Box) -> float:
    """Intersection over union of two boxes, 0 to 1."""
    height = min(one.bottom, other.bottom) - max(one.top, other.top)
    width = min(one.right, other.right) - max(one.left, other.left)
    if height <= 0 or width <= 0:
        return 0.0
    both = height * width
    return both / (one.area + other.area - both)


def matches(reference: Faces, reported: Faces) -> int:
    """How many faces both have, each counted once; the closest pairs first."""
    overlaps = [
        (iou(wanted.box, found.box), row, column)
        for row, wanted in enumerate(reference)
        for column, found in enumerate(reported)
    ]
    rows: set[int] = set()
    columns: set[int] = set()
    for overlap, row, column in sorted(overlaps, reverse=True):
        if overlap >= SAME_FACE and row not in rows and column not in columns:
            rows.add(row)
            columns.add(column)
    return len(rows)


def overlap(reference: Sequence[Faces], reported: Sequence[Faces]) -> Overlap:
    """The faces of a stream, frame by frame."""
    pairs = list(zip(reference, reported, strict=True))
    found = sum(matches(wanted, seen) for wanted, seen in pairs)
    return Overlap(
        wanted=sum(len(wanted) for wanted, _ in pairs),
        found=found,
        extra=sum(len(seen) for _, seen in pairs) - found,
    )


def names(reported: Sequence[Faces], truth: Sequence[Spots], width: int, height: int) -> Names:
    """Judge every name that was given in a stream of `width` x `height` pixel frames.

    A name is right when the middle of the face lies where that person stands.
    """
    verdicts = [
        any(spot.name == face.name and _inside(face.box, spot.area, width, height) for spot in spots)
        for faces, spots in zip(reported, truth, strict=True)
        for face in faces
        if face.name is not None
    ]
    return Names(right=sum(verdicts), wrong=len(verdicts) - sum(verdicts))


def _inside(box: Box, area: Area, width: int, height: int) -> bool:
    x, y = (box.left + box.right) / 2 / width, (box.top + box.bottom) / 2 / height
    return area.left <= x <= area.right and area.top <= y <= area.bottom


def starved(served: Sequence[float]) -> int:
    """How many terminals get too little; `served`: frames answered for each of them."""
    middle = float(np.median(served))
    return sum(value == 0 or value < STARVED_SHARE * middle for value in served)


def slope(amounts: Sequence[float], costs: Sequence[float]) -> float | None:
    """What one more costs: the least-squares line through the points. None: fewer than two points."""
    if len(set(amounts)) < 2:
        return None
    return float(np.polyfit(amounts, costs, 1)[0])


def back_and_forth(index: int, length: int) -> int:
    """Where a clip of `length` frames stands at its `index`-th step when it is played to and fro."""
    if length == 1:
        return 0
    at = index % (2 * length - 2)
    return min(at, 2 * length - 2 - at)
