"""What every page of the console promises: that everybody can read and use it, that nothing goes wrong on it,
that it is light, and that it asks no other host for anything."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from fastapi.routing import APIRoute, iter_route_contexts

from tests.support.chromium import needs_chromium
from tests.support.console import Served, serving
from tests.support.furnished_site import Furnished, furnished_site

try:
    from axe_playwright_python.base import AXE_SCRIPT
except ModuleNotFoundError:
    pytest.skip("needs axe-playwright-python (extra test)", allow_module_level=True)

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response

pytestmark = needs_chromium

SIGNED_OUT = ("/sign-in", "/set-up", "/set-up#{f.invitation}", "/terminal", "/docs", "/nowhere")
SIGNED_IN = (
    "/live",
    "/log",
    "/log/{f.granted.id}",
    "/log/{f.corrected.id}",
    "/log/{f.denied.id}",
    "/people",
    "/people/Jane Doe",
    "/people/Jane Low",
    "/people/Joe Low",
    "/people/John Roe",
    "/people/Nobody",
    "/strangers",
    "/verify",
    "/tune",
    "/system",
    "/system/terminals",
    "/system/accounts",
    "/system/archive",
    "/system/record",
    "/account",
)
NO_PAGE = ("/", "/terminal/ca.pem", "/api/v1/openapi.json")
"""They answer something else."""
NOT_FOUND = ("/nowhere", "/people/Nobody")
MOST_BYTES = 300_000
"""Of a page without its pictures."""
HEAVY = {"/docs": 2_500_000}
"""Swagger UI alone is more; nobody opens it at a door."""

NOT_OURS = ".swagger-ui"
"""What Swagger UI draws: all that it tells is in `openapi.json` as well."""
AXE = f"""async (options) => {{
  const about = {{ exclude: [[{NOT_OURS!r}]] }};
  const {{ violations }} = await axe.run(about, {{ resultTypes: ["violations"], ...options }});
  return violations.flatMap(({{ id, nodes }}) =>
    nodes.map(({{ html, failureSummary }}) => `${{id}}: ${{html.slice(0, 200)}}: ${{failureSummary}}`));
}}"""
CONTROLS = f"""
[...document.querySelectorAll(`a[href], button, input, select, textarea, summary, audio[controls],
    video[controls], [tabindex]:not([tabindex="-1"]), [contenteditable], [role=button], [role=tab]`)]
  .filter((each) => each.checkVisibility({{ visibilityProperty: true }}))
  .filter((each) => !each.matches(":disabled, {NOT_OURS} *"))
  .filter((each, at, all) => each.type !== "radio" || each.checked
    || !all.some((other) => other.name === each.name && other.form === each.form && other.checked))
"""
"""What can be used; of a choice of several the one that is chosen."""
WATCH_FOCUS = f"""() => {{
  const look = (each) => {{
    const {{ outlineStyle, outlineWidth, outlineColor, boxShadow }} = getComputedStyle(each);
    return [outlineStyle, outlineStyle === "none" ? "" : outlineWidth + outlineColor, boxShadow].join();
  }};
  document.activeElement?.blur();
  const before = new Map({CONTROLS}.map((each) => [each, look(each)]));
  window.missed = new Set(before.keys());
  window.unseen = new Set();
  document.addEventListener("focusin", ({{ target }}) => {{
    window.missed.delete(target);
    if (before.has(target) && look(target) === before.get(target)) window.unseen.add(target);
  }});
  return before.size;
}}"""
SHOWN = "(set) => [...set].map((each) => each.outerHTML.slice(0, 160))"

DIALOGS = (
    ("/people", "#take"),
    ("/people/Jane Doe", "[data-do=remove]"),
    ("/system/accounts", "[data-do=remove]"),
    ("/system/terminals", "[data-do=revoke]"),
)
"""A page, and what opens a dialog there."""


@dataclass
class Visit:
    """A page that is open, and what was said and sent since."""

    page: "Page"
    path: str
    address: str
    wrong: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    waiting: set[object] = field(default_factory=set)
    pictures: set[str] = field(default_factory=set)
    sizes: dict[str, int] = field(default_factory=dict)

    def open(self) -> None:
        """As for the first time; returns when nothing is on its way any more."""
        page = self.page
        page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        page.on("console", self._heard)
        page.on("request", lambda request: self._ask(request.url, request))
        page.on("requestfinished", lambda request: self.waiting.discard(request))
        page.on("requestfailed", lambda request: self.wrong.append(f"failed: {request.url}"))
        page.on("response", self._answered)
        page.on("websocket", lambda socket: self._ask(socket.url))
        network = page.context.new_cdp_session(page)
        network.send("Network.enable")
        network.send("Network.setCacheDisabled", {"cacheDisabled": True})
        network.on("Network.responseReceived", self._kind)
        network.on("Network.dataReceived", self._size)
        page.goto(self.address + self.path, wait_until="load")
        for _ in range(200):
            page.wait_for_timeout(50)
            if not self.waiting:
                return
        raise AssertionError(f"{self.path} goes on asking: {self.waiting}")

    def close(self) -> None:
        self.page.close()

    def _ask(self, url: str, request: object = None) -> None:
        self.asked.append(url)
        if request is not None and url.startswith(self.address):
            self.waiting.add(request)

    def _heard(self, said: "ConsoleMessage") -> None:
        is_of_itself = said.location["url"] == self.page.url and self.path in NOT_FOUND
        if said.type in ("error", "warning") and not is_of_itself:
            self.wrong.append(f"{said.type}: {said.text} {said.location['url']}")

    def _answered(self, response: "Response") -> None:
        if "text/event-stream" in response.headers.get("content-type", ""):
            self.waiting.discard(response.request)
        if response.status >= 400 and self.path not in NOT_FOUND:
            self.wrong.append(f"{response.status}: {response.url}")

    def _kind(self, event: dict[str, Any]) -> None:
        if event["response"]["mimeType"].startswith("image/"):
            self.pictures.add(event["requestId"])

    def _size(self, event: dict[str, Any]) -> None:
        identity = event["requestId"]
        self.sizes[identity] = self.sizes.get(identity, 0) + event["dataLength"]

    @property
    def size(self) -> int:
        """Bytes without pictures, as they were before any compression."""
        return sum(size for identity, size in self.sizes.items() if identity not in self.pictures)


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Furnished]:
    with furnished_site(tmp_path_factory.mktemp("every_page")) as made:
        yield made


@pytest.fixture(scope="module")
def served(furnished: Furnished) -> Iterator[Served]:
    with serving(furnished.site) as served:
        yield served


@pytest.fixture(scope="module")
def admin(furnished: Furnished) -> str:
    """The secret of a session."""
    return str(furnished.site.browser("admin").cookies["doorward"])


@pytest.fixture(scope="module")
def contexts(browser: "Browser", served: Served, admin: str) -> "Iterator[dict[bool, BrowserContext]]":
    """By whether somebody has signed in there."""
    made = {
        signed_in: browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
        for signed_in in (False, True)
    }
    made[True].add_cookies([{"name": "doorward", "value": admin, "url": served.address}])
    for context in made.values():
        context.set_default_timeout(15_000)
    yield made
    for context in made.values():
        context.close()


@pytest.fixture(scope="module", params=[*SIGNED_OUT, *SIGNED_IN])
def visit(
    request: pytest.FixtureRequest,
    contexts: "dict[bool, BrowserContext]",
    furnished: Furnished,
    served: Served,
) -> Iterator[Visit]:
    """Each page in turn."""
    page = contexts[request.param in SIGNED_IN].new_page()
    with closing(Visit(page, request.param.format(f=furnished), served.address)) as visit:
        visit.open()
        page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
        yield visit


def violations(page: "Page") -> list[str]:
    """What axe-core has against a page: all its rules in the light, and those about colours in the dark."""
    page.emulate_media(color_scheme="light")
    page.evaluate(AXE_SCRIPT)
    found = page.evaluate(AXE, {})
    page.emulate_media(color_scheme="dark")
    return [*found, *(f"dark: {each}" for each in page.evaluate(AXE, {"runOnly": ["cat.color"]}))]


def test_nothing_goes_wrong(visit: Visit) -> None:
    assert visit.wrong == []


def test_no_other_host_is_asked(visit: Visit) -> None:
    own = urlsplit(visit.address).netloc
    others = [url for url in visit.asked if urlsplit(url).scheme not in ("blob", "data")]
    assert [url for url in others if urlsplit(url).netloc != own] == [] != others


def test_it_is_light(visit: Visit) -> None:
    assert 0 < visit.size < HEAVY.get(visit.path, MOST_BYTES)


def test_everybody_can_read_it(visit: Visit) -> None:
    assert violations(visit.page) == []


def test_the_keyboard_reaches_all_of_it_and_shows_where_it_is(visit: Visit) -> None:
    page = visit.page
    controls = page.evaluate(WATCH_FOCUS)
    for _ in range(0, 4 * controls + 20, 10):  # a date has several places
        for _ in range(10):
            page.keyboard.press("Tab")
        if not page.evaluate("window.missed.size"):
            break
    assert page.evaluate(f"({SHOWN})(window.missed)") == [], "the keyboard does not get there"
    assert page.evaluate(f"({SHOWN})(window.unseen)") == [], "nobody sees that the keyboard is there"


@pytest.mark.parametrize(("path", "opener"), DIALOGS)
def test_a_dialog_can_be_read_and_escape_closes_it(
    contexts: "dict[bool, BrowserContext]", served: Served, path: str, opener: str
) -> None:
    with closing(Visit(contexts[True].new_page(), path, served.address)) as visit:
        visit.open()
        page, sent = visit.page, []
        page.on("request", lambda request: sent.append(request.url) if request.method != "GET" else None)
        page.locator(opener).first.press("Enter")
        page.locator("dialog[open]").wait_for()
        assert violations(page) == []
        page.keyboard.press("Escape")
        page.locator("dialog[open]").wait_for(state="detached")
        assert page.evaluate("(opener) => document.activeElement.matches(opener)", opener)
        assert {urlsplit(url).path for url in sent} <= {"/api/v1/people/check"}, "it changes nothing"
        assert visit.wrong == []


def test_no_page_is_left_out(furnished: Furnished) -> None:
    visited = {path.partition("?")[0].partition("#")[0] for path in (*SIGNED_OUT, *SIGNED_IN, *NO_PAGE)}
    routes = [
        str(route.path)
        for route in iter_route_contexts(furnished.site.app.routes)
        if isinstance(route.original_route, APIRoute) and not route.include_in_schema
    ]
    shapes = {path.partition("{")[0] for path in routes}
    assert len(shapes) > 15
    assert {shape for shape in shapes if not any(path.startswith(shape) for path in visited)} == set()
