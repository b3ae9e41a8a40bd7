"""YuNet finds faces, and the points that they are aligned by."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from server.vision.yunet import Yunet, best_at
from server.weights import YUNET, read_weights
from tests.support.photos import photo
from wire import Box


@pytest.fixture(scope="module")
def yunet() -> Yunet:
    return Yunet(read_weights(YUNET, Path("models")))


def test_one_portrait_is_one_face_with_its_points(yunet: Yunet) -> None:
    (face,) = yunet.detect(np.asarray(Image.open(photo("obama")).convert("RGB")))
    right_eye, left_eye, nose, right_mouth, left_mouth = face.points
    assert face.score > 0.9
    assert right_eye[0] < nose[0] < left_eye[0] and right_mouth[0] < left_mouth[0]
    assert max(right_eye[1], left_eye[1]) < nose[1] < min(right_mouth[1], left_mouth[1])
    assert face.box.left < right_eye[0] and left_eye[0] < face.box.right


def test_a_picture_without_faces_has_none(yunet: Yunet) -> None:
    assert yunet.detect(np.full((120, 160, 3), 128, np.uint8)) == []


def test_the_best_overlap_is_taken(yunet: Yunet) -> None:
    faces = yunet.detect(np.asarray(Image.open(photo("biden")).convert("RGB")))
    assert best_at(faces, faces[0].box) is faces[0]
    assert best_at(faces, Box(0, 3, 3, 0)) is None
