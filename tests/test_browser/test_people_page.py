"""The pages on which people are enrolled, limited and erased."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from tests.support.chromium import needs_chromium
from tests.support.console import PASSWORD, serving
from tests.support.people import followed_site
from tests.support.site import Server, listed, photo, put

if TYPE_CHECKING:
    from playwright.sync_api import FilePayload, Page

pytestmark = needs_chromium
SCHEDULE = ["mon-fri 07:05-19:00", "fri 22:00-02:30", "sun 00:00-24:00"]
DROP = """([name, bytes]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([new Uint8Array(bytes)], name, { type: "image/jpeg" }));
  for (const kind of ["dragover", "drop"])
    document.body.dispatchEvent(
      new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true }));
}"""


def jpeg(who: int, distance: float = 0.0) -> bytes:
    """A gray picture that says whom it shows."""
    data = io.BytesIO()
    Image.new("RGB", (32, 32), "gray").save(data, "JPEG")
    return data.getvalue() + photo(who, distance)


@pytest.fixture
def server(tmp_path: Path, page: "Page") -> Iterator[Server]:
    """An administrator looks at everybody."""
    put(tmp_path / "faces", jane_doe=jpeg(1))
    with followed_site(tmp_path) as (site, server), serving(site) as served:
        page.goto(f"{served.address}/sign-in?next=/people")
        page.fill("[name=name]", "admin")
        page.fill("[name=password]", PASSWORD)
        page.click("button.primary")
        page.locator("#people .person", has_text="Jane Doe").wait_for()
        yield server


def test_photos_are_chosen_or_dropped_and_their_people_are_there(page: "Page", server: Server) -> None:
    good: FilePayload = {"name": "john_roe.jpg", "mimeType": "image/jpeg", "buffer": jpeg(2)}
    page.set_input_files("#chosen", [good])
    page.locator("#uploads li", has_text="john_roe.jpg").locator(".badge.accepted").wait_for()
    page.locator("#people .person", has_text="John Roe").wait_for()
    page.evaluate(DROP, ["joe_low.jpg", list(b"a landscape")])
    page.locator("#uploads li", has_text="no face was found").wait_for()
    page.fill("#query", "ROE")
    page.locator("#found", has_text="1 person").wait_for()
    assert page.locator("#people .person").count() == 1
    assert listed(server.faces) == ["jane_doe.jpg", "john_roe.jpg"]


def test_a_person_is_held_limited_and_erased(page: "Page", server: Server) -> None:
    page.click("#people .person")
    page.click("[data-do=hold]")
    page.locator("[data-do=release]").wait_for()
    assert "Jane Doe" not in server.watcher.gallery
    page.click("[data-do=release]")
    page.locator("[data-do=hold]").wait_for()
    (server.faces / "people.toml").write_text(f'[people."Jane Doe"]\nschedule = {SCHEDULE}\n', "utf-8")
    server.until(lambda: bool(server.roster.roster.permits))
    page.reload()
    page.click("[data-do=hold]")
    page.get_by_text("Add another photo first").wait_for()
    page.check("[name=disabled]")
    page.click("#limits button.primary")
    page.locator(".badge.disabled").wait_for()
    permit = server.roster.roster.permits["Jane Doe"]
    assert permit.disabled and list(map(str, permit.schedule or ())) == SCHEDULE, "no minute is lost"
    page.fill("[name=typed]", "Jane")
    page.click("#erase button")
    page.locator("#erase .error", has_text="not the name").wait_for()
    page.fill("[name=typed]", "Jane Doe")
    page.click("#erase button")
    page.locator("#empty").wait_for()
    assert listed(server.faces) == [] and not server.roster.roster.permits


def test_a_look_alike_is_added_to_the_person_it_is(page: "Page", server: Server) -> None:
    again: FilePayload = {"name": "jane3.jpg", "mimeType": "image/jpeg", "buffer": jpeg(1, 0.2)}
    page.set_input_files("#chosen", [again])
    page.locator("#uploads li .badge.held").wait_for()
    page.get_by_role("button", name="It is Jane Doe: add as one more photo").click()
    page.locator("#uploads li", has_text="It is a photo of Jane Doe now.").wait_for()
    server.until(lambda: server.watcher.gallery.photos_of("Jane Doe") == 2)
    assert listed(server.faces) == ["jane_doe.jpg", "jane_doe_2.jpg"]
