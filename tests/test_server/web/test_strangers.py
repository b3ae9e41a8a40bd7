"""Unknown faces, out of recordings: who came back, enrolled with one click or dismissed."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from server.accounts.rights import Role
from tests.support.console import Site, site
from tests.support.embeddings import face, look, stranger
from tests.support.people import followed_site
from tests.support.recorded_site import SETTINGS, RecordedDoor
from tests.support.site import Server, listed, photo, put

Followed = tuple[Site, Server]


@pytest.fixture
def followed(tmp_path: Path) -> Iterator[Followed]:
    put(tmp_path / "faces", jane_doe=photo(1))
    with followed_site(tmp_path, **SETTINGS, record_pictures=True) as made:
        yield made


def come(followed: Followed, *who: int, terminal: str = "front", pictures: bool = True) -> list[str]:
    """Strangers come, and Jane; returns the ids of the decisions about the strangers."""
    site, server = followed
    door = RecordedDoor(site, server.watcher.gallery, terminal, pictures)
    made = [door.visit(face(stranger(each)), b"face %d 0" % (each + 5)).id for each in who]
    door.visit(face(look(1, 0.1)))
    door.close()
    return made


def told(browser: TestClient) -> dict[str, Any]:
    """When all is read."""
    for _ in range(200):
        answer: dict[str, Any] = browser.get("/api/v1/strangers").json()
        if not answer["looking"]:
            return answer
        time.sleep(0.05)
    raise AssertionError("it never ends")


def test_who_came_back_is_first_with_all_visits(followed: Followed) -> None:
    ids = come(followed, 0, 1, 0)
    with followed[0].browser("viewer") as browser:
        found = told(browser)
        assert (found["recording"], found["pictures"], found["days"]) == (True, True, 7)
        first, second = found["strangers"]
        assert [each["decision"] for each in first["visits"]] == [ids[2], ids[0]] and first["count"] == 2
        assert second["id"] == ids[1] and second["nearest"]["name"] == "Jane Doe"
        assert first["box"] == [100, 200, 200, 100]
        picture = browser.get(f"/api/v1/strangers/{ids[0]}/picture.jpg")
        assert picture.headers["content-type"] == "image/jpeg" and picture.content.endswith(b"face 5 0")
        page = browser.get("/strangers").text
        assert "2 visits" in page and "Enrol" not in page


def test_one_click_enrols_and_is_written_down(followed: Followed) -> None:
    site, server = followed
    ids = come(followed, 0, 1)
    with site.browser("guard") as browser:
        assert len(told(browser)["strangers"]) == 2
        assert "Enrol" in browser.get("/strangers").text
        answer = browser.post(f"/api/v1/strangers/{ids[0]}/enrol", json={"name": "new person"})
        assert answer.json()["status"] == "accepted", answer.text
        assert listed(server.faces) == ["jane_doe.jpg", "new_person.jpg"]
        assert site.record.lines()[-1] == "person_added account:guard New Person"
        assert [each["id"] for each in told(browser)["strangers"]] == [ids[1]]
        again = browser.post(f"/api/v1/strangers/{ids[0]}/enrol", json={"name": "new person"})
        assert again.status_code == 404


def test_who_is_dismissed_is_told_of_no_more_also_after_a_restart(followed: Followed) -> None:
    site, _ = followed
    ids = come(followed, 0, 1)
    with site.browser("guard") as browser:
        told(browser)
        site.record.broken = True
        assert browser.delete(f"/api/v1/strangers/{ids[0]}").status_code == 503
        site.record.broken = False
        assert browser.delete(f"/api/v1/strangers/{ids[0]}").status_code == 204
        assert site.record.lines()[-1] == f"stranger_dismissed account:guard {ids[0]}"
        site.app.state.strangers._dismissed.clear()
        assert [each["id"] for each in told(browser)["strangers"]] == [ids[1]]


def test_without_a_picture_nobody_is_enrolled(followed: Followed) -> None:
    (only,) = come(followed, 0, pictures=False)
    with followed[0].browser("guard") as browser:
        assert told(browser)["strangers"][0]["box"] is None
        assert browser.get(f"/api/v1/strangers/{only}/picture.jpg").status_code == 404
        assert browser.post(f"/api/v1/strangers/{only}/enrol", json={"name": "N"}).status_code == 404
        assert "no picture" in browser.get("/strangers").text


def test_nobody_sees_who_came_to_anothers_terminals(followed: Followed) -> None:
    site, _ = followed
    front, lab = come(followed, 0), come(followed, 0, 1, terminal="lab")
    site.account("lab-guard", Role.GUARD, ["lab"])
    with site.browser("lab-guard") as browser:
        found = told(browser)["strangers"]
        assert {visit["terminal"] for each in found for visit in each["visits"]} == {"lab"}
        assert {each["id"] for each in found} == set(lab)
        assert browser.delete(f"/api/v1/strangers/{front[0]}").status_code == 404
        answer = browser.post(f"/api/v1/strangers/{lab[0]}/enrol", json={"name": "new person"})
        assert answer.status_code == 403 and "all terminals" in answer.json()["detail"]
        page = browser.get("/strangers").text
        assert "data-dismiss" in page and 'name="name"' not in page


def test_where_nothing_is_recorded_the_page_says_what_would_be(tmp_path: Path) -> None:
    with site(tmp_path) as made, made.browser("viewer") as browser:
        found = told(browser)
        assert (found["recording"], found["strangers"]) == (False, [])
        text = browser.get("/strangers").text
        assert "record = true" in text and "record_days = 7" in text


def test_news_is_read(followed: Followed) -> None:
    come(followed, 0)
    with followed[0].browser("viewer") as browser:
        assert len(told(browser)["strangers"]) == 1
        come(followed, 1, terminal="back")
        assert len(told(browser)["strangers"]) == 1
        followed[0].news.turn += 1
        assert len(told(browser)["strangers"]) == 2
