"""A request that is sent twice is done once."""

from server.accounts.rights import Role
from tests.support.console import Site, key_of


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
