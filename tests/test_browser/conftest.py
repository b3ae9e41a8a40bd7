"""The server's pages without a server behind them, and a browser."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from server.terminals.listener import Listener
from server.web.serving import WebServer
from tests.support import console
from tests.support.chromium import running_chromium, still, sync_playwright, write_film

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright


class NoWebSocket(asyncio.Protocol):
    """Refuses: the tests take the terminals' connections themselves."""

    def __init__(self, **of_the_web_server: object) -> None:
        super().__init__()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.abort()


@pytest.fixture(scope="package")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the server's pages."""
    with console.site(tmp_path_factory.mktemp("pages")) as site:
        ready, stopping = threading.Event(), threading.Event()
        address = []

        async def serve() -> None:
            listener = await Listener.bind("127.0.0.1", 0)
            web = WebServer(site.app, listener.sockets, None, NoWebSocket)
            serving = asyncio.ensure_future(web.serve())
            address.append(f"http://localhost:{listener.addresses[0][1]}")
            ready.set()
            await asyncio.to_thread(stopping.wait)
            web.stop()
            await serving
            listener.close()

        thread = threading.Thread(target=lambda: asyncio.run(serve()))
        thread.start()
        ready.wait(10)
        try:
            yield address[0]
        finally:
            stopping.set()
            thread.join()


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
