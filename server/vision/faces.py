"""The faces of a picture."""

from server.vision.models import Models
from server.vision.picture import Picture
from wire import MAX_FACES, Box


def find_faces(models: Models, picture: Picture, min_face: int) -> list[Box]:
    """Boxes of the faces of an enrolment photo that look about ahead, of about `min_face` pixels or more,
    largest first, clipped to the picture."""
    boxes = models.detector.photo(picture, min_face)
    return sorted(boxes, key=lambda box: box.area, reverse=True)[:MAX_FACES]
