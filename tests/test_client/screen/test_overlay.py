"""Pixels and letters of the overlay. The banner has tests of its own."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from client.camera.frames import Area
from client.screen.banner import BANNER_COLOURS
from client.screen.overlay import MARK_COLOURS
from client.screen.overlay import draw as drawn_with
from client.screen.screen import Colour, Mark, Message, Screen
from tests.support.letters import LETTERING
from wire.words import Arrow, Banner


def picture(width: int = 640, height: int = 480) -> NDArray[Any]:
    return np.full((height, width, 3), 90, np.uint8)


def draw(frame: NDArray[Any], shown: Screen, mirrored: bool = False) -> NDArray[Any]:
    return drawn_with(frame, shown, LETTERING, mirrored)


def screen(banner: Banner = Banner.IDLE, *marks: Mark, names: tuple[str, ...] = ()) -> Screen:
    return Screen(banner, names, marks, "connected", 12.3)


@pytest.mark.parametrize("colour", list(Colour))
def test_rectangle_in_the_colour_of_its_meaning(colour: Colour) -> None:
    drawn = draw(picture(), screen(Banner.IDLE, Mark(Area(0.25, 0.25, 0.5, 0.75), "", colour)))
    expected = MARK_COLOURS[colour]
    for y, x in [(120, 240), (359, 240), (240, 160), (240, 319)]:
        assert tuple(drawn[y, x]) == expected
    assert tuple(drawn[240, 240]) == (90, 90, 90), "not filled"
    assert (drawn[:117] == 90).all(), "no plate without a label"


def test_rectangle_scales_with_the_displayed_frame() -> None:
    drawn = draw(picture(1280, 720), screen(Banner.IDLE, Mark(Area(0.5, 0.5, 0.75, 0.75), "", Colour.DENIED)))
    assert tuple(drawn[360, 800]) == MARK_COLOURS[Colour.DENIED]
    assert tuple(drawn[450, 640]) == MARK_COLOURS[Colour.DENIED]


@pytest.mark.parametrize(("top", "plate"), [(0.5, slice(210, 240)), (0.0, slice(240, 270))])
def test_plate_above_the_face_or_below_at_the_edge(top: float, plate: slice) -> None:
    mark = Mark(Area(0.25, top, 0.5, top + 0.5), "Ada", Colour.GRANTED)
    drawn = draw(picture(), screen(Banner.GRANTED, mark))
    assert (drawn[plate, 162:200] == MARK_COLOURS[Colour.GRANTED]).all(axis=2).sum() > 400


@pytest.mark.parametrize("size", [(160, 120), (4000, 3000), (600, 800), (1920, 1080)])
def test_any_picture_is_shown_at_a_readable_size(size: tuple[int, int]) -> None:
    mark = Mark(Area(0, 0, 1, 1), "x" * 200, Colour.GRANTED)
    drawn = draw(picture(*size), screen(Banner.GRANTED, mark, names=("y" * 200, "z")))
    height, width = drawn.shape[:2]
    assert 640 <= max(width, height * 0.75) <= 1281
    assert width / (height * 0.75) == pytest.approx(size[0] / size[1], rel=0.01)


def test_drawing_leaves_the_frame_alone() -> None:
    frame = picture()
    draw(frame, screen(Banner.GRANTED, Mark(Area(0, 0, 1, 1), "Ada", Colour.GRANTED)))
    assert (frame == 90).all()


def test_a_mirrored_picture_takes_its_rectangles_along_and_leaves_the_words() -> None:
    frame = picture()
    frame[:, :160] = 250
    mark = Mark(Area(0.125, 0.25, 0.375, 0.75), "Ada", Colour.GRANTED)
    plain = draw(frame, screen(Banner.GRANTED, mark, names=("Ada",)))
    mirrored = draw(frame, screen(Banner.GRANTED, mark, names=("Ada",)), mirrored=True)
    assert (mirrored[300, 565:] == 250).all() and (mirrored[300, :390] == 90).all()
    assert (mirrored[150:350, [400, 559]] == MARK_COLOURS[Colour.GRANTED]).all(), "the sides of the rectangle"
    assert (mirrored[480:] == plain[480:]).all(), "the banner and the status line"
    assert (mirrored[96:117, 404:436] == plain[96:117, 84:116]).all(), "the plate with the name"


@pytest.mark.parametrize("mirrored", [False, True])
def test_arrows_point_to_the_same_side_mirrored_or_not(mirrored: bool) -> None:
    told = Message("TURN HEAD LEFT", (), Arrow.LEFT)
    drawn = draw(picture(), replace(screen(Banner.CHECKING), message=told), mirrored)
    assert tuple(drawn[544, 60]) == BANNER_COLOURS[Banner.CHECKING][1], "the arrow is on the left"
