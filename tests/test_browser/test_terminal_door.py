"""The whole of it: a browser's camera, the real server, real people, the access log."""

import re
import shutil
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest

from client.camera.simulated import EMPTY_SECONDS, VISIT_SECONDS, frame_at
from tests.support.chromium import FPS, expect, needs_chromium, running_chromium, write_film
from tests.support.photos import DATA, photo
from tests.support.server_process import ServerProcess, running_server, wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Page, Playwright

    Seeing = Callable[[Iterable[np.ndarray[Any, Any]]], Page]

pytestmark = [needs_chromium, pytest.mark.timeout(400)]

TALKING = DATA / "stream" / "talking.mp4"
TOKEN = "the token of the front door"
SECONDS = 60_000


def visit(name: str) -> "Iterator[np.ndarray[Any, Any]]":
    """The person on a sample photo, who moves a little."""
    picture = cv2.imread(str(photo(name)))
    assert picture is not None
    for index in range(round(VISIT_SECONDS * FPS)):
        yield frame_at(picture, EMPTY_SECONDS + index / FPS)


def talking() -> "Iterator[np.ndarray[Any, Any]]":
    """Frames of the video, in the shape of a webcam."""
    video = cv2.VideoCapture(str(TALKING))
    while (read := video.read())[0]:
        height, width = read[1].shape[:2]
        scale = min(640 / width, 480 / height)
        small = cv2.resize(read[1], None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        rows, columns = small.shape[:2]
        up, left = (480 - rows) // 2, (640 - columns) // 2
        yield cv2.copyMakeBorder(small, up, 480 - rows - up, left, 640 - columns - left, cv2.BORDER_CONSTANT)


def console_port(server: ServerProcess) -> int:
    """Once it answers."""

    def found() -> "re.Match[str] | None":
        return re.search(r"console: http://127\.0\.0\.1:(\d+)", server.console)

    def answers() -> bool:
        match = found()
        with socket.socket() as tried:
            return match is not None and tried.connect_ex(("127.0.0.1", int(match[1]))) == 0

    wait_for(answers, what="the console")
    told = found()
    assert told is not None
    return int(told[1])


def address(server: ServerProcess) -> str:
    return f"http://localhost:{console_port(server)}/terminal?kiosk#terminal=front-door&token="


@pytest.fixture
def seeing(playwright: "Playwright", tmp_path: Path) -> "Iterator[Seeing]":
    """Opens a page whose camera shows a film again and again."""
    with ExitStack() as stack:

        def seeing(film: "Iterable[np.ndarray[Any, Any]]") -> "Page":
            shown = write_film(tmp_path / "film.y4m", film)
            page = stack.enter_context(running_chromium(playwright, shown)).new_page()
            page.set_default_timeout(SECONDS)
            return page

        yield seeing


def told(page: "Page", headline: str) -> None:
    expect(page.locator("[data-part=headline]")).to_have_text(headline, timeout=SECONDS)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("door")
    (home / "faces").mkdir()
    shutil.copy(photo("obama"), home / "faces" / "barack_obama.jpg")
    return home


@contextmanager
def door(home: Path, port: int = 0, *flags: str) -> Iterator[ServerProcess]:
    with running_server(home, "--web", "on", "--web-port", str(port), *flags) as server:
        yield server


def test_whoever_is_enrolled_is_granted_by_name_also_after_a_restart(home: Path, seeing: "Seeing") -> None:
    page = seeing(visit("obama2"))
    with door(home) as server:
        port = console_port(server)
        page.goto(address(server))
        told(page, "GRANTED")
        expect(page.locator("[data-part=names]")).to_have_text("Barack Obama")
        (line,) = server.log_lines()
        assert (line["verdict"], line["name"]) == ("GRANTED", "Barack Obama")
        assert line["terminal"] == "front-door"
        assert server.stop() == 0
    told(page, "NOT CONNECTED")
    assert page.locator(".mark").count() == 0
    with door(home, port) as server:
        told(page, "GRANTED")
        assert "'front-door': connected from" in server.console


def test_a_stranger_is_denied_and_told_why(home: Path, seeing: "Seeing") -> None:
    page = seeing(visit("biden"))
    with door(home) as server:
        page.goto(address(server))
        expect(page.locator("[data-part=lines]")).to_have_text("Not recognised", timeout=SECONDS)
        told(page, "DENIED")
        line = server.log_lines()[-1]
        assert (line["verdict"], line["name"], line["reason"]) == ("DENIED", None, "unknown_face")


def test_a_wrong_token_is_told(home: Path, tmp_path: Path, seeing: "Seeing") -> None:
    settings = tmp_path / "doorward.toml"
    settings.write_text(f'[tokens]\nfront-door = "{TOKEN}"\n')
    page = seeing(islice(visit("obama2"), 15))
    with door(home, 0, "--config", str(settings)) as server:
        page.goto(f"{address(server)}wrong")
        expect(page.locator("#setup-message")).to_contain_text("does not accept", timeout=SECONDS)
        page.locator("#token").fill(TOKEN)
        page.locator("#start").click()
        told(page, "GRANTED")


@pytest.mark.skipif(not TALKING.exists(), reason="needs the video beside a developer's checkout")
def test_somebody_who_talks_is_recognised_and_followed(tmp_path: Path, seeing: "Seeing") -> None:
    """The man of the video is enrolled by one of its frames."""
    film = list(islice(talking(), 240))
    faces = tmp_path / "faces"
    faces.mkdir()
    cv2.imwrite(str(faces / "the_speaker.jpg"), film[60])
    page = seeing(film)
    with door(tmp_path) as server:
        page.goto(address(server))
        told(page, "GRANTED")
        expect(page.locator("[data-part=names]")).to_have_text("The Speaker")
        expect(page.locator(".mark")).to_have_text("The Speaker")
