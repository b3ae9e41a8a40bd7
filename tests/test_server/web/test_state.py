"""How the server is doing, for administrators."""

import logging
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from server.audit.access_log import FILE
from server.history.tables import DECISION
from server.history.writing import add
from server.terminals.frame_tally import FrameTally
from server.web import state as under_test
from server.weights import PINNED
from server.workers.pool import WorkerCounts
from tests.support import console
from tests.support.certificate import make, needs_openssl
from tests.support.console import Site
from tests.support.histories import decision, entry
from tests.support.made_up_people import some_people

GB = 1 << 30


def shown(site: Site) -> dict[str, Any]:
    answer = site.browser("admin").get("/api/v1/system")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def test_the_servers_numbers_are_told(site: Site) -> None:
    site.gallery, site.photos.enrolled = some_people()
    site.vitals.workers = WorkerCounts(wanted=3, alive=2, busy=1, replaced=4, pids=())
    for seconds in (0.1, 0.1, 0.1, 0.9):
        site.vitals.tally.take(seconds)
    site.vitals.tally.skipped = 7
    site.vitals.lost["history"] = 5
    found = shown(site)
    assert found["workers"] == {"wanted": 3, "alive": 2, "busy": 1, "replaced": 4}
    assert found["frames"] == {
        "in_work": 1,
        "waiting": 0,
        "answered": 4,
        "skipped": 7,
        "mean_ms": 300.0,
        "quick": 0.75,
    }
    assert (found["people"], found["photos"], found["terminals"]) == (3, 5, 1)
    assert found["lost"] == [{"name": "history", "events": 5}]
    assert found["memory"]["workers"] == 0 and found["loop"] == {"last_ms": 0.0, "worst_ms": 0.0}
    assert found["recogniser"] == "sface" and found["embedded_by"] is None, (
        "no worker has loaded a model here"
    )
    assert {"Python", "doorward", "opencv-python"} <= {each["name"] for each in found["versions"]}
    assert found["certificate"] is None
    assert found["database"]["kind"] == "SQLite" and found["database"]["size"] > 1000
    assert (found["database"]["history_days"], found["database"]["recording"]) == (90, False)


def test_nothing_is_divided_by_no_frames(site: Site) -> None:
    assert site.vitals.tally == FrameTally()
    found = shown(site)["frames"]
    assert found["mean_ms"] is None and found["quick"] is None


def test_the_last_warnings_are_told_without_secrets(site: Site) -> None:
    log = logging.getLogger("server.test_state")
    log.addHandler(site.vitals.warnings)
    log.warning("the camera is covered")
    log.warning("a link#secret", extra={"console_only": True})
    log.removeHandler(site.vitals.warnings)
    assert [each["text"] for each in shown(site)["warnings"]] == ["the camera is covered"]


def test_weights_are_those_that_were_chosen(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    under_test.weights_found.cache_clear()
    monkeypatch.setattr("server.weights._package_folder", lambda package: None)
    found = shown(site)["weights"]
    under_test.weights_found.cache_clear()
    assert [each["sha256"] for each in found] == [each.sha256 for each in PINNED]
    assert all(each["path"] is None and "there is no" in each["problem"] for each in found)
    assert {each["licence"] for each in found} == {"Apache-2.0", "MIT"}


class Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.mark.parametrize(("free", "grade"), [(100 * GB, "ok"), (1 * GB, "warning"), (100 << 20, "error")])
def test_a_disk_that_fills_up_is_told(
    site: Site, monkeypatch: pytest.MonkeyPatch, free: int, grade: str
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage(200 * GB, 0, free))
    disk = shown(site)["disk"]
    assert (disk["free"], disk["state"]["grade"]) == (free, grade)


def test_lines_that_are_not_in_the_database_are_told(site: Site) -> None:
    check = shown(site)["database"]["log"]
    assert check == {"grade": "ok", "detail": "Nothing has been decided yet."}
    lines = [entry(number).line() + "\n" for number in range(4)]
    (site.running.settings.logs / FILE).write_text("".join(lines))
    site.running.settings.__dict__["history_days"] = 36500
    check = shown(site)["database"]["log"]
    assert (
        check["grade"] == "warning"
        and "Of the last 4 lines of the access log 4 are missing" in check["detail"]
    )
    site.database.write_here(lambda sql: add(sql, [(DECISION, decision(number)) for number in range(4)]))
    check = shown(site)["database"]["log"]
    assert check == {"grade": "ok", "detail": "The last 4 lines of the access log are in the database."}


@pytest.fixture
def with_tls(tmp_path: Path) -> Iterator[Site]:
    certificate, key = make(tmp_path)
    with console.site(tmp_path, tls_cert=certificate, tls_key=key) as made:
        yield made


@needs_openssl
def test_the_certificates_end_is_told_before_it_comes(
    with_tls: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = shown(with_tls)["certificate"]
    assert found["names"] == ["127.0.0.1"] and found["until"] > 0
    assert found["state"]["grade"] == "warning" and "nobody can connect then" in found["state"]["detail"]
    monkeypatch.setattr(under_test, "EXPIRY_NOTICE", timedelta())
    assert shown(with_tls)["certificate"]["state"]["grade"] == "ok"
    with_tls.running.settings.tls_cert.write_text("")  # type: ignore[union-attr]
    found = shown(with_tls)["certificate"]
    assert found["until"] is None and found["state"]["grade"] == "error"


def test_the_page_tells_all_of_it(site: Site) -> None:
    log = logging.getLogger("server.test_state")
    log.addHandler(site.vitals.warnings)
    log.error("<b>HISTORY</b> NOT WRITTEN")
    log.removeHandler(site.vitals.warnings)
    site.vitals.lost["recorder"] = 3
    text = site.browser("admin").get("/system", headers={"Accept": "text/html"}).text
    for part in (
        "3 of 3, 1 busy",
        "SQLite",
        "Apache-2.0",
        "&lt;b&gt;HISTORY",
        "recorder has missed 3 events",
    ):
        assert part in text, part
