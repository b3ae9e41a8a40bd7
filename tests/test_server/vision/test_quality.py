"""Which faces are not fit to be compared, and what is wrong with them."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from server.access.seen import Flaw, Followed, Hints
from server.vision.faces import align, embed, find_faces
from server.vision.frame import analyse_frame
from server.vision.models import Models
from server.vision.quality import AWAY, BRIGHT, DARK, FLAT, MIN_SHARPNESS, MIN_WIDTH, flaw, gray, sidewards
from tests.support.photos import photo
from tests.support.visits import encoded

AHEAD = np.array([(100, 50), (80, 50), (20, 50), (40, 50), (60, 90)], np.float64)
"""Corners of one eye, of the other, base of the nose; the eyes' middles are 60 apart."""
RANDOM = np.random.default_rng(0)


def chip(mean: float = 120.0, contrast: float = 30.0) -> NDArray[np.uint8]:
    return np.clip(RANDOM.normal(mean, contrast, (150, 150)), 0, 255).astype(np.uint8)


def smooth(contrast: float) -> NDArray[np.uint8]:
    return np.asarray(120 + contrast * np.sin(np.arange(150) / 10)[None].repeat(150, 0), np.uint8)


def test_a_sharp_frontal_well_lit_face_has_no_flaw() -> None:
    assert flaw(chip(), AHEAD, 100) is None


@pytest.mark.parametrize(("width", "found"), [(MIN_WIDTH - 1, Flaw.TOO_SMALL), (MIN_WIDTH, None)])
def test_small_faces(width: int, found: Flaw | None) -> None:
    assert flaw(chip(), AHEAD, width) is found


@pytest.mark.parametrize(
    ("mean", "found"),
    [(DARK - 2, Flaw.TOO_DARK), (DARK + 2, None), (BRIGHT - 2, None), (BRIGHT + 2, Flaw.TOO_BRIGHT)],
)
def test_light(mean: float, found: Flaw | None) -> None:
    assert flaw(chip(mean, 2 * FLAT), AHEAD, 100) is found


@pytest.mark.parametrize(("contrast", "found"), [(FLAT / 2, Flaw.TOO_BRIGHT), (2 * FLAT, None)])
def test_fog(contrast: float, found: Flaw | None) -> None:
    assert flaw(chip(120, contrast), AHEAD, 100) is found


@pytest.mark.parametrize("side", [-1, 1])
@pytest.mark.parametrize(("share", "found"), [(AWAY - 0.01, None), (AWAY + 0.01, Flaw.LOOKING_AWAY)])
def test_a_turned_head(side: int, share: float, found: Flaw | None) -> None:
    points = AHEAD.copy()
    points[4, 0] += side * share * 60
    assert abs(sidewards(points)) == pytest.approx(share)
    assert flaw(chip(), points, 100) is found


def test_a_head_on_one_side_is_not_turned() -> None:
    turn = np.array([(0.8, -0.6), (0.6, 0.8)])
    assert sidewards(AHEAD @ turn.T) == pytest.approx(0.0)


def test_blur() -> None:
    assert flaw(smooth(60), AHEAD, 100) is Flaw.TOO_BLURRED
    assert (
        flaw(np.asarray(smooth(60) + RANDOM.normal(0, MIN_SHARPNESS, (150, 150)), np.uint8), AHEAD, 100)
        is None
    )


def test_the_face_counts_and_not_what_is_around_it() -> None:
    dark_behind = chip(10, 5)
    dark_behind[35:125, 30:120] = chip()[35:125, 30:120]
    assert flaw(dark_behind, AHEAD, 100) is None


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
        (lambda picture: np.clip(picture.astype(int) * 6, 0, 255).astype(np.uint8), Flaw.TOO_BRIGHT),
        (lambda picture: cv2.GaussianBlur(picture, (0, 0), 9), Flaw.TOO_BLURRED),
    ],
)
def test_a_real_face_that_is_spoilt_says_what_is_wrong(
    models: Models, spoilt: object, found: Flaw | None
) -> None:
    assert callable(spoilt)
    clean = portrait()
    (box,) = find_faces(models, clean, 60)[:1]
    aligned = align(models, np.asarray(spoilt(clean), np.uint8), box)
    assert flaw(gray(aligned.chip), aligned.points, box.width) is found


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
    aligned = align(models, picture, box)
    flipped = replace(aligned, chip=np.ascontiguousarray(aligned.chip[:, ::-1]))
    ((plain, none), (again, mirrored)) = embed(models, [aligned, aligned], [False, True])
    ((expected, _),) = embed(models, [flipped], [False])
    assert none is None and mirrored is not None
    np.testing.assert_allclose(mirrored, expected, atol=1e-5)
    np.testing.assert_allclose(plain, again, atol=1e-5)
    assert embed(models, [], []) == []
