"""Analysing one frame: follow, scan where it is due, embed what is wanted."""

import numpy as np

from server.vision import motion
from server.vision.analysis import Analysis, Face, Hints, Scan
from server.vision.appearance import patch, sharpness
from server.vision.decode import JpegFrame
from server.vision.detection import (
    HOG_WINDOW,
    SAME_PLACE,
    Found,
    GrayView,
    detect,
    overlap,
)
from server.vision.faces import embed
from server.vision.following import Sighting, follow, smallest_scale
from server.vision.models import Models
from wire import MAX_FACES, Box

SIDEWAYS = 0.5
"""What a face in half profile is worth beside one that looks ahead, equally sharp."""
MOSTLY = 0.6
"""Above this share of the frame a region is not worth cutting out."""


def analyse_frame(models: Models, jpeg: bytes, hints: Hints) -> Analysis:
    """See `worker.analyse`."""
    frame = JpegFrame(jpeg, hints.max_pixels)
    view = frame.gray(smallest_scale(hints.followed))
    sightings = follow(models, view, hints.followed)
    before = _scene(hints, frame)
    now = motion.signature(view.pixels, motion.grid_shape(frame.width, frame.height, hints.min_face))
    scan, region = _where(hints, sightings, now, before, view)
    if region:
        scale = HOG_WINDOW / hints.min_face
        view = frame.gray(min(1.0, scale))
        known = [sighting.found.box for sighting in sightings]
        sightings += [
            Sighting(found)
            for found in detect(models, view, region, scale)
            if all(overlap(found.box, box) <= SAME_PLACE for box in known)
        ]
    scene = _searched(now, before, scan, region, sightings, view)
    faces = _faces(models, frame, view, sightings, hints)
    return Analysis(frame.width, frame.height, faces, scan, scene.tobytes())


def _scene(hints: Hints, frame: JpegFrame) -> motion.Grid | None:
    shape = motion.grid_shape(frame.width, frame.height, hints.min_face)
    if hints.scene is None or len(hints.scene) != shape[0] * shape[1]:
        return None
    return np.frombuffer(hints.scene, np.uint8).reshape(shape)


def _where(
    hints: Hints, sightings: list[Sighting], now: motion.Grid, before: motion.Grid | None, view: GrayView
) -> tuple[Scan, Box | None]:
    """Where to look for faces that are not followed."""
    seen = {sighting.index for sighting in sightings}
    lost = any(not each.lost and index not in seen for index, each in enumerate(hints.followed))
    if before is None or hints.scan is Scan.EVERYWHERE or (lost and hints.rescan):
        return Scan.EVERYWHERE, view.frame
    if hints.scan is Scan.NOWHERE:
        return Scan.NOWHERE, None
    mask = motion.changed(now, before)
    for sighting in sightings:
        mask[motion.cells(sighting.found.box, now.shape, view.width, view.height)] = False
    region = motion.region(mask, view.width, view.height, hints.min_face)
    if region and region.area > MOSTLY * view.frame.area:
        region = view.frame
    return (Scan.CHANGED if region else Scan.NOWHERE), region


def _searched(
    now: motion.Grid,
    before: motion.Grid | None,
    scan: Scan,
    region: Box | None,
    sightings: list[Sighting],
    view: GrayView,
) -> motion.Grid:
    """What the picture shows where it has been searched, and what it showed where it has not."""
    if before is None or scan is Scan.EVERYWHERE:
        return now
    scene = before.copy()
    for box in [sighting.found.box for sighting in sightings] + ([region] if region else []):
        place = motion.cells(box, now.shape, view.width, view.height)
        scene[place] = now[place]
    return scene


def _faces(
    models: Models, frame: JpegFrame, view: GrayView, sightings: list[Sighting], hints: Hints
) -> tuple[Face, ...]:
    """The faces, largest first, with the embeddings that are wanted."""
    ranked = sorted(sightings, key=lambda sighting: sighting.found.box.area, reverse=True)[:MAX_FACES]
    qualities = [_quality(view, sighting.found) for sighting in ranked]
    wanted = [
        rank
        for rank, (sighting, quality) in enumerate(zip(ranked, qualities, strict=True))
        if rank < hints.max_faces and _wants_embedding(sighting, quality, hints)
    ]
    rows = embed(models, frame.rgb(), [ranked[rank].found.box for rank in wanted]) if wanted else ()
    embeddings = dict(zip(wanted, rows, strict=True))
    return tuple(
        Face(
            sighting.found.box,
            embeddings.get(rank),
            None if sighting.doubtful and rank not in embeddings else sighting.index,
            patch(view.pixels, sighting.found.box, view.scale),
            quality,
        )
        for rank, (sighting, quality) in enumerate(zip(ranked, qualities, strict=True))
    )


def _wants_embedding(sighting: Sighting, quality: float, hints: Hints) -> bool:
    if sighting.doubtful or sighting.index is None:
        return True
    return quality >= hints.followed[sighting.index].quality


def _quality(view: GrayView, found: Found) -> float:
    """How good a face is to recognise."""
    return sharpness(view.pixels, found.box, view.scale) * (1.0 if found.frontal else SIDEWAYS)
