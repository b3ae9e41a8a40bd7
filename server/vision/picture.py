"""From encoded bytes to RGB pixels, with the size checked before anything is decoded."""

import math
import warnings
from collections.abc import Mapping
from io import BytesIO
from typing import NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from server.access.seen import PictureError, PictureTooLargeError
from wire import Box

Picture: TypeAlias = NDArray[np.uint8]
"""uint8[height, width, 3], RGB."""

# Our own limit comes first; Pillow's warning about large pictures would only repeat it.
warnings.simplefilter("ignore", Image.DecompressionBombWarning)


MAX_SIDE = 8192
"""Longest side of a frame, in pixels: dlib's detector overruns its memory on extremely wide pictures."""
MAX_SCANS = 32
"""Most scans of a JPEG: encoders make about ten, a small hostile file holds thousands and takes minutes."""
_START_OF_SCAN, _END_OF_IMAGE = b"\xff\xda", b"\xff\xd9"
_GRAY = {
    1: cv2.IMREAD_GRAYSCALE,
    2: cv2.IMREAD_REDUCED_GRAYSCALE_2,
    4: cv2.IMREAD_REDUCED_GRAYSCALE_4,
    8: cv2.IMREAD_REDUCED_GRAYSCALE_8,
}
_COLOUR = {
    1: cv2.IMREAD_COLOR,
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}
"""OpenCV's flag by the factor that a picture is shrunk by as it is decoded, which makes it cheaper."""
DAMAGED = "the JPEG is truncated or damaged"
DAMAGED_PICTURE = "the picture is truncated or damaged"


class GrayView(NamedTuple):
    """A frame's brightness, uint8[h, w], at `scale` times its size; `width` and `height` are the frame's."""

    pixels: NDArray[np.uint8]
    width: int
    height: int

    @property
    def scale(self) -> float:
        return float(self.pixels.shape[1]) / self.width

    @property
    def frame(self) -> Box:
        """All of it, as a box."""
        return Box(0, self.width, self.height, 0)


def open_picture(data: bytes, formats: tuple[str, ...], max_pixels: int) -> Image.Image:
    """A picture of which only the header is read. Raises PictureError, PictureTooLargeError."""
    if not data:
        raise PictureError("the picture is empty (0 bytes)")
    try:
        image = Image.open(BytesIO(data), formats=formats)
    except Image.DecompressionBombError as error:
        raise PictureTooLargeError(f"the picture has more than {max_pixels} pixels") from error
    except Exception as error:  # Pillow's parsers raise many kinds on hostile bytes
        raise PictureError(f"not a {' or '.join(formats)} picture") from error
    if image.width * image.height > max_pixels:
        raise PictureTooLargeError(
            f"the picture is {image.width} x {image.height} pixels; at most {max_pixels} pixels are accepted"
        )
    return image


def refuse_many_scans(jpeg: bytes) -> None:
    """Raises PictureError."""
    if jpeg.count(_START_OF_SCAN) > MAX_SCANS:
        raise PictureError(f"the JPEG has more than {MAX_SCANS} scans")


class JpegFrame:
    """One JPEG frame of any colour space, decoded only as far as asked for.

    EXIF is ignored: boxes refer to the frame as sent. `width`, `height`: pixels of the frame. Pillow reads
    the header, for the limits; OpenCV decodes in a third of Pillow's time.
    """

    def __init__(self, jpeg: bytes, max_pixels: int) -> None:
        """Raises PictureError: not a JPEG, more than `MAX_SCANS`, cut off. PictureTooLargeError: over
        `max_pixels`, or a side over `MAX_SIDE`."""
        image = open_picture(jpeg, ("JPEG",), max_pixels)
        if max(image.size) > MAX_SIDE:
            raise PictureTooLargeError(f"the picture's longer side is {max(image.size)}; at most {MAX_SIDE}")
        refuse_many_scans(jpeg)
        if jpeg.rfind(_END_OF_IMAGE) < jpeg.rfind(_START_OF_SCAN):
            raise PictureError(DAMAGED)  # older OpenCV fills in what is missing
        self.width, self.height = image.size
        self._jpeg = np.frombuffer(jpeg, np.uint8)
        self._gray: GrayView | None = None

    def gray(self, scale: float) -> GrayView:
        """The brightness at `scale` (at most 1) times the frame's size, or at a larger one that has been
        decoded already. Raises PictureError."""
        if self._gray is None or self._gray.scale < scale:
            self._gray = GrayView(self._decode(_GRAY, scale), self.width, self.height)
        return self._gray

    def rgb(self, scale: float = 1.0) -> Picture:
        """The frame in colour at `scale` (at most 1) times its size or a little larger. Raises
        PictureError."""
        return np.asarray(cv2.cvtColor(self._decode(_COLOUR, scale), cv2.COLOR_BGR2RGB), np.uint8)

    def _decode(self, flags: Mapping[int, int], scale: float) -> NDArray[np.uint8]:
        shrunk = max(factor for factor in flags if factor == 1 or self._has_room(factor, scale))
        try:
            pixels = cv2.imdecode(self._jpeg, flags[shrunk] | cv2.IMREAD_IGNORE_ORIENTATION)
        except cv2.error as error:
            raise PictureError(DAMAGED) from error
        if pixels is None or pixels.shape[:2] != (-(-self.height // shrunk), -(-self.width // shrunk)):
            raise PictureError(DAMAGED)
        return np.asarray(pixels, np.uint8)

    def _has_room(self, factor: int, scale: float) -> bool:
        """Whether the frame, shrunk by `factor`, is as large as at `scale`."""
        return all(factor * max(1, math.ceil(side * scale)) <= side for side in (self.width, self.height))


def decode_photo(data: bytes, max_pixels: int, max_side: int) -> tuple[Picture, float]:
    """Decode an enrolment photo upright (EXIF orientation applied), at most `max_side` pixels long.

    Returns the picture and the factor from its pixels to the photo's own. Raises PictureError and
    PictureTooLargeError.
    """
    image = open_picture(data, ("JPEG", "PNG", "WEBP"), max_pixels)
    if image.format == "JPEG":
        refuse_many_scans(data)
    full_side = max(image.size)
    try:
        image.draft("RGB", (max_side, max_side))
        upright = ImageOps.exif_transpose(image).convert("RGB")
        upright.thumbnail((max_side, max_side))
        return np.asarray(upright), full_side / max(upright.size)
    except Exception as error:
        raise PictureError(DAMAGED_PICTURE) from error
