"""What the threshold in force risks, and what others would have recognised."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from server.accounts.rights import Role
from server.history.rows import visit_row
from server.history.tables import VISIT
from server.history.writing import add
from tests.support import console
from tests.support.console import Site, key_of
from tests.support.embeddings import gallery, person
from tests.support.summaries import summary
from wire.reasons import Reason


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Twenty people are enrolled; there were a grant in front, a refusal at the back, and one long ago."""
    with console.site(tmp_path, recogniser="dlib") as made:
        made.gallery = gallery({f"P{index}": person(index) for index in range(20)})
        now = datetime.now().astimezone()
        rows = [
            visit_row("front", now - timedelta(hours=1), summary(0.2)),
            visit_row("back", now - timedelta(days=3), summary(0.4, Reason.UNKNOWN_FACE)),
            visit_row("back", now - timedelta(days=60), summary(0.4, Reason.UNKNOWN_FACE)),
        ]
        made.database.write_here(lambda sql: add(sql, [(VISIT, row) for row in rows]))
        yield made


def test_the_threshold_in_force_is_told_with_its_risk(site: Site) -> None:
    told = site.browser("viewer").get("/api/v1/thresholds/stats").json()
    rules, population = site.running.settings.rules(), site.gallery.population
    assert told["in_force"]["threshold"] == pytest.approx(rules.threshold_for(population), abs=1e-4)
    assert told["in_force"]["risk"] == pytest.approx(rules.max_false_accept)
    assert told["sentence"].startswith("With your 20 people: about 1 stranger in 10,000")
    assert (told["people"], told["photos"], told["by_hand"], told["recogniser"]) == (20, 20, False, "dlib")
    risks = [line["risk"] for line in told["grid"]]
    thresholds = [line["threshold"] for line in told["grid"]]
    assert risks == [1e-2, 1e-3, 1e-4, 1e-5, 1e-6] and thresholds == sorted(thresholds, reverse=True)


def test_visits_are_counted_at_each_threshold(site: Site) -> None:
    told = site.browser("viewer").get("/api/v1/thresholds/stats").json()
    loosest = told["grid"][0]
    assert (loosest["visits"], told["in_force"]["recognised"], told["in_force"]["lost"]) == (3, 1, 0)
    assert loosest["recognised"] == loosest["gained"] + 1
    recent = site.browser("viewer").get("/api/v1/thresholds/stats?days=7").json()
    assert (recent["in_force"]["visits"], recent["days"]) == (2, 7)
    for days in (0, 5000, "x"):
        assert site.browser("viewer").get(f"/api/v1/thresholds/stats?days={days}").status_code == 422


def test_only_visits_at_ones_own_terminals_count(site: Site) -> None:
    site.account("front", Role.VIEWER, ["front"])
    assert site.browser("front").get("/threshold_stats").json()["in_force"]["visits"] == 1


def test_it_is_told_outside_of_the_api_as_well_and_to_who_may_see(site: Site) -> None:
    viewer = site.browser("viewer")
    assert (
        viewer.get("/threshold_stats?days=7").json() == viewer.get("/api/v1/thresholds/stats?days=7").json()
    )
    key = key_of(site.browser("guard"), "verify")
    assert site.browser().get("/threshold_stats", headers=key).status_code == 403


def test_without_anybody_enrolled_it_says_so(site: Site) -> None:
    site.gallery = gallery({})
    told = site.browser("viewer").get("/api/v1/thresholds/stats").json()
    assert told["people"] == 0 and "Nobody is enrolled" in told["sentence"]
