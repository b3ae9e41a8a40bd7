"""Takes out of a JPEG what is not the picture, and leaves the picture as it is, bit by bit.

A JPEG is a row of segments (ITU-T T.81, B.1.1): a marker, 0xFF and a byte, mostly with a length and content.
"""

from collections.abc import Iterator

from server.access.seen import PictureError

_START, _END, _SCAN = 0xD8, 0xD9, 0xDA
_ALONE = {0x01, *range(0xD0, 0xD9)}
"""Markers without a length."""
_JFIF, _ADOBE = 0xE0, 0xEE
"""The two application segments that say how pixels and colours are meant."""
_DROPPED = {*range(0xE0, 0xF0), 0xFE} - {_JFIF, _ADOBE}
"""All others of applications, such as EXIF with the place and a smaller picture, XMP, profiles; comments."""


def without_metadata(jpeg: bytes) -> bytes:
    """The same picture without metadata, and without what may lie behind it: further pictures, videos.

    Orientation and colour profile are gone as well: for pictures that need neither. Raises PictureError.
    """
    return b"".join(_kept(marker, segment) for marker, segment in _segments(jpeg))


def _kept(marker: int, segment: bytes) -> bytes:
    if marker == _JFIF:
        is_jfif = segment[4:9] == b"JFIF\0" and len(segment) >= 18
        return segment[:2] + b"\0\x10" + segment[4:16] + b"\0\0" if is_jfif else b""  # without its picture
    return b"" if marker in _DROPPED else segment


def _segments(jpeg: bytes) -> Iterator[tuple[int, bytes]]:
    """Each with its marker, a scan with its coded data, up to the end of the first picture."""
    at = 0
    while True:
        marker, begin = _marker(jpeg, at)
        if marker in _ALONE:
            end = begin + 2
        elif marker == _END:
            yield marker, jpeg[begin : begin + 2]
            return
        else:
            end = begin + 2 + int.from_bytes(jpeg[begin + 2 : begin + 4], "big")
        if end > len(jpeg) or end < begin + 2 or (at == 0 and (marker, begin) != (_START, 0)):
            raise PictureError("the JPEG is truncated or damaged")
        if marker == _SCAN:
            end = _end_of_scan(jpeg, end)
        yield marker, jpeg[begin:end]
        at = end


def _marker(jpeg: bytes, at: int) -> tuple[int, int]:
    """The next marker, and where it begins; before it may stand any number of 0xFF."""
    begin = at
    while jpeg[begin : begin + 2] == b"\xff\xff":
        begin += 1
    if len(jpeg) < begin + 2 or jpeg[begin] != 0xFF or jpeg[begin + 1] == 0:
        raise PictureError("the JPEG is truncated or damaged")
    return jpeg[begin + 1], begin


def _end_of_scan(jpeg: bytes, at: int) -> int:
    """In coded data 0xFF is followed by 0, or by a marker that restarts the decoder."""
    while (at := jpeg.find(b"\xff", at)) != -1 and at + 1 < len(jpeg):
        if jpeg[at + 1] not in (0x00, 0xFF, *range(0xD0, 0xD8)):
            return at
        at += 1 if jpeg[at + 1] == 0xFF else 2
    raise PictureError("the JPEG is truncated or damaged")
