"""The window in front of the visitor."""

import cv2

from client.camera.frames import Image
from client.exits import Exit, FatalError

TITLE = "Doorward"
ESCAPE = 27


class Window:
    """Owns the OpenCV window; the main thread owns it. Raises FatalError: OpenCV has no windows."""

    def __init__(self) -> None:
        # GUI_NORMAL: no toolbar, no context menu; a visitor must not save or zoom pictures.
        flags = cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO | cv2.WINDOW_GUI_NORMAL
        try:
            cv2.namedWindow(TITLE, flags)
        except cv2.error as error:
            raise FatalError(Exit.NO_DISPLAY, "OpenCV cannot open a window; use --headless") from error
        self._sized = False
        self._full_screen = False

    def show(self, picture: Image) -> bool:
        """Show `picture` and obey the keyboard. Returns False once the visitor has asked to quit."""
        if not self._sized:
            height, width = picture.shape[:2]
            cv2.resizeWindow(TITLE, width, height)
            self._sized = True
        cv2.imshow(TITLE, picture)
        key = cv2.waitKey(1) & 0xFF
        if key in (ord("f"), ord("F")):
            self._toggle_full_screen()
        return not _closed() and key not in (ord("q"), ord("Q"), ESCAPE)

    def _toggle_full_screen(self) -> None:
        self._full_screen = not self._full_screen
        mode = cv2.WINDOW_FULLSCREEN if self._full_screen else cv2.WINDOW_NORMAL
        cv2.setWindowProperty(TITLE, cv2.WND_PROP_FULLSCREEN, mode)

    def close(self) -> None:
        cv2.destroyAllWindows()


def _closed() -> bool:
    try:
        return cv2.getWindowProperty(TITLE, cv2.WND_PROP_VISIBLE) < 1
    except cv2.error:  # what OpenCV's Qt says of its last window once it is gone
        return True
