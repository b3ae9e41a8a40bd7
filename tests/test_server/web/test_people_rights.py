"""Nobody evades what an administrator has laid down, and who sees some doors changes nothing for all."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from server.accounts.rights import Role
from tests.support.console import Site
from tests.support.people import followed_site
from tests.support.site import Server, listed, photo, put

Followed = tuple[Site, Server]
PEOPLE = "/api/v1/people"


@pytest.fixture
def followed(tmp_path: Path) -> Iterator[Followed]:
    put(
        tmp_path / "faces",
        jane_doe=photo(1),
        jane_doe_2=photo(1, 0.1),
        june_doe=photo(1, 0.2),
        john_roe=photo(2),
    )
    with followed_site(tmp_path) as made:
        made[1].until(lambda: "John Roe" in made[1].watcher.gallery)
        yield made


def laid_down(server: Server, text: str) -> None:
    (server.faces / "people.toml").write_text(text, "utf-8")
    server.until(
        lambda: server.roster.roster.summary() != "people 0, terminals 0, confirmed pairs 0, held photos 0"
    )


def refused(browser: TestClient, method: str, address: str, **body: object) -> str:
    answer = browser.request(method, f"/api/v1{address}", json=body or None)
    assert answer.status_code == 403, answer.text
    return str(answer.json()["detail"])


def test_whom_an_administrator_has_disabled_no_guard_lets_in_by_another_name(followed: Followed) -> None:
    site, server = followed
    laid_down(server, '[people."Jane Doe"]\ndisabled = true')
    guard, acts, files = site.browser("guard"), len(site.record.acts), listed(server.faces)
    entry = "people.toml lays something down for Jane Doe: only an administrator may do this."
    limits = "Limits are laid down for Jane Doe: only an administrator may do this."
    assert refused(guard, "DELETE", "/people/photos/jane_doe.jpg") == entry
    assert refused(guard, "POST", "/people/Jane Doe/rename", name="Joe B") == entry
    assert refused(guard, "POST", "/people/photos/jane_doe.jpg/hold") == limits
    assert refused(guard, "POST", "/people/photos/jane_doe.jpg/release") == limits
    assert refused(guard, "POST", "/people/June Doe/confirm", other="Jane Doe") == limits
    assert refused(guard, "POST", "/people/Jane Doe/confirm", other="June Doe") == limits
    assert refused(guard, "POST", "/people/June Doe/unconfirm", other="Jane Doe") == limits
    assert len(site.record.acts) == acts and listed(server.faces) == files
    page = guard.get("/people/Jane Doe").text
    assert "an administrator removes and renames" in page
    for offered in ('data-do="remove"', 'data-do="hold"', 'id="rename"'):
        assert offered not in page
    assert 'data-confirm="Jane Doe"' not in guard.get("/people/June Doe").text
    admin = site.browser("admin")
    assert 'data-do="remove"' in admin.get("/people/Jane Doe").text
    assert admin.delete(f"{PEOPLE}/photos/jane_doe.jpg").status_code == 204


@pytest.mark.parametrize("text", ['held = ["jane_doe_2.jpg"]', 'confirmed = [["Jane Doe", "June Doe"]]'])
def test_whoever_stands_in_people_toml_is_removed_and_renamed_by_administrators(
    followed: Followed, text: str
) -> None:
    site, server = followed
    laid_down(server, text)
    guard = site.browser("guard")
    refused(guard, "POST", "/people/Jane Doe/rename", name="Joe B")
    refused(guard, "DELETE", "/people/photos/jane_doe_2.jpg")
    assert guard.post(f"{PEOPLE}/photos/jane_doe.jpg/hold").status_code == 204
    assert guard.post(f"{PEOPLE}/photos/jane_doe.jpg/release").status_code == 204
    assert guard.delete(f"{PEOPLE}/photos/john_roe.jpg").status_code == 204


def test_the_last_photo_of_somebody_with_limits_stays(followed: Followed) -> None:
    site, server = followed
    laid_down(server, '[people."John Roe"]\nterminals = ["lab"]\n[people."Jane Doe"]\ndisabled = true')
    admin, files, acts = site.browser("admin"), listed(server.faces), len(site.record.acts)
    for method, rest in (("DELETE", ""), ("POST", "/hold")):
        answer = admin.request(method, f"{PEOPLE}/photos/john_roe.jpg{rest}")
        assert answer.status_code == 409 and "Add another photo first" in answer.json()["detail"]
    assert listed(server.faces) == files and len(site.record.acts) == acts
    assert admin.post(f"{PEOPLE}/photos/jane_doe.jpg/hold").status_code == 204
    assert admin.delete(f"{PEOPLE}/photos/jane_doe.jpg").status_code == 204
    assert admin.delete(f"{PEOPLE}/photos/jane_doe_2.jpg").status_code == 409
    assert admin.delete(f"{PEOPLE}/Jane Doe").status_code == 200
    assert admin.patch(f"{PEOPLE}/John Roe", json={"terminals": None}).status_code == 200
    assert admin.delete(f"{PEOPLE}/photos/john_roe.jpg").status_code == 204


def test_what_an_administrator_has_held_of_somebody_with_limits_no_guard_releases(followed: Followed) -> None:
    site, server = followed
    laid_down(server, 'held = ["jane_doe_2.jpg"]\n[people."Jane Doe"]\ndisabled = true')
    guard, admin = site.browser("guard"), site.browser("admin")
    refused(guard, "POST", "/people/photos/jane_doe_2.jpg/release")
    assert 'data-do="release"' not in guard.get("/people/Jane Doe").text
    assert 'data-do="release"' in admin.get("/people/Jane Doe").text
    assert admin.post(f"{PEOPLE}/photos/jane_doe_2.jpg/release").status_code == 204


def test_who_sees_some_doors_changes_nobody_who_may_come_in_at_all(followed: Followed) -> None:
    site, server = followed
    site.account("lab-guard", Role.GUARD, ["lab"])
    guard, files = site.browser("lab-guard"), listed(server.faces)
    acts = len(site.record.acts)
    everywhere = "This holds at all terminals, and you see only some of them."
    for method, address, body in [
        ("POST", "/people/photos", {}),
        ("DELETE", "/people/photos/john_roe.jpg", {}),
        ("POST", "/people/photos/john_roe.jpg/hold", {}),
        ("POST", "/people/photos/john_roe.jpg/release", {}),
        ("POST", "/people/John Roe/rename", {"name": "Joe B"}),
        ("POST", "/people/June Doe/confirm", {"other": "Jane Doe"}),
        ("POST", "/people/June Doe/unconfirm", {"other": "Jane Doe"}),
    ]:
        assert refused(guard, method, address, **body) == everywhere
    assert len(site.record.acts) == acts and listed(server.faces) == files
    assert guard.get(f"{PEOPLE}/John Roe").status_code == 200
    for address in ("/people", "/people/John Roe", "/strangers"):
        page = guard.get(address).text
        assert (
            "You see some terminals only" in page
            and 'id="choose"' not in page
            and 'data-do="hold"' not in page
        )
