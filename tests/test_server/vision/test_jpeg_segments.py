"""A JPEG loses what is not the picture, and nothing of the picture."""

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from server.access.seen import PictureError
from server.vision.jpeg_segments import without_metadata
from tests.support.photos import jpeg

SECRET = b"52 degrees north"


def picture(**options: object) -> bytes:
    pixels = np.random.default_rng(1).integers(0, 256, (40, 56, 3), np.uint8)
    file = BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=90, **options)
    return file.getvalue()


def pixels(data: bytes) -> bytes:
    return Image.open(BytesIO(data)).convert("RGB").tobytes()


def segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(content) + 2).to_bytes(2, "big") + content


def with_segments(data: bytes, *segments: bytes) -> bytes:
    return data[:2] + b"".join(segments) + data[2:]


@pytest.mark.parametrize(
    "data",
    [
        picture(),
        picture(progressive=True),
        picture(comment=SECRET),
        picture(exif=b"Exif\0\0" + SECRET, icc_profile=SECRET, xmp=SECRET),
        picture(restart_marker_blocks=2),
        jpeg("obama"),
        jpeg("biden"),
    ],
)
def test_the_picture_stays_bit_by_bit(data: bytes) -> None:
    bare = without_metadata(
        with_segments(data + SECRET, segment(0xED, SECRET), b"\xff" + segment(0xFE, SECRET))
    )
    assert pixels(bare) == pixels(data) and SECRET not in bare
    assert without_metadata(bare) == bare


def test_a_smaller_picture_in_the_header_goes() -> None:
    header = b"JFIF\0\1\2\0\0\1\0\1"
    own = segment(0xE0, header + b"\1\1abc")
    extension = segment(0xE0, b"JFXX\0\x10" + SECRET)
    data = picture()
    start = 2 + 2 + int.from_bytes(data[4:6], "big")
    bare = without_metadata(data[:2] + own + extension + data[start:])
    assert bare[:20] == data[:2] + segment(0xE0, header + b"\0\0") and pixels(bare) == pixels(data)


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xd8", picture()[:-2], picture()[:200], b"x" + picture(), picture()[2:]]
)
def test_what_is_cut_off_or_no_jpeg_is_refused(data: bytes) -> None:
    with pytest.raises(PictureError):
        without_metadata(data)


@given(st.binary(max_size=60).map(lambda data: b"\xff\xd8" + data) | st.binary(max_size=10))
def test_whatever_comes_it_ends(data: bytes) -> None:
    try:
        assert without_metadata(data)
    except PictureError as error:
        assert str(error)  # noqa: PT017
