"""Looks at people in videos, taken and judged as the server does it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from server.access.evidence import Look
from server.access.matching.recogniser import Recogniser
from server.vision.appearance import sharpness
from server.vision.faces import find_faces
from server.vision.models import Models
from server.vision.picture import Picture
from server.vision.quality import flaw, gray
from server.vision.recognition import embed
from wire import Box

LOOK_SECONDS = 0.15
MIN_FACE = 60
WIDTH = 640
"""Videos are brought to this width, as a terminal sends them."""
LOST_SECONDS = 1.0


@dataclass(eq=False)
class Appearance:
    """Somebody in a video, for as long as he can be followed: his last box, and the looks that are good
    enough to be compared."""

    video: str
    box: Box
    looks: list[Look] = field(default_factory=list)


def appearances(models: Models, video: Path, recogniser: Recogniser) -> list[Appearance]:
    """Everybody who appears, in the order of the first looks."""
    found: list[Appearance] = []
    for at, picture in frames(video):
        for box in find_faces(models, picture, MIN_FACE):
            look = take(models, picture, box, at)
            if look is None or look.flaw is not None:
                continue
            appearance = _continued(found, box, look, recogniser.other_face)
            if appearance is None:
                appearance = Appearance(video.stem, box)
                found.append(appearance)
            appearance.box = box
            appearance.looks.append(look)
    return found


def frames(video: Path) -> Iterator[tuple[float, Picture]]:
    """A frame, RGB, for each LOOK_SECONDS, with its time in seconds."""
    capture = cv2.VideoCapture(str(video))
    rate = capture.get(cv2.CAP_PROP_FPS)
    due, number = 0.0, 0
    while capture.grab():
        at = number / rate
        number += 1
        if at < due:
            continue
        due = at + LOOK_SECONDS - 0.5 / rate
        _, frame = capture.retrieve()
        scale = min(1.0, WIDTH / frame.shape[1])
        small = cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        yield at, np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2RGB), np.uint8)


def take(models: Models, picture: Picture, box: Box, at: float = 0.0) -> Look | None:
    """A look at the face in `box`, with its mirror image, not matched against anybody; None where it cannot
    be aligned."""
    aligned = models.recognition.align(picture, box)
    if aligned is None:
        return None
    ((embedding, mirrored),) = embed(models.recognition, [aligned], [True])
    assert mirrored is not None
    quality = sharpness(np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8), box, 1.0)
    wrong = flaw(gray(aligned.chip), aligned.sidewards, box.width, models.recognition.limits)
    return Look(at, embedding, np.stack([embedding, mirrored]), quality, wrong, None, 0)


def _continued(found: list[Appearance], box: Box, look: Look, within: float) -> Appearance | None:
    for appearance in reversed(found):
        last = appearance.looks[-1]
        units = [each.embedding / np.linalg.norm(each.embedding) for each in (last, look)]
        near = float(np.linalg.norm(units[0] - units[1])) < within
        if near and 0 < look.at - last.at < LOST_SECONDS and _overlap(appearance.box, box):
            return appearance
    return None


def _overlap(one: Box, other: Box) -> bool:
    return min(one.right, other.right) > max(one.left, other.left) and min(one.bottom, other.bottom) > max(
        one.top, other.top
    )
