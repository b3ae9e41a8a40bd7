"""Faces are aligned as OpenCV does it, by points that are found around a box."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from server.vision.alignment import LEAST_SCORE, TEMPLATE, VIEW, align, find_points, similarity
from server.vision.boxes import overlap
from server.vision.embedders.sface import OpenCvEmbedder
from server.vision.picture import Picture
from server.vision.yunet import Yunet, YunetFace, load_yunet
from server.weights import SFACE, YUNET, read_weights
from tests.support.photos import MODEL_CACHE, photo
from wire import Box

SAMPLES = ("obama", "obama2", "obama3", "biden")


@pytest.fixture(scope="module")
def yunet() -> Yunet:
    return load_yunet(read_weights(YUNET, Path("models")), MODEL_CACHE)


def picture(name: str) -> Picture:
    """Small enough for YuNet to see the face well."""
    image = Image.open(photo(name)).convert("RGB")
    image.thumbnail((400, 400))
    return np.asarray(image)


def eyes(face: YunetFace) -> float:
    """Their distance in pixels."""
    return float(np.linalg.norm(face.points[1] - face.points[0]))


@pytest.mark.parametrize("name", SAMPLES)
def test_a_face_is_aligned_as_opencv_does_it(name: str, yunet: Yunet) -> None:
    seen = picture(name)
    (face, *_) = yunet.detect(seen)
    box = (face.box.left, face.box.top, face.box.width, face.box.height)
    row = np.array([[*box, *face.points.ravel(), face.score]], np.float32)
    recogniser = OpenCvEmbedder(read_weights(SFACE, Path("models")))._network
    wanted = recogniser.alignCrop(cv2.cvtColor(seen, cv2.COLOR_RGB2BGR), row)[:, :, ::-1]
    difference = np.abs(align(seen, face.points).astype(int) - wanted)
    assert difference.max() <= 8 and (difference > 1).mean() < 0.002  # at sharp edges, by rounding


def test_points_are_turned_scaled_and_shifted_but_not_mirrored() -> None:
    turned = TEMPLATE @ [(0.0, -3.0), (3.0, 0.0)] + (40, 50)
    back = similarity(turned, TEMPLATE)
    np.testing.assert_allclose(turned @ back[:, :2].T + back[:, 2], TEMPLATE, atol=1e-9)
    mirrored = TEMPLATE * (-1, 1)
    assert np.linalg.det(similarity(mirrored, TEMPLATE)[:, :2]) > 0


def test_what_lies_outside_of_the_picture_is_black() -> None:
    chip = align(np.full((60, 112, 3), 200, np.uint8), TEMPLATE)
    assert chip.shape == (112, 112, 3) and chip.dtype == np.uint8
    assert (chip[:59] == 200).all() and not chip[61:].any()


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("scale", [0.3, 1.0, 4.0])
def test_the_points_around_a_box_are_those_of_the_picture(name: str, scale: float, yunet: Yunet) -> None:
    seen = picture(name)
    (face, *_) = yunet.detect(seen)
    other = np.asarray(cv2.resize(seen, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    found = find_points(yunet, other, Box(*(round(side * scale) for side in face.box)))
    assert found is not None
    error = np.linalg.norm((found + 0.5) / scale - 0.5 - face.points, axis=1).mean()
    assert error < 0.15 * eyes(face)


@pytest.mark.parametrize("edge", ["top", "left", "bottom", "right"])
def test_a_face_at_the_edge_has_its_points(edge: str, yunet: Yunet) -> None:
    seen = picture("obama")
    (face, *_) = yunet.detect(seen)
    box = face.box
    cut = Box(0, seen.shape[1], seen.shape[0], 0)._replace(**{edge: getattr(box, edge)})
    moved = Box(box.top - cut.top, box.right - cut.left, box.bottom - cut.top, box.left - cut.left)
    found = find_points(yunet, seen[cut.top : cut.bottom, cut.left : cut.right], moved)
    assert found is not None
    error = np.linalg.norm(found - face.points + np.array((cut.left, cut.top)), axis=1).mean()
    assert error < 0.2 * eyes(face)


def test_where_no_face_is_there_are_no_points(yunet: Yunet) -> None:
    assert find_points(yunet, np.full((200, 300, 3), 128, np.uint8), Box(50, 150, 150, 50)) is None


def test_a_neighbours_points_are_not_taken(yunet: Yunet) -> None:
    seen = picture("obama")
    (face, *_) = yunet.detect(seen)
    beside = face.box._replace(
        left=face.box.left - face.box.width * 3 // 4, right=face.box.right - face.box.width * 3 // 4
    )
    assert overlap(beside, face.box) > 0
    assert find_points(yunet, seen, beside) is None


class Spy(Yunet):
    """Notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[tuple[int, ...], float]] = []

    def detect(self, picture: Picture, least_score: float = 0.6) -> list[YunetFace]:
        self.asked.append((picture.shape, least_score))
        return []


@pytest.mark.parametrize(
    ("shape", "box"),
    [
        ((480, 640), Box(100, 300, 300, 100)),
        ((8192, 8192), Box(0, 8192, 8192, 0)),
        ((30, 30), Box(29, 30, 30, 29)),
        ((100, 100), Box(0, 100, 1, 0)),
    ],
)
def test_the_work_does_not_depend_on_the_sizes(shape: tuple[int, int], box: Box) -> None:
    spy = Spy()
    assert find_points(spy, np.zeros((*shape, 3), np.uint8), box) is None
    assert spy.asked == [((VIEW, VIEW, 3), LEAST_SCORE)]
