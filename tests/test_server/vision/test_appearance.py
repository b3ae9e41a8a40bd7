"""Noticing that another face may be in the same place."""

from itertools import combinations

import cv2
import numpy as np

from client.camera.simulated import EMPTY_SECONDS, frame_at
from server.vision.appearance import SAME_LOOK, correlation, patch, sharpness
from server.vision.faces import find_faces
from server.vision.models import Models
from server.vision.picture import GrayView, Picture
from tests.support.photos import photo
from wire import Box

SAMPLES = ("obama", "obama2", "obama3", "biden")


def gray(name: str) -> tuple[GrayView, Picture]:
    picture = cv2.imread(str(photo(name)))
    assert picture is not None
    view = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    return GrayView(np.asarray(view, np.uint8), picture.shape[1], picture.shape[0]), np.asarray(
        cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8
    )


def face_patch(models: Models, name: str) -> bytes:
    view, picture = gray(name)
    return patch(view.pixels, find_faces(models, picture, 80)[0], 1.0)


def test_different_people_in_one_place_do_not_look_the_same(models: Models) -> None:
    patches = {name: face_patch(models, name) for name in SAMPLES}
    for one, other in combinations(SAMPLES, 2):
        assert correlation(patches[one], patches[other]) < SAME_LOOK


def test_nor_do_they_in_the_same_side_light(models: Models) -> None:
    """Light that falls off across the face is the strongest thing in a plain comparison."""
    light = np.linspace(1.0, 0.15, 16)
    lit = {}
    for name in SAMPLES:
        cells = np.frombuffer(face_patch(models, name), np.uint8).reshape(16, 16)
        lit[name] = (cells * light).astype(np.uint8).tobytes()
    for one, other in combinations(SAMPLES, 2):
        assert correlation(lit[one], lit[other]) < SAME_LOOK
    assert correlation(lit["obama"], face_patch(models, "obama")) > SAME_LOOK


def test_the_same_person_a_moment_later_looks_the_same() -> None:
    picture = cv2.imread(str(photo("obama")))
    assert picture is not None
    box = Box(80, 365, 165, 275)
    for at in range(30):
        seconds = EMPTY_SECONDS + at / 10
        now, later = (
            np.asarray(cv2.cvtColor(frame_at(picture, moment), cv2.COLOR_BGR2GRAY), np.uint8)
            for moment in (seconds, seconds + 1 / 30)
        )
        assert correlation(patch(now, box, 1.0), patch(later, box, 1.0)) > SAME_LOOK


def test_light_and_contrast_do_not_matter_and_a_flat_patch_is_like_nothing() -> None:
    one = np.random.default_rng(0).integers(50, 100, (16, 16), np.uint8)
    assert correlation(one.tobytes(), (one * 2 + 10).tobytes()) > 0.99
    assert correlation(one.tobytes(), (255 - one).tobytes()) < -0.9
    flat = np.full((16, 16), 7, np.uint8).tobytes()
    assert correlation(one.tobytes(), flat) == correlation(flat, flat) == 0


def test_a_patch_is_the_same_at_any_scale_of_the_view() -> None:
    view, _ = gray("obama")
    box = Box(200, 480, 440, 240)
    half = cv2.resize(view.pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    small = np.asarray(half, np.uint8)
    assert correlation(patch(view.pixels, box, 1.0), patch(small, box, 0.5)) > 0.99


def test_blur_lowers_sharpness_and_size_does_not_change_the_scale() -> None:
    view, _ = gray("obama")
    box = Box(100, 500, 500, 100)
    blurred = np.asarray(cv2.GaussianBlur(view.pixels, (0, 0), 12), np.uint8)
    assert sharpness(blurred, box, 1.0) < 0.3 * sharpness(view.pixels, box, 1.0)


def test_boxes_of_no_extent_at_a_reduced_scale_are_one_pixel() -> None:
    view = np.zeros((10, 10), np.uint8)
    assert patch(view, Box(8, 10, 10, 8), 0.1) == bytes(256)
    assert sharpness(view, Box(8, 10, 10, 8), 0.1) == 0.0
