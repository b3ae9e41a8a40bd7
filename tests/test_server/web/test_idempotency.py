"""A request that is sent twice is done once."""

from collections.abc import Iterator

import pytest

from server.accounts.rights import Role
from server.web import idempotency
from tests.support.console import PASSWORD, Site, key_of

ONE = {"Idempotency-Key": "one"}


def test_the_same_request_is_done_once_and_answered_twice(site: Site) -> None:
    admin = site.browser("admin")
    headers = {"Idempotency-Key": "one"}
    first = admin.post("/api/v1/tokens/front", headers=headers)
    second = admin.post("/api/v1/tokens/front", headers=headers)
    assert first.status_code == second.status_code == 201 and first.json() == second.json()
    assert site.tokens_changed == 1
    assert admin.post("/api/v1/tokens/front").status_code == 409, "without the key it is another request"


def test_the_same_key_for_another_request_is_refused(site: Site) -> None:
    admin = site.browser("admin")
    headers = {"Idempotency-Key": "one"}
    assert admin.post("/api/v1/accounts", json={"name": "a", "role": "guard"}, headers=headers).is_success
    other = admin.post("/api/v1/accounts", json={"name": "b", "role": "guard"}, headers=headers)
    assert other.status_code == 422 and other.json()["code"] == "key_reused"
    assert admin.post("/api/v1/tokens/front", headers=headers).status_code == 201, "another path is another"


def test_nobody_gets_the_answer_of_somebody_else(site: Site) -> None:
    site.account("second", Role.ADMIN)
    headers = {"Idempotency-Key": "one"}
    assert site.browser("admin").post("/api/v1/tokens/front", headers=headers).status_code == 201
    assert site.browser("second").post("/api/v1/tokens/front", headers=headers).status_code == 409
    key = key_of(site.browser("viewer"), "see")
    assert site.browser().post("/api/v1/tokens/front", headers={**headers, **key}).status_code == 403


def test_what_could_not_be_done_now_is_tried_again(site: Site) -> None:
    admin = site.browser("admin")
    headers = {"Idempotency-Key": "one"}
    site.record.broken = True
    assert admin.post("/api/v1/tokens/front", headers=headers).status_code == 503
    site.record.broken = False
    assert admin.post("/api/v1/tokens/front", headers=headers).status_code == 201


def test_a_key_that_is_too_long_is_refused(site: Site) -> None:
    answer = site.browser("admin").post("/api/v1/tokens/front", headers={"Idempotency-Key": "x" * 101})
    assert answer.status_code == 422 and site.tokens_changed == 0


def test_a_session_that_has_ended_is_told_nothing(site: Site) -> None:
    admin = site.browser("admin")
    cookies = dict(admin.cookies)
    asked = {"name": "report", "scopes": ["see"]}
    assert admin.post("/api/v1/keys", json=asked, headers=ONE).status_code == 201
    assert admin.delete("/api/v1/session").status_code == 204
    again = site.browser(cookies=cookies).post("/api/v1/keys", json=asked, headers=ONE)
    assert again.status_code == 401 and "dw_" not in again.text


def test_who_may_less_than_then_is_told_nothing(site: Site) -> None:
    site.account("second", Role.ADMIN)
    second = site.browser("second")
    assert second.post("/api/v1/tokens/front", headers=ONE).status_code == 201
    site.browser("admin").put("/api/v1/accounts/second", json={"role": "guard"})
    assert second.post("/api/v1/tokens/front", headers=ONE).status_code == 403


def test_nobody_gets_the_session_of_somebody_else(site: Site) -> None:
    credentials = {"name": "admin", "password": PASSWORD}
    signed_in = site.browser()
    assert signed_in.post("/api/v1/session", json=credentials, headers=ONE).status_code == 204
    stranger = site.browser().post("/api/v1/session", json=credentials | {"password": "wrong"}, headers=ONE)
    assert stranger.status_code == 401 and "set-cookie" not in stranger.headers
    again = signed_in.post("/api/v1/session", json=credentials, headers=ONE)
    assert (
        again.cookies
        and again.cookies != signed_in.post("/api/v1/session", json=credentials, headers=ONE).cookies
    ), "each time a session of its own"


def test_a_body_that_is_not_compared_is_no_repetition(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def chunks(name: str) -> Iterator[bytes]:
        yield f'{{"name": "{name}", "scopes": ["see"]}}'.encode()

    json = {"Content-Type": "application/json"}
    admin = site.browser("admin")
    for name in ("first", "second"):
        assert admin.post("/api/v1/keys", content=chunks(name), headers=ONE | json).status_code == 201
    assert [each["name"] for each in admin.get("/api/v1/keys").json()] == ["second", "first"]
    monkeypatch.setattr(idempotency, "BODY_BYTES", 40)
    for name in ("one", "two"):  # of the same length
        asked = {"name": name, "scopes": ["see", "enrol", "verify"]}
        assert admin.post("/api/v1/keys", json=asked, headers=ONE).status_code == 201
    assert len(admin.get("/api/v1/keys").json()) == 4


def test_another_query_is_another_request(site: Site) -> None:
    admin = site.browser("admin")
    assert admin.post("/api/v1/tokens/front", headers=ONE).status_code == 201
    assert admin.post("/api/v1/tokens/front?x=1", headers=ONE).json()["code"] == "key_reused"


def test_nobody_makes_the_server_forget_the_answers_of_others(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "MOST", 2)
    admin, guard = site.browser("admin"), site.browser("guard")
    first = admin.post("/api/v1/tokens/front", headers=ONE)
    for number in range(3):
        guard.post("/api/v1/second-factor", headers={"Idempotency-Key": str(number)})
    assert admin.post("/api/v1/tokens/front", headers=ONE).json() == first.json()
    for number in range(2):
        admin.post("/api/v1/second-factor", headers={"Idempotency-Key": str(number)})
    assert admin.post("/api/v1/tokens/front", headers=ONE).status_code == 409, "its own are forgotten in turn"
