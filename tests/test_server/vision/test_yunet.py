"""YuNet finds faces, and the points that they are aligned by: those that OpenCV's own detector finds."""

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from server.vision.embedders.converted import OnnxNetwork, probe
from server.vision.picture import Picture
from server.vision.yunet import LEAST_SCORE, OpenCvYunet, Yunet, best_at, load_yunet
from server.vision.yunet_cells import padded
from server.weights import YUNET, read_weights
from tests.support.photos import MODEL_CACHE, photo
from wire import Box

WEIGHTS = read_weights(YUNET, Path("models"))
SAMPLES = ("obama", "obama2", "obama3", "biden")
SIZES = [(96, 96), (128, 128), (70, 85), (65, 97), (250, 190), (320, 321)]
"""Width and height in pixels."""


@lru_cache
def by_opencv() -> Yunet:
    return Yunet(OpenCvYunet(WEIGHTS))


@lru_cache
def quick() -> Yunet:
    if not (find_spec("onnx") and find_spec("onnxruntime")):
        pytest.skip("onnxruntime has no wheels here: OpenCV finds faces")
    found = load_yunet(WEIGHTS, MODEL_CACHE)
    assert isinstance(found._network, OnnxNetwork)
    return found


@pytest.fixture(params=[quick, by_opencv], ids=["onnxruntime", "opencv"])
def yunet(request: pytest.FixtureRequest) -> Yunet:
    loaded: Yunet = request.param()
    return loaded


@lru_cache
def portrait(name: str) -> Picture:
    return np.asarray(Image.open(photo(name)).convert("RGB"))


def resized(picture: Picture, size: tuple[int, int]) -> Picture:
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def group() -> Picture:
    """All of the samples, in colour, beside and below each other and partly outside."""
    large = np.hstack([resized(portrait(name), (150, 180)) for name in SAMPLES])
    small = np.hstack([resized(portrait(name), (90, 110)) for name in SAMPLES])
    crowd = np.vstack([large, np.pad(small, ((0, 0), (0, large.shape[1] - small.shape[1]), (0, 0)))])
    return crowd[:, 60:-60]


def wanted(picture: NDArray[np.uint8], least_score: float) -> NDArray[np.float32]:
    """What OpenCV's detector finds, float32[n, 15]."""
    detector = cv2.FaceDetectorYN.create(
        "onnx",
        np.frombuffer(WEIGHTS, np.uint8),
        np.empty(0, np.uint8),
        (picture.shape[1], picture.shape[0]),
        least_score,
        0.3,
        64,
    )
    to_bgr = cv2.COLOR_RGB2BGR if picture.ndim == 3 else cv2.COLOR_GRAY2BGR
    _, rows = detector.detect(cv2.cvtColor(picture, to_bgr))
    return np.empty((0, 15), np.float32) if rows is None else np.asarray(rows, np.float32)


def assert_same(yunet: Yunet, picture: NDArray[np.uint8], least_score: float = LEAST_SCORE) -> int:
    """That the faces are those of OpenCV's detector; returns how many."""
    faces, rows = yunet.detect(picture, least_score), wanted(picture, least_score)
    assert len(faces) == len(rows)
    for face, row in zip(faces, rows, strict=True):
        left, top, wide, high = row[:4]
        edges = np.array([top, left + wide, top + high, left])
        inside = edges.clip(0, np.array(picture.shape)[[0, 1, 0, 1]])
        np.testing.assert_allclose(face.box, inside, atol=0.55)  # whole pixels
        np.testing.assert_allclose(face.side, np.sqrt(wide * high), atol=0.05)
        np.testing.assert_allclose(face.points.ravel(), row[4:14], atol=0.05)
        assert face.score == pytest.approx(row[14], abs=1e-3)
    return len(faces)


def test_one_portrait_is_one_face_with_its_points(yunet: Yunet) -> None:
    (face,) = yunet.detect(portrait("obama"))
    right_eye, left_eye, nose, right_mouth, left_mouth = face.points
    assert face.score > 0.9
    assert right_eye[0] < nose[0] < left_eye[0] and right_mouth[0] < left_mouth[0]
    assert max(right_eye[1], left_eye[1]) < nose[1] < min(right_mouth[1], left_mouth[1])
    assert face.box.left < right_eye[0] and left_eye[0] < face.box.right


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("gray", [False, True])
def test_faces_are_those_of_opencvs_detector(size: tuple[int, int], gray: bool, yunet: Yunet) -> None:
    pictures = [resized(portrait(name), size) for name in SAMPLES]
    if gray:
        pictures = [np.asarray(cv2.cvtColor(each, cv2.COLOR_RGB2GRAY), np.uint8) for each in pictures]
    found = [assert_same(yunet, picture) for picture in pictures]
    assert sum(found) >= (2 if gray else 3)


def test_several_faces_are_those_of_opencvs_detector_the_best_first(yunet: Yunet) -> None:
    assert assert_same(yunet, group(), 0.5) >= 6
    scores = [face.score for face in yunet.detect(group())]
    assert scores == sorted(scores, reverse=True)


def textures() -> list[Picture]:
    noise = [np.random.default_rng(seed).integers(0, 256, (12, 16, 3), np.uint8) for seed in (0, 1)]
    return [probe(256)] + [np.asarray(cv2.resize(each, (256, 192)), np.uint8) for each in noise]


@pytest.mark.parametrize("picture", textures(), ids=["fine", "coarse", "another"])
def test_of_many_unlikely_faces_the_same_are_left(picture: Picture, yunet: Yunet) -> None:
    """There are more than are looked at, and many overlap about as much as they may."""
    assert assert_same(yunet, picture, 0.01) > 10


@pytest.mark.parametrize("shape", [(120, 160, 3), (96, 96), (1, 1), (1, 1, 3), (1, 40), (33, 2, 3)])
@pytest.mark.parametrize("light", [0, 128, 255])
def test_a_picture_without_faces_has_none(shape: tuple[int, ...], light: int, yunet: Yunet) -> None:
    assert yunet.detect(np.full(shape, light, np.uint8)) == []


def test_pictures_are_filled_up_with_black_to_whole_cells() -> None:
    colour = np.random.default_rng(2).integers(1, 255, (33, 64, 3), np.uint8)
    filled = padded(colour)
    assert filled.shape == (64, 64, 3) and filled.dtype == np.uint8
    np.testing.assert_array_equal(filled[:33], colour)
    assert not filled[33:].any()
    gray = padded(colour[..., 0])
    assert gray.shape == (64, 64, 3) and (gray[:33] == colour[..., :1]).all()


@pytest.mark.parametrize("shape", [(1, 1), (20, 100), (100, 32), (32, 33, 3)])
def test_strips_are_seen_alike_by_both(shape: tuple[int, ...]) -> None:
    """With one of the largest cells beside or below each other OpenCV, left alone, makes nonsense."""
    seen = padded(np.random.default_rng(3).integers(0, 256, shape, np.uint8))[np.newaxis]
    np.testing.assert_allclose(quick()._network(seen), by_opencv()._network(seen), atol=1e-4)


def test_the_best_overlap_is_taken(yunet: Yunet) -> None:
    faces = yunet.detect(portrait("biden"))
    assert best_at(faces, faces[0].box) is faces[0]
    assert best_at(faces, Box(0, 3, 3, 0)) is None
