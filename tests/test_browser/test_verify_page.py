"""The page on which a guard asks who is on a picture."""

from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import cv2
import pytest

from server.access.seen import Analysis
from server.gallery.receipts import Receipt, Status
from server.terminals.peer import PendingFrame
from server.vision.models import Models
from server.workers import main as worker
from tests.support import console
from tests.support.chromium import FPS, needs_chromium, running_chromium, write_film
from tests.support.console import PASSWORD, Site, serving
from tests.support.enrolled import BIDEN, OBAMA, sample_gallery
from tests.support.photos import jpeg, photo
from tests.support.service import FakePeer
from wire import Result, Timing, Verdict

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page, Playwright

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def verify_site(tmp_path_factory: pytest.TempPathFactory, models: Models) -> Iterator[Site]:
    """Obama and Biden are enrolled; a door shows Obama."""
    with pytest.MonkeyPatch.context() as patch, console.site(tmp_path_factory.mktemp("verify")) as site:
        patch.setattr(worker, "_models", models)
        site.gallery = sample_gallery(models)
        site.running.settings.faces.mkdir()
        (site.running.settings.faces / "joe_biden.jpg").write_bytes(jpeg("biden"))
        stored = Receipt(PurePath("joe_biden.jpg"), BIDEN, Status.ACCEPTED, "accepted", "")
        site.photos.files = [stored]
        peer = FakePeer("front")
        site.live.join(peer)
        result = Result(1, Verdict.NONE, (), None, Timing(0, 0))
        frame = PendingFrame(1, jpeg("obama3"), 0.0)
        site.live.answered(peer, frame, Analysis(640, 480, ()), result, None)
        yield site


@pytest.fixture(scope="module")
def address(verify_site: Site) -> Iterator[str]:
    with serving(verify_site) as served:
        yield served.address


@pytest.fixture(scope="module")
def browser(playwright: "Playwright", tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Browser]":
    """Its camera shows Obama."""
    picture = cv2.imread(str(photo("obama2")))
    assert picture is not None
    face = cv2.resize(picture[200:700], (640, 480))
    film = write_film(tmp_path_factory.mktemp("film") / "obama.y4m", [face] * FPS)
    with running_chromium(playwright, film) as browser:
        yield browser


@pytest.fixture
def guard(page: "Page", address: str) -> "Page":
    """The page, for somebody who may verify."""
    page.set_default_timeout(60_000)  # faces are looked for beside whatever else this machine does
    page.goto(f"{address}/sign-in?next=/verify")
    page.fill("[name=name]", "guard")
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Verify").wait_for()
    return page


def uploaded(name: str, data: bytes) -> Any:
    return {"name": name, "mimeType": "image/jpeg", "buffer": data}


def choose(page: "Page", *files: Any) -> None:
    page.set_input_files("[name=files]", list(files))


def answer(page: "Page", number: int = 0) -> "Locator":
    """One that is there, the newest first."""
    found = page.locator("article.answer").nth(number)
    found.wait_for()
    return found


def colour(locator: "Locator") -> str:
    kinds = locator.locator(".banner").first.get_attribute("class") or ""
    return kinds.removeprefix("banner ")


def test_a_picture_of_the_person_is_welcome_and_of_another_is_not(guard: "Page") -> None:
    guard.get_by_label("Is it this person?").check()
    guard.get_by_label("Person", exact=True).fill(OBAMA)
    choose(guard, uploaded("visitor.jpg", jpeg("obama2")))
    found = answer(guard)
    assert found.locator(".banner").inner_text().split("\n") == ["Welcome in", OBAMA]
    assert colour(found) == "granted" and found.get_by_role("heading").inner_text() == "visitor.jpg"
    assert "threshold" in found.locator(".scale").inner_text() and "living" in found.inner_text()
    guard.get_by_label("Person", exact=True).fill(BIDEN)
    choose(guard, uploaded("visitor.jpg", jpeg("obama2")))
    guard.locator(".banner.denied").wait_for()
    assert colour(answer(guard)) == "denied" and colour(answer(guard, 1)) == "granted"
    assert guard.get_by_role("status").filter(has_text="Go away: The face is not near enough").count() == 1


def test_the_picture_is_shown_with_box_points_and_name(guard: "Page") -> None:
    choose(guard, uploaded("visitor.jpg", jpeg("obama2")))
    canvas = answer(guard).locator("canvas")
    assert canvas.get_attribute("aria-label") == "The picture, with 1 face"
    script = """(canvas) => {
      const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      const near = (at, want) => want.every((level, index) => Math.abs(data[at + index] - level) < 12);
      let [box, white] = [0, 0];
      for (let at = 0; at < data.length; at += 4) {
        box += near(at, [61, 220, 132]);
        white += near(at, [255, 255, 255]);
      }
      return [canvas.width, canvas.height, box, white];
    }"""
    width, height, box, white = canvas.evaluate(script)
    assert (width, height) == (626, 1200)
    assert box > 1000 and white > 500, "a green frame, and a name in white letters"


def test_who_it_is_is_ranked_among_all(guard: "Page") -> None:
    choose(guard, uploaded("visitor.jpg", jpeg("obama3")))
    found = answer(guard)
    assert found.locator(".banner").inner_text().split("\n") == ["Welcome in", OBAMA]
    rows = [row.inner_text().split("\t") for row in found.locator("tbody tr").all()]
    assert [row[:2] for row in rows] == [["1", OBAMA], ["2", BIDEN]]
    assert float(rows[0][2]) < float(rows[1][2])


def test_several_pictures_are_answered_one_after_the_other_and_bad_ones_say_why(guard: "Page") -> None:
    files = [uploaded(f"{name}.jpg", jpeg(name)) for name in ("obama2", "biden", "obama3")]
    choose(guard, files[0], uploaded("notes.txt", b"no picture"), *files[1:])
    answer(guard, 3)
    titles = [heading.inner_text() for heading in guard.locator("article.answer h2").all()]
    assert titles == ["obama2.jpg", "notes.txt", "biden.jpg", "obama3.jpg"]
    assert answer(guard, 1).locator(".error").inner_text() == "Not a JPEG or PNG or WEBP picture."
    assert BIDEN in answer(guard, 2).inner_text()
    guard.locator("#progress").wait_for(state="hidden")


def test_a_file_that_is_chosen_before_the_script_has_loaded_is_asked_about(guard: "Page") -> None:
    held: list[Any] = []
    guard.route("**/js/verify.js", lambda route: held.append(route))
    guard.goto(guard.url, wait_until="commit")
    choose(guard, uploaded("early.jpg", jpeg("obama2")))
    held.pop().continue_()
    assert answer(guard).get_by_role("heading").inner_text() == "early.jpg"


def test_a_stored_photo_and_what_a_door_shows_are_asked_about(guard: "Page") -> None:
    guard.get_by_label("Stored photo").fill("joe_biden.jpg")
    guard.get_by_role("button", name="Use it", exact=True).click()
    assert BIDEN in answer(guard).inner_text()
    guard.get_by_role("button", name="Use its picture").click()
    guard.get_by_role("heading", name="Terminal front").wait_for()
    assert OBAMA in answer(guard).inner_text()
    assert answer(guard).locator("canvas").evaluate("canvas => canvas.width") > 300, "it came with the answer"


def test_the_camera_of_the_device_takes_a_picture(guard: "Page") -> None:
    guard.get_by_role("button", name="Use the camera of this device").click()
    guard.get_by_role("button", name="Take a picture").click()
    assert OBAMA in answer(guard).inner_text()
    guard.get_by_role("button", name="Close").click()
    assert guard.locator("video").is_hidden()


def test_nothing_is_asked_before_it_is_known_about_whom(guard: "Page") -> None:
    guard.get_by_label("Is it this person?").check()
    choose(guard, uploaded("visitor.jpg", jpeg("obama2")))
    assert guard.get_by_role("alert").inner_text() == "Choose the person that it shall be."
    assert guard.get_by_label("Person", exact=True).evaluate("it => it === document.activeElement")
    assert guard.locator("article.answer").count() == 0
    guard.get_by_label("Person", exact=True).fill("Jane Doe")
    choose(guard, uploaded("visitor.jpg", jpeg("obama2")))
    assert answer(guard).locator(".error").inner_text() == "Nobody of this name is enrolled."


def test_a_picture_is_dropped_anywhere(guard: "Page") -> None:
    script = """async (bytes) => {
      const moved = new DataTransfer();
      moved.items.add(new File([Uint8Array.from(bytes)], "dropped.jpg", {type: "image/jpeg"}));
      const event = new DragEvent("drop", {dataTransfer: moved, bubbles: true, cancelable: true});
      document.querySelector("h1").dispatchEvent(event);
    }"""
    picture = cv2.imread(str(photo("obama2")))
    assert picture is not None
    small = cv2.imencode(".jpg", cv2.resize(picture, (313, 600), interpolation=cv2.INTER_AREA))[1]
    guard.evaluate(script, small.tolist())
    assert answer(guard).get_by_role("heading").inner_text() == "dropped.jpg"


def test_all_of_it_can_be_reached_by_keyboard(guard: "Page") -> None:
    guard.get_by_label("Who is it?").focus()
    reached = []
    for _ in range(7):
        guard.keyboard.press("Tab")
        reached.append(guard.evaluate("document.activeElement.name || document.activeElement.id"))
    assert reached[:6] == ["files", "use-camera", "terminal", "use-terminal", "photo", "use-photo"]


def test_on_a_phone_nothing_is_wider_than_the_screen(guard: "Page", tmp_path: Path) -> None:
    guard.set_viewport_size({"width": 360, "height": 740})
    choose(guard, uploaded("visitor.jpg", jpeg("obama2")))
    answer(guard)
    assert guard.evaluate("document.documentElement.scrollWidth") <= 360


def test_when_too_much_is_asked_the_page_waits_and_asks_again(guard: "Page", verify_site: Site) -> None:
    turns = verify_site.app.state.stills.turns
    turns._taken = turns._most
    choose(guard, uploaded("visitor.jpg", jpeg("obama2")))
    guard.locator("#progress").wait_for()
    guard.wait_for_timeout(300)
    turns._taken = 0
    assert OBAMA in answer(guard).inner_text()
