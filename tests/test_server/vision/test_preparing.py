"""An uploaded photo is made fit for the gallery, and judged as the gallery will."""

import sys
from io import BytesIO

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageCms

from server.access.seen import (
    PhotoAccepted,
    PhotoFlaw,
    PhotoRefused,
    PictureError,
    PictureTooLargeError,
    PreparedPhoto,
)
from server.vision import preparing
from server.vision.models import Models
from server.vision.photo import judge_photo
from server.vision.preparing import STORED_PIXELS, prepare_photo
from server.vision.thumbnails import SIDE
from tests.support.photos import DATA, jpeg

ROTATED = 6
"""EXIF: to be turned a quarter to the right."""


def opened(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data))


def saved(image: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def exif(orientation: int) -> Image.Exif:
    tags = Image.Exif()
    tags[0x0112] = orientation
    tags[0x010F] = "a phone's maker"
    return tags


def accepted(prepared: PreparedPhoto) -> PhotoAccepted:
    assert isinstance(prepared.outcome, PhotoAccepted)
    return prepared.outcome


def test_a_fit_jpeg_keeps_its_pixels_and_is_judged_as_the_gallery_will(models: Models) -> None:
    data = saved(opened(jpeg("obama")), quality=90, exif=exif(1), comment="somebody", xmp=b"<xmp>")
    prepared = prepare_photo(models, data)
    assert opened(prepared.jpeg).tobytes() == opened(data).tobytes()
    assert b"maker" not in prepared.jpeg and b"somebody" not in prepared.jpeg and b"xmp" not in prepared.jpeg
    judged = judge_photo(models, prepared.jpeg)
    assert isinstance(judged, PhotoAccepted)
    np.testing.assert_array_equal(judged.embedding, accepted(prepared).embedding)
    face = prepared.box
    assert face is not None and abs(face.width - judged.face_pixels) <= 1
    thumbnail = opened(prepared.thumbnail)
    assert thumbnail.size == (SIDE, SIDE) and thumbnail.format == "JPEG"


def test_a_turned_photo_is_stored_upright_without_its_metadata(models: Models) -> None:
    upright = opened(jpeg("obama"))
    data = saved(
        upright.transpose(Image.Transpose.ROTATE_90), quality=95, exif=exif(ROTATED), comment="somebody"
    )
    prepared = prepare_photo(models, data)
    stored = opened(prepared.jpeg)
    assert stored.size == upright.size and not stored.getexif() and "comment" not in stored.info
    assert b"maker" not in prepared.jpeg and b"somebody" not in prepared.jpeg
    assert np.abs(np.asarray(stored, np.int16) - np.asarray(upright, np.int16)).mean() < 3
    assert accepted(prepared).face_pixels > 100


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "LA"])
def test_other_pictures_become_jpegs(models: Models, kind: str, mode: str) -> None:
    if kind == "WEBP" and mode in ("P", "LA"):
        pytest.skip("WebP has no such pictures")
    prepared = prepare_photo(models, saved(opened(jpeg("obama")).resize((455, 568)).convert(mode), kind))
    assert opened(prepared.jpeg).format == "JPEG" and opened(prepared.jpeg).size == (455, 568)
    assert prepared.box is not None


def test_a_large_photo_is_made_smaller(models: Models) -> None:
    image = opened(jpeg("obama"))
    large = image.resize((image.width * 3, image.height * 3))
    assert large.width * large.height > 2 * STORED_PIXELS
    for data in (saved(large), saved(large, exif=exif(ROTATED)), saved(large, "WEBP", quality=60)):
        stored = opened(prepare_photo(models, data).jpeg)
        assert STORED_PIXELS * 0.99 < stored.width * stored.height <= STORED_PIXELS
        ratio = max(stored.size) / min(stored.size)
        assert ratio == pytest.approx(max(image.size) / min(image.size), rel=0.01)


def test_a_phones_heic_is_stored_as_jpeg(models: Models) -> None:
    pillow_heif.register_heif_opener()
    data = saved(opened(jpeg("obama")), "HEIF", quality=90, exif=exif(1))
    assert data[4:8] == b"ftyp"
    prepared = prepare_photo(models, data)
    assert opened(prepared.jpeg).format == "JPEG" and accepted(prepared).face_pixels > 100
    assert b"maker" not in prepared.jpeg
    for damaged in (data[:2000], data[:100], data[:12] + b"\xff" * 500):
        with pytest.raises(PictureError):
            prepare_photo(models, damaged)


def test_without_what_reads_heic_it_is_told_what_to_do(
    models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(PictureError, match="install pillow-heif on the server, or have the phone make jpg"):
        prepare_photo(models, b"\0\0\0\x18ftypheic" + bytes(20))


def swapped_profile() -> bytes:
    """A profile that takes red for green and green for red."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = profile.index(b"rXYZ"), profile.index(b"gXYZ")
    profile[red : red + 4], profile[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(profile).replace("sRGB".encode("utf-16-be"), "swap".encode("utf-16-be"))


def test_colours_are_brought_to_srgb(models: Models) -> None:
    red = Image.new("RGB", (64, 64), (200, 0, 0))
    stored = opened(prepare_photo(models, saved(red, icc_profile=swapped_profile(), quality=95)).jpeg)
    pixel = stored.getpixel((32, 32))
    assert isinstance(pixel, tuple) and pixel[1] > 150 > 50 > pixel[0]
    assert "icc_profile" not in stored.info


@pytest.mark.parametrize("profile", [b"no profile", b"", swapped_profile()[:200]])
def test_a_damaged_profile_is_passed_over(models: Models, profile: bytes) -> None:
    red = Image.new("RGB", (64, 64), (200, 0, 0))
    for data in (saved(red, icc_profile=profile), saved(red, "PNG", icc_profile=profile)):
        pixel = opened(prepare_photo(models, data).jpeg).getpixel((32, 32))
        assert isinstance(pixel, tuple) and pixel[0] > 150


def test_the_colours_of_print_are_read(models: Models) -> None:
    for profile in (None, swapped_profile()):  # the second is of another kind, and is passed over
        data = saved(opened(jpeg("obama")).convert("CMYK"), icc_profile=profile)
        assert accepted(prepare_photo(models, data)).face_pixels > 100


def test_what_enrols_nobody_is_told_and_shown(models: Models) -> None:
    blank = prepare_photo(models, saved(Image.new("RGB", (300, 200), (90, 90, 90))))
    assert isinstance(blank.outcome, PhotoRefused) and blank.outcome.flaw is PhotoFlaw.NO_FACE
    assert blank.box is None and opened(blank.thumbnail).size == (SIDE, SIDE)


@pytest.mark.skipif(not DATA.exists(), reason="no group photo")
def test_of_several_faces_the_largest_is_told(models: Models) -> None:
    group = prepare_photo(models, (DATA / "people" / "obama_and_biden.jpg").read_bytes())
    assert isinstance(group.outcome, PhotoRefused) and group.outcome.flaw is PhotoFlaw.SEVERAL_FACES
    assert group.box is not None


def test_what_is_no_photo_is_refused(models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    data = saved(opened(jpeg("obama")))
    for damaged in (b"", b"no picture", data[: len(data) // 2], saved(Image.new("RGB", (9, 9)), "GIF")):
        with pytest.raises(PictureError):
            prepare_photo(models, damaged)
    with pytest.raises(PictureError, match="scans"):
        prepare_photo(models, data + b"\xff\xda" * 40)
    monkeypatch.setattr(preparing, "MAX_PIXELS", 1000)
    with pytest.raises(PictureTooLargeError):
        prepare_photo(models, data)


@pytest.mark.skipif(not DATA.exists(), reason="no group photo")
def test_of_a_frame_only_the_face_that_is_wanted_is_kept(models: Models) -> None:
    frame = (DATA / "people" / "obama_and_biden.jpg").read_bytes()
    largest = prepare_photo(models, frame).box
    assert largest is not None
    alone = prepare_photo(models, frame, largest)
    assert alone.box is not None and alone.box.width == pytest.approx(largest.width, rel=0.2)
    assert opened(alone.jpeg).width <= 3 * largest.width + 1
    with pytest.raises(PictureError):
        prepare_photo(models, frame, largest._replace(left=99_000, right=99_100))
