"""Which terminals are connected: what is known of each, and nothing else."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from server.accounts.rights import Role
from tests.support import console
from tests.support.console import Served, Site, key_of, serving
from tests.support.histories import decision, fill, minutes
from tests.test_server.web.test_live import Peer


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with console.site(tmp_path, tokens={"yard": "x" * 16}) as site, serving(site) as served:
        yield served


def told(site: Site, name: str = "admin") -> dict[str, dict[str, Any]]:
    answer = site.browser(name).get("/api/v1/terminals")
    assert answer.status_code == 200, answer.text
    return {each["terminal"]: each for each in answer.json()}


def join(served: Served, terminal: str, number: int = 0) -> Peer:
    peer = Peer(terminal)
    peer.id += str(number)
    served.call(partial(served.site.live.join, peer))
    return peer


def test_who_is_connected_is_told_with_since_when_and_from_where(served: Served) -> None:
    join(served, "front")
    (health,) = served.call(served.site.live.health)
    since = int(health.connected.timestamp() * 1000)
    assert told(served.site) == {
        "front": {
            "terminal": "front",
            "connections": [{"since": since, "address": "10.0.0.7", "camera": "ok", "camera_since": since}],
            "last_seen": None,
        },
        "yard": {"terminal": "yard", "connections": [], "last_seen": None},
    }
    page = served.site.browser("admin").get("/system/terminals").text
    assert page.count("connected</span>") == 1 and "from 10.0.0.7" in page and page.count("not seen<") == 1


def test_who_has_left_was_last_seen_then(served: Served) -> None:
    fill(served.site.database, decision(0, terminal="front"))
    peer = join(served, "front")
    served.call(lambda: served.site.live.leave(peer))
    (health,) = served.call(served.site.live.health)
    assert health.left is not None
    left = told(served.site)["front"]
    assert left["connections"] == [] and left["last_seen"] == int(health.left.timestamp() * 1000)


def test_who_is_not_there_since_the_start_was_last_seen_as_the_history_says(served: Served) -> None:
    fill(served.site.database, decision(3, terminal="front"))
    assert told(served.site)["front"]["last_seen"] == int(minutes(3).timestamp() * 1000)
    assert "last seen" in served.site.browser("admin").get("/system/terminals").text


def test_a_terminal_of_an_imported_log_alone_is_none_of_ours(served: Served) -> None:
    fill(served.site.database, decision(3, terminal="front"))
    for number, terminal in ((5, "front"), (6, "elsewhere")):
        fill(served.site.database, {**decision(number, terminal=terminal), "imported": True})
    assert told(served.site)["front"]["last_seen"] == int(minutes(3).timestamp() * 1000)
    assert "elsewhere" not in told(served.site)


def test_programs_that_give_themselves_one_name_are_each_told(served: Served) -> None:
    join(served, "front", 1)
    join(served, "front", 2)
    assert len(told(served.site)["front"]["connections"]) == 2


def test_who_had_a_token_is_listed_and_may_get_another(served: Served) -> None:
    admin = served.site.browser("admin")
    assert admin.post("/api/v1/tokens/attic").status_code == 201
    assert admin.delete("/api/v1/tokens/attic").status_code == 204
    assert told(served.site)["attic"] == {"terminal": "attic", "connections": [], "last_seen": None}
    page = admin.get("/system/terminals").text
    assert "revoked" in page and page.count('data-do="add"') == 1


def test_only_those_are_told_that_the_caller_sees(served: Served) -> None:
    served.site.account("joe", Role.ADMIN, ["lab"])
    for terminal in ("front", "lab"):
        join(served, terminal)
    assert list(told(served.site, "joe")) == ["lab"]
    assert "front</th>" not in served.site.browser("joe").get("/system/terminals").text
    assert list(told(served.site, "viewer")) == ["front", "lab", "yard"]
    key = key_of(served.site.browser("guard"), "verify")
    assert served.site.browser().get("/api/v1/terminals", headers=key).status_code == 403
