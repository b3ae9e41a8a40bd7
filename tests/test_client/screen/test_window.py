"""What the window does with keys and with pictures of another shape."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from client.screen.window import Window, padded

WIDE = np.full((480, 640, 3), 90, np.uint8)


class FakeGui:
    """A window that remembers what it was told."""

    def __init__(self) -> None:
        self.key = 255
        self.closed = False
        self.told: list[object] = []
        self.shown: list[NDArray[Any]] = []
        self.now_sized = (640, 480)

    def size(self) -> tuple[int, int]:
        return self.now_sized

    def resize(self, width: int, height: int) -> None:
        self.told.append((width, height))

    def fill_screen(self, on: bool) -> None:
        self.told.append(on)

    def show(self, picture: NDArray[Any]) -> int:
        self.shown.append(picture)
        return self.key

    def close(self) -> None:
        self.told.append("close")


def pressed(window: Window, gui: FakeGui, key: str) -> bool:
    gui.key = ord(key)
    return window.show(WIDE)


def test_a_window_is_as_large_as_its_first_picture() -> None:
    gui = FakeGui()
    window = Window(gui, full_screen=False)
    assert window.show(WIDE) and window.show(np.zeros((4, 4, 3), np.uint8))
    assert gui.told == [False, (640, 480)]
    window.close()
    assert gui.told[-1] == "close"


def test_full_screen_from_the_start_until_the_key_is_pressed() -> None:
    gui = FakeGui()
    window = Window(gui, full_screen=True)
    assert window.show(WIDE)
    assert gui.told == [True]
    assert pressed(window, gui, "f")
    assert gui.told == [True, False, (640, 480)]


def test_keys() -> None:
    gui = FakeGui()
    window = Window(gui, full_screen=False)
    assert [pressed(window, gui, key) for key in "fFx"] == [True] * 3
    assert [told for told in gui.told if isinstance(told, bool)] == [False, True, False]
    assert [pressed(window, gui, key) for key in "qQ\x1b"] == [False] * 3


def test_only_where_somebody_attends_a_key_proposes_the_face_in_view() -> None:
    gui, proposed = FakeGui(), []
    window = Window(gui, full_screen=False, propose=lambda: proposed.append("a face"))
    assert all(pressed(window, gui, key) for key in "aAx")
    assert proposed == ["a face"] * 2
    assert pressed(Window(gui, full_screen=False), gui, "a") and len(proposed) == 2


def test_closing_the_window_quits() -> None:
    gui = FakeGui()
    gui.closed = True
    assert not Window(gui, full_screen=False).show(WIDE)


@pytest.mark.parametrize(
    ("size", "shape", "place"),
    [
        ((1280, 480), (480, 1280), (0, 320)),
        ((320, 480), (960, 640), (240, 0)),
        ((1024, 600), (480, 819), (0, 89)),
        ((1280, 960), (480, 640), (0, 0)),
        ((0, 0), (480, 640), (0, 0)),
        ((-1, -1), (480, 640), (0, 0)),
    ],
)
def test_a_picture_keeps_its_shape_between_black_bars(
    size: tuple[int, int], shape: tuple[int, int], place: tuple[int, int]
) -> None:
    shown = padded(WIDE, *size)
    top, left = place
    assert shown.shape[:2] == shape
    assert (shown[top : top + 480, left : left + 640] == 90).all()
    assert (shown == 0).all(axis=2).sum() == shape[0] * shape[1] - 480 * 640


def test_what_is_shown_has_the_shape_of_the_window() -> None:
    gui = FakeGui()
    gui.now_sized = (1280, 480)
    Window(gui, full_screen=True).show(WIDE)
    assert gui.shown[0].shape == (480, 1280, 3)
