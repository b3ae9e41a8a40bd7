"""Decisions: found, explained, exported, and told as they happen; nobody sees another's terminals."""

import csv
import io
import json
from datetime import datetime, timedelta, timezone

import httpx
import pytest
from sqlalchemy import Connection, insert

from server.access.decision import Decision, Nearest
from server.access.liveness.proof import Aliveness
from server.accounts.rights import Role
from server.audit.access_log import AccessEntry, parse
from server.history.rows import decision_row
from server.history.tables import DECISION
from server.web.why import reason_label
from tests.support.console import Site, key_of, serving
from tests.support.histories import decision, fill
from wire import Verdict
from wire.reasons import Reason

NOON = datetime(2026, 11, 20, 12, tzinfo=timezone.utc)


def kept(
    site: Site, number: int, name: str | None = "Jane Doe", terminal: str = "front", **more: object
) -> str:
    """A decision, `number` minutes after noon; returns its id."""
    fields: dict[str, object] = {
        "id": f"{number:016x}",
        "verdict": Verdict.GRANTED if name else Verdict.DENIED,
        "name": name,
        "reason": Reason.RECOGNISED if name else Reason.UNKNOWN_FACE,
        "distance": 0.61 if name else 1.2,
        "runner_up": 1.3,
        "threshold": 0.93,
        "looks": 5,
        "liveness": Aliveness.LIVE,
        "nearest": (Nearest("Jane Doe", 0.61 if name else 1.2), Nearest("June Doe", 1.3)),
        **more,
    }
    decision = Decision(**fields)  # type: ignore[arg-type]
    line = AccessEntry(NOON + timedelta(minutes=number), terminal, decision, 60).line()

    def add(sql: Connection) -> None:
        sql.execute(insert(DECISION).values(decision_row(parse(line), decision.nearest)))

    site.database.write_here(add)
    return decision.id


def ids(site: Site, query: str = "", name: str = "viewer") -> list[int]:
    found = site.browser(name).get(f"/api/v1/decisions?{query}").json()["decisions"]
    return [int(each["id"], 16) for each in found]


def test_the_newest_come_first_and_pages_follow_one_another(site: Site) -> None:
    for number in range(1, 8):
        kept(site, number)
    browser = site.browser("viewer")
    first = browser.get("/api/v1/decisions?limit=3").json()
    assert [int(each["id"], 16) for each in first["decisions"]] == [7, 6, 5]
    second = browser.get(f"/api/v1/decisions?limit=3&before={first['next']}").json()
    assert [int(each["id"], 16) for each in second["decisions"]] == [4, 3, 2]
    last = browser.get(f"/api/v1/decisions?limit=3&before={second['next']}").json()
    assert [int(each["id"], 16) for each in last["decisions"]] == [1] and last["next"] is None


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("person=Jane Doe", [3, 1]),
        ("like=JANE", [3, 1]),
        ("like=nobody", []),
        ("verdict=denied", [2]),
        ("reason=unknown_face", [2]),
        ("terminal=lab", [3]),
        ("terminal=lab&terminal=front", [3, 2, 1]),
        ("since=2026-11-20T12:02:00Z", [3, 2]),
        ("until=2026-11-20T12:02:00Z", [1]),
    ],
)
def test_what_is_asked_for_is_found(site: Site, query: str, found: list[int]) -> None:
    kept(site, 1)
    kept(site, 2, None)
    kept(site, 3, terminal="lab")
    assert ids(site, query) == found


def test_nobody_sees_what_happens_at_anothers_terminals(site: Site) -> None:
    site.account("lab-guard", Role.GUARD, ["lab"])
    front, lab = kept(site, 1), kept(site, 2, terminal="lab")
    assert ids(site, name="lab-guard") == [2]
    assert ids(site, "terminal=front", "lab-guard") == []
    browser = site.browser("lab-guard")
    assert browser.get(f"/api/v1/decisions/{lab}").is_success
    for path in (f"/api/v1/decisions/{front}", f"/log/{front}"):
        assert browser.get(path).status_code == 404
    assert front not in browser.get("/log").text
    assert front not in browser.get("/api/v1/decisions/export").text


def test_a_decision_is_explained(site: Site) -> None:
    told = site.browser("viewer").get(f"/api/v1/decisions/{kept(site, 1, None)}").json()
    assert told["sentence"].startswith(
        "Nearest was Jane Doe at 1.200; the threshold was 0.930: not recognised."
    )
    assert told["lines"][0]["nearest"][0] == {"name": "Jane Doe", "distance": 1.2}
    assert told["lines"][0]["words"] == "Not recognised"


def test_a_reason_of_a_newer_server_is_shown_as_well_as_can_be(site: Site) -> None:
    identity = kept(site, 1, None)
    site.database.write_here(lambda sql: sql.execute(DECISION.update().values(reason="of_a_newer_server")))
    assert site.browser("viewer").get(f"/api/v1/decisions/{identity}").json()["now"] is None
    assert site.browser("viewer").get(f"/log/{identity}").is_success
    assert site.browser("viewer").get("/log").is_success


def test_a_file_holds_them_all_and_no_cell_is_a_formula(site: Site) -> None:
    for number in range(1, 4):
        kept(site, number)
    kept(site, 4, "=HYPERLINK(1)")
    browser = site.browser("viewer")
    answer = browser.get("/api/v1/decisions/export")
    assert answer.headers["content-disposition"] == 'attachment; filename="decisions.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["name"] for row in rows] == ["'=HYPERLINK(1)", "Jane Doe", "Jane Doe", "Jane Doe"]
    lines = browser.get("/api/v1/decisions/export?format=json&person=Jane Doe").text.splitlines()
    assert [int(json.loads(line)["id"], 16) for line in lines] == [3, 2, 1]


def test_they_are_told_as_they_happen_and_who_comes_back_misses_none(site: Site) -> None:
    seen = kept(site, 1)
    kept(site, 2)
    events: list[str] = []
    headers = {"Last-Event-ID": seen, **key_of(site.browser("viewer"), "see")}
    with (
        serving(site) as served,
        httpx.stream("GET", f"{served.address}/api/v1/decisions/stream", headers=headers) as answer,
    ):
        assert answer.headers["content-type"].startswith("text/event-stream")
        kept(site, 3)
        for line in answer.iter_lines():
            if line.startswith("id: "):
                events.append(line)
            if len(events) == 2:
                break
    assert [int(line[4:], 16) for line in events] == [2, 3]


def test_an_id_that_is_an_address_of_its_own_leads_nowhere_else(site: Site) -> None:
    fill(site.database, {**decision(1), "id": "a/../b?c=d#e"})
    page = site.browser("viewer").get("/log").text
    assert 'href="/log/a%2F..%2Fb%3Fc%3Dd%23e"' in page


@pytest.mark.parametrize("path", ["/log", "/log?verdict=denied&since=2026-11-20T00:00", "/log?like=x"])
def test_the_log_is_a_page(site: Site, path: str) -> None:
    kept(site, 1)
    answer = site.browser("viewer").get(path)
    assert answer.is_success and "Export CSV" in answer.text


def test_a_name_that_is_markup_is_text(site: Site) -> None:
    identity = kept(site, 1, "<script>alert(1)</script>")
    for path in ("/log", f"/log/{identity}"):
        text = site.browser("viewer").get(path).text
        assert "<script>alert" not in text and "&lt;script&gt;alert" in text


@pytest.mark.parametrize(
    "query",
    ["before=x", "before=1", "limit=0", "limit=501", "verdict=maybe", "since=yesterday", "until=0001-01-01"],
)
def test_what_cannot_be_asked_is_refused_by_name(site: Site, query: str) -> None:
    answer = site.browser("viewer").get(f"/api/v1/decisions?{query}")
    assert answer.status_code == 422 and list(answer.json()["fields"]) == [query.partition("=")[0]]


def test_a_key_that_may_see_sees_them(site: Site) -> None:
    kept(site, 1)
    key = key_of(site.browser("viewer"), "see")
    assert len(site.browser().get("/api/v1/decisions", headers=key).json()["decisions"]) == 1


def test_reasons_are_told_apart_by_whoever_looks_for_them() -> None:
    labels = [reason_label(reason) for reason in Reason]
    assert len(set(labels)) == len(labels) and "Out of order: terminal not told" in labels
