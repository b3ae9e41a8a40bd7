"""Tuning a running server through the API."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from server.access.liveness.proof import Liveness
from server.access.orders import Roster, TerminalRules
from server.access.policy import Policy
from server.access.rules import Rules
from server.access.seen import Face
from server.accounts.rights import Role
from server.events import DoorClosed, FrameObserved
from server.history.rows import visit_row
from server.history.tables import VISIT
from server.history.writing import add
from server.recording.files import FOLDER
from server.recording.recorder import Recorder
from server.settings import Settings
from server.tuning.words import CHOICES
from server.web.api.tuning import GRID_RISKS
from server.web.tuning_views import FORM, Wanted
from tests.support import console
from tests.support.console import Site, key_of
from tests.support.embeddings import box, look
from tests.support.made_up_people import some_people
from tests.support.recorded import LiveDoor
from tests.support.summaries import summary

API = "/api/v1/tuning"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with console.site(tmp_path, liveness="off") as made:
        made.settings_file.write_text('liveness = "off"\n')
        made.gallery, made.photos.enrolled = some_people()
        yield made


def shown(answer: Any) -> dict[str, Any]:
    return {each["name"]: each["value"] for each in answer.json()["settings"]}


def test_the_rules_that_hold_are_shown_with_what_they_mean(site: Site) -> None:
    site.roster = Roster(terminals={"lab": TerminalRules(policy=Policy.ALL)})
    answer = site.browser("admin").get(API)
    assert answer.status_code == 200 and answer.headers["etag"]
    found = answer.json()
    assert shown(answer) == {
        "max_false_accept": 1e-4,
        "threshold": None,
        "margin": None,
        "frames": 3,
        "policy": "any",
        "liveness": "off",
        "attempts": 10,
        "deny_seconds": 3,
    }
    by_name = {each["name"]: each for each in found["settings"]}
    assert (by_name["frames"]["least"], by_name["frames"]["most"]) == (2, 5)
    assert (by_name["threshold"]["least"], by_name["threshold"]["most"]) == (0.6, 1.15)
    assert by_name["policy"]["choices"] == ["any", "flag", "all", "largest"]
    assert found["people"] == 3 and found["recogniser"] == "sface" and found["recording"] is False
    assert found["elsewhere"] == ["terminal lab: policy all"]
    assert found["outlook"]["sentence"].startswith("with your 3 people: about 1 stranger in 10,000")
    assert found["outlook"]["photos"] == {"recognised": 2, "refused": 2, "near_tie": 0, "confused": 0}


def test_what_holds_at_other_terminals_is_told_to_nobody_who_does_not_see_them(site: Site) -> None:
    site.roster = Roster(terminals={name: TerminalRules(policy=Policy.ALL) for name in ("lab", "vault")})
    site.account("porter", Role.ADMIN, ["lab"])
    assert site.browser("porter").get(API).json()["elsewhere"] == ["terminal lab: policy all"]
    assert "vault" not in site.browser("porter").get("/tune").text


def test_the_ranges_are_those_of_the_settings() -> None:
    assert set(Wanted.model_fields) == set(FORM)
    settings, wanted = (kind.model_json_schema()["properties"] for kind in (Settings, Wanted))
    for name in sorted(set(FORM) - {"policy", "liveness", "threshold"}):
        whole, ours = settings[name], wanted[name]["anyOf"][0]
        theirs = whole["anyOf"][0] if "anyOf" in whole else whole
        assert [ours[side] for side in ("type", "minimum", "maximum")] == [
            theirs[side] for side in ("type", "minimum", "maximum")
        ]


def test_the_page_tells_what_each_choice_means(site: Site) -> None:
    text = site.browser("admin").get("/tune").text
    assert list(CHOICES["policy"]) == [each.value for each in Policy]
    assert list(CHOICES["liveness"]) == [each.value for each in Liveness]
    for meanings in CHOICES.values():
        for value, meaning in meanings.items():
            assert f"<strong>{value}</strong>: {meaning}</li>" in text


def test_other_settings_are_tried_without_a_change(site: Site) -> None:
    found = site.browser("admin").post(f"{API}/preview", json={"threshold": 1.1, "frames": 2}).json()
    assert found["now"]["threshold"] < 1.05 < found["then"]["threshold"] == 1.1
    assert found["then"]["lax"] and found["then"]["risk"] > found["now"]["risk"]
    assert found["changes"] == [
        "Largest distance at which somebody is recognised: as the share of strangers gives it, then 1.1, set"
        " by hand.",
        "Looks that must agree: 3 of 5, then 2 of 5.",
    ]
    assert found["more"] == [{"name": "Bob", "photos": 2, "now": 0, "then": 2}]
    assert (found["more_people"], found["less"], found["less_people"]) == (1, [], 0)
    assert found["now"]["held"] == [] and found["then"]["held_pairs"] == 1
    assert found["then"]["held"][0]["names"] == ["Ada", "Carl"]
    assert site.rules.rules.threshold is None and not site.record.lines()[1:]


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"threshold": 0.2}, "threshold"),
        ({"frames": 9}, "frames"),
        ({"policy": "nobody"}, "policy"),
        ({"host": "0.0.0.0"}, "host"),
        ({"margin": "wide"}, "margin"),
    ],
)
def test_what_cannot_be_is_refused_by_name_and_changes_nothing(
    site: Site, wanted: dict[str, Any], field: str
) -> None:
    admin = site.browser("admin")
    for answer in (admin.post(f"{API}/preview", json=wanted), admin.put(API, json=wanted)):
        assert answer.status_code == 422 and any(field in name for name in answer.json()["fields"])
    assert admin.post(f"{API}/replay", json=wanted).status_code == 422
    assert site.settings_file.read_text() == 'liveness = "off"\n'


def test_what_is_applied_is_noted_first_written_down_and_holds(site: Site) -> None:
    admin = site.browser("admin")
    etag = admin.get(API).headers["etag"]
    answer = admin.put(API, json={"margin": 0.08, "policy": "all"}, headers={"If-Match": etag})
    assert answer.status_code == 200 and answer.headers["etag"] != etag
    assert shown(answer)["margin"] == 0.08
    assert (site.rules.rules.margin, site.rules.rules.policy) == (0.08, Policy.ALL)
    assert site.settings_file.read_text() == 'liveness = "off"\npolicy = "all"\nmargin = 0.08\n'
    act = site.record.acts[-1]
    assert act.line().split(" ", 1)[1] == (
        'settings_applied account:admin - source=testclient policy="any -> all" margin="none -> 0.08"'
    )
    old = admin.put(API, json={"margin": 0.1}, headers={"If-Match": etag})
    assert old.status_code == 412 and site.rules.rules.margin == 0.08
    assert admin.put(API, json={"margin": None}).status_code == 200
    assert "margin" not in site.settings_file.read_text()


def test_what_does_not_change_anything_is_not_noted(site: Site) -> None:
    admin = site.browser("admin")
    before = len(site.record.acts)
    assert admin.put(API, json={"liveness": "off", "frames": 3}).status_code == 200
    assert len(site.record.acts) == before


def test_what_cannot_be_noted_is_not_applied(site: Site) -> None:
    admin = site.browser("admin")
    site.record.broken = True
    assert admin.put(API, json={"margin": 0.08}).status_code == 503
    assert site.rules.rules.margin is None and "margin" not in site.settings_file.read_text()


def test_what_is_set_elsewhere_says_so(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site.source, "_flags", {"margin": 0.1})
    admin = site.browser("admin")
    overridden = {each["name"]: each["overridden"] for each in admin.get(API).json()["settings"]}
    assert overridden.pop("margin") == "flag --margin" and not any(overridden.values())
    answer = admin.put(API, json={"margin": 0.08})
    assert answer.status_code == 409 and "margin by flag --margin" in answer.json()["detail"]


def test_a_file_that_cannot_be_used_is_told(site: Site) -> None:
    site.settings_file.write_text("nonsense")
    answer = site.browser("admin").put(API, json={"margin": 0.08})
    assert answer.status_code == 409 and "not valid TOML" in answer.json()["detail"]


def test_who_sees_some_terminals_only_changes_nothing_for_the_others(site: Site) -> None:
    site.account("lara", Role.ADMIN, ["lab"])
    answer = site.browser("lara").put(API, json={"margin": 0.08})
    assert answer.status_code == 403 and site.rules.rules.margin is None


def test_the_errors_of_the_people_enrolled_are_a_curve(site: Site) -> None:
    found = site.browser("admin").get(f"{API}/errors").json()
    assert (found["own"], found["others"]) == (4, 10)
    distances = [each["distance"] for each in found["points"]]
    assert distances == sorted(distances) and found["threshold"] == pytest.approx(0.98, abs=0.02)
    assert found["points"][0]["fnmr"] == 1 and found["points"][-1]["fnmr"] == 0


def visits(site: Site) -> None:
    moment = datetime.now()
    near = replace(summary(0.7, threshold=0.98), recogniser="sface")
    rows = [
        (VISIT, visit_row("front", moment, near)),
        (VISIT, visit_row("lab", moment, near)),
        (VISIT, visit_row("front", moment - timedelta(days=40), near)),
    ]
    site.database.write_here(lambda sql: add(sql, rows))


def test_the_grid_counts_what_other_thresholds_would_have_recognised(site: Site) -> None:
    visits(site)
    admin = site.browser("admin")
    found = admin.get(f"{API}/grid").json()
    assert (found["visits"], found["days"], len(found["lines"])) == (2, 30, len(GRID_RISKS))
    thresholds = [line["threshold"] for line in found["lines"]]
    assert thresholds == sorted(thresholds, reverse=True)
    assert [line["risk"] for line in found["lines"]][::3] == pytest.approx([1e-2, 1e-3, 1e-4, 1e-5, 1e-6])
    assert found["present"]["recognised"] == 2 and found["present"]["risk"] == pytest.approx(1e-4, rel=0.01)
    assert admin.get(f"{API}/grid?days=60").json()["visits"] == 3
    assert admin.get(f"{API}/grid?days=0").status_code == 422
    site.account("lara", Role.ADMIN, ["lab"])
    assert site.browser("lara").get(f"{API}/grid?days=60").json()["visits"] == 1


def record(site: Site, terminal: str) -> None:
    rules = site.rules.rules
    recorder = Recorder.in_folder(site.running.settings.logs / FOLDER)
    door = LiveDoor(rules, site.gallery, terminal=terminal)
    for number in range(40):
        frame = door.see([Face(box(), look(0, 0.85, 5))] if number < 25 else [], number * 0.2)
        recorder.take(FrameObserved(terminal, terminal, frame, rules))
    recorder.take(DoorClosed(terminal, terminal, door.close(), rules))
    recorder.close()


def finished(browser: TestClient) -> dict[str, Any]:
    while True:
        found: dict[str, Any] = browser.get(f"{API}/replay").json()
        if found["state"] != "running":
            return found


def test_what_was_recorded_is_decided_again_beside_the_server(site: Site) -> None:
    record(site, "front")
    record(site, "lab")
    site.account("lara", Role.ADMIN, ["lab"])
    with site.browser("admin") as admin:
        assert admin.get(f"{API}/replay").status_code == 404
        assert admin.delete(f"{API}/replay").status_code == 404
        begun = admin.post(f"{API}/replay", json={"threshold": 0.8})
        assert begun.status_code == 202 and begun.json()["state"] == "running"
        assert admin.post(f"{API}/replay", json={}).status_code == 409
        lara = key_of(site.browser("lara"), "administer")
        assert admin.get(f"{API}/replay", headers=lara).status_code == 404, "not hers to see"
        found = finished(admin)
        assert found["state"] == "done" and found["counted"] == found["decided"] == found["records"]
        assert found["changes"] == [
            "Largest distance at which somebody is recognised: as the share of strangers gives it, then 0.8,"
            " set by hand."
        ]
        result = found["result"]
        assert (result["visits"], result["changed"]) == (2, 2)
        assert (result["granted_before"], result["granted_after"], result["denied_after"]) == (2, 0, 2)
        assert result["people"] == [{"name": "Ada", "before": 2, "after": 0}]
        listed = result["listed"][0]
        assert (listed["before"]["verdict"], listed["after"]["reason"]) == ("granted", "unknown_face")
        own = admin.post(f"{API}/replay", json={}, headers=lara)
        assert own.status_code == 202
        assert finished(admin)["result"]["visits"] == 1, "her terminal's alone"


def test_a_replay_can_be_ended(site: Site) -> None:
    record(site, "front")
    with site.browser("admin") as admin:
        admin.post(f"{API}/replay", json={})
        assert admin.delete(f"{API}/replay").status_code == 204
        assert finished(admin)["state"] in ("stopped", "done")


def test_with_nobody_enrolled_all_of_it_answers(tmp_path: Path) -> None:
    with console.site(tmp_path) as site:
        admin = site.browser("admin")
        found = admin.get(API).json()
        assert found["people"] == 0 and found["outlook"]["sentence"] is None
        assert admin.post(f"{API}/preview", json={"frames": 4}).json()["then"]["sentence"] is None
        assert admin.get(f"{API}/errors").json()["points"] == []
        assert admin.get(f"{API}/grid").json()["visits"] == 0
        page = admin.get("/tune", headers={"Accept": "text/html"}).text
        assert "Nobody is enrolled: everybody is denied." in page


def test_the_page_says_what_recording_keeps_where_it_is_off(tmp_path: Path) -> None:
    with console.site(tmp_path, record_pictures=True, record_days=3) as site:
        page = site.browser("admin").get("/tune", headers={"Accept": "text/html"}).text
        assert "<code>record</code> is off" in page and "and the pictures, for\n3 days" in page
        assert "This is biometric data" in page and str(site.settings_file) in page
    (tmp_path / "on").mkdir()
    with console.site(tmp_path / "on", record=True) as site:
        page = site.browser("admin").get("/tune", headers={"Accept": "text/html"}).text
        assert "is off" not in page and "every visit of the last 7 days" in page


def test_the_page_shows_what_is_set_elsewhere(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site.source, "_flags", {"margin": 0.1})
    site.roster = Roster(terminals={"lab": TerminalRules(policy=Policy.ALL)})
    page = site.browser("admin").get("/tune", headers={"Accept": "text/html"}).text
    assert "<strong>Set by flag --margin</strong>" in page and "terminal lab: policy all" in page


def test_the_present_rules_are_the_defaults_of_no_settings() -> None:
    assert Settings.model_validate({}).rules() == Rules()
