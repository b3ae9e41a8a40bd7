"""OpenCV's window, and the size of the screen that OpenCV does not tell."""

import contextlib
import ctypes
import sys

import cv2

from client.camera.frames import Image
from client.exits import Exit, FatalError

TITLE = "Doorward"


class OpenCvGui:
    """Owns the one window. For the main thread. Raises FatalError: this OpenCV has no windows."""

    def __init__(self) -> None:
        # GUI_NORMAL: no toolbar, no context menu; a visitor must not save or zoom pictures.
        flags = cv2.WINDOW_NORMAL | cv2.WINDOW_FREERATIO | cv2.WINDOW_GUI_NORMAL
        try:
            cv2.namedWindow(TITLE, flags)
        except cv2.error as error:
            raise FatalError(Exit.NO_DISPLAY, "OpenCV cannot open a window; use --headless") from error

    def size(self) -> tuple[int, int]:
        """Width and height in pixels of what the window shows; not positive once it is closed."""
        _, _, width, height = cv2.getWindowImageRect(TITLE)
        return width, height

    def resize(self, width: int, height: int) -> None:
        cv2.resizeWindow(TITLE, width, height)

    def fill_screen(self, on: bool) -> None:
        """With or without a window manager: the property asks one, the size is for where there is none."""
        if on and (size := _x11_screen_size()):
            cv2.resizeWindow(TITLE, *size)
            cv2.moveWindow(TITLE, 0, 0)
        mode = cv2.WINDOW_FULLSCREEN if on else cv2.WINDOW_NORMAL
        cv2.setWindowProperty(TITLE, cv2.WND_PROP_FULLSCREEN, mode)

    def show(self, picture: Image) -> int:
        """Show `picture`; returns the code of the key that was pressed, or one that is no key's."""
        cv2.imshow(TITLE, picture)
        return cv2.waitKey(1) & 0xFF

    @property
    def closed(self) -> bool:
        try:
            return cv2.getWindowProperty(TITLE, cv2.WND_PROP_VISIBLE) < 1
        except cv2.error:  # what OpenCV's Qt says of its last window once it is gone
            return True

    def close(self) -> None:
        cv2.destroyAllWindows()


def _x11_screen_size() -> tuple[int, int] | None:
    """Width and height in pixels of the X server's screen; None where there is no X server to ask."""
    if not sys.platform.startswith("linux"):
        return None
    with contextlib.suppress(OSError):
        x11 = ctypes.CDLL("libX11.so.6")
        x11.XOpenDisplay.restype = ctypes.c_void_p
        if display := ctypes.c_void_p(x11.XOpenDisplay(None)):
            screen = x11.XDefaultScreen(display)
            size = (x11.XDisplayWidth(display, screen), x11.XDisplayHeight(display, screen))
            x11.XCloseDisplay(display)
            return size
    return None
