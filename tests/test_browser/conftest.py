"""The server's pages without a server behind them, and a browser."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support import console
from tests.support.chromium import running_chromium, still, sync_playwright, write_film
from tests.support.served import served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright


@pytest.fixture(scope="package")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the server's pages."""
    with console.site(tmp_path_factory.mktemp("pages")) as site, served(site) as address:
        yield address


@pytest.fixture(scope="package")
def playwright() -> "Iterator[Playwright]":
    """While it is there, this thread has an event loop: no test may run another one in it."""
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="package")
def browser(playwright: "Playwright", tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Browser]":
    """Its camera shows a room in which nothing moves."""
    film = write_film(tmp_path_factory.mktemp("film") / "still.y4m", still())
    with running_chromium(playwright, film) as browser:
        yield browser


@pytest.fixture
def context(browser: "Browser") -> "Iterator[BrowserContext]":
    context = browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    context.set_default_timeout(15_000)
    yield context
    context.close()


def is_fault(said: "ConsoleMessage") -> bool:
    return said.type == "error" and "/api/v1/" not in said.location["url"]


@pytest.fixture
def page(context: "BrowserContext", tmp_path: Path) -> "Iterator[Page]":
    """It must neither throw nor break a rule of its own Content-Security-Policy; the API may refuse."""
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if is_fault(said) else None)
    yield page
    assert [each for each in wrong if "WebSocket connection" not in each] == []


@pytest.fixture
def modules(page: "Page", pages: str) -> tuple["Page", str]:
    """A page of the server, and where its modules are."""
    page.goto(f"{pages}/terminal")
    address = page.locator("script[src$='/terminal/terminal.js']").get_attribute("src") or ""
    return page, address.removesuffix("/terminal.js")
