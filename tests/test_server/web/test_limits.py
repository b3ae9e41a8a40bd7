"""Each caller may ask so often, reads and writes apart; strangers of one address together."""

import re
from http import HTTPStatus

import pytest
from starlette.websockets import WebSocketDisconnect
from websockets.frames import CloseCode

from server.accounts.rights import Caller
from server.web.limits import READS, STRANGERS, WRITES, Limits
from server.web.problems import ProblemError
from tests.support.console import Site, key_of

ADA = Caller(1, "ada", frozenset(), None, "192.0.2.1", session=1)
HER_KEY = Caller(1, "ada", frozenset(), None, "192.0.2.1", key="report")


def test_reads_and_writes_are_counted_apart_and_each_caller_alone() -> None:
    limits = Limits(lambda: 0.0)

    def refused(caller: Caller | None, address: str, method: str) -> bool:
        try:
            limits.admit(caller, address, method)
        except ProblemError:
            return True
        return False

    def had(caller: Caller | None, address: str, method: str) -> int:
        """How many requests are served at once."""
        return next(number for number in range(10_000) if refused(caller, address, method))

    assert had(ADA, "192.0.2.1", "DELETE") == WRITES[1]
    assert had(ADA, "192.0.2.2", "GET") == READS[1]
    assert had(ADA, "192.0.2.3", "POST") == 0
    assert had(HER_KEY, "192.0.2.1", "POST") == WRITES[1]
    assert had(None, "192.0.2.1", "POST") == STRANGERS[1]
    assert had(None, "192.0.2.1", "GET") == 0
    assert had(None, "192.0.2.2", "GET") == STRANGERS[1]


@pytest.mark.parametrize("path", ["/api/v1/session", "/api/v1/openapi.json", "/hash", "/metrics"])
def test_who_asks_too_often_is_told_when_to_come_back(site: Site, path: str) -> None:
    now = 0.0
    limits = site.app.state.limits = Limits(lambda: now)
    browser = site.browser()
    for _ in range(int(STRANGERS[1]) - 1):
        limits.admit(None, "testclient", "GET")
    assert browser.get(path).status_code in (200, 401)
    answer = browser.get(path)
    assert answer.status_code == HTTPStatus.TOO_MANY_REQUESTS
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "too_many" and answer.headers["retry-after"] == "1"
    now = 1.0
    assert browser.get(path).status_code != HTTPStatus.TOO_MANY_REQUESTS


def test_strangers_of_one_address_share_what_they_may_ask_for_and_keep_out_nobody_else(site: Site) -> None:
    guard, key = site.browser("guard"), key_of(site.browser("admin"), "metrics")
    limits = site.app.state.limits = Limits(lambda: 0.0)
    for _ in range(int(STRANGERS[1])):
        limits.admit(None, "testclient", "GET")
    stranger, forger = site.browser(), site.browser()
    forger.cookies.set("doorward", "no session")
    assets = site.app.state.assets
    for path in ("/sign-in", "/live", "/terminal", "/docs", f"{assets}/console.css", "/nothing"):
        assert stranger.get(path).status_code == forger.get(path).status_code == 429
        assert guard.get(path).status_code in (200, 404)
    assert "You ask too often." in stranger.get("/sign-in", headers={"Accept": "text/html"}).text
    with pytest.raises(WebSocketDisconnect) as refusal, stranger.websocket_connect("/live/socket"):
        pass
    assert refusal.value.code == CloseCode.TRY_AGAIN_LATER
    assert stranger.get("/healthz").is_success and stranger.get("/readyz").is_success
    assert stranger.get("/metrics", headers=key).is_success


def test_a_page_to_sign_in_is_had_by_a_whole_shift_at_once(site: Site) -> None:
    site.app.state.limits = Limits(lambda: 0.0)
    browser = site.browser()
    page = browser.get("/sign-in").text
    files = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
    assert 2 <= len(files) <= 10
    for _ in range(20):
        assert all(browser.get(path).is_success for path in ("/sign-in", *files))


def test_the_limits_are_told_in_the_description(site: Site) -> None:
    document = site.browser().get("/api/v1/openapi.json").json()
    assert "200 reads and 20 writes a second" in document["info"]["description"]
    for path, methods in document["paths"].items():
        for method, route in methods.items():
            if path.startswith("/api/v1"):
                assert "Retry-After" in route["responses"]["429"]["headers"], f"{method} {path}"
