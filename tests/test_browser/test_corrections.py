"""Correcting a decision, and enrolling a stranger, in a browser."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import pytest

from server.workers import main as worker
from tests.support.chromium import needs_chromium
from tests.support.console import PASSWORD, Served, Site, serving
from tests.support.embeddings import face, look, stranger
from tests.support.people import followed_site
from tests.support.pictures import drawn_face
from tests.support.recorded_site import SETTINGS, RecordedDoor
from tests.support.site import Server, listed, photo, put
from wire import Verdict

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = needs_chromium
FRAME = cv2.imencode(".jpg", drawn_face())[1].tobytes()
Console = tuple[Site, Server, Served]


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Console]:
    put(tmp_path / "faces", jane_doe=photo(1), jane_doe_2=photo(1, 0.35))
    with followed_site(tmp_path, **SETTINGS, record_pictures=True) as (site, server), serving(site) as served:
        site.workers.instead[worker.thumbnail] = lambda data, side: FRAME
        yield site, server, served


def sign_in(page: "Page", served: Served) -> None:
    page.goto(f"{served.address}/sign-in")
    page.fill("[name=name]", "guard")
    page.fill("[name=password]", PASSWORD)
    page.click("button.primary")
    page.wait_for_url("**/live")


def test_a_guard_says_that_it_was_not_her(page: "Page", console: Console) -> None:
    site, server, served = console
    door = RecordedDoor(site, server.watcher.gallery, frame=FRAME)
    wrong = door.visit(face(look(1, 0.5)), b"face 9 0")
    door.close()
    assert wrong.verdict is Verdict.GRANTED
    sign_in(page, served)
    page.goto(f"{served.address}/log/{wrong.id}")
    page.get_by_role("img", name="The frame, with a box around the face").wait_for()
    page.get_by_role("button", name="This was not Jane Doe").click()
    page.get_by_text("1 would come out otherwise").wait_for()
    page.get_by_role("button", name="Hold the photo").click()
    page.get_by_text("Corrected by account:guard").wait_for()
    assert server.roster.roster.held == {"jane_doe_2.jpg"}


def test_a_denial_of_which_nothing_is_recorded_is_noted_alone(page: "Page", console: Console) -> None:
    site, server, served = console
    door = RecordedDoor(site, server.watcher.gallery, frame=FRAME)
    denied = door.visit(face(look(1, 0.8)), b"face 1 0.8")
    door.close()
    assert denied.verdict is Verdict.DENIED
    for path in site.running.settings.logs.rglob("*.rec"):
        path.unlink()
    sign_in(page, served)
    page.goto(f"{served.address}/log/{denied.id}")
    page.get_by_role("heading", name="Whom it was nearest to").wait_for()
    page.get_by_placeholder("somebody enrolled").fill("Jane Doe")
    page.get_by_role("button", name="Correct it").click()
    page.get_by_text("The picture cannot be added as a photo of Jane Doe.").wait_for()
    assert "refused at first" not in page.locator("#prospect").inner_text()
    page.get_by_role("button", name="Only note that it was wrong").click()
    page.get_by_text("Corrected by account:guard").wait_for()
    page.get_by_text("The correction is written down.").wait_for()
    assert site.record.acts[-1].details["added"] == "no"


def test_a_guard_enrols_a_stranger(page: "Page", console: Console) -> None:
    site, server, served = console
    door = RecordedDoor(site, server.watcher.gallery, frame=FRAME)
    for who in (0, 1, 0):
        door.visit(face(stranger(who)), b"face %d 0" % (who + 5))
    door.close()
    sign_in(page, served)
    page.goto(f"{served.address}/log")
    page.get_by_role("link", name="Strangers").click()
    first = page.locator("article").first
    first.get_by_role("heading", name="2 visits").wait_for()
    first.get_by_placeholder("Name").fill("New Person")
    first.get_by_role("button", name="Enrol").click()
    page.get_by_text(re.compile("New Person: accepted")).wait_for()
    assert page.locator("article").count() == 1
    assert "new_person.jpg" in listed(server.faces)
