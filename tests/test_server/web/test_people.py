"""People by the API: what is asked for takes effect at the doors, is written down first, loses nothing."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from server.access.decision import Nearest
from server.accounts.rights import Role
from server.history.tables import DECISION
from server.recognition.pseudonyms import FILE as PSEUDONYM_KEY
from server.recognition.pseudonyms import Pseudonyms
from tests.support.console import Site
from tests.support.histories import decision, entry, fill, write_log
from tests.support.people import followed_site
from tests.support.site import Server, listed, photo, put

Followed = tuple[Site, Server]


@pytest.fixture
def followed(tmp_path: Path) -> Iterator[Followed]:
    put(tmp_path / "faces", jane_doe=photo(1), jane_doe_2=photo(1, 0.1), john_roe=photo(2))
    with followed_site(tmp_path) as made:
        yield made


def names(browser: TestClient, **query: str | int) -> list[str]:
    answer = browser.get("/api/v1/people", params=query)
    assert answer.status_code == 200, answer.text
    return [person["name"] for person in answer.json()["people"]]


def test_people_are_listed_in_pages_and_found_by_a_part_of_the_name(followed: Followed) -> None:
    browser = followed[0].browser("viewer")
    first = browser.get("/api/v1/people", params={"limit": 1}).json()
    assert [person["name"] for person in first["people"]] == ["Jane Doe"]
    assert (first["found"], first["next"]) == (2, "Jane Doe")
    rest = browser.get("/api/v1/people", params={"limit": 1, "after": first["next"]}).json()
    assert [person["name"] for person in rest["people"]] == ["John Roe"] and rest["next"] is None
    assert names(browser, query="ROÉ") == ["John Roe"]
    assert [each["path"] for each in first["people"][0]["photos"]] == ["jane_doe.jpg", "jane_doe_2.jpg"]


def test_limits_hold_at_the_doors_when_they_are_answered(followed: Followed) -> None:
    site, server = followed
    admin = site.browser("admin")
    etag = admin.get("/api/v1/people/Jane Doe").headers["etag"]
    change = {"valid_until": "2026-12-31", "schedule": ["mon-fri 07:05-19:00"], "terminals": ["lab"]}
    answer = admin.patch("/api/v1/people/Jane Doe", json=change, headers={"If-Match": etag})
    assert answer.status_code == 200, answer.text
    permit = server.roster.roster.permits["Jane Doe"]
    assert permit.valid_until == date(2026, 12, 31) and permit.terminals == frozenset({"lab"})
    assert answer.json()["limits"]["schedule"] == ["mon-fri 07:05-19:00"]
    assert answer.headers["etag"] != etag
    assert site.record.lines()[-1] == "person_changed account:admin Jane Doe"
    late = admin.patch("/api/v1/people/Jane Doe", json={"disabled": True}, headers={"If-Match": etag})
    assert late.status_code == 412 and not server.roster.roster.permits["Jane Doe"].disabled
    lifted = dict.fromkeys(change)
    assert admin.patch("/api/v1/people/Jane Doe", json=lifted).status_code == 200
    assert "Jane Doe" not in server.roster.roster.permits


def test_a_window_that_is_none_is_told(followed: Followed) -> None:
    wrong = {"schedule": ["mom 07:00-08:00"]}
    answer = followed[0].browser("admin").patch("/api/v1/people/Jane Doe", json=wrong)
    assert answer.status_code == 422 and "there is no day 'mom'" in answer.json()["fields"]["schedule"]


def test_nothing_is_done_that_cannot_be_written_down(followed: Followed) -> None:
    site, server = followed
    admin = site.browser("admin")
    site.record.broken = True
    for method, path, body in (
        ("PATCH", "", {"disabled": True}),
        ("POST", "/rename", {"name": "Joan Doe"}),
        ("DELETE", "?history=true", None),
        ("POST", "/confirm", {"other": "John Roe"}),
    ):
        answer = admin.request(method, f"/api/v1/people/Jane Doe{path}", json=body)
        assert answer.json()["code"] == "record_unavailable", path
    assert admin.delete("/api/v1/people/photos/jane_doe.jpg").status_code == 503
    assert admin.post("/api/v1/people/photos/jane_doe.jpg/hold").status_code == 503
    assert listed(server.faces) == ["jane_doe.jpg", "jane_doe_2.jpg", "john_roe.jpg"]
    assert not (server.faces / "people.toml").exists()


def test_somebody_gets_another_name(followed: Followed) -> None:
    site, server = followed
    guard = site.browser("guard")
    answer = guard.post("/api/v1/people/Jane Doe/rename", json={"name": "joan doe"})
    assert answer.json() == {"name": "Joan Doe", "photos": 2}, answer.text
    assert listed(server.faces) == ["joan_doe.jpg", "joan_doe_2.jpg", "john_roe.jpg"]
    taken = guard.post("/api/v1/people/Joan Doe/rename", json={"name": "John Roe"})
    assert taken.status_code == 409 and site.record.lines()[-1] == "person_renamed account:guard Jane Doe"


def test_a_held_photo_is_said_to_be_of_the_person_it_looks_like(followed: Followed) -> None:
    site, server = followed
    guard, data = site.browser("guard"), photo(1, 0.2)
    (sent,) = guard.post("/api/v1/people/photos", files={"files": ("jane3.jpg", data)}).json()["files"]
    assert (sent["status"], sent["person"], sent["look_alike"]) == ("held", "Jane3", "Jane Doe")
    assert sent["sentence"].endswith("; say that Jane Doe is somebody else, or that it is Jane Doe")
    page = guard.get("/people/Jane3").text
    assert "It is Jane Doe: add as one more photo" in page and "people.toml" not in page
    merged = {"name": "Jane Doe", "merge": True}
    answer = guard.post("/api/v1/people/Jane3/rename", json=merged)
    assert answer.json() == {"name": "Jane Doe", "photos": 1}, answer.text
    assert names(guard) == ["Jane Doe", "John Roe"]
    server.until(lambda: server.watcher.gallery.photos_of("Jane Doe") == 3)
    assert site.record.lines()[-1] == "person_renamed account:guard Jane3"
    assert site.record.acts[-1].details == {"to": "Jane Doe", "merged": "yes"}
    enrolled = guard.post("/api/v1/people/John Roe/rename", json=merged)
    assert enrolled.status_code == 409 and "is enrolled" in enrolled.json()["detail"]


def one_photo(server: Server) -> None:
    """Of Jane: the one whose embedding is not found by chance, in rows of zeros."""
    (server.faces / "jane_doe.jpg").unlink()
    server.until(lambda: server.watcher.gallery.photos_of("Jane Doe") == 1)


def test_who_is_erased_is_gone_and_named_no_more(followed: Followed) -> None:
    site, server = followed
    near = [Nearest("Jane Doe", 0.4), Nearest("John Roe", 1.2)]
    fill(site.database, decision(1, "Jane Doe", nearest=near), decision(2, "John Roe", nearest=near[1:]))
    logs = site.running.settings.logs
    write_log(logs / "access_log.txt", entry(1, "Jane Doe"), entry(2, "John Roe"))
    (logs / "server_log.txt").write_text("12:00 INFO accepted 'jane_doe.jpg' (Jane Doe)\n")
    one_photo(server)
    admin = site.browser("admin")
    answer = admin.delete("/api/v1/people/Jane Doe?history=true")
    assert answer.json() == {"photos": 1, "limits": False, "history": 4, "held": [], "left": []}, answer.text
    assert listed(server.faces) == ["john_roe.jpg"] and names(admin) == ["John Roe"]
    rows = site.database.read_here(
        lambda sql: sql.execute(select(DECISION.c.name, DECISION.c.nearest).order_by(DECISION.c.number)).all()
    )
    word = site.record.acts[-1].subject
    assert word is not None and word.startswith("erased:")
    assert [tuple(row) for row in rows] == [
        (word, '[["John Roe", 1.2]]'),
        ("John Roe", '[["John Roe", 1.2]]'),
    ]
    assert f'front "{word}" distance' in (logs / "access_log.txt").read_text()
    assert (logs / "server_log.txt").read_text() == f"12:00 INFO accepted '{word}.jpg' ({word})\n"
    assert admin.delete("/api/v1/people/Jane Doe?history=true").status_code == 404


def test_what_still_names_somebody_who_is_erased_is_told(followed: Followed) -> None:
    site, server = followed
    one_photo(server)
    (server.faces / "notes.md").write_text("Jane Doe has left\n")
    answer = site.browser("admin").delete("/api/v1/people/Jane Doe?history=true")
    assert answer.json()["left"] == [f"{server.faces}/notes.md: line 1"], answer.text


def test_without_asking_the_history_keeps_the_name(followed: Followed) -> None:
    site, _ = followed
    fill(site.database, decision(1, "Jane Doe"))
    assert site.browser("admin").delete("/api/v1/people/Jane Doe").json()["history"] is None
    assert site.database.read_here(lambda sql: sql.execute(select(DECISION.c.name)).scalar()) == "Jane Doe"


def with_look_alike(followed: Followed) -> None:
    """June looks like Jane, who is enrolled by two photos; nobody has confirmed the two."""
    _, server = followed
    put(server.faces, june_doe=photo(1, 0.2))
    server.until(lambda: any(file.looks_like == "Jane Doe" for file in server.watcher.files_of("June Doe")))


def test_a_look_alike_stays_out_when_somebody_is_erased(followed: Followed) -> None:
    site, server = followed
    with_look_alike(followed)
    admin = site.browser("admin")
    page = admin.get("/people/Jane%20Doe").text
    assert "<code>june_doe.jpg</code> looks like this person and stays held" in page
    assert admin.delete("/api/v1/people/Jane Doe").json()["held"] == ["june_doe.jpg"]
    assert names(admin) == ["John Roe", "June Doe"], "the list is right at once"
    put(server.faces, ada=photo(3))
    server.until(lambda: "Ada" in server.watcher.gallery)
    assert "June Doe" not in server.watcher.gallery
    assert server.roster.roster.held == {"june_doe.jpg"}
    assert site.record.acts[-1].details == {"history": "no", "held": "june_doe.jpg"}
    released = admin.post("/api/v1/people/photos/june_doe.jpg/release")
    assert released.status_code == 204
    server.until(lambda: "June Doe" in server.watcher.gallery)


@pytest.mark.parametrize(("method", "rest"), [("DELETE", ""), ("POST", "/hold")])
def test_a_look_alike_stays_out_when_the_last_photo_goes(followed: Followed, method: str, rest: str) -> None:
    site, server = followed
    with_look_alike(followed)
    guard = site.browser("guard")
    assert guard.request(method, f"/api/v1/people/photos/jane_doe_2.jpg{rest}").status_code == 204
    assert "june_doe.jpg" not in server.roster.roster.held and "held" not in site.record.acts[-1].details
    server.until(lambda: server.watcher.gallery.photos_of("Jane Doe") == 1)
    assert guard.request(method, f"/api/v1/people/photos/jane_doe.jpg{rest}").status_code == 204
    server.until(lambda: "Jane Doe" not in server.watcher.gallery)
    put(server.faces, ada=photo(3))
    server.until(lambda: "Ada" in server.watcher.gallery)
    assert "June Doe" not in server.watcher.gallery
    assert "june_doe.jpg" in server.roster.roster.held
    assert site.record.acts[-1].details["held"] == "june_doe.jpg"


def test_a_look_alike_is_held_until_the_pair_is_confirmed(followed: Followed) -> None:
    site, server = followed
    put(server.faces, june_doe=photo(1, 0.2))
    server.until(lambda: "June Doe" in server.watcher.people())
    guard = site.browser("guard")
    server.until(lambda: "held" in guard.get("/api/v1/people/June Doe").json()["badges"])
    assert guard.post("/api/v1/people/June Doe/confirm", json={"other": "Jane Doe"}).status_code == 204
    server.until(lambda: "June Doe" in server.watcher.gallery)
    (pair,) = guard.get("/api/v1/people/June Doe").json()["alike"]
    assert pair["name"] == "Jane Doe" and pair["confirmed"]
    assert guard.post("/api/v1/people/June Doe/unconfirm", json={"other": "Jane Doe"}).status_code == 204
    server.until(lambda: "June Doe" not in server.watcher.gallery)
    again = guard.post("/api/v1/people/June Doe/unconfirm", json={"other": "Jane Doe"})
    assert again.status_code == 404


def test_who_sees_some_terminals_only_lays_down_nothing_for_all(followed: Followed) -> None:
    site, _ = followed
    site.account("lab-admin", Role.ADMIN, ["lab"])
    admin = site.browser("lab-admin")
    assert admin.patch("/api/v1/people/Jane Doe", json={"disabled": True}).status_code == 403
    assert admin.delete("/api/v1/people/Jane Doe").status_code == 403
    assert admin.post("/api/v1/site/export", json={}).status_code == 403


def test_a_file_that_somebody_broke_is_told_of_and_left_alone(followed: Followed) -> None:
    site, server = followed
    (server.faces / "people.toml").write_text("[people", "utf-8")
    answer = site.browser("admin").patch("/api/v1/people/Jane Doe", json={"disabled": True})
    assert answer.status_code == 422 and "people.toml" in answer.json()["detail"]
    assert (server.faces / "people.toml").read_text("utf-8") == "[people"


def test_an_administrator_finds_the_decisions_of_a_pseudonymous_log_on_the_persons_page(
    tmp_path: Path,
) -> None:
    put(tmp_path / "faces", jane_doe=photo(1))
    with followed_site(tmp_path, pseudonymous=True) as (site, _):
        word = Pseudonyms(site.running.settings.logs / PSEUDONYM_KEY).word("Jane Doe")
        fill(site.database, decision(1, word), decision(2, "Jane Doe"), decision(3, "person:another"))
        shown = site.browser("admin").get("/people/Jane Doe").text
        assert 'href="/log/d1"' in shown and 'href="/log/d2"' in shown and 'href="/log/d3"' not in shown
        assert f"All as {word}" in shown
        guards = site.browser("guard").get("/people/Jane Doe").text
        assert 'href="/log/d1"' not in guards and 'href="/log/d2"' in guards and word not in guards
