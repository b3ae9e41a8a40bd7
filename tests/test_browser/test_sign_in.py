"""Signing in leads to a page of this console, and to nothing else."""

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from tests.support.chromium import needs_chromium
from tests.support.console import PASSWORD

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = needs_chromium


@pytest.mark.parametrize(
    ("wanted", "led_to"),
    [
        ("/account?x=1", "/account?x=1"),
        ("//evil.example/account", "/live"),
        ("/\t/evil.example/account", "/live"),
        ("/\\evil.example/account", "/live"),
        ("/x/..//evil.example/account", "//evil.example/account"),
        ("javascript:alert(1)", "/live"),
        ("http://[", "/live"),
    ],
)
def test_signing_in_leads_to_no_other_site(page: "Page", pages: str, wanted: str, led_to: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.route(f"{pages}//evil.example/*", lambda route: route.fulfill(body="nothing is here"))
    page.goto(f"{pages}/sign-in?next={quote(wanted, safe='')}")
    page.get_by_label("Name").fill("viewer")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{pages}{led_to}")
    assert all(address.startswith(f"{pages}/") for address in asked)
