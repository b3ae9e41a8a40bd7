"""What is wrong with a camera, and what is only weather: each state after a while, and none that flaps."""

from collections.abc import Callable, Iterable
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from server.access.camera import HOLD_SECONDS, Camera, CameraState
from server.access.seen import Analysis, Face, grid_shape
from server.vision import motion
from tests.support.photos import DATA
from wire import Box

DARK, COVERED, FROZEN, MOVED, OK = (
    CameraState.DARK,
    CameraState.COVERED,
    CameraState.FROZEN,
    CameraState.MOVED,
    CameraState.OK,
)
MIN_FACE = 24
SECONDS = 0.5
"""Between two frames of a door at which nothing happens."""
FACE = Face(Box(100, 300, 300, 100), None)
Gray = NDArray[np.uint8]
RANDOM = np.random.default_rng(5)


class Terminal:
    """A camera that is shown pictures, and the states it has told."""

    def __init__(self) -> None:
        self.camera = Camera(MIN_FACE)
        self.now = 0.0
        self.told: list[CameraState] = []

    def show(self, picture: NDArray[np.generic], seconds: float, faces: tuple[Face, ...] = ()) -> None:
        """The picture for a while, no two times in a row with the same noise of a sensor."""
        seen = [with_noise(picture) for _ in range(4)]
        for at in range(int(seconds / SECONDS)):
            self.see(seen[at % len(seen)], faces)

    def see(self, picture: Gray, faces: tuple[Face, ...] = (), jpeg: bytes | None = None) -> None:
        self.now += SECONDS
        height, width = picture.shape
        scene = motion.signature(picture, grid_shape(width, height, MIN_FACE))
        analysis = Analysis(width, height, faces, scene=scene.tobytes())
        if self.camera.see(jpeg or picture.tobytes(), analysis, self.now):
            self.told.append(self.camera.state)


def with_noise(picture: NDArray[np.generic]) -> Gray:
    noisy = picture.astype(np.float64) + RANDOM.normal(0, 3, picture.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def hallway() -> Gray:
    """A corridor with a door, a picture, a plant and a sign."""
    scene = np.tile(np.linspace(70, 150, 320), (240, 1)).astype(np.uint8)
    cv2.rectangle(scene, (100, 30), (190, 239), 40, -1)
    cv2.rectangle(scene, (230, 45), (300, 95), 210, -1)
    cv2.rectangle(scene, (240, 52), (290, 87), 90, -1)
    cv2.circle(scene, (45, 165), 30, 30, -1)
    cv2.rectangle(scene, (20, 30), (70, 55), 230, 3)
    return scene


HALLWAY = hallway()
ELSEWHERE = np.roll(HALLWAY, 85, axis=1)
MINUTES = 60.0
LEARNT = 2 * MINUTES


@pytest.fixture
def terminal() -> Terminal:
    terminal = Terminal()
    terminal.show(HALLWAY, LEARNT)
    assert terminal.told == []
    return terminal


def covered(picture: Gray) -> NDArray[np.float64]:
    """A hand or a sticker on the lens."""
    return np.asarray(cv2.GaussianBlur(picture.astype(np.float64), (0, 0), picture.shape[1] / 8) * 0.5)


@pytest.mark.parametrize(
    ("broken", "state"),
    [
        (HALLWAY * 0.04, DARK),
        (np.zeros_like(HALLWAY), DARK),
        (covered(HALLWAY), COVERED),
        (np.full_like(HALLWAY, 128), COVERED),
        (np.full_like(HALLWAY, 250), COVERED),
    ],
)
def test_a_picture_without_anything_to_see_is_told_once_and_so_is_its_end(
    terminal: Terminal, broken: NDArray[np.generic], state: CameraState
) -> None:
    terminal.show(broken, HOLD_SECONDS - 1)
    assert terminal.told == []
    terminal.show(broken, 60.0)
    assert terminal.told == [state]
    terminal.show(HALLWAY, HOLD_SECONDS - 1)
    assert terminal.told == [state]
    terminal.show(HALLWAY, 60.0)
    assert terminal.told == [state, OK]


def test_a_lens_covered_for_a_moment_or_again_and_again_is_no_state(terminal: Terminal) -> None:
    for _ in range(10):
        terminal.show(covered(HALLWAY), HOLD_SECONDS / 2)
        terminal.show(HALLWAY, HOLD_SECONDS / 2)
    assert terminal.told == []


def test_light_about_the_limit_does_not_flap(terminal: Terminal) -> None:
    level = float(np.percentile(HALLWAY, 90))
    for _ in range(10):
        terminal.show(HALLWAY * (15 / level), 2 * HOLD_SECONDS)
        terminal.show(HALLWAY * (20 / level), 2 * HOLD_SECONDS)
    assert terminal.told == [DARK]


def test_contrast_about_the_limit_does_not_flap(terminal: Terminal) -> None:
    for _ in range(10):
        for share in (0.05, 0.2):
            terminal.show(covered(HALLWAY) * (1 - share) + HALLWAY * (0.5 * share), 2 * HOLD_SECONDS)
    assert terminal.told == [COVERED]


def test_whoever_is_seen_is_not_in_the_dark_and_stands_before_no_covered_lens(terminal: Terminal) -> None:
    for picture in (HALLWAY * 0.04, covered(HALLWAY)):
        terminal.show(picture, 60.0, (FACE,))
    assert terminal.told == []


def test_the_very_same_picture_again_and_again_is_frozen(terminal: Terminal) -> None:
    for _ in range(int(HOLD_SECONDS / SECONDS) - 1):
        terminal.see(HALLWAY, jpeg=b"the same")
    assert terminal.told == []
    for _ in range(20):
        terminal.see(HALLWAY, (FACE,), jpeg=b"the same")
    assert terminal.told == [FROZEN]
    terminal.show(HALLWAY, 30.0)
    assert terminal.told == [FROZEN, OK]


def test_a_still_scene_with_a_sensors_noise_is_not_frozen(terminal: Terminal) -> None:
    terminal.show(HALLWAY, 10 * MINUTES)
    assert terminal.told == []


def test_a_frozen_picture_that_moves_now_and_then_stays_frozen(terminal: Terminal) -> None:
    for number in range(8):
        for _ in range(int(3 * HOLD_SECONDS / SECONDS)):
            terminal.see(HALLWAY, jpeg=b"%d" % number)
    assert terminal.told == [FROZEN]


@pytest.mark.parametrize(
    "elsewhere",
    [ELSEWHERE, HALLWAY[::-1, ::-1], np.roll(HALLWAY, 60, axis=0), cv2.resize(HALLWAY.T, (320, 240))],
)
def test_a_camera_that_was_turned_is_told_until_it_is_turned_back(
    terminal: Terminal, elsewhere: Gray
) -> None:
    terminal.show(elsewhere, 50.0)
    assert terminal.told == []
    terminal.show(elsewhere, 20.0)
    assert terminal.told == [MOVED]
    terminal.show(HALLWAY, 20.0)
    assert terminal.told == [MOVED, OK]


def test_after_minutes_the_new_place_is_the_one_that_belongs_there(terminal: Terminal) -> None:
    terminal.show(ELSEWHERE, 15 * MINUTES)
    assert terminal.told == [MOVED, OK]
    terminal.show(HALLWAY, 2 * MINUTES)
    assert terminal.told == [MOVED, OK, MOVED]


def lit(light: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> NDArray[np.float64]:
    return light(HALLWAY / 255) * 255


@pytest.mark.parametrize(
    "scene",
    [
        lit(lambda level: level**0.5),
        lit(lambda level: level**2),
        lit(lambda level: level * 0.3),
        lit(lambda level: level * np.linspace(0.3, 1.3, 320)),
    ],
)
def test_another_light_is_no_other_place(terminal: Terminal, scene: NDArray[np.float64]) -> None:
    terminal.show(scene, 5 * MINUTES)
    assert terminal.told == []


def test_people_in_front_of_a_camera_do_not_move_it(terminal: Terminal) -> None:
    """A crowd whose faces are seen, and one that turns its back, for a while."""
    crowd = HALLWAY.copy()
    crowd[60:, 30:300] = cv2.resize(HALLWAY, (270, 180))[::-1]
    for _ in range(5):
        terminal.show(crowd, 2 * MINUTES, (FACE,))
        terminal.show(crowd, 40.0)
        terminal.show(HALLWAY, 20.0)
    assert terminal.told == []


def test_a_picture_that_differs_in_part_is_neither_another_place_nor_the_old_one_again(
    terminal: Terminal,
) -> None:
    partly = np.hstack([ELSEWHERE[:, :130], HALLWAY[:, 130:]])
    terminal.show(partly, 3 * MINUTES)
    assert terminal.told == []
    terminal.show(ELSEWHERE, 2 * MINUTES)
    terminal.show(partly, 10.0)
    assert terminal.told == [MOVED]


def test_something_that_never_stands_still_is_no_other_place(terminal: Terminal) -> None:
    for shift in range(100):
        terminal.show(np.roll(HALLWAY, 70 * shift, axis=1), 2.0)
    assert terminal.told == []


def test_a_picture_of_another_size_is_a_new_beginning(terminal: Terminal) -> None:
    terminal.show(cv2.resize(ELSEWHERE, (160, 120)), 5 * MINUTES)
    assert terminal.told == []


def test_a_covered_lens_that_is_turned_meanwhile_is_found_out(terminal: Terminal) -> None:
    terminal.show(covered(HALLWAY), 5 * MINUTES)
    terminal.show(ELSEWHERE, 2 * MINUTES)
    assert terminal.told == [COVERED, OK, MOVED]


@settings(deadline=None)
@example(1, 1, 20, [b"a"], 0)
@given(
    st.integers(1, 8192),
    st.integers(1, 8192),
    st.integers(20, 400),
    st.lists(st.binary(min_size=1, max_size=4), min_size=1, max_size=4),
    st.sampled_from([-1, 0, 1]),
)
def test_whatever_the_scene_is_it_is_taken(
    width: int, height: int, min_face: int, patterns: list[bytes], extra: int
) -> None:
    rows, columns = grid_shape(width, height, min_face)
    camera = Camera(min_face)
    for at, pattern in enumerate(patterns * 3):
        cells = (pattern * (rows * columns))[: max(0, rows * columns + extra)]
        camera.see(pattern, Analysis(width, height, (), scene=cells), at * 3.0)
    camera.see(b"", Analysis(width, height, (), scene=None), 1000.0)


VIDEOS = sorted((DATA / "stream").rglob("*.m[pk][4v]")) if DATA.exists() else []


def frames(path: str, seconds: float) -> Iterable[Gray]:
    """So much of a video, from its beginning, as a door that sends two frames a second."""
    video = cv2.VideoCapture(path)
    step = max(1, round(video.get(cv2.CAP_PROP_FPS) * SECONDS))
    for _ in range(int(seconds / SECONDS)):
        for _ in range(step):
            video.grab()
        there, picture = video.retrieve()
        if not there or picture is None:
            return
        gray = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        yield np.asarray(cv2.resize(gray, (320, 240), interpolation=cv2.INTER_AREA), np.uint8)


@pytest.mark.skipif(not VIDEOS, reason="needs the shared videos")
@pytest.mark.parametrize("path", VIDEOS, ids=lambda path: path.name)
def test_real_videos_are_all_right_and_told_when_covered_dark_or_turned(path: Path) -> None:
    terminal = Terminal()
    shown = list(frames(str(path), 60.0))
    for picture in shown:
        terminal.see(picture)
    last = shown[-1]
    terminal.show(last, LEARNT)
    assert terminal.told == []
    terminal.show(covered(last), 30.0)
    terminal.show(last, 30.0)
    terminal.show(last * 0.03, 30.0)
    terminal.show(last, 30.0)
    terminal.show(np.roll(last, last.shape[1] // 4, axis=1), 1.5 * MINUTES)
    assert terminal.told == [COVERED, OK, DARK, OK, MOVED]
