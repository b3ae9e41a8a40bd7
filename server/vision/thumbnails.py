"""Small square pictures of the face on a photo."""

from io import BytesIO

from PIL import Image

from server.vision.boxes import scaled
from server.vision.models import Models
from server.vision.photo import MAX_PIXELS
from server.vision.picture import JpegFrame, Picture, decode_photo
from wire import Box

SIDE = 160
"""Of a thumbnail, in pixels, where nothing else is asked for."""
MARGIN = 2.0
"""How many times as wide as the face's box a thumbnail is: hair, chin and ears are on it."""
DETAIL = 4
"""Photos are decoded to so many times a thumbnail's side: a face that is a quarter as wide is still sharp."""
SEARCHED_SIDE = 320
"""Faces are looked for in a picture of this size, in a fraction of the time that judging a photo takes."""
SEARCHED_FACE = 32
"""Smallest face looked for there: a tenth of the picture. With a smaller one its middle tells more."""
QUALITY = 85


def thumbnail(models: Models, data: bytes, side: int = SIDE) -> bytes:
    """A JPEG of `side` x `side` pixels of a photo's largest face, or of its middle. Raises PictureError."""
    picture, _ = decode_photo(data, MAX_PIXELS, DETAIL * side)
    small = Image.fromarray(picture)
    small.thumbnail((SEARCHED_SIDE, SEARCHED_SIDE))
    frame = JpegFrame(_jpeg(small), MAX_PIXELS)  # what searches frames takes a tenth of the time for photos
    found = models.detector.search(frame, Box(0, small.width, small.height, 0), SEARCHED_FACE)
    largest = max((face.box for face in found), key=lambda box: box.area, default=None)
    return cut(picture, scaled(largest, picture.shape[1] / small.width) if largest else None, side)


def cut(picture: Picture, face: Box | None, side: int = SIDE) -> bytes:
    """The same, of a picture whose face is known."""
    part = Image.fromarray(picture).resize((side, side), box=square(picture, face), reducing_gap=2.0)
    return _jpeg(part)


def square(picture: Picture, face: Box | None) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what a thumbnail shows: inside the picture, around the face."""
    height, width = picture.shape[:2]
    if face is None:
        face = Box(top=0, right=width, bottom=height, left=0)
    side = min(width, height, round(MARGIN * max(face.width, face.height)))
    left = min(max(0, (face.left + face.right - side) // 2), width - side)
    top = min(max(0, (face.top + face.bottom - side) // 2), height - side)
    return left, top, left + side, top + side


def _jpeg(image: Image.Image) -> bytes:
    file = BytesIO()
    image.save(file, "JPEG", quality=QUALITY)
    return file.getvalue()
