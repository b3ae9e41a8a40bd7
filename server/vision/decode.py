"""From encoded bytes to RGB pixels, with the size checked before anything is decoded."""

import warnings
from io import BytesIO

import numpy as np
from PIL import Image, ImageOps

from server.vision.analysis import Picture, PictureError, PictureTooLargeError

# Our own limit comes first; Pillow's warning about large pictures would only repeat it.
warnings.simplefilter("ignore", Image.DecompressionBombWarning)


MAX_SIDE = 8192
"""Longest side of a frame, in pixels: dlib's detector overruns its memory on extremely wide pictures."""
MAX_SCANS = 32
"""Most scans of a JPEG: encoders make about ten, a small hostile file holds thousands and takes minutes."""
_START_OF_SCAN = b"\xff\xda"


def _open(data: bytes, formats: tuple[str, ...], max_pixels: int) -> Image.Image:
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


def _refuse_many_scans(jpeg: bytes) -> None:
    if jpeg.count(_START_OF_SCAN) > MAX_SCANS:
        raise PictureError(f"the JPEG has more than {MAX_SCANS} scans")


def decode_frame(jpeg: bytes, max_pixels: int) -> Picture:
    """Decode one JPEG of any colour space; EXIF is ignored, boxes refer to the frame as sent.

    Raises PictureError: not a JPEG, truncated, damaged, more than `MAX_SCANS`. PictureTooLargeError: over
    `max_pixels`, or a side over `MAX_SIDE`.
    """
    image = _open(jpeg, ("JPEG",), max_pixels)
    if max(image.size) > MAX_SIDE:
        raise PictureTooLargeError(f"the picture's longer side is {max(image.size)}; at most {MAX_SIDE}")
    _refuse_many_scans(jpeg)
    try:
        return np.asarray(image.convert("RGB"))
    except Exception as error:
        raise PictureError("the JPEG is truncated or damaged") from error


def decode_photo(data: bytes, max_pixels: int, max_side: int) -> tuple[Picture, float]:
    """Decode an enrolment photo upright (EXIF orientation applied), at most `max_side` pixels long.

    Returns the picture and the factor from its pixels to the photo's own. Raises like `decode_frame`.
    """
    image = _open(data, ("JPEG", "PNG", "WEBP"), max_pixels)
    if image.format == "JPEG":
        _refuse_many_scans(data)
    full_side = max(image.size)
    try:
        image.draft("RGB", (max_side, max_side))
        upright = ImageOps.exif_transpose(image).convert("RGB")
        upright.thumbnail((max_side, max_side))
        return np.asarray(upright), full_side / max(upright.size)
    except Exception as error:
        raise PictureError("the picture is truncated or damaged") from error
