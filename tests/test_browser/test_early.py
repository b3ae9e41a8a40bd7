"""What is pressed before the script of a page has loaded, over a slow network, is done once it has."""

from typing import TYPE_CHECKING

from tests.support.chromium import expect, needs_chromium
from tests.support.console import PASSWORD

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

pytestmark = needs_chromium


def opened_without(page: "Page", address: str, script: str) -> "list[Route]":
    """The page, and the request for a script of it that is not answered yet."""
    held: list[Route] = []
    page.route(f"**/js/{script}", lambda route: held.append(route))
    page.goto(address, wait_until="commit")
    return held


def test_a_form_that_is_sent_early_is_sent_once(page: "Page", pages: str) -> None:
    held = opened_without(page, f"{pages}/sign-in?next=/account", "sign_in.js")
    page.get_by_label("Name").fill("viewer")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("form[data-early]")).to_be_visible()
    held.pop().continue_()
    expect(page.get_by_role("button", name="Sign out", exact=True)).to_be_visible()


def test_a_button_that_is_pressed_early_asks_first_as_ever(page: "Page", pages: str) -> None:
    page.goto(f"{pages}/sign-in?next=/account")
    page.get_by_label("Name").fill("viewer")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign out", exact=True)).to_be_visible()
    page.wait_for_load_state()
    held = opened_without(page, f"{pages}/account", "account.js")
    page.get_by_role("button", name="Sign out", exact=True).click()
    held.pop().continue_()
    page.wait_for_url("**/sign-in")
