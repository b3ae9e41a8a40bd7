"""A thumbnail shows the face."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from server.access.seen import PictureError
from server.vision.models import Models
from server.vision.photo import look_at_photo
from server.vision.thumbnails import SIDE, square, thumbnail
from tests.support.photos import jpeg
from wire import Box


def test_it_is_of_the_face_wherever_that_is(models: Models) -> None:
    portrait = Image.open(BytesIO(jpeg("obama"))).resize((400, 500))
    wide = Image.new("RGB", (1000, 500), (120, 120, 120))
    wide.paste(portrait, (600, 0))
    file = BytesIO()
    wide.save(file, "PNG")
    small = Image.open(BytesIO(thumbnail(models, file.getvalue(), 96)))
    assert small.size == (96, 96)
    assert np.asarray(small).std() > 30, "not the grey middle"


def test_it_is_of_the_whole_where_there_is_no_face(models: Models) -> None:
    file = BytesIO()
    Image.new("RGB", (1500, 500), (0, 120, 0)).save(file, "PNG")
    small = Image.open(BytesIO(thumbnail(models, file.getvalue())))
    assert small.size == (SIDE, SIDE)


def test_what_cannot_be_read_has_none(models: Models) -> None:
    with pytest.raises(PictureError):
        thumbnail(models, b"no picture")


@pytest.mark.parametrize(
    ("face", "shown"),
    [
        (None, (50, 0, 150, 100)),
        (Box(top=40, right=110, bottom=60, left=90), (80, 30, 120, 70)),
        (Box(top=0, right=20, bottom=20, left=0), (0, 0, 40, 40)),
        (Box(top=80, right=200, bottom=100, left=180), (160, 60, 200, 100)),
        (Box(top=10, right=150, bottom=90, left=70), (60, 0, 160, 100)),
    ],
)
def test_it_stays_inside_the_picture(face: Box | None, shown: tuple[int, int, int, int]) -> None:
    assert square(np.zeros((100, 200, 3), np.uint8), face) == shown


def test_a_box_is_told_in_pixels_of_the_photo(models: Models) -> None:
    image = Image.open(BytesIO(jpeg("obama")))
    boxes = []
    for factor in (1, 3):
        file = BytesIO()
        image.resize((image.width * factor, image.height * factor)).save(file, "JPEG", quality=90)
        _, box = look_at_photo(models, file.getvalue())
        assert box is not None
        boxes.append(box)
    assert boxes[1].left / boxes[0].left == pytest.approx(3, rel=0.1)
    assert boxes[1].width / boxes[0].width == pytest.approx(3, rel=0.1)
