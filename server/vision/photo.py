"""Judging one enrolment photo: exactly one face, large and sharp enough to recognise somebody by."""

from server.access.seen import (
    PhotoAccepted,
    PhotoFlaw,
    PhotoOutcome,
    PhotoRefused,
    PictureError,
    PictureTooLargeError,
)
from server.vision.boxes import scaled
from server.vision.faces import find_faces
from server.vision.models import Models
from server.vision.picture import Picture, decode_photo
from server.vision.quality import chip_sharpness, gray, photo_flaw
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
REMEDIES = {
    PhotoFlaw.TOO_BLURRED: "the face is too blurred; take a sharper photo",
    PhotoFlaw.TOO_DARK: "the face is too dark; take it in more light",
    PhotoFlaw.TOO_BRIGHT: "the face is overexposed or in fog; take it in softer light",
    PhotoFlaw.UNEVEN_LIGHT: "one half of the face is in shadow; take it with the light in front",
}
"""What to do about a face that is there, but cannot be told from others."""


def judge_photo(models: Models, data: bytes) -> PhotoOutcome:
    """Embed the person on a photo (JPEG, PNG or WebP), or say what is wrong with it."""
    return look_at_photo(models, data)[0]


def look_at_photo(models: Models, data: bytes) -> tuple[PhotoOutcome, Box | None]:
    """The same, and the largest face in pixels of the photo as it is shown upright; None: there is none."""
    try:
        picture, factor = decode_photo(data, MAX_PIXELS, MAX_SIDE)
    except PictureTooLargeError as error:
        return PhotoRefused(PhotoFlaw.TOO_LARGE, str(error)), None
    except PictureError as error:
        return PhotoRefused(PhotoFlaw.UNREADABLE, str(error)), None
    boxes = _people(find_faces(models, picture, SEARCHED_FACE))
    if not boxes:
        return PhotoRefused(PhotoFlaw.NO_FACE, NO_FACE), None
    largest = scaled(boxes[0], factor)
    if len(boxes) > 1:
        detail = f"{len(boxes)} faces were found; crop to one person"
        return PhotoRefused(PhotoFlaw.SEVERAL_FACES, detail), largest
    return _judge_face(models, picture, boxes[0], factor), largest


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
    chip = gray(aligned.chip)
    wrong = photo_flaw(chip, models.recognition.limits)
    if wrong is not None:
        return PhotoRefused(wrong, REMEDIES[wrong])
    ((embedding, mirrored),) = embed(models.recognition, [aligned], [True])
    assert mirrored is not None
    return PhotoAccepted(embedding, mirrored, face_pixels, chip_sharpness(chip))
