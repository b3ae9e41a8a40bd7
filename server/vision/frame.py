"""Analysing one frame: follow, search where it is due, embed what is wanted."""

from collections.abc import Sequence
from dataclasses import replace

from server.access.seen import Analysis, Face, Followed, Hints
from server.vision.appearance import patch, sharpness
from server.vision.detection import view_scale
from server.vision.following import Located, follow
from server.vision.models import Models
from server.vision.picture import GrayView, JpegFrame
from server.vision.quality import flaw, gray
from server.vision.recognition import embed
from server.vision.scanning import search
from wire import MAX_FACES

SIDEWAYS = 0.5
"""What a face in half profile is worth beside one that looks ahead, equally sharp."""


def analyse_frame(models: Models, jpeg: bytes, hints: Hints) -> Analysis:
    """Find the faces of one JPEG frame and embed those that need it, as the hints say.

    Raises PictureError: not a JPEG that is accepted; PictureTooLargeError.
    """
    frame = JpegFrame(jpeg, hints.max_pixels)
    if hints.size not in (None, (frame.width, frame.height)):
        hints = replace(hints, followed=(), scene=None)
    located = follow(models, frame, hints.followed)
    newcomers = search(models, frame, hints, located)
    located += [Located(found) for found in newcomers.found]
    # also without faces, as a damaged frame is refused whether anything is looked for or not
    view = frame.gray(min(1.0, max((view_scale(each.found.box) for each in located), default=0.0)))
    faces = [_face(view, each, hints.followed) for each in located]
    ranked = sorted(zip(faces, located, strict=True), key=lambda pair: pair[0].box.area, reverse=True)
    faces = _embedded(models, frame, ranked[:MAX_FACES], hints)
    return Analysis(
        width=frame.width,
        height=frame.height,
        faces=tuple(faces),
        scanned=newcomers.scan,
        scene=newcomers.scene,
    )


def _face(view: GrayView, located: Located, followed: Sequence[Followed]) -> Face:
    """The face as it looks, not embedded yet."""
    found, index = located.found, located.index
    if index is not None and not located.detected:
        return Face(found.box, None, index, followed[index].patch, detected=False)
    quality = sharpness(view.pixels, found.box, view.scale) * (1.0 if found.frontal else SIDEWAYS)
    return Face(
        box=found.box,
        embedding=None,
        followed=index,
        patch=patch(view.pixels, found.box, view.scale),
        quality=quality,
    )


def _embedded(
    models: Models, frame: JpegFrame, ranked: Sequence[tuple[Face, Located]], hints: Hints
) -> list[Face]:
    """The faces, largest first, with the embeddings and landmarks that are wanted. Without an embedding a
    doubtful face continues nobody."""
    wanted = [
        rank
        for rank, (face, located) in enumerate(ranked)
        if located.doubtful or _good_enough(face, hints.followed)
    ]
    wanted = sorted(wanted, key=lambda rank: not _overdue(ranked[rank][0], hints.followed))[: hints.max_faces]
    faces = _embed(models, frame, ranked, wanted, hints)
    faces = [
        replace(face, followed=None) if located.doubtful and face.embedding is None else face
        for face, (_, located) in zip(faces, ranked, strict=True)
    ]
    _find_landmarks(models, frame, faces, hints)
    return faces


def _embed(
    models: Models,
    frame: JpegFrame,
    ranked: Sequence[tuple[Face, Located]],
    wanted: Sequence[int],
    hints: Hints,
) -> list[Face]:
    """The faces, the `wanted` ones with embeddings and what is wrong with them."""
    faces = [face for face, _ in ranked]
    if not wanted:
        return faces
    picture, recognition = frame.rgb(), models.recognition
    found = {at: recognition.align(picture, faces[at].box, ranked[at][1].found.points) for at in wanted}
    aligned = {at: seen for at, seen in found.items() if seen is not None}
    mirrored = [_wants_mirror(faces[at], hints) for at in aligned]
    embedded = embed(recognition, list(aligned.values()), mirrored)
    for (at, seen), (row, image) in zip(aligned.items(), embedded, strict=True):
        wrong = flaw(gray(seen.chip), seen.sidewards, faces[at].box.width, recognition.limits)
        faces[at] = replace(faces[at], embedding=row, mirrored=image, flaw=wrong)
    return faces


def _find_landmarks(models: Models, frame: JpegFrame, faces: list[Face], hints: Hints) -> None:
    """Put landmarks into those of `faces` for which they are wanted; `max_faces` of them at most."""
    wanted = [
        at
        for at, face in enumerate(faces)
        if face.followed is not None and hints.followed[face.followed].landmarks
    ]
    for at in wanted[: hints.max_faces]:
        faces[at] = replace(faces[at], landmarks=models.liveness.landmarks(frame, faces[at].box))


def _wants_mirror(face: Face, hints: Hints) -> bool:
    return hints.mirrored if face.followed is None else hints.followed[face.followed].mirrored


def _overdue(face: Face, followed: Sequence[Followed]) -> bool:
    """Whether it has waited long for a look. Newcomers wait until these are served: a crowd cannot keep
    somebody's last look from being repeated."""
    return face.followed is not None and followed[face.followed].quality == 0


def _good_enough(face: Face, followed: Sequence[Followed]) -> bool:
    return face.followed is not None and face.detected and face.quality >= followed[face.followed].quality
