"""Faces that were proposed at a door: looked at, enrolled or dismissed by somebody who says who it is."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.accounts.rights import Role
from server.workers import main as worker
from tests.support.console import Site
from tests.support.people import FACE, followed_site, prepared
from tests.support.site import Server, listed, photo
from wire import Box

Followed = tuple[Site, Server]


@pytest.fixture
def followed(tmp_path: Path) -> Iterator[Followed]:
    with followed_site(tmp_path) as made:
        yield made


def propose(site: Site, jpeg: bytes, terminal: str = "front") -> str:
    async def add() -> None:
        site.proposals.add(terminal, jpeg, [FACE])

    asyncio.run(add())
    return site.proposals.waiting()[0].id


def test_a_proposal_is_shown_and_enrolled_by_a_name(followed: Followed) -> None:
    site, server = followed
    wanted: list[Box | None] = []

    def noticed(data: bytes, face: Box | None) -> object:
        wanted.append(face)
        return prepared(data, face)

    site.workers.instead[worker.prepare_photo] = noticed
    ident = propose(site, photo(4))
    guard = site.browser("guard")
    (shown,) = guard.get("/api/v1/proposals").json()
    assert (shown["id"], shown["terminal"], shown["box"]) == (ident, "front", list(FACE))
    assert guard.get(f"/api/v1/proposals/{ident}/picture.jpg").content == photo(4)
    answer = guard.post(f"/api/v1/proposals/{ident}/enrol", json={"name": "mary major"})
    assert answer.json()["status"] == "accepted" and answer.json()["person"] == "Mary Major"
    assert wanted == [FACE], "others in the picture are not enrolled by it"
    assert listed(server.faces) == ["mary_major.jpg"] and guard.get("/api/v1/proposals").json() == []
    act = site.record.acts[-1]
    assert act.line().split()[1] == "person_added" and act.details["proposal"] == ident


def test_one_that_cannot_enrol_anybody_goes_on_waiting(followed: Followed) -> None:
    site, server = followed
    ident = propose(site, b"a landscape")
    guard = site.browser("guard")
    answer = guard.post(f"/api/v1/proposals/{ident}/enrol", json={"name": "Mary Major"})
    assert answer.status_code == 422 and "no face" in answer.json()["detail"]
    assert listed(server.faces) == [] and len(guard.get("/api/v1/proposals").json()) == 1


def test_one_that_is_dismissed_waits_no_more(followed: Followed) -> None:
    site, _ = followed
    ident = propose(site, photo(4))
    guard = site.browser("guard")
    site.record.broken = True
    assert guard.delete(f"/api/v1/proposals/{ident}").status_code == 503
    site.record.broken = False
    assert guard.delete(f"/api/v1/proposals/{ident}").status_code == 204
    assert guard.delete(f"/api/v1/proposals/{ident}").status_code == 404
    assert site.record.lines()[-1] == "photo_dismissed account:guard None"


def test_nobody_sees_those_of_anothers_doors(followed: Followed) -> None:
    site, _ = followed
    site.account("lab-guard", Role.GUARD, ["lab"])
    ident = propose(site, photo(4))
    guard = site.browser("lab-guard")
    assert guard.get("/api/v1/proposals").json() == []
    assert guard.get(f"/api/v1/proposals/{ident}/picture.jpg").status_code == 404
    assert guard.post(f"/api/v1/proposals/{ident}/enrol", json={"name": "Mary Major"}).status_code == 404
    assert site.browser("viewer").get("/api/v1/proposals").status_code == 403


def test_who_sees_some_doors_dismisses_what_was_proposed_there_and_enrols_nobody(followed: Followed) -> None:
    site, _ = followed
    site.account("front-guard", Role.GUARD, ["front"])
    ident = propose(site, photo(4))
    guard = site.browser("front-guard")
    assert [each["id"] for each in guard.get("/api/v1/proposals").json()] == [ident]
    answer = guard.post(f"/api/v1/proposals/{ident}/enrol", json={"name": "Mary Major"})
    assert answer.status_code == 403 and "all terminals" in answer.json()["detail"]
    page = guard.get("/people").text
    assert 'data-do="dismiss"' in page and 'name="name"' not in page
    assert guard.delete(f"/api/v1/proposals/{ident}").status_code == 204
