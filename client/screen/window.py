"""The window in front of the visitor: what it does with the keys, and how it keeps a picture's shape."""

from collections.abc import Callable
from typing import Protocol

import cv2

from client.camera.frames import Image

ESCAPE = 27
QUIT = (ord("q"), ord("Q"), ESCAPE)
PROPOSE = (ord("a"), ord("A"))
FULL_SCREEN = (ord("f"), ord("F"))


class Gui(Protocol):
    """A window of the system, which stretches a picture over all that it shows."""

    @property
    def closed(self) -> bool: ...

    def size(self) -> tuple[int, int]: ...

    def resize(self, width: int, height: int) -> None: ...

    def fill_screen(self, on: bool) -> None: ...

    def show(self, picture: Image) -> int: ...

    def close(self) -> None: ...


class Window:
    """Owns the gui; the main thread owns it."""

    def __init__(self, gui: Gui, full_screen: bool, propose: Callable[[], None] | None = None) -> None:
        """`propose`: for the key that proposes the face in view for enrolment; None: there is no such key."""
        self._gui = gui
        self._propose = propose
        self._full_screen = full_screen
        self._opened = False

    def show(self, picture: Image) -> bool:
        """Show `picture` and obey the keyboard. Returns False once the visitor has asked to quit."""
        if not self._opened:
            self._opened = True
            self._arrange(picture)
        key = self._gui.show(padded(picture, *self._gui.size()))
        if key in FULL_SCREEN:
            self._full_screen = not self._full_screen
            self._arrange(picture)
        if self._propose and key in PROPOSE:
            self._propose()
        return not self._gui.closed and key not in QUIT

    def _arrange(self, picture: Image) -> None:
        """Let the window fill the screen, or be as large as `picture`."""
        self._gui.fill_screen(self._full_screen)
        if not self._full_screen:
            height, width = picture.shape[:2]
            self._gui.resize(width, height)

    def close(self) -> None:
        self._gui.close()


def padded(picture: Image, width: int, height: int) -> Image:
    """`picture` between black bars, of the shape of a window `width` x `height` pixels large."""
    rows, columns = picture.shape[:2]
    if width < 1 or height < 1:
        return picture
    more_columns = max(0, round(rows * width / height) - columns)
    more_rows = max(0, round(columns * height / width) - rows)
    if not more_columns and not more_rows:
        return picture
    top, left = more_rows // 2, more_columns // 2
    border = (top, more_rows - top, left, more_columns - left)
    return cv2.copyMakeBorder(picture, *border, cv2.BORDER_CONSTANT, value=(0, 0, 0))
