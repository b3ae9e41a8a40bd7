"""Analysing one frame: follow, search where it is due, embed what is wanted."""

from server.vision.analysis import Analysis, Face, Hints
from server.vision.appearance import patch, sharpness
from server.vision.decode import JpegFrame
from server.vision.detection import Found, GrayView
from server.vision.faces import embed
from server.vision.following import Sighting, follow, smallest_scale
from server.vision.models import Models
from server.vision.scanning import search
from wire import MAX_FACES

SIDEWAYS = 0.5
"""What a face in half profile is worth beside one that looks ahead, equally sharp."""


def analyse_frame(models: Models, jpeg: bytes, hints: Hints) -> Analysis:
    """See `worker.analyse`."""
    frame = JpegFrame(jpeg, hints.max_pixels)
    sightings = follow(models, frame.gray(smallest_scale(hints.followed)), hints.followed)
    newcomers = search(models, frame, hints, sightings)
    sightings += [Sighting(found) for found in newcomers.found]
    faces = _faces(models, frame, frame.gray(0.0), sightings, hints)
    return Analysis(frame.width, frame.height, faces, newcomers.scan, newcomers.scene)


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
