"""Changes of the site's files: one after the other, gone on with where they were stopped."""

import asyncio
import json
import threading
from pathlib import Path

import pytest

from server.site.errors import SiteError
from server.site.renaming import NOTE
from server.web import site_work
from server.web.problems import ProblemError
from server.web.site_work import SiteWork
from tests.support.console import Site
from tests.support.people import followed_site
from tests.support.site import listed, photo, put


def test_a_rename_that_was_stopped_half_way_is_gone_on_with(tmp_path: Path) -> None:
    faces = tmp_path / "faces"
    put(faces, jane_doe=photo(1))
    rename = {"old": "Jane Doe", "new": "Joan Doe", "paths": {"jane_doe.jpg": "joan_doe.jpg"}}
    (faces / NOTE).write_text(json.dumps(rename), "utf-8")
    (faces / ".doorward-left.tmp").write_bytes(b"half a photo")
    with followed_site(tmp_path) as (site, _):
        asyncio.run(site.app.state.site_work.begin())
    assert listed(faces) == ["joan_doe.jpg"]


def test_too_many_changes_are_refused_and_none_is_lost(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site_work, "MOST_WAITING", 2)
    work: SiteWork = site.app.state.site_work
    go_on, done = threading.Event(), []

    async def change() -> None:
        changes = [
            asyncio.ensure_future(work.change(lambda _: done.append(go_on.wait(20)))) for _ in range(2)
        ]
        await asyncio.sleep(0)
        with pytest.raises(ProblemError):
            await work.change(lambda _: None)
        changes[0].cancel()
        go_on.set()
        await changes[1]
        await work.change(lambda _: None)

    asyncio.run(change())
    assert done == [True, True], "also the one that nobody waited for"


def test_what_waits_for_the_server_ends_when_it_stops(site: Site) -> None:
    work: SiteWork = site.app.state.site_work

    async def change() -> None:
        waiting = asyncio.ensure_future(work.change(lambda made: made.in_force.wait_for(lambda: False)))
        await asyncio.sleep(0)
        await asyncio.to_thread(work.close)
        with pytest.raises(SiteError, match="stops"):
            await waiting

    asyncio.run(change())
