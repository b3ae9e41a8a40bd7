"""The page that brings an archive in says first what it would change at the doors."""

from collections.abc import Iterator
from datetime import datetime, timezone
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from server.site.archive import export
from tests.support.chromium import needs_chromium
from tests.support.console import PASSWORD, serving
from tests.support.people import followed_site
from tests.support.site import Server, photo, put

if TYPE_CHECKING:
    from playwright.sync_api import FilePayload, Page

pytestmark = needs_chromium
OURS = '[people."Jane Doe"]\ndisabled = true\n'
THEIRS = '[terminals.default]\nliveness = "off"\nattempts = 0\n'


@pytest.fixture
def server(tmp_path: Path, page: "Page") -> Iterator[Server]:
    put(tmp_path / "faces", jane_doe=photo(1))
    (tmp_path / "faces" / "people.toml").write_text(OURS)
    with followed_site(tmp_path) as (site, server), serving(site) as served:
        page.goto(f"{served.address}/sign-in?next=/system/archive")
        page.fill("[name=name]", "admin")
        page.fill("[name=password]", PASSWORD)
        page.click("button.primary")
        page.locator("#send").wait_for()
        yield server


def test_each_change_stands_there_before_anybody_confirms(page: "Page", server: Server) -> None:
    data = BytesIO()
    export(server.faces, THEIRS.encode(), {}, data, moment=datetime.now(timezone.utc))
    sent: FilePayload = {"name": "site.zip", "mimeType": "application/zip", "buffer": data.getvalue()}
    page.set_input_files("#send [name=file]", [sent])
    page.click("#send button")
    page.locator("[data-mode=merge]").wait_for()
    default = "terminal default: liveness off, was not laid down; attempts 0, was not laid down"
    assert page.locator("[data-changes=merging] li").all_text_contents() == [default]
    assert page.locator("[data-changes=replacing] li").all_text_contents() == [
        default,
        "person Jane Doe: disabled no, was yes",
    ]
    assert page.locator("#effect .warning").count() == 2
    assert (server.faces / "people.toml").read_text() == OURS
