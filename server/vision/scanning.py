"""Looking for faces that are not followed: everywhere, or where the picture has changed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from server.access.seen import Hints, Scan, grid_shape
from server.vision import motion
from server.vision.boxes import SAME_PLACE, overlap
from server.vision.detection import Found
from server.vision.following import Located
from server.vision.models import Models
from server.vision.picture import GrayView, JpegFrame
from wire import Box

MOSTLY = 0.6
"""Above this share of the frame a region is not worth cutting out."""


@dataclass(frozen=True)
class Search:
    """What a search brought: faces that are not followed, where it looked, and `Hints.scene` brought up to
    date."""

    found: list[Found]
    scan: Scan
    scene: bytes


def search(models: Models, frame: JpegFrame, hints: Hints, located: Sequence[Located]) -> Search:
    """Look where the hints say. `located`: what following has brought; those faces are not found again."""
    before = _scene(frame, hints)
    everywhere = before is None or hints.scan is Scan.EVERYWHERE or (hints.rescan and _lost(hints, located))
    if hints.scan is Scan.NOWHERE and not everywhere:
        return Search([], Scan.NOWHERE, hints.scene or b"")
    view = frame.gray(0.0)
    now = motion.signature(view.pixels, grid_shape(frame.width, frame.height, hints.min_face))
    if before is None or everywhere:
        return Search(_scan(models, frame, hints, view.frame, located), Scan.EVERYWHERE, now.tobytes())
    region = _changed(now, before, view, hints, located)
    found = _scan(models, frame, hints, region, located) if region else []
    if any(face.index is not None for face in located):
        # what moves so slowly is mostly who is followed; a newcomer who does is left to the next sweep
        return Search(found, Scan.CHANGED, now.tobytes())
    scan = Scan.CHANGED if region else Scan.NOWHERE
    return Search(found, scan, motion.updated(before, now, region, frame.width, frame.height).tobytes())


def _scene(frame: JpegFrame, hints: Hints) -> motion.Grid | None:
    shape = grid_shape(frame.width, frame.height, hints.min_face)
    if hints.scene is None or len(hints.scene) != shape[0] * shape[1]:
        return None
    return np.frombuffer(hints.scene, np.uint8).reshape(shape)


def _lost(hints: Hints, located: Sequence[Located]) -> bool:
    """Whether a face that the last frame showed is gone."""
    seen = {face.index for face in located}
    return any(not each.lost and index not in seen for index, each in enumerate(hints.followed))


def _changed(
    now: motion.Grid, before: motion.Grid, view: GrayView, hints: Hints, located: Sequence[Located]
) -> Box | None:
    """Where the picture has changed, but for the faces that have just been found."""
    mask = motion.changed(now, before)
    for face in located:
        mask[motion.cells(face.found.box, now.shape, view.width, view.height)] = False
    region = motion.region(mask, view.width, view.height, hints.min_face)
    return view.frame if region and region.area > MOSTLY * view.frame.area else region


def _scan(
    models: Models, frame: JpegFrame, hints: Hints, region: Box, located: Sequence[Located]
) -> list[Found]:
    return [
        found
        for found in models.detector.search(frame, region, hints.min_face)
        if all(overlap(found.box, face.found.box) <= SAME_PLACE for face in located)
    ]
