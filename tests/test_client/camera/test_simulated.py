"""The simulated camera."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from client.camera.simulated import (
    EMPTY_SECONDS,
    HEIGHT,
    SECONDS,
    VISIT_SECONDS,
    WIDTH,
    fitted,
    frame_at,
    visit_frames,
)

PHOTO = np.full((900, 600, 3), (40, 200, 240), np.uint8)


def visitor(frame: NDArray[Any]) -> NDArray[Any]:
    """Where the photo is in the picture."""
    near: NDArray[Any] = np.abs(frame.astype(int) - PHOTO[0, 0]).max(axis=2) < 50
    return near


def test_same_photo_time_and_seed_give_the_same_picture() -> None:
    assert (frame_at(PHOTO, 3.2, 5) == frame_at(PHOTO, 3.2, 5)).all()
    assert (frame_at(PHOTO, 3.2, 5) != frame_at(PHOTO, 3.2, 6)).any()


def test_a_picture_is_what_a_camera_gives() -> None:
    frame = frame_at(PHOTO, 3)
    assert frame.shape == (480, 640, 3) and frame.dtype == np.uint8


@pytest.mark.parametrize("seconds", [0, EMPTY_SECONDS - 0.01, EMPTY_SECONDS + VISIT_SECONDS, SECONDS])
def test_the_scene_is_empty_before_and_after(seconds: float) -> None:
    frame = frame_at(PHOTO, seconds)
    assert not visitor(frame).any()
    assert 1 < frame.std() < 10, "dark, with noise"


@pytest.mark.parametrize("shape", [(900, 600), (600, 900), (120, 90), (3000, 500)])
def test_the_whole_photo_stays_in_view(shape: tuple[int, int]) -> None:
    photo = np.full((*shape, 3), PHOTO[0, 0], np.uint8)
    for seconds in np.arange(EMPTY_SECONDS, EMPTY_SECONDS + VISIT_SECONDS, 0.25):
        seen = visitor(frame_at(photo, float(seconds), 3))
        fit = min(WIDTH / shape[1], HEIGHT / shape[0])
        assert 0.65 < seen.sum() / (shape[0] * shape[1] * fit**2) < 1
        assert not seen[0].any(), "the head is not cropped"


def test_the_visitor_moves_a_little() -> None:
    centres = [
        np.argwhere(visitor(frame_at(PHOTO, EMPTY_SECONDS + float(t)))).mean(axis=0)
        for t in np.arange(0, 6, 0.5)
    ]
    spread = np.ptp(centres, axis=0)
    assert 3 < spread[0] < 48 and 10 < spread[1] < 64


def test_light_and_noise_vary() -> None:
    empty = [frame_at(PHOTO, t).astype(int) for t in (0.0, 0.1, 1.2)]
    assert (empty[0] != empty[1]).mean() > 0.5
    assert abs(empty[0].mean() - empty[2].mean()) > 0.5


def test_fitting_twice_changes_nothing() -> None:
    small = fitted(PHOTO)
    assert small.shape == (480, 320, 3)
    assert fitted(small) is small
    assert (frame_at(PHOTO, 3) == frame_at(small, 3)).all()


def test_a_visit_takes_nine_seconds() -> None:
    frames = list(visit_frames(PHOTO, fps=2))
    assert len(frames) == 18
    assert [bool(visitor(frame).any()) for frame in frames] == [False] * 3 + [True] * 12 + [False] * 3
