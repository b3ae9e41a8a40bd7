"""Who may use which route: every one of them, with every role and every kind of key."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, APIWebSocketRoute, iter_route_contexts
from fastapi.testclient import TestClient
from starlette.routing import Mount

from server.accounts.rights import RIGHTS, Right, Role
from server.web.callers import Requires, public
from tests.support import console
from tests.support.console import Site, key_of

OPEN_TO_ALL = {
    "/sign-in",
    "/set-up",
    "/healthz",
    "/readyz",
    "/terminal",
    "/terminal/ca.pem",
    "/docs",
    "/api/v1/openapi.json",
    "/api/v1/session",
    "/api/v1/invitation",
    "/api/v1/invitation/look",
}
"""What is public is written down here as well: nothing becomes so by a slip."""


@dataclass(frozen=True)
class Door:
    """One route and one method of it, and who guards it; None: everybody may."""

    method: str
    path: str
    guard: Requires | None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def address(self) -> str:
        return re.sub(r"\{[^}]*\}", "1", self.path)


def calls(dependant: Dependant) -> Iterator[object]:
    """All that a route depends on."""
    for dependency in dependant.dependencies:
        yield dependency.call
        yield from calls(dependency)


def doors(site: Site) -> list[Door]:
    site.app.state.stopping.set()  # what would stream for ever ends at once
    found = []
    for route in iter_route_contexts(site.app.routes):
        if isinstance(route.original_route, Mount):
            continue
        assert isinstance(route.original_route, (APIRoute, APIWebSocketRoute)), route.path
        guards = [call for call in calls(route.dependant) if isinstance(call, Requires) or call is public]
        assert len(set(map(id, guards))) == 1, f"{route.path} says {len(guards)} times who may use it"
        guard = guards[0] if isinstance(guards[0], Requires) else None
        if isinstance(route.original_route, APIWebSocketRoute):
            assert guard is not None, f"{route.path} is open to everybody"
            continue
        found += [Door(method, str(route.path), guard) for method in route.methods or ()]
    return found


def is_denied(browser: TestClient, door: Door, **headers: str) -> bool:
    answer = browser.request(door.method, door.address, headers=headers, json={})
    assert answer.status_code != 500, door
    return answer.status_code in (401, 403) and answer.json()["code"] in ("unauthorized", "forbidden")


def test_every_route_says_who_may_use_it_and_few_are_for_everybody(site: Site) -> None:
    found = doors(site)
    assert len(found) > 20
    assert {door.path for door in found if door.guard is None} <= OPEN_TO_ALL


def test_who_has_not_signed_in_gets_nowhere_else(site: Site) -> None:
    for door in doors(site):
        assert is_denied(site.browser(), door) == (door.guard is not None), door


@pytest.mark.parametrize("role", list(Role))
def test_a_role_gets_where_its_rights_lead_and_nowhere_else(tmp_path: Path, role: Role) -> None:
    with console.site(tmp_path) as site:
        browser = site.browser(role.value)
        cookies = dict(browser.cookies)
        for door in doors(site):
            needed = door.guard.right if door.guard else None
            allowed = needed is None or needed in RIGHTS[role]
            again = site.browser(cookies=cookies)
            assert is_denied(again, door) != allowed, door
            if not again.get("/api/v1/session").is_success:  # this door was the way out
                cookies = dict(site.browser(role.value).cookies)


@pytest.mark.parametrize("right", list(Right))
def test_a_key_gets_where_its_one_scope_leads_and_nowhere_in_person(tmp_path: Path, right: Right) -> None:
    with console.site(tmp_path) as site:
        site.account("second", Role.ADMIN)  # the test may remove the first
        key = key_of(site.browser("second"), right.value)
        for door in doors(site):
            guard = door.guard
            allowed = guard is None or (guard.keys and (guard.right is None or guard.right is right))
            assert is_denied(site.browser(), door, **key) != allowed, door


def test_what_is_about_all_terminals_is_for_who_sees_them_all(site: Site) -> None:
    found = [door for door in doors(site) if door.guard is not None and door.guard.everywhere]
    for part in ("/api/v1/accounts", "/api/v1/system", "/system", "/system/accounts", "/system/archive"):
        assert part in {door.path for door in found}
    site.account("porter", Role.ADMIN, ["lab"])
    porter = site.browser("porter")
    key = key_of(site.browser("admin"), "administer", terminals=["lab"])
    for door in found:
        assert is_denied(porter, door) and is_denied(site.browser(), door, **key), door
    assert porter.get("/system/terminals").text.count('href="/system') == 2, "it is led nowhere else"


def test_a_disabled_account_gets_nowhere(site: Site) -> None:
    guard = site.browser("guard")
    site.browser("admin").put("/api/v1/accounts/guard", json={"role": "guard", "disabled": True})
    for door in doors(site):
        assert is_denied(guard, door) == (door.guard is not None), door


def test_a_page_of_another_site_changes_nothing(site: Site) -> None:
    cookies = dict(site.browser("admin").cookies)
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
        browser = site.browser(cookies=cookies)
        answer = browser.post("/api/v1/accounts", json={"name": "eve", "role": "admin"}, headers=headers)
        assert answer.status_code == 403 and answer.json()["code"] == "cross_site", headers
    assert "eve" not in site.browser(cookies=cookies).get("/api/v1/accounts").text


def test_a_page_of_ours_may(site: Site) -> None:
    browser = site.browser("admin")
    headers = {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}
    answer = browser.post("/api/v1/accounts", json={"name": "joe", "role": "viewer"}, headers=headers)
    assert answer.status_code == 201


def test_every_answer_forbids_what_no_page_of_ours_needs(site: Site) -> None:
    for path in ("/sign-in", "/nowhere", "/api/v1/accounts", site.app.state.assets + "/console.css"):
        headers = site.browser().get(path).headers
        policy = headers["content-security-policy"]
        assert "unsafe" not in policy and "default-src 'none'" in policy, path
        assert "frame-ancestors 'none'" in policy and headers["x-content-type-options"] == "nosniff", path
    assert site.browser("viewer").get("/account").headers["cache-control"] == "no-store"


def test_who_has_to_sign_in_is_led_there_and_back(site: Site) -> None:
    answer = site.browser().get("/account?x=1", headers={"Accept": "text/html"})
    assert answer.status_code == 303 and answer.headers["location"] == "/sign-in?next=/account%3Fx%3D1"


def test_what_is_wrong_inside_is_told_to_nobody(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(connection: object) -> None:
        raise RuntimeError("the secret inside")

    monkeypatch.setattr("server.accounts.accounts.all_accounts", fails)
    cookies = dict(site.browser("admin").cookies)
    browser = site.browser(cookies=cookies, raise_server_exceptions=False)
    answer = browser.get("/api/v1/accounts")
    assert answer.status_code == 500 and answer.json()["code"] == "fault" and "secret" not in answer.text


def test_what_cannot_be_done_to_something_is_refused_with_what_can(site: Site) -> None:
    answer = site.browser().put("/api/v1/keys")
    assert answer.status_code == 405 and answer.headers["allow"] == "GET, POST"


def test_a_body_that_is_too_large_is_refused(site: Site) -> None:
    answer = site.browser("admin").post("/api/v1/accounts", content=b" " * 100_000)
    assert (
        answer.status_code == 413 and answer.json()["detail"] == "This is too large: at most 64 KB are taken."
    )


def test_a_body_that_grows_beyond_what_is_taken_is_refused(site: Site) -> None:
    def grows() -> Iterator[bytes]:
        for _ in range(100):
            yield b" " * 1000

    answer = site.browser("admin").post("/api/v1/accounts", content=grows())
    assert answer.status_code == 413 and answer.json()["code"] == "too_large"
    assert answer.json()["detail"] == "This is too large: at most 64 KB are taken."
