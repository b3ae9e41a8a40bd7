"""The real window on a virtual display, seen as a visitor sees it."""

import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from client.exits import Exit, FatalError
from client.screen.banner import BANNER_COLOURS
from client.screen.overlay import MARK_COLOURS
from client.screen.screen import Banner, Colour
from client.screen.window import Window
from tests.support.fake_server import FACE, FakeServer, result, wait_until
from tests.support.pictures import drawn_face

ROOT = Path(__file__).resolve().parents[3]
XWD_FIELDS = 25
"""Unsigned 32-bit big-endian fields of an XWD header; a colour map entry has 12 bytes."""


@dataclass
class Display:
    """A virtual screen that can be looked at."""

    name: str
    framebuffer: Path

    def screenshot(self) -> np.ndarray:
        """uint8 (h, w, 3) BGR."""
        data = self.framebuffer.read_bytes()
        header = struct.unpack_from(f">{XWD_FIELDS}I", data)
        start, width, height, line, colours = (header[index] for index in (0, 4, 5, 12, 19))
        pixels = np.frombuffer(data, np.uint8, height * line, start + colours * 12)
        return pixels.reshape(height, line)[:, : width * 4].reshape(height, width, 4)[:, :, :3]

    def pixel(self, x: int, y: int) -> tuple[int, ...]:
        return tuple(int(value) for value in self.screenshot()[y, x])

    def press(self, key: str) -> None:
        subprocess.run(
            ["xdotool", "search", "--name", "^Doorward$", "key", key],
            env={**os.environ, "DISPLAY": self.name},
            check=True,
            capture_output=True,
        )


@pytest.fixture(scope="module")
def display(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Display]:
    if shutil.which("Xvfb") is None:
        pytest.skip("Xvfb is not installed")
    folder = tmp_path_factory.mktemp("display")
    xvfb = ["Xvfb", "-displayfd", "1", "-screen", "0", "800x700x24", "-nolisten", "tcp"]
    with subprocess.Popen(
        [*xvfb, "-fbdir", str(folder)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdout
            number = process.stdout.readline().strip()
            assert number, "Xvfb did not start"
            yield Display(f":{number}", folder / "Xvfb_screen0")
        finally:
            process.terminate()


def start(display: Display, server: FakeServer, source: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "client", "--server", server.address, "--source", f"sim:{source}"]
    return subprocess.Popen(
        [*command, "--loop"], env={**os.environ, "DISPLAY": display.name, "PYTHONPATH": str(ROOT)}
    )


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "visitor.png"
    cv2.imwrite(str(path), drawn_face())
    return path


def pixels_of(display: Display, colour: Colour) -> int:
    return int((display.screenshot() == MARK_COLOURS[colour]).all(axis=2).sum())


def test_grant_then_stall_then_quit(display: Display, photo: Path) -> None:
    banner_place, box_place = (4, 484), (FACE.left, (FACE.top + FACE.bottom) // 2)
    green, grey = BANNER_COLOURS[Banner.GRANTED][0], BANNER_COLOURS[Banner.LATE][0]
    with FakeServer() as server:
        process = start(display, server, photo)
        try:
            wait_until(lambda: display.pixel(*banner_place) == green, "the green banner", 30)
            shot = display.screenshot()
            assert (shot[484:604, [2, 637]] == green).all(), "the bar has the full width"
            frame = MARK_COLOURS[Colour.GRANTED]
            assert (shot[FACE.top + 2 : FACE.bottom - 2, FACE.left] == frame).all(), "left edge of the box"
            assert (shot[FACE.top + 2 : FACE.bottom - 2, FACE.right - 1] == frame).all(), "right edge"
            server.reply = lambda frame: []
            wait_until(lambda: display.pixel(*banner_place) == grey, "the grey banner", 5)
            assert display.pixel(*box_place) != frame
            wait_until(lambda: pixels_of(display, Colour.LOCAL) > 200, "the box of the local detection")
            assert pixels_of(display, Colour.GRANTED) == 0
            server.drop()
            server.reply = lambda frame: [result(frame.seq)]
            wait_until(lambda: display.pixel(*banner_place) == green, "green after the reconnection", 30)
            if shutil.which("xdotool") is None:
                pytest.skip("xdotool is not installed: keys are not tried")
            display.press("f")
            display.press("q")
            assert process.wait(10) == 0
        finally:
            process.kill()
            process.wait()


class FakeGui:
    """Stands in for OpenCV's window functions."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.key = -1
        self.visible = 1.0
        self.modes: list[float] = []
        replacements = {
            "namedWindow": lambda title, flags: None,
            "resizeWindow": lambda title, width, height: None,
            "imshow": lambda title, picture: None,
            "waitKey": lambda delay: self.key,
            "getWindowProperty": lambda title, which: self.visible,
            "setWindowProperty": lambda title, which, value: self.modes.append(value),
        }
        for name, replacement in replacements.items():
            monkeypatch.setattr(cv2, name, replacement)

    def shown_with(self, window: Window, key: int) -> bool:
        self.key = key
        return window.show(np.zeros((4, 4, 3), np.uint8))


def test_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    gui = FakeGui(monkeypatch)
    window = Window()
    assert gui.shown_with(window, -1)
    assert [gui.shown_with(window, ord(key)) for key in "fFx"] == [True] * 3
    assert gui.modes == [cv2.WINDOW_FULLSCREEN, cv2.WINDOW_NORMAL]
    assert not gui.shown_with(window, ord("q"))
    assert not gui.shown_with(window, 27)
    gui.visible = 0.0
    assert not gui.shown_with(window, -1), "closed"


def test_closing_the_window_quits(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(title: str, which: int) -> float:
        raise cv2.error("NULL guiReceiver (please create a window)")

    gui = FakeGui(monkeypatch)
    window = Window()
    monkeypatch.setattr(cv2, "getWindowProperty", gone)
    assert not gui.shown_with(window, -1)


def test_opencv_without_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(title: str, flags: int) -> None:
        raise cv2.error("The function is not implemented")

    monkeypatch.setattr(cv2, "namedWindow", refuse)
    with pytest.raises(FatalError, match="--headless") as caught:
        Window()
    assert caught.value.code is Exit.NO_DISPLAY
