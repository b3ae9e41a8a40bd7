"""Which faces are not fit to be compared, and what is wrong with them."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from server.access.seen import Flaw, Followed, Hints, PhotoFlaw
from server.vision.dlib_recognition import LIMITS as DLIB
from server.vision.faces import find_faces
from server.vision.frame import analyse_frame
from server.vision.models import Models
from server.vision.quality import UNEVEN, Limits, chip_sharpness, flaw, gray, photo_flaw, sidewards
from server.vision.recognition import embed
from server.vision.sface_recognition import LIMITS as SFACE
from tests.support.photos import photo
from tests.support.visits import encoded

RIGHT, LEFT, NOSE = (np.array(point, np.float64) for point in ((90, 50), (30, 50), (60, 90)))
"""60 apart."""
RANDOM = np.random.default_rng(0)

with_each = pytest.mark.parametrize(("limits", "side"), [(DLIB, 150), (SFACE, 112)], ids=["dlib", "sface"])


def chip(side: int, mean: float = 120.0, contrast: float = 30.0) -> NDArray[np.uint8]:
    return np.clip(RANDOM.normal(mean, contrast, (side, side)), 0, 255).astype(np.uint8)


def smooth(side: int) -> NDArray[np.uint8]:
    return np.asarray(120 + 60 * np.sin(np.arange(side) / 10)[None].repeat(side, 0), np.uint8)


@with_each
def test_a_sharp_frontal_well_lit_face_has_no_flaw(limits: Limits, side: int) -> None:
    assert flaw(chip(side), 0.0, 100, limits) is None


@with_each
def test_small_faces(limits: Limits, side: int) -> None:
    assert flaw(chip(side), 0.0, limits.width, limits) is None
    assert flaw(chip(side), 0.0, limits.width - 1, limits) is Flaw.TOO_SMALL


@with_each
def test_light(limits: Limits, side: int) -> None:
    def found(mean: float) -> Flaw | None:
        return flaw(chip(side, mean, 1.3 * limits.flat * mean), 0.0, 100, limits)

    assert found(limits.dark - 2) is Flaw.TOO_DARK and found(limits.dark + 2) is None
    assert found(limits.bright - 2) is None and found(limits.bright + 2) is Flaw.TOO_BRIGHT


@with_each
def test_fog(limits: Limits, side: int) -> None:
    spread = limits.flat * 120
    assert flaw(chip(side, 120, spread / 2), 0.0, 100, limits) is Flaw.TOO_BRIGHT
    assert flaw(chip(side, 120, 2 * spread), 0.0, 100, limits) is None


@with_each
@pytest.mark.parametrize("way", [-1, 1])
def test_a_turned_head(limits: Limits, side: int, way: int) -> None:
    for share, found in ((limits.away - 0.01, None), (limits.away + 0.01, Flaw.LOOKING_AWAY)):
        beside = sidewards(RIGHT, LEFT, NOSE + np.array((way * share * 60, 0)))
        assert abs(beside) == pytest.approx(share)
        assert flaw(chip(side), beside, 100, limits) is found


def test_a_head_on_one_side_is_not_turned() -> None:
    turn = np.array([(0.8, -0.6), (0.6, 0.8)])
    assert sidewards(turn @ RIGHT, turn @ LEFT, turn @ NOSE) == pytest.approx(0.0)


@with_each
def test_blur(limits: Limits, side: int) -> None:
    noisy = np.asarray(smooth(side) + RANDOM.normal(0, limits.sharpness, (side, side)), np.uint8)
    assert flaw(smooth(side), 0.0, 100, limits) is Flaw.TOO_BLURRED
    assert flaw(noisy, 0.0, 100, limits) is None
    assert flaw(smooth(side), 2 * limits.away, 100, limits) is Flaw.TOO_BLURRED, "whichever way it looks"


@with_each
def test_the_face_counts_and_not_what_is_around_it(limits: Limits, side: int) -> None:
    dark_behind = chip(side, 10, 5)
    dark_behind[limits.face] = chip(side)[limits.face]
    assert flaw(dark_behind, 0.0, 100, limits) is None


def test_gray_weighs_the_colours() -> None:
    picture = np.zeros((150, 150, 3), np.uint8)
    picture[..., 1] = 200
    assert gray(picture)[0, 0] == round(0.587 * 200)


def portrait(width: int = 640) -> NDArray[np.uint8]:
    picture = cv2.imread(str(photo("obama")))
    assert picture is not None
    return np.asarray(cv2.resize(picture, (width, width * picture.shape[0] // picture.shape[1])), np.uint8)


@pytest.mark.parametrize(
    ("spoilt", "found"),
    [
        (lambda picture: picture, None),
        (lambda picture: picture // 16, Flaw.TOO_DARK),
        (lambda picture: np.clip(picture.astype(int) * 3, 0, 255).astype(np.uint8), Flaw.TOO_BRIGHT),
        (lambda picture: cv2.GaussianBlur(picture, (0, 0), 9), Flaw.TOO_BLURRED),
    ],
)
def test_a_real_face_that_is_spoilt_says_what_is_wrong(
    models: Models, spoilt: object, found: Flaw | None
) -> None:
    assert callable(spoilt)
    clean = portrait()
    (box,) = find_faces(models, clean, 60)[:1]
    aligned = models.recognition.align(np.asarray(spoilt(clean), np.uint8), box)
    assert aligned is not None
    assert flaw(gray(aligned.chip), aligned.sidewards, box.width, models.recognition.limits) is found


def test_a_frame_tells_flaws_mirror_images_and_landmarks_where_they_are_wanted(models: Models) -> None:
    wanted = Hints(48, 4, 10**6)
    jpeg = encoded(portrait())
    (first,) = analyse_frame(models, jpeg, wanted).faces[:1]
    assert (first.flaw, first.landmarks) == (None, None) and first.mirrored is not None
    plain = Followed(first.box, first.patch, 0.25, False, 0.0)
    (second,) = analyse_frame(models, jpeg, replace(wanted, followed=(plain,))).faces[:1]
    assert second.embedding is not None and second.mirrored is None and second.landmarks is None
    full = replace(plain, mirrored=True, landmarks=True)
    (third,) = analyse_frame(models, jpeg, replace(wanted, followed=(full,))).faces[:1]
    assert third.mirrored is not None and third.landmarks is not None
    middle = third.landmarks.points.mean(axis=0)
    assert first.box.left < middle[0] < first.box.right and first.box.top < middle[1] < first.box.bottom
    dark = replace(wanted, followed=(full,))
    (fourth,) = analyse_frame(models, encoded(portrait() // 12), dark).faces[:1]
    assert fourth.flaw is Flaw.TOO_DARK and fourth.embedding is not None


def test_a_mirror_image_is_the_embedding_of_the_flipped_face(models: Models) -> None:
    picture = portrait()
    (box,) = find_faces(models, picture, 60)[:1]
    aligned = models.recognition.align(picture, box)
    assert aligned is not None
    flipped = replace(aligned, chip=np.ascontiguousarray(aligned.chip[:, ::-1]))
    ((plain, none), (again, mirrored)) = embed(models.recognition, [aligned, aligned], [False, True])
    ((expected, _),) = embed(models.recognition, [flipped], [False])
    assert none is None and mirrored is not None
    np.testing.assert_allclose(mirrored, expected, atol=1e-5)
    np.testing.assert_allclose(plain, again, atol=1e-5)
    assert embed(models.recognition, [], []) == []


def lit(side: int, left: float, right: float) -> NDArray[np.uint8]:
    """A chip whose halves are so bright."""
    bright = np.where(np.arange(side) < side // 2, left, right)
    return np.clip(RANDOM.normal(bright, 0.2 * bright, (side, side)), 0, 255).astype(np.uint8)


@with_each
def test_an_enrolment_photo_needs_even_light(limits: Limits, side: int) -> None:
    assert photo_flaw(lit(side, 120, 120), limits) is None
    assert photo_flaw(lit(side, 60, 60 * (UNEVEN - 0.2)), limits) is None
    assert photo_flaw(lit(side, 60, 60 * (UNEVEN + 0.2)), limits) is PhotoFlaw.UNEVEN_LIGHT
    assert photo_flaw(lit(side, 60 * (UNEVEN + 0.2), 60), limits) is PhotoFlaw.UNEVEN_LIGHT


@with_each
def test_an_enrolment_photo_is_judged_more_strictly_than_a_look(limits: Limits, side: int) -> None:
    assert photo_flaw(lit(side, limits.dark / 2, limits.dark / 2), limits) is PhotoFlaw.TOO_DARK
    assert photo_flaw(lit(side, 250, 250), limits) is PhotoFlaw.TOO_BRIGHT
    faint = 0.9 if limits is SFACE else 0.3
    between = np.asarray(smooth(side) + RANDOM.normal(0, faint, (side, side)), np.uint8)
    assert limits.sharpness < chip_sharpness(between) < limits.photo_sharpness
    assert (flaw(between, 0.0, 100, limits), photo_flaw(between, limits)) == (None, PhotoFlaw.TOO_BLURRED)


@pytest.mark.parametrize("angle", [0, 45, 90, 135])
def test_motion_in_any_direction_is_blur(angle: int) -> None:
    streak = np.zeros((15, 15), np.float32)
    streak[7] = 1
    turned = cv2.warpAffine(streak, cv2.getRotationMatrix2D((7, 7), angle, 1), (15, 15))
    moved = np.asarray(cv2.filter2D(chip(112), -1, turned / turned.sum()), np.uint8)
    assert chip_sharpness(moved) < 0.1 * chip_sharpness(chip(112))
