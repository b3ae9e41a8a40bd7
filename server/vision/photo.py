"""Judging one enrolment photo: exactly one face, large and sharp enough to recognise somebody by."""

import cv2
import numpy as np

from server.access.seen import (
    PhotoAccepted,
    PhotoFlaw,
    PhotoOutcome,
    PhotoRefused,
    PictureError,
    PictureTooLargeError,
)
from server.vision.appearance import laplacian_variance
from server.vision.faces import find_faces
from server.vision.models import Models
from server.vision.picture import Picture, decode_photo
from server.vision.recognition import embed
from wire import Box

MAX_PIXELS = 64_000_000
"""Largest photo that is decoded: above what phone cameras make by default."""
MAX_SIDE = 1000
"""Photos are searched at this size: it finds faces down to 1/20 of the picture's longer side."""
SEARCHED_FACE = 50
"""Smallest face looked for, pixels at `MAX_SIDE`; smaller ones are passers-by."""
MIN_FACE = 60
"""Smallest face that enrols, pixels of the photo: below it the 150-pixel chip is mostly interpolation."""
NO_FACE = "no face was found; use a photo from the front, well lit"
BYSTANDER = 0.5
"""Another face counts as a second person when its box is at least this share of the largest one's width."""


def sharpness(chip: Picture) -> float:
    """`laplacian_variance` of an aligned chip: higher is sharper."""
    gray = cv2.cvtColor(chip, cv2.COLOR_RGB2GRAY)
    return laplacian_variance(np.asarray(gray, np.uint8))


def judge_photo(models: Models, data: bytes) -> PhotoOutcome:
    """Embed the person on a photo (JPEG, PNG or WebP), or say what is wrong with it."""
    try:
        picture, factor = decode_photo(data, MAX_PIXELS, MAX_SIDE)
    except PictureTooLargeError as error:
        return PhotoRefused(PhotoFlaw.TOO_LARGE, str(error))
    except PictureError as error:
        return PhotoRefused(PhotoFlaw.UNREADABLE, str(error))
    boxes = _people(find_faces(models, picture, SEARCHED_FACE))
    if not boxes:
        return PhotoRefused(PhotoFlaw.NO_FACE, NO_FACE)
    if len(boxes) > 1:
        return PhotoRefused(PhotoFlaw.SEVERAL_FACES, f"{len(boxes)} faces were found; crop to one person")
    return _judge_face(models, picture, boxes[0], factor)


def _people(boxes: list[Box]) -> list[Box]:
    return [box for box in boxes if box.width >= BYSTANDER * boxes[0].width]


def _judge_face(models: Models, picture: Picture, box: Box, factor: float) -> PhotoOutcome:
    face_pixels = round(box.width * factor)
    if face_pixels < MIN_FACE:
        return PhotoRefused(
            PhotoFlaw.TOO_SMALL, f"the face is {face_pixels} pixels wide; at least {MIN_FACE} are needed"
        )
    aligned = models.recognition.align(picture, box)
    if aligned is None:
        return PhotoRefused(PhotoFlaw.NO_FACE, NO_FACE)
    sharp = sharpness(aligned.chip)
    needed = models.recognition.limits.photo_sharpness
    if sharp < needed:
        return PhotoRefused(
            PhotoFlaw.TOO_BLURRED,
            f"the face is too blurred (sharpness {sharp:.0f}, needed {needed:.0f})",
        )
    ((embedding, mirrored),) = embed(models.recognition, [aligned], [True])
    assert mirrored is not None
    return PhotoAccepted(embedding, mirrored, face_pixels, sharp)
