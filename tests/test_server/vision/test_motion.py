"""What counts as a change of the picture, and what does not."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from server.access.seen import grid_shape
from server.vision import motion
from tests.support.photos import photo
from wire import Box

WIDTH, HEIGHT, MIN_FACE = 640, 480, 48
SHAPE = grid_shape(WIDTH, HEIGHT, MIN_FACE)
Gray = NDArray[np.uint8]


def hallway() -> Gray:
    """A dim corridor: a gradient, a door frame, a picture on the wall."""
    scene = np.tile(np.linspace(60, 140, WIDTH), (HEIGHT, 1)).astype(np.uint8)
    cv2.rectangle(scene, (200, 60), (420, 479), 90, -1)
    cv2.rectangle(scene, (480, 100), (600, 220), 170, -1)
    return scene


def noisy(scene: Gray, sigma: float = 10, seed: int = 0) -> Gray:
    noise = np.random.default_rng(seed).normal(0, sigma, scene.shape)
    return np.clip(scene + noise, 0, 255).astype(np.uint8)


def shifted(scene: Gray, across: int, down: int) -> Gray:
    move = np.array([[1, 0, across], [0, 1, down]], np.float32)
    return np.asarray(cv2.warpAffine(scene, move, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def with_face(scene: Gray, left: int, top: int, size: int) -> Gray:
    """The head of a sample person, `size` pixels wide, in the scene."""
    picture = cv2.imread(str(photo("obama")), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    head = cv2.resize(picture[20:330, 110:420], (size, size), interpolation=cv2.INTER_AREA)
    visited = scene.copy()
    visited[top : top + size, left : left + size] = head
    return visited


def change(before: Gray, now: Gray) -> Box | None:
    mask = motion.changed(motion.signature(now, SHAPE), motion.signature(before, SHAPE))
    return motion.region(mask, WIDTH, HEIGHT, MIN_FACE)


@pytest.mark.parametrize(
    "now",
    [
        noisy(hallway(), seed=1),
        shifted(noisy(hallway(), seed=1), 3, 2),
        np.clip(noisy(hallway(), 3, 1) * 1.1, 0, 255).astype(np.uint8),
        np.clip(noisy(hallway(), 3, 1) * 0.9, 0, 255).astype(np.uint8),
    ],
    ids=["noise", "trembling camera", "more light", "less light"],
)
def test_noise_trembling_and_light_are_no_change(now: Gray) -> None:
    assert change(noisy(hallway(), seed=0), now) is None


@pytest.mark.parametrize("size", [MIN_FACE, 80, 200])
@pytest.mark.parametrize(("left", "top"), [(20, 20), (260, 120), (430, 250)])
def test_a_face_that_appears_lies_wholly_inside_the_changed_region(left: int, top: int, size: int) -> None:
    region = change(noisy(hallway(), seed=0), noisy(with_face(hallway(), left, top, size), seed=1))
    assert region is not None
    assert region.left <= left and region.top <= top
    assert region.right >= left + size and region.bottom >= top + size


def test_a_face_that_leaves_is_a_change_too() -> None:
    assert change(with_face(hallway(), 260, 120, 80), hallway()) is not None


def test_lights_out_is_a_change_of_all() -> None:
    assert change(noisy(hallway()), (noisy(hallway()) * 0.2).astype(np.uint8)) == Box(0, WIDTH, HEIGHT, 0)


def test_a_single_cell_does_not_count() -> None:
    speck = hallway()
    speck[105:111, 305:311] = 255
    assert change(hallway(), speck) is None


def test_no_change_has_no_region() -> None:
    assert motion.region(np.zeros(SHAPE, np.bool_), WIDTH, HEIGHT, MIN_FACE) is None


def test_a_region_grows_by_the_margin_or_half_its_extent_and_stays_inside() -> None:
    mask = np.zeros((48, 64), np.bool_)  # cells of ten pixels
    mask[20:22, 30:32] = True
    assert motion.region(mask, WIDTH, HEIGHT, 48) == Box(152, 368, 268, 252)
    mask[20:40, 30:32] = True
    assert motion.region(mask, WIDTH, HEIGHT, 48) == Box(100, 368, 480, 252)


def test_cells_are_those_wholly_inside_a_box() -> None:
    rows, columns = motion.cells(Box(11, 45, 40, 20), (48, 64), WIDTH, HEIGHT)
    assert (rows, columns) == (slice(2, 4), slice(2, 4))


def test_only_what_was_searched_is_brought_up_to_date() -> None:
    before, now = np.zeros((48, 64), np.uint8), np.full((48, 64), 9, np.uint8)
    grid = motion.updated(before, now, Box(0, 100, 50, 0), WIDTH, HEIGHT)
    assert (grid[:5, :10] == 9).all() and grid.sum() == 9 * 50
    assert (motion.updated(before, now, None, WIDTH, HEIGHT) == 0).all()
    assert (before == 0).all()


@pytest.mark.parametrize(("width", "height", "min_face"), [(1, 1, 400), (640, 480, 20), (8000, 16, 48)])
def test_every_frame_has_a_grid(width: int, height: int, min_face: int) -> None:
    rows, columns = grid_shape(width, height, min_face)
    assert rows >= 1 and columns >= 1
    gray = np.zeros((height, width), np.uint8)
    assert motion.signature(gray, (rows, columns)).shape == (rows, columns)
