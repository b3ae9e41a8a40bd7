"""System > Terminals in a browser: who comes and goes is seen without a reload, and nobody is disturbed."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.chromium import expect
from tests.support.console import PASSWORD, serving, site
from tests.test_server.web.test_live import Peer

if TYPE_CHECKING:
    from playwright.sync_api import Page

FRESH_MS = 5000
IN_VIEW = """each => {
    const table = each.closest(".table").getBoundingClientRect();
    return each.getBoundingClientRect().right <= table.right;
}"""


@pytest.mark.parametrize("width", [390, 800, 1280])
def test_what_can_be_done_with_a_token_is_in_view(page: "Page", tmp_path: Path, width: int) -> None:
    with site(tmp_path) as made, serving(made) as served:
        assert made.browser("admin").post("/api/v1/tokens/front?days=9").status_code == 201
        page.set_viewport_size({"width": width, "height": 800})
        sign_in(page, served.address)
        page.goto(f"{served.address}/system/terminals")
        row = page.get_by_role("row", name="front")
        for name in ("Rotate", "Revoke"):
            assert row.get_by_role("button", name=name).evaluate(IN_VIEW), name


def sign_in(page: "Page", address: str) -> None:
    page.goto(f"{address}/sign-in")
    page.get_by_label("Name").fill("admin")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/live")


def test_who_connects_is_shown_and_its_token_can_then_be_revoked(page: "Page", tmp_path: Path) -> None:
    with site(tmp_path) as made, serving(made) as served:
        assert made.browser("admin").post("/api/v1/tokens/front").status_code == 201
        page.clock.install()
        sign_in(page, served.address)
        page.goto(f"{served.address}/system/terminals")
        row = page.get_by_role("row", name="front")
        expect(row).to_contain_text("not seen")
        revoke = row.get_by_role("button", name="Revoke")
        revoke.focus()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        served.call(partial(made.live.join, Peer("front")))
        page.clock.run_for(2 * FRESH_MS)
        expect(revoke).to_be_focused()
        assert asked == []
        page.get_by_label("Name").focus()
        page.clock.run_for(FRESH_MS)
        expect(row).to_contain_text("connected")
        expect(row).to_contain_text("from 10.0.0.7")
        revoke.click()
        page.get_by_role("dialog").get_by_role("button", name="Yes").click()
        expect(row).to_contain_text("revoked")
