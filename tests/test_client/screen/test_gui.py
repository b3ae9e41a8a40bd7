"""The real window on a virtual display without a window manager, seen as a visitor sees it."""

import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from client.exits import Exit, FatalError
from client.screen.banner import BANNER_COLOURS, draw_banner
from client.screen.gui import OpenCvGui
from client.screen.overlay import MARK_COLOURS
from client.screen.screen import Colour, Screen
from tests.support.fake_server import FACE, FakeServer, result, wait_until
from tests.support.letters import LETTERING
from tests.support.pictures import drawn_face
from wire import Box
from wire.words import Banner

ROOT = Path(__file__).resolve().parents[3]
START_SECONDS = 90
"""How long a terminal may take to show something, on a machine that does other things, too."""
XWD_FIELDS = 25
"""Unsigned 32-bit big-endian fields of an XWD header; a colour map entry has 12 bytes."""


ENVIRONMENT = {key: value for key, value in os.environ.items() if key != "WAYLAND_DISPLAY"}


@dataclass
class Display:
    """A virtual screen that can be looked at."""

    name: str
    framebuffer: Path

    def screenshot(self) -> NDArray[Any]:
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
            env={**ENVIRONMENT, "DISPLAY": self.name},
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


@contextmanager
def started(
    display: Display, server: FakeServer, source: str, *flags: str
) -> Iterator["subprocess.Popen[bytes]"]:
    command = [
        sys.executable,
        "-m",
        "client",
        "--server",
        server.address,
        "--source",
        source,
        "--loop",
        "--late",
        "2",  # on a busy machine answers take longer than visitors should wait
        *flags,
    ]
    environment = {**ENVIRONMENT, "DISPLAY": display.name, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment) as process:
        try:
            yield process
        finally:
            process.kill()


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
    with FakeServer() as server, started(display, server, f"sim:{photo}") as process:
        wait_until(lambda: display.pixel(*banner_place) == green, "the green banner", START_SECONDS)
        frame = MARK_COLOURS[Colour.GRANTED]
        sides = (slice(FACE.top + 2, FACE.bottom - 2), [FACE.left, FACE.right - 1])
        wait_until(lambda: (display.screenshot()[484:604, [2, 637]] == green).all(), "a bar of full width")
        wait_until(lambda: (display.screenshot()[sides] == frame).all(), "both sides of the box")
        server.reply = lambda frame: []
        wait_until(lambda: display.pixel(*banner_place) == grey, "the grey banner", 20)
        assert display.pixel(*box_place) != frame
        wait_until(lambda: pixels_of(display, Colour.LOCAL) > 200, "the box of the local detection")
        assert pixels_of(display, Colour.GRANTED) == 0
        server.drop()
        server.reply = lambda frame: [result(frame.seq)]
        wait_until(
            lambda: display.pixel(*banner_place) == green, "green after the reconnection", START_SECONDS
        )
        if shutil.which("xdotool") is None:
            pytest.skip("xdotool is not installed: keys are not tried")
        display.press("q")
        assert process.wait(10) == 0


@pytest.mark.parametrize(
    ("source", "flags", "mirrored"),
    [("sim:{}", (), True), ("sim:{}", ("--no-mirror",), False), ("{}", (), False)],
    ids=["a camera", "a camera, not mirrored", "a file"],
)
def test_only_the_screen_is_a_mirror(
    display: Display, tmp_path: Path, source: str, flags: tuple[str, ...], mirrored: bool
) -> None:
    picture = np.full((480, 640, 3), 20, np.uint8)
    picture[:, :320] = 200
    cv2.imwrite(str(tmp_path / "left.png"), picture)
    edge = (340 if mirrored else 140, 200)
    box = Box(top=120, right=300, bottom=280, left=140)
    with FakeServer() as server:
        server.reply = lambda frame: [result(frame.seq, box=box)]
        with started(display, server, source.format(tmp_path / "left.png"), *flags):
            colour = MARK_COLOURS[Colour.GRANTED]
            wait_until(lambda: display.pixel(*edge) == colour, "the left side of the box", START_SECONDS)
            wait_until(lambda: bright_side(display.screenshot()[20:100, :640]), "the picture")
            assert bright_side(display.screenshot()[20:100, :640]) == ("right" if mirrored else "left")
        sent = [
            cv2.imdecode(np.frombuffer(frame.jpeg, np.uint8), cv2.IMREAD_COLOR) for frame in server.frames
        ]
    sides = {bright_side(np.asarray(frame)) for frame in sent}
    assert "right" not in sides and "left" in sides, "what the server is sent is not mirrored"


def test_names_of_all_people_are_on_the_screen(display: Display, photo: Path) -> None:
    name = ""
    with FakeServer() as server, started(display, server, f"sim:{photo}"):
        server.reply = lambda frame: [result(frame.seq, name=name)]
        for name in ("José Łukasz", "שרה", "محمد علي", "李小龙"):
            bar = np.zeros((128, 640, 3), np.uint8)
            draw_banner(bar, Screen(Banner.GRANTED, (name,), (), "connected", None), LETTERING)
            seen = f"{name} as the banner has it"
            wait_until(lambda: (display.screenshot()[480:608, :640] == bar).all(), seen, START_SECONDS)  # noqa: B023


def bright_side(picture: NDArray[Any]) -> str:
    """Where the visitor stands, "" while nobody does."""
    left, right = picture[:, 200:300].mean(), picture[:, 340:440].mean()
    return "" if abs(left - right) < 50 else "left" if left > right else "right"


def test_full_screen_without_a_window_manager(display: Display, photo: Path) -> None:
    """800 x 700: a picture with its bars is square, 700 x 700, in the middle."""
    grant = BANNER_COLOURS[Banner.GRANTED][0]
    with FakeServer() as server, started(display, server, f"sim:{photo}", "--fullscreen") as process:
        wait_until(lambda: display.pixel(54, 535) == grant, "the banner at the left edge of the picture", 30)
        wait_until(lambda: display.pixel(745, 535) == grant, "the banner at its right edge")
        shot = display.screenshot()
        assert not shot[:, :49].any() and not shot[:, 751:].any(), "black bars beside it"
        assert shot[698, 400].any(), "down to the lower edge"
        if shutil.which("xdotool") is None:
            pytest.skip("xdotool is not installed: keys are not tried")
        display.press("f")
        wait_until(lambda: display.pixel(4, 484) == grant, "the window as large as the picture")
        display.press("f")
        wait_until(lambda: display.pixel(54, 535) == grant, "full screen again")
        display.press("q")
        assert process.wait(10) == 0


def test_a_window_that_is_closed_is_gone(display: Display) -> None:
    """In a process of its own: Qt takes the display of the first window for good."""
    script = "\n".join(
        [
            "import numpy as np",
            "from client.screen.gui import OpenCvGui",
            "gui = OpenCvGui()",
            "gui.show(np.zeros((9, 9, 3), np.uint8))",
            "assert not gui.closed and gui.size() > (0, 0)",
            "gui.close()",
            "assert gui.closed and gui.size() < (0, 0)",
        ]
    )
    environment = {**ENVIRONMENT, "DISPLAY": display.name, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", script], env=environment, check=True, timeout=60)


def test_opencv_without_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(title: str, flags: int) -> None:
        raise cv2.error("The function is not implemented")

    monkeypatch.setattr(cv2, "namedWindow", refuse)
    with pytest.raises(FatalError, match="--headless") as caught:
        OpenCvGui()
    assert caught.value.code is Exit.NO_DISPLAY
