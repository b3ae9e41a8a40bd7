"""Frames from bytes to pixels: the sizes they are decoded at, and what is refused."""

from io import BytesIO
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from server.access.seen import PictureError, PictureTooLargeError
from server.vision.picture import MAX_SIDE, JpegFrame
from tests.support.photos import photo

MAX_PIXELS = 10**6


@pytest.fixture(scope="module")
def image() -> Image.Image:
    """401 x 300 pixels: no multiple of what JPEG works in."""
    return Image.open(photo("obama2")).convert("RGB").resize((401, 300))


def jpeg(image: Image.Image, mode: str = "RGB", **how: Any) -> bytes:
    file = BytesIO()
    image.convert(mode).save(file, "JPEG", **how)
    return file.getvalue()


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_frame_of_any_kind_is_decoded_as_pillow_does(
    image: Image.Image, mode: str, progressive: bool
) -> None:
    data = jpeg(image, mode, quality=90, progressive=progressive)
    frame = JpegFrame(data, MAX_PIXELS)
    theirs = Image.open(BytesIO(data))
    for ours, wanted in ((frame.gray(1.0).pixels, "L"), (frame.rgb(), "RGB")):
        difference = np.abs(ours.astype(int) - np.asarray(theirs.convert(wanted)))
        assert ours.dtype == np.uint8 and difference.shape == ours.shape and difference.mean() < 1.0


@pytest.mark.parametrize(
    ("scale", "size"),
    [
        (1.0, (401, 300)),
        (0.51, (401, 300)),
        (0.49, (201, 150)),
        (0.25, (201, 150)),
        (0.24, (101, 75)),
        (0.1, (51, 38)),
        (0.0, (51, 38)),
    ],
)
def test_it_is_decoded_no_larger_than_need_be_and_never_smaller(
    image: Image.Image, scale: float, size: tuple[int, int]
) -> None:
    frame = JpegFrame(jpeg(image), MAX_PIXELS)
    view = frame.gray(scale)
    assert view.pixels.shape == size[::-1] and frame.rgb(scale).shape == (*size[::-1], 3)
    assert (view.width, view.height) == (frame.width, frame.height) == (401, 300)
    assert view.scale >= scale


def test_what_was_decoded_large_enough_is_not_decoded_again(image: Image.Image) -> None:
    frame = JpegFrame(jpeg(image), MAX_PIXELS)
    assert frame.gray(1.0) is frame.gray(0.2)


@pytest.mark.parametrize("size", [(1, 1), (7, 3), (8, 8), (9, 1), (1, 400)])
def test_tiny_frames_have_pixels_at_every_scale(image: Image.Image, size: tuple[int, int]) -> None:
    frame = JpegFrame(jpeg(image.resize(size)), MAX_PIXELS)
    for scale in (0.0, 0.3, 1.0):
        assert frame.gray(scale).pixels.size and frame.rgb(scale).size


def test_a_frame_is_taken_as_sent_whatever_its_exif_says(image: Image.Image) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    turned, straight = JpegFrame(jpeg(image, exif=exif), MAX_PIXELS), JpegFrame(jpeg(image), MAX_PIXELS)
    assert (turned.width, turned.height) == (401, 300)
    assert np.array_equal(turned.rgb(), straight.rgb())
    assert np.array_equal(turned.gray(0.3).pixels, straight.gray(0.3).pixels)


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("left", [0.1, 0.5, 0.95, 0.999])
def test_what_is_cut_off_is_refused_at_every_scale(
    image: Image.Image, progressive: bool, left: float
) -> None:
    whole = jpeg(image, progressive=progressive)
    for scale in (0.0, 1.0):
        with pytest.raises(PictureError):
            JpegFrame(whole[: int(len(whole) * left)], MAX_PIXELS).gray(scale)


def test_the_thumbnail_inside_is_not_the_end_of_the_picture(image: Image.Image) -> None:
    whole = jpeg(image, comment=jpeg(image.resize((16, 12))))
    assert JpegFrame(whole, MAX_PIXELS).gray(1.0).pixels.shape == (300, 401)
    with pytest.raises(PictureError, match="truncated"):
        JpegFrame(whole[:-200], MAX_PIXELS)


def test_bytes_after_the_end_do_no_harm(image: Image.Image) -> None:
    assert JpegFrame(jpeg(image) + bytes(100), MAX_PIXELS).rgb().shape == (300, 401, 3)


def test_limits_are_kept_before_anything_is_decoded(
    image: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("decoded"))
    with pytest.raises(PictureTooLargeError):
        JpegFrame(jpeg(image), 401 * 300 - 1)
    with pytest.raises(PictureTooLargeError):
        JpegFrame(jpeg(image.resize((MAX_SIDE + 1, 1))), MAX_PIXELS)
    with pytest.raises(PictureError, match="not a JPEG"):
        JpegFrame(b"\xff\xd8\xff\xdb nonsense", MAX_PIXELS)


def test_a_picture_that_is_not_of_the_size_it_said_is_refused(image: Image.Image) -> None:
    """Two headers, of which two readers may believe different ones."""
    small, large = jpeg(image.resize((16, 16))), jpeg(image)
    at, length = large.index(b"\xff\xc0"), 19
    start = small.index(b"\xff\xc0")
    for both in (
        large[: at + length] + small[start : start + length] + large[at + length :],
        large[:at] + small[start : start + length] + large[at:],
    ):
        with pytest.raises(PictureError):
            JpegFrame(both, MAX_PIXELS).rgb()
