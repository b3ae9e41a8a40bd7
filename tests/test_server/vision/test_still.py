"""A still is seen as a frame is, and told in its own pixels, upright."""

from io import BytesIO

import cv2
import numpy as np
import pytest
from PIL import Image

from server.access.matching.recogniser import SFACE
from server.access.matching.templates import distance, score, template
from server.access.seen import Face, Flaw, Hints, PictureError, PictureTooLargeError, Still
from server.vision.boxes import overlap
from server.vision.frame import analyse_frame
from server.vision.models import Models
from server.vision.preparing import STORED_PIXELS
from server.vision.still import MAX_FACES, PREVIEW_SIDE, look_at
from tests.support.photos import jpeg, photo
from wire import Box


def still(models: Models, data: bytes, landmarks: bool = False) -> Still:
    return look_at(models, data, mirrored=False, landmarks=landmarks)


def enlarged(name: str, factor: float, suffix: str = ".jpg") -> bytes:
    picture = cv2.imread(str(photo(name)))
    assert picture is not None
    return cv2.imencode(suffix, cv2.resize(picture, None, fx=factor, fy=factor))[1].tobytes()


def apart(one: Face, other: Face) -> float:
    assert one.embedding is not None and other.embedding is not None
    probes = template(one.embedding[None]), template(other.embedding[None])
    return distance(score(*probes, SFACE.exponent))


def test_a_picture_is_seen_as_a_door_sees_it(models: Models) -> None:
    (face,) = still(models, jpeg("obama")).faces
    hints = Hints(min_face=40, max_faces=1, max_pixels=10**7, mirrored=False)
    (framed,) = analyse_frame(models, jpeg("obama"), hints).faces
    assert face.box == framed.box and apart(face, framed) == 0
    assert face.flaw is None and face.mirrored is None and face.landmarks is None


def as_heic(name: str) -> bytes:
    heif = pytest.importorskip("pillow_heif")
    file = BytesIO()
    heif.from_pillow(Image.open(photo(name))).save(file, quality=90)
    return file.getvalue()


@pytest.mark.parametrize("suffix", [".png", ".webp", ".heic"])
def test_it_may_be_of_several_formats(models: Models, suffix: str) -> None:
    data = as_heic("obama") if suffix == ".heic" else enlarged("obama", 1.0, suffix)
    (face,) = still(models, data).faces
    (known,) = still(models, jpeg("obama")).faces
    assert apart(face, known) < 0.3


def test_a_large_picture_is_told_in_its_own_pixels(models: Models) -> None:
    seen, large = (still(models, enlarged("obama", factor), landmarks=True) for factor in (1.0, 3.0))
    assert max(large.width, large.height) == 3 * 1137 and large.width * large.height > STORED_PIXELS
    one, other = seen.faces[0], large.faces[0]
    assert overlap(Box(*(3 * side for side in one.box)), other.box) > 0.9
    assert one.landmarks is not None and other.landmarks is not None
    moved = 3 * one.landmarks.points + 1 - other.landmarks.points
    assert np.abs(np.median(moved, axis=0)).max() < 0.008 * other.box.width


def test_a_preview_is_the_picture_upright_and_smaller(models: Models) -> None:
    picture = Image.open(BytesIO(jpeg("obama3"))).rotate(90, expand=True)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    file = BytesIO()
    picture.save(file, "JPEG", exif=exif)
    seen = look_at(models, file.getvalue(), mirrored=False, landmarks=False, preview=True)
    assert seen.preview is not None and still(models, jpeg("obama3")).preview is None
    preview = Image.open(BytesIO(seen.preview))
    assert max(preview.size) == PREVIEW_SIDE
    assert preview.width / preview.height == pytest.approx(seen.width / seen.height, abs=0.01)


def test_mirror_images_are_embedded_where_they_are_wanted(models: Models) -> None:
    (face,) = look_at(models, jpeg("obama"), mirrored=True, landmarks=False).faces
    assert face.mirrored is not None


def test_a_face_too_small_to_be_compared_says_so(models: Models) -> None:
    picture = cv2.imread(str(photo("obama")))
    assert picture is not None
    canvas = np.full((1000, 1000, 3), 90, np.uint8)
    small = cv2.resize(picture, None, fx=0.14, fy=0.14, interpolation=cv2.INTER_AREA)
    canvas[: small.shape[0], : small.shape[1]] = small
    (face,) = still(models, cv2.imencode(".png", canvas)[1].tobytes()).faces
    assert face.flaw is Flaw.TOO_SMALL


def test_of_a_crowd_the_largest_faces_are_embedded(models: Models) -> None:
    picture = cv2.imread(str(photo("obama")))
    assert picture is not None
    tile = cv2.resize(picture, (330, 400), interpolation=cv2.INTER_AREA)
    seen = still(models, cv2.imencode(".jpg", np.tile(tile, (4, 5, 1)))[1].tobytes(), landmarks=True)
    embedded = [face.embedding is not None for face in seen.faces]
    assert len(embedded) > MAX_FACES and sum(embedded) == MAX_FACES
    assert all((face.landmarks is None) == (face.embedding is None) for face in seen.faces)


@pytest.mark.parametrize("size", [(1, 1), (3000, 1), (1, 5000), (40, 40)])
def test_a_picture_of_any_shape_shows_nobody(models: Models, size: tuple[int, int]) -> None:
    file = BytesIO()
    Image.new("L", size).save(file, "PNG")
    seen = still(models, file.getvalue(), landmarks=True)
    assert seen.faces == () and np.abs(np.subtract((seen.width, seen.height), size)).max() <= 1


def test_what_is_no_picture_or_too_large_is_refused(models: Models) -> None:
    for data in (b"", b"no picture", jpeg("obama")[:50_000]):
        with pytest.raises(PictureError):
            still(models, data)
    file = BytesIO()
    Image.new("1", (9000, 9000)).save(file, "PNG")
    with pytest.raises(PictureTooLargeError):
        still(models, file.getvalue())
