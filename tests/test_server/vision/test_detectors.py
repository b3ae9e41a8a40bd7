"""YuNet finds what HOG finds and more, in boxes as HOG draws them; HOG stands in for it."""

import logging
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from server.vision.boxes import SAME_PLACE, overlap
from server.vision.detection import Detector, Found
from server.vision.detectors import load_detector
from server.vision.hog import HogDetector
from server.vision.picture import GrayView, JpegFrame, Picture, decode_photo
from server.vision.yunet import Yunet, load_yunet
from server.vision.yunet_detector import ALIGNED_SIDE, SEARCHED_SIDE, YunetDetector
from server.weights import YUNET, WeightsError, read_weights
from tests.support.photos import DATA, MODEL_CACHE, photo
from tests.support.visits import encoded
from wire import Box

PEOPLE = ("obama", "obama2", "obama3", "biden")
HAMILTON = DATA / "stream" / "hamilton.mp4"
AUDIENCE, PROFILE = 240, Box(100, 447, 180, 366)
"""A frame of it, and where a woman in profile is in it."""


def network() -> Yunet:
    return load_yunet(read_weights(YUNET, Path("models")), MODEL_CACHE)


@pytest.fixture(scope="module")
def yunet() -> Detector:
    found = load_detector(network)
    assert isinstance(found, YunetDetector)
    return found


@pytest.fixture(scope="module")
def hog() -> Detector:
    return HogDetector()


def portrait(name: str, face: int, light: float = 1.0) -> JpegFrame:
    """A photo at the scale at which HOG's box is about `face` pixels wide."""
    picture = cv2.imread(str(photo(name)))
    assert picture is not None
    picture = cv2.resize(picture, None, fx=(scale := 500 / max(picture.shape)), fy=scale)
    (box,) = HogDetector().photo(rgb(picture), 60)
    scale = face / box.width
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    noise = np.random.default_rng(1).normal(0, 4, small.shape) if light < 1 else 0
    return JpegFrame(encoded(np.clip(small * light + noise, 0, 255).astype(np.uint8)), 10**7)


def rgb(picture: NDArray[Any]) -> Picture:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)


def searched(detector: Detector, frame: JpegFrame, min_face: int = 48) -> list[Found]:
    return detector.search(frame, Box(0, frame.width, frame.height, 0), min_face)


def audience() -> JpegFrame:
    video = cv2.VideoCapture(str(HAMILTON))
    video.set(cv2.CAP_PROP_POS_FRAMES, AUDIENCE)
    there, picture = video.read()
    assert there
    return JpegFrame(encoded(picture), 10**7)


@pytest.mark.parametrize("name", PEOPLE)
def test_boxes_mean_the_same_whoever_has_found_the_face(yunet: Detector, hog: Detector, name: str) -> None:
    frame = portrait(name, 100)
    (one,), (other,) = searched(yunet, frame), searched(hog, frame)
    assert overlap(one.box, other.box) > 0.69
    assert one.sure and other.sure and one.box.width == pytest.approx(one.box.height, abs=1)


def test_faces_that_are_too_small_are_not_wanted(yunet: Detector) -> None:
    frame = portrait("biden", 40)
    assert searched(yunet, frame, 60) == []
    assert len(searched(yunet, frame, 40)) == 1


@pytest.mark.parametrize("name", ["obama3", "biden"])
def test_a_face_in_the_dark_is_found_where_hog_finds_none(yunet: Detector, hog: Detector, name: str) -> None:
    frame = portrait(name, 60, light=0.12)
    assert len(searched(yunet, frame)) == 1 and searched(hog, frame) == []


def test_only_the_region_is_searched(yunet: Detector) -> None:
    frame = portrait("obama", 80)
    (face,) = searched(yunet, frame)
    box = face.box
    around = Box(max(0, box.top - 60), box.right + 60, box.bottom + 60, max(0, box.left - 60))
    (again,) = yunet.search(frame, around, 48)
    assert overlap(again.box, box) > 0.8
    assert yunet.search(frame, Box(0, max(1, box.left), frame.height, 0), 48) == []


@pytest.mark.parametrize("region", [Box(5, 5, 5, 5), Box(0, 1, 200, 0), Box(0, 0, 0, 0), Box(9, 40, 10, 0)])
def test_a_region_without_room_for_a_face_has_none(yunet: Detector, region: Box) -> None:
    assert yunet.search(portrait("obama", 80), region, 48) == []


def test_points_come_where_the_face_was_seen_well_enough_to_align_it(yunet: Detector) -> None:
    """In pixels of the frame, whatever was searched."""
    wide = 200
    frame = portrait("biden", wide)
    small, enough = (searched(yunet, frame, SEARCHED_SIDE * wide // side) for side in (30, 2 * ALIGNED_SIDE))
    assert [face.points for face in small] == [None]
    points = enough[0].points
    assert points is not None and points.shape == (5, 2)
    (near,) = yunet.near(frame.gray(1.0), enough[0].box, 0.3)
    assert near.points is not None and np.abs(near.points - points).max() < 0.06 * wide
    assert points[0, 0] < points[2, 0] < points[1, 0] and points[0, 1] < points[2, 1] < points[3, 1]


def test_a_followed_face_is_found_beside_its_place(yunet: Detector, hog: Detector) -> None:
    frame = portrait("biden", 90)
    (face,) = searched(hog, frame)
    before = Box(face.box.top + 15, face.box.right + 20, face.box.bottom + 15, face.box.left + 20)
    for detector in (yunet, hog):
        (found,) = detector.near(frame.gray(1.0), before, 0.4)
        assert overlap(found.box, face.box) > 0.69


def test_a_small_face_within_the_place_of_a_large_one_is_another(yunet: Detector) -> None:
    """A face on a shirt, or somebody behind, must not continue the track of who has left."""
    frame = portrait("obama", 60)
    (face,) = searched(yunet, frame)
    view, side = frame.gray(1.0), face.box.width // 2
    enclosing = Box(face.box.top - side, face.box.right + side, face.box.bottom + side, face.box.left - side)
    inside = Box(max(0, enclosing.top), enclosing.right, enclosing.bottom, max(0, enclosing.left))
    assert yunet.near(view, face.box, 0.3) != []
    assert yunet.near(view, inside, 0.3) == []


def test_a_profile_is_followed_but_no_newcomer(yunet: Detector, hog: Detector) -> None:
    """Who passes by has not come to the door; who has come may turn the head."""
    frame = audience()
    view = frame.gray(1.0)
    (woman,) = [face for face in yunet.near(view, PROFILE, 0.2) if overlap(face.box, PROFILE) > 0.5]
    assert not woman.sure and not woman.frontal
    assert hog.near(view, PROFILE, 0.2) == []
    others = searched(yunet, frame)
    assert others and all(overlap(face.box, PROFILE) < SAME_PLACE for face in others)


def test_frontal_is_who_looks_ahead(yunet: Detector) -> None:
    (ahead,) = searched(yunet, portrait("obama", 100))
    assert ahead.frontal


class Blind(HogDetector):
    def __init__(self) -> None:
        super().__init__(detector=object())

    def photo(self, picture: Picture, min_face: int) -> list[Box]:
        return []


def test_of_photos_hogs_faces_count_and_yunets_only_without_them(yunet: Detector, hog: Detector) -> None:
    picture, _ = decode_photo(photo("biden").read_bytes(), 10**8, 1000)
    assert yunet.photo(picture, 50) == hog.photo(picture, 50)
    (box,) = YunetDetector(network(), Blind()).photo(picture, 50)
    assert overlap(box, hog.photo(picture, 50)[0]) > 0.69


def test_without_yunets_weights_hog_finds_the_faces_and_the_log_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def missing() -> Yunet:
        raise WeightsError("the face detector YuNet: there is none; pip install it")

    with caplog.at_level(logging.WARNING):
        assert isinstance(load_detector(missing), HogDetector)
    (record,) = caplog.records
    assert "HOG" in record.getMessage() and "pip install it" in record.getMessage()


def test_with_them_there_is_nothing_to_say(caplog: pytest.LogCaptureFixture) -> None:
    load_detector(network)
    assert caplog.records == []


def test_gray_and_colour_views_are_told_apart(yunet: Detector) -> None:
    """A followed face is searched in gray, which the network takes as well."""
    frame = portrait("obama2", 100)
    gray = frame.gray(1.0)
    assert isinstance(gray, GrayView) and gray.pixels.ndim == 2
    (face,) = searched(yunet, frame)
    assert [overlap(each.box, face.box) > 0.7 for each in yunet.near(gray, face.box, 0.2)] == [True]
