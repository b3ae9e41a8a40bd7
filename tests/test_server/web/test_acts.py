"""The operators' record: found again, in pages, and as a file."""

from typing import Any

import pytest

from server.accounts.rights import Role
from server.audit.operator_log import Act, ActKind
from server.history.rows import act_row
from server.history.tables import ACT
from server.history.writing import add
from tests.support.console import Site
from tests.support.histories import minutes

API = "/api/v1/acts"
ACTS = [
    Act(minutes(0), "account:jane", ActKind.PHOTO_ADDED, "Ada", "192.0.2.1", {"file": "ada.jpg"}),
    Act(minutes(1), "account:jane", ActKind.SETTINGS_APPLIED, None, None, {"margin": "none -> 0.08"}),
    Act(minutes(2), "account:john", ActKind.PHOTO_ADDED, "Bob", None, {}),
    Act(minutes(3), "account:john", ActKind.PERSON_ERASED, "=cmd()", None, {}),
]


LATER = minutes(60).isoformat()
"""Before the tests themselves sign in."""


@pytest.fixture
def kept(site: Site) -> Site:
    site.database.write_here(lambda sql: add(sql, [(ACT, act_row(act)) for act in ACTS]))
    return site


def found(site: Site, **asked: Any) -> list[str]:
    answer = site.browser("admin").get(API, params={"until": LATER, **asked})
    assert answer.status_code == 200, answer.text
    return [f"{each['kind']} {each['subject']}" for each in answer.json()["acts"]]


def test_acts_are_found_by_operator_kind_subject_and_time(kept: Site) -> None:
    assert found(kept) == [
        "person_erased =cmd()",
        "photo_added Bob",
        "settings_applied None",
        "photo_added Ada",
    ]
    assert found(kept, operator="account:jane") == ["settings_applied None", "photo_added Ada"]
    assert found(kept, kind=["photo_added", "person_erased"], operator="account:john") == [
        "person_erased =cmd()",
        "photo_added Bob",
    ]
    assert found(kept, subject="Ada") == ["photo_added Ada"]
    assert found(kept, since=minutes(2).isoformat()) == ["person_erased =cmd()", "photo_added Bob"]
    assert found(kept, until=minutes(1).isoformat()) == ["photo_added Ada"]


def test_an_act_has_its_details(kept: Site) -> None:
    (act,) = kept.browser("admin").get(API, params={"subject": "Ada"}).json()["acts"]
    assert act["details"] == {"file": "ada.jpg"} and act["source"] == "192.0.2.1"
    assert act["moment"] == round(minutes(0).timestamp() * 1000)


def test_a_page_goes_on_where_the_one_before_ended(kept: Site) -> None:
    admin = kept.browser("admin")
    first = admin.get(API, params={"limit": 3, "until": LATER}).json()
    assert len(first["acts"]) == 3 and first["next"]
    rest = admin.get(API, params={"limit": 3, "until": LATER, "before": first["next"]}).json()
    assert [each["subject"] for each in rest["acts"]] == ["Ada"] and rest["next"] is None


@pytest.mark.parametrize("asked", [{"kind": "nonsense"}, {"limit": 0}, {"before": "x"}, {"operator": ""}])
def test_what_makes_no_sense_is_refused(kept: Site, asked: dict[str, Any]) -> None:
    assert kept.browser("admin").get(API, params=asked).status_code == 422


def test_an_export_is_written_down_or_not_made(kept: Site) -> None:
    admin = kept.browser("admin")
    kept.record.acts.clear()
    assert admin.get(f"{API}/export?operator=account:john").is_success
    assert admin.get("/api/v1/decisions/export").is_success
    assert kept.record.lines() == [
        "history_exported account:admin acts",
        "history_exported account:admin decisions",
    ]
    assert [act.details for act in kept.record.acts] == [{"asked": "operator=account:john"}, {}]
    kept.record.broken = True
    for path in (f"{API}/export", "/api/v1/decisions/export"):
        answer = admin.get(path)
        assert answer.status_code == 503 and answer.json()["code"] == "record_unavailable"


def test_the_record_is_exported_without_formulas(kept: Site) -> None:
    answer = kept.browser("admin").get(f"{API}/export", params={"operator": "account:john"})
    assert answer.headers["content-disposition"] == 'attachment; filename="operators.csv"'
    head, *lines = answer.text.splitlines()
    assert head == "moment,time,operator,kind,subject,source,details"
    assert len(lines) == 2 and ",person_erased,'=cmd(),," in lines[0]
    assert "margin=none -> 0.08" in kept.browser("admin").get(f"{API}/export").text


def test_who_sees_some_terminals_only_does_not_see_it(kept: Site) -> None:
    kept.account("lara", Role.ADMIN, ["lab"])
    for path in (API, f"{API}/export", "/system/record"):
        assert kept.browser("lara").get(path).status_code == 403


def test_the_page_shows_and_filters_it(kept: Site) -> None:
    admin = kept.browser("admin")
    text = admin.get("/system/record", headers={"Accept": "text/html"}).text
    assert "settings applied" in text and "none -&gt; 0.08" in text
    text = admin.get("/system/record?operator=account:john", headers={"Accept": "text/html"}).text
    assert "Bob" in text and "none -&gt; 0.08" not in text
    text = admin.get("/system/record?subject=nobody", headers={"Accept": "text/html"}).text
    assert "No act fulfils this." in text
