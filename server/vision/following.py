"""Finding the faces of the frame before again, near where they were."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from server.access.seen import Followed
from server.vision.appearance import SAME_LOOK, correlation, patch
from server.vision.boxes import SAME_PLACE, grown, overlap
from server.vision.detection import Found, distinct, view_scale
from server.vision.models import Models
from server.vision.picture import GrayView, JpegFrame

NEIGHBOUR = 0.25
"""Faces nearer to each other, in sides of the box, may be taken for one another."""
UNMOVED = 0.9
"""Correlation of two patches of one place above which the face is taken to be there still: its old box then
overlapped with that of a new search by 0.4 or more in each of 800 frames of two videos."""


@dataclass(frozen=True)
class Located:
    """A face in this frame. `index`: the followed face that it continues; `doubtful`: perhaps continues;
    `detected`: False when it only looks as before."""

    found: Found
    index: int | None = None
    doubtful: bool = True
    detected: bool = True


def follow(models: Models, frame: JpegFrame, followed: Sequence[Followed]) -> list[Located]:
    """The faces around the followed ones' places: those that continue one, and newcomers there."""
    if not followed:
        return []
    view = frame.gray(min(1.0, max(view_scale(each.box) for each in followed)))
    unmoved = [index for index, each in enumerate(followed) if each.stay and _is_unmoved(view, each)]
    still = [Located(Found(followed[index].box, 0.0, True), index, False, False) for index in unmoved]
    moved = {index: each for index, each in enumerate(followed) if index not in unmoved}
    return still + _detected(models, view, moved, still)


def _is_unmoved(view: GrayView, each: Followed) -> bool:
    return correlation(each.patch, patch(view.pixels, each.box, view.scale)) >= UNMOVED


def _detected(
    models: Models, view: GrayView, followed: Mapping[int, Followed], still: Sequence[Located]
) -> list[Located]:
    found = [
        face
        for face in distinct(
            face for each in followed.values() for face in models.detector.near(view, each.box, each.reach)
        )
        if all(overlap(face.box, unmoved.found.box) <= SAME_PLACE for unmoved in still)
    ]
    owners = _assign(found, followed)
    return [
        Located(face, owners.get(at), at not in owners or _doubtful(view, face, followed[owners[at]], found))
        for at, face in enumerate(found)
        if at in owners or face.sure
    ]


def _assign(found: list[Found], followed: Mapping[int, Followed]) -> dict[int, int]:
    """Index of a found face -> index of the followed one: the best overlaps first, those just seen before
    those lost."""
    pairs = sorted(
        (each.lost, -overlap(face.box, each.box), at, index)
        for at, face in enumerate(found)
        for index, each in followed.items()
        if overlap(face.box, each.box) > 0
    )
    owners: dict[int, int] = {}
    for _, _, at, index in pairs:
        if at not in owners and index not in owners.values():
            owners[at] = index
    return owners


def _doubtful(view: GrayView, face: Found, before: Followed, found: list[Found]) -> bool:
    """Whether another face may have taken the place of `before`: it looks otherwise, both where it was and
    where it is now."""
    near = grown(face.box, NEIGHBOUR, view)
    return (
        before.lost
        or any(other is not face and overlap(near, other.box) > 0 for other in found)
        or all(
            correlation(before.patch, patch(view.pixels, box, view.scale)) < SAME_LOOK
            for box in (before.box, face.box)
        )
    )
