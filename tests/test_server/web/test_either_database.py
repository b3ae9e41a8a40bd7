"""What the console keeps in a database, and brings into it, on each kind that there is."""

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from server.history.tables import DECISION
from server.tokens import store
from tests.support.console import PASSWORD, Site, key_of
from tests.support.embeddings import face, look
from tests.support.histories import decision, fill
from tests.support.people import followed_site
from tests.support.recorded_site import SETTINGS, RecordedDoor
from tests.support.site import Server, photo, put

Followed = tuple[Site, Server]


@pytest.fixture
def followed(tmp_path: Path, address: str) -> Iterator[Followed]:
    put(tmp_path / "faces", jane_doe=photo(1), jane_doe_2=photo(1, 0.35))
    with followed_site(tmp_path, database=address, **SETTINGS) as made:
        yield made


def test_who_is_invited_signs_in_makes_a_key_and_is_gone_when_removed(followed: Followed) -> None:
    site, _ = followed
    admin, jane = site.browser("admin"), site.browser()
    once = {"Idempotency-Key": "one"}
    asked = {"name": "jané", "role": "guard", "terminals": ["lab"]}
    link = admin.post("/api/v1/accounts", json=asked, headers=once).json()["link"]
    assert admin.post("/api/v1/accounts", json=asked, headers=once).json()["link"] == link
    given = {"secret": link.partition("#")[2], "password": PASSWORD}
    assert jane.post("/api/v1/invitation", json=given).status_code == 204
    assert [each["current"] for each in jane.get("/api/v1/sessions").json()] == [True]
    key = key_of(jane, "see")
    assert site.browser().get("/api/v1/session", headers=key).json()["terminals"] == ["lab"]
    assert jane.delete("/api/v1/sessions").status_code == 204
    assert admin.delete("/api/v1/accounts/jané").status_code == 204
    assert site.browser().get("/api/v1/session", headers=key).status_code == 401
    assert jane.get("/api/v1/session").status_code == 401
    told = admin.get("/api/v1/acts").json()["acts"]
    assert [each["kind"] for each in told if each["subject"] == "jané"][-1] == "account_added"


def test_a_terminals_token_is_made_rotated_and_revoked(followed: Followed) -> None:
    site, _ = followed
    admin = site.browser("admin")
    for method, status in (("POST", 201), ("POST", 409), ("PUT", 200), ("DELETE", 204), ("POST", 201)):
        assert admin.request(method, "/api/v1/tokens/front").status_code == status, method
    assert list(site.database.read_here(store.hashes)) == ["front"]


def test_decisions_come_with_an_archive_once(followed: Followed) -> None:
    site, _ = followed
    hour = datetime.now(timezone.utc) - timedelta(hours=1)
    fill(site.database, *(decision(number, moment=hour + timedelta(minutes=number)) for number in range(3)))
    admin = site.browser("admin")
    archive = admin.post("/api/v1/site/export", json={"passphrase": None}).content
    site.database.write_here(lambda sql: sql.execute(DECISION.delete().where(DECISION.c.id != "d1")))
    given = {"archive": admin.post("/api/v1/site/archives", content=archive).json()["archive"]}
    for added in (2, 0):
        done = admin.post("/api/v1/site/import", json={**given, "mode": "merge"})
        assert done.status_code == 200 and done.json()["decisions"] == added, done.text
    shown = admin.get("/api/v1/decisions").json()["decisions"]
    assert {each["id"]: each["imported"] for each in shown} == {"d0": True, "d1": False, "d2": True}


def test_a_decision_that_is_corrected_again_counts_once(followed: Followed) -> None:
    site, server = followed
    door = RecordedDoor(site, server.watcher.gallery)
    wrong = door.visit(face(look(1, 0.5)), b"face 9 0")
    door.close()
    guard = site.browser("guard")
    path, given = f"/api/v1/decisions/{wrong.id}/correction", {"kind": "not_her"}
    assert [guard.post(path, json=given).status_code for _ in range(2)] == [201, 201]
    assert guard.get(f"/api/v1/decisions/{wrong.id}").json()["correction"]["kind"] == "not_her"
    assert guard.get("/api/v1/thresholds/stats").json()["corrections"]["not_her"] == 1
