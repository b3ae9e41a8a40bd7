"""One story, as somebody with a new server lives it: from its first start to a person who is erased."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.chromium import EXPECTED_MS, expect, needs_chromium, running_chromium, write_film
from tests.support.console import PASSWORD
from tests.support.photos import photo
from tests.support.server_process import ServerProcess, running_server
from tests.test_browser.test_terminal_door import console_port, told, visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, FilePayload, Page, Playwright

pytestmark = [needs_chromium, pytest.mark.timeout(400)]
SETTINGS = 'liveness = "off"  # the visitor is a photo\nrecord = true\nrecord_pictures = true\n'
PERSON = "Barack Obama"
PHOTOS = {"barack_obama.jpg": "obama", "barack_obama_2.jpg": "obama3"}
SOON = 60_000


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """Everything runs at once here, and what the console asks waits for the door."""
    expect.set_options(timeout=SOON)
    yield
    expect.set_options(timeout=EXPECTED_MS)


@pytest.fixture
def browser(playwright: "Playwright", tmp_path: Path) -> "Iterator[Browser]":
    """Somebody stands before its camera."""
    film = write_film(tmp_path / "film.y4m", visit("obama2"))
    with running_chromium(playwright, film) as browser:
        yield browser


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    (tmp_path / "doorward.toml").write_text(SETTINGS)
    flags = ("--web", "on", "--web-port", "0", "--config", str(tmp_path / "doorward.toml"))
    with running_server(tmp_path, *flags) as server:
        yield server


@pytest.fixture
def console(browser: "Browser") -> "Page":
    """Where the administrator works."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.set_default_timeout(SOON)
    return page


def acts(server: ServerProcess) -> str:
    return (server.logs / "operator_log.txt").read_text(encoding="utf-8")


def go_to(console: "Page", name: str) -> None:
    console.get_by_role("navigation", name="Pages").get_by_role("link", name=name).click()


def test_from_the_first_start_to_a_person_who_is_erased(
    server: ServerProcess, console: "Page", browser: "Browser"
) -> None:
    make_the_account(server, console)
    sign_in(server, console)
    enrol(server, console)
    door = open_a_door(server, console, browser)
    decision = read_why(server, console)
    correct(server, console, decision)
    verify(server, console)
    tune(server, console)
    revoke(server, console, door)
    erase(server, console)
    assert server.stop() == 0
    assert "Traceback" not in server.console


def make_the_account(server: ServerProcess, console: "Page") -> None:
    console_port(server)
    link = re.search(r"http://[\d.:]+/set-up#\S+", server.console)
    assert link is not None, server.console
    console.goto(link[0])
    expect(console.get_by_text("This makes the first account, an administrator's.")).to_be_visible()
    console.get_by_label("Name").fill("ada")
    console.get_by_label("New password").fill(PASSWORD)
    console.get_by_label("The same again").fill(PASSWORD)
    console.get_by_role("button", name="Set the password").click()
    expect(console.get_by_role("heading", name="Live")).to_be_visible()
    assert " account_added invitation ada " in acts(server)
    console.goto(link[0])
    expect(console.get_by_text("This link holds no longer")).to_be_visible()
    console.goto(link[0].partition("/set-up")[0])


def sign_in(server: ServerProcess, console: "Page") -> None:
    console.get_by_role("link", name="ada").click()
    console.get_by_role("button", name="Sign out", exact=True).click()
    expect(console.get_by_role("button", name="Sign in")).to_be_visible()
    console.get_by_label("Name").fill("ada")
    console.get_by_label("Password").fill(PASSWORD)
    console.get_by_role("button", name="Sign in").click()
    expect(console.get_by_text("No terminal is connected.")).to_be_visible()
    assert " sign_out account:ada ada " in acts(server) and " sign_in account:ada ada " in acts(server)


def enrol(server: ServerProcess, console: "Page") -> None:
    go_to(console, "People")
    expect(console.get_by_text("Nobody is enrolled yet.")).to_be_visible()
    with console.expect_file_chooser() as chooser:
        console.get_by_role("button", name="Add photos").click()
    files: list[FilePayload] = [
        {"name": name, "mimeType": "image/jpeg", "buffer": photo(of).read_bytes()}
        for name, of in PHOTOS.items()
    ]
    chooser.value.set_files(files)
    expect(console.locator("#uploads .badge.accepted")).to_have_count(len(PHOTOS))
    expect(console.locator("#people .person", has_text=PERSON)).to_contain_text("2 photos")
    assert {path.name for path in server.faces.glob("*.jpg")} == set(PHOTOS)
    first, second = re.findall(rf' (\w+) account:ada "{PERSON}"', acts(server))
    assert (first, second) == ("person_added", "photo_added")


def open_a_door(server: ServerProcess, console: "Page", browser: "Browser") -> "Page":
    go_to(console, "Live")
    console.get_by_role("link", name="Set one up").click()
    console.get_by_label("Name").fill("front-door")
    console.get_by_role("button", name="Add").click()
    expect(console.get_by_role("heading", name="Token of front-door")).to_be_visible()
    expect(console.get_by_role("row", name="front-door").get_by_role("button", name="Revoke")).to_be_visible()
    link = console.locator("#made-link").inner_text()
    assert " terminal_token_added account:ada front-door " in acts(server)
    door = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    door.set_default_timeout(SOON)
    door.goto(link)
    door.get_by_role("button", name="Start").click()
    told(door, "GRANTED")
    expect(door.locator("[data-part=names]")).to_have_text(PERSON)
    line = server.log_lines()[0]
    assert (line["verdict"], line["name"], line["terminal"]) == ("GRANTED", PERSON, "front-door")
    go_to(console, "Live")
    expect(console.locator(".door", has_text="front-door").locator(".last")).to_contain_text(PERSON)
    return door


def read_why(server: ServerProcess, console: "Page") -> str:
    """The id of the decision."""
    identity = server.log_lines()[0]["id"]
    assert identity is not None
    go_to(console, "Log")
    row = console.locator(f"tr[data-id='{identity}']")
    expect(row).to_contain_text(PERSON)
    row.get_by_role("link").first.click()
    expect(console.get_by_role("heading", name="Why")).to_be_visible()
    expect(console.locator(".sentence")).to_contain_text(PERSON)
    return identity


def correct(server: ServerProcess, console: "Page", decision: str) -> None:
    console.get_by_role("button", name=f"This was not {PERSON}").click()
    console.get_by_role("button", name="Hold the photo").click()
    expect(console.get_by_text("Corrected by account:ada")).to_be_visible()
    held = console.locator(".warning code").inner_text()
    expect(console.get_by_role("link", name=f"page of {PERSON}")).to_be_visible()
    assert held in PHOTOS and held in (server.faces / "people.toml").read_text()
    assert f" decision_corrected account:ada {decision} " in acts(server)
    assert all((server.faces / name).exists() for name in PHOTOS), "held, not removed"


def verify(server: ServerProcess, console: "Page") -> None:
    go_to(console, "Verify")
    console.get_by_label("Is it this person?").check()
    console.get_by_label("Person", exact=True).fill(PERSON)
    console.locator("input[name=files]").set_input_files(photo("obama2"))
    expect(console.locator(".answer")).to_contain_text("Welcome in")
    assert re.search(f' verified account:ada "{PERSON}" .*result=matched', acts(server))


def tune(server: ServerProcess, console: "Page") -> None:
    go_to(console, "Tune")
    slider = console.get_by_label("Strangers who may be let in")
    expect(slider).to_be_enabled()
    slider.focus()
    console.keyboard.press("ArrowRight")
    expect(console.locator("#sentence")).to_contain_text("about 1 stranger in 20,000")
    console.get_by_role("button", name="Apply").click()
    console.get_by_role("dialog").get_by_role("button", name="Yes").click()
    expect(console.locator(".lead")).to_contain_text("about 1 stranger in 20,000")
    assert "max_false_accept = 5e-05" in (server.faces.parent / "doorward.toml").read_text()
    assert " settings_applied account:ada - " in acts(server)


def revoke(server: ServerProcess, console: "Page", door: "Page") -> None:
    go_to(console, "System")
    console.get_by_role("link", name="Terminals").click()
    console.get_by_role("row", name="front-door").get_by_role("button", name="Revoke").click()
    console.get_by_role("dialog").get_by_role("button", name="Yes").click()
    expect(console.get_by_role("row", name="front-door")).to_contain_text("revoked")
    expect(door.locator("#setup-message")).to_contain_text("does not accept", timeout=20_000)
    assert " terminal_token_revoked account:ada front-door " in acts(server)


def erase(server: ServerProcess, console: "Page") -> None:
    go_to(console, "People")
    console.locator("#people .person", has_text=PERSON).click()
    console.get_by_label("Type the name to confirm").fill(PERSON)
    console.get_by_role("button", name=f"Erase {PERSON}").click()
    expect(console.get_by_text("Nobody is enrolled yet.")).to_be_visible()
    assert not list(server.faces.rglob("*.jpg"))
    assert "barack_obama" not in (server.faces / "people.toml").read_text()
    assert f' person_erased account:ada "{PERSON}" ' in acts(server)
    assert any(line["name"] == PERSON for line in server.log_lines()), "the evidence stays"
