"""Nobody overwrites what somebody else has changed meanwhile: what exists has an ETag, and who changes it
says by If-Match what they have seen."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from server.tokens.tables import TERMINAL_TOKEN
from tests.support.console import Site
from tests.support.people import followed_site
from tests.support.site import Server, listed, photo, put

API = "/api/v1"


@pytest.fixture
def followed(tmp_path: Path) -> Iterator[tuple[Site, Server]]:
    put(tmp_path / "faces", jane_doe=photo(1))
    with followed_site(tmp_path) as made:
        yield made


def etag(browser: TestClient, path: str) -> str:
    answer = browser.get(f"{API}{path}")
    assert answer.status_code == 200, answer.text
    return answer.headers["etag"]


def ask(browser: TestClient, method: str, path: str, seen: str, json: Any = None) -> int:
    answer = browser.request(method, f"{API}{path}", json=json, headers={"If-Match": seen})
    if answer.status_code == 412:
        assert answer.json()["code"] == "changed_meanwhile"
    return answer.status_code


def test_an_account_that_was_changed_meanwhile_is_left_alone(site: Site) -> None:
    admin = site.browser("admin")
    old = etag(admin, "/accounts/guard")
    site.browser("guard")
    assert etag(admin, "/accounts/guard") == old, "to sign in is no change"
    assert ask(admin, "PUT", "/accounts/guard", old, {"role": "viewer"}) == 200
    assert ask(admin, "PUT", "/accounts/guard", old, {"role": "admin"}) == 412
    assert ask(admin, "DELETE", "/accounts/guard", old) == 412
    assert admin.get(f"{API}/accounts/guard").json()["role"] == "viewer"
    assert "account_removed" not in " ".join(site.record.lines())
    present = admin.put(f"{API}/accounts/guard", json={"role": "guard"}).headers["etag"]
    assert ask(admin, "DELETE", "/accounts/guard", present) == 204
    assert admin.get(f"{API}/accounts/guard").status_code == 404


def test_a_token_that_was_replaced_meanwhile_is_not_ended(site: Site) -> None:
    admin = site.browser("admin")
    assert admin.get(f"{API}/tokens/front").status_code == 404
    admin.post(f"{API}/tokens/front")
    old = etag(admin, "/tokens/front")
    site.database.write_here(lambda sql: sql.execute(TERMINAL_TOKEN.update().values(created=1)))
    for method in ("PUT", "DELETE"):
        assert ask(admin, method, "/tokens/front", old) == 412
    assert ask(admin, "DELETE", "/tokens/front", etag(admin, "/tokens/front")) == 204
    assert admin.get(f"{API}/tokens/front").json()["revoked"]


def test_a_person_who_was_changed_meanwhile_is_neither_renamed_nor_erased(
    followed: tuple[Site, Server],
) -> None:
    site, server = followed
    admin = site.browser("admin")
    old = etag(admin, "/people/Jane Doe")
    assert admin.post(f"{API}/people/photos/jane_doe.jpg/hold").status_code == 204
    assert ask(admin, "POST", "/people/Jane Doe/rename", old, {"name": "June Doe"}) == 412
    assert ask(admin, "DELETE", "/people/Jane Doe", old) == 412
    assert listed(server.faces) == ["jane_doe.jpg"]
    assert site.record.lines()[-1].startswith("photo_held"), "what is not done is not written down"
    assert ask(admin, "DELETE", "/people/Jane Doe", etag(admin, "/people/Jane Doe")) == 200
    assert listed(server.faces) == []


def test_a_photo_that_is_another_by_now_is_left_alone(followed: tuple[Site, Server]) -> None:
    site, server = followed
    admin = site.browser("admin")
    path = "/people/photos/jane_doe.jpg"
    old = etag(admin, path)
    put(server.faces, jane_doe=photo(1, 0.2))
    server.until(lambda: etag(admin, path) != old)
    for method, rest in (("POST", "/hold"), ("POST", "/release"), ("DELETE", "")):
        assert ask(admin, method, f"{path}{rest}", old) == 412
    assert listed(server.faces) == ["jane_doe.jpg"] and not server.roster.roster.held
    assert ask(admin, "DELETE", path, etag(admin, path)) == 204


def test_the_pages_show_what_their_scripts_send(followed: tuple[Site, Server]) -> None:
    site, _ = followed
    admin = site.browser("admin")
    admin.post(f"{API}/tokens/front")
    for page, thing in (
        ("/system/accounts", "/accounts/guard"),
        ("/system/terminals", "/tokens/front"),
        ("/people/Jane Doe", "/people/Jane Doe"),
        ("/people/Jane Doe", "/people/photos/jane_doe.jpg"),
        ("/tune", "/tuning"),
    ):
        shown = admin.get(page).text.replace("&#34;", '"').replace("&quot;", '"')
        assert f'data-etag="{etag(admin, thing)}"' in shown, page
