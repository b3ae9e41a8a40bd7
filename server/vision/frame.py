"""Analysing one frame: follow, search where it is due, embed what is wanted."""

from collections.abc import Sequence
from dataclasses import replace

from server.vision.analysis import Analysis, Face, Followed, Hints
from server.vision.appearance import patch, sharpness
from server.vision.decode import JpegFrame
from server.vision.detection import GrayView
from server.vision.faces import embed
from server.vision.following import Sighting, follow
from server.vision.models import Models
from server.vision.scanning import search
from wire import MAX_FACES

SIDEWAYS = 0.5
"""What a face in half profile is worth beside one that looks ahead, equally sharp."""


def analyse_frame(models: Models, jpeg: bytes, hints: Hints) -> Analysis:
    """See `worker.analyse`."""
    frame = JpegFrame(jpeg, hints.max_pixels)
    if hints.size not in (None, (frame.width, frame.height)):
        hints = replace(hints, followed=(), scene=None)
    sightings = follow(models, frame, hints.followed)
    newcomers = search(models, frame, hints, sightings)
    sightings += [Sighting(found) for found in newcomers.found]
    view = frame.gray(0.0)  # a damaged frame is refused whether anything is looked for or not
    faces = [_face(view, sighting, hints.followed) for sighting in sightings]
    ranked = sorted(zip(faces, sightings, strict=True), key=lambda pair: pair[0].box.area, reverse=True)
    faces = _embedded(models, frame, ranked[:MAX_FACES], hints)
    return Analysis(frame.width, frame.height, tuple(faces), newcomers.scan, newcomers.scene)


def _face(view: GrayView, sighting: Sighting, followed: Sequence[Followed]) -> Face:
    """The face as it looks, not embedded yet."""
    found, index = sighting.found, sighting.index
    if index is not None and not sighting.detected:
        return Face(found.box, None, index, followed[index].patch, detected=False)
    quality = sharpness(view.pixels, found.box, view.scale) * (1.0 if found.frontal else SIDEWAYS)
    return Face(found.box, None, index, patch(view.pixels, found.box, view.scale), quality)


def _embedded(
    models: Models, frame: JpegFrame, ranked: Sequence[tuple[Face, Sighting]], hints: Hints
) -> list[Face]:
    """The faces, largest first, with the embeddings that are wanted. Without one a doubtful face continues
    nobody."""
    wanted = [
        rank
        for rank, (face, sighting) in enumerate(ranked)
        if sighting.doubtful or _good_enough(face, hints.followed)
    ]
    wanted = sorted(wanted, key=lambda rank: not _overdue(ranked[rank][0], hints.followed))[: hints.max_faces]
    rows = embed(models, frame.rgb(), [ranked[rank][0].box for rank in wanted]) if wanted else ()
    embeddings = dict(zip(wanted, rows, strict=True))
    return [
        replace(
            face,
            embedding=embeddings.get(rank),
            followed=None if sighting.doubtful and rank not in embeddings else face.followed,
        )
        for rank, (face, sighting) in enumerate(ranked)
    ]


def _overdue(face: Face, followed: Sequence[Followed]) -> bool:
    """Whether it has waited long for a look. Newcomers wait until these are served: a crowd cannot keep
    somebody's last look from being repeated."""
    return face.followed is not None and followed[face.followed].quality == 0


def _good_enough(face: Face, followed: Sequence[Followed]) -> bool:
    return face.followed is not None and face.detected and face.quality >= followed[face.followed].quality
