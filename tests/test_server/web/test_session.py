"""Signing in, signing out, and what somebody may change about their own account."""

import asyncio
import re
import time
from pathlib import Path

import httpx
import pyotp
import pytest
from sqlalchemy import delete

from server.accounts import accounts, keys, sessions
from server.accounts.passwords import BusyError
from server.accounts.rights import Role
from server.accounts.sign_in import SignIn
from server.accounts.tables import ACCOUNT
from server.audit.operator_log import Act
from server.support.clock import now_ms
from server.support.guesses import NAME_FREE
from tests.support import console
from tests.support.console import PASSWORD, Site, key_of

NEW = "a quiet lighthouse keeper 77"


def test_who_has_signed_in_is_known_and_the_cookie_is_for_the_browser_alone(site: Site) -> None:
    browser = site.browser()
    answer = browser.post("/api/v1/session", json={"name": "Guard", "password": PASSWORD})
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie and "Path=/" in cookie
    myself = browser.get("/api/v1/session").json()
    assert myself["name"] == "guard" and myself["rights"] == ["correct", "enrol", "see", "verify"]
    assert site.record.lines() == ["sign_in account:guard guard"]


def test_with_tls_the_cookie_is_never_sent_without(site: Site) -> None:
    credentials = {"name": "guard", "password": PASSWORD}
    answer = site.browser(tls=True).post("/api/v1/session", json=credentials)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-doorward=") and "Secure" in cookie
    assert answer.headers["strict-transport-security"]


def test_a_wrong_name_and_a_wrong_password_are_told_alike(site: Site) -> None:
    browser = site.browser()
    answers = [
        browser.post("/api/v1/session", json={"name": name, "password": "wrong"})
        for name in ("guard", "nobody", "pass word!")
    ]
    assert [answer.status_code for answer in answers] == [401] * 3
    assert answers[0].json() == answers[1].json() == answers[2].json()


def test_who_is_refused_is_told_by_account_in_the_security_log_alone(site: Site) -> None:
    browser = site.browser()
    for name in (" Guard", "nobody", "pass word!"):
        browser.post("/api/v1/session", json={"name": name, "password": "wrong"})
    assert site.noticed.events == [
        ("sign_in_refused", None, "testclient", {"account": account}) for account in ("guard", None, None)
    ]
    assert site.record.lines() == []


def test_nobody_is_signed_in_when_that_cannot_be_written_down(site: Site) -> None:
    site.record.broken = True
    answer = site.browser().post("/api/v1/session", json={"name": "guard", "password": PASSWORD})
    assert answer.status_code == 503 and answer.json()["code"] == "record_unavailable"
    assert "set-cookie" not in answer.headers


def test_who_keeps_guessing_waits_longer_and_longer(site: Site) -> None:
    browser = site.browser()

    def guess(password: str = "wrong") -> object:
        given = {"name": "guard", "password": password}
        answer = browser.post("/api/v1/session", json=given)
        assert answer.status_code != 429 or int(answer.headers["retry-after"]) > 0
        return answer.status_code

    assert [guess() for _ in range(7)] == [401] * 5 + [429] * 2
    assert guess(PASSWORD) == 429, "not even with the right one"
    site.now += 2.1
    assert guess() == 401
    site.now += 2.1
    assert guess() == 429
    site.now += 300
    assert guess(PASSWORD) == 204
    assert [guess() for _ in range(5)] == [401] * 5, "and then all is forgiven"
    throttled = [event for event in site.noticed.events if event[0] == "sign_in_throttled"]
    assert throttled[0] == ("sign_in_throttled", None, "testclient", {"account": None, "wait": "2s"})
    assert len(throttled) == 4


def test_signing_out_ends_the_session_on_the_server(site: Site) -> None:
    browser = site.browser("guard")
    cookies = dict(browser.cookies)
    assert browser.delete("/api/v1/session").status_code == 204
    stolen = site.browser(cookies=cookies)
    assert stolen.get("/api/v1/session").status_code == 401


def test_other_sessions_can_be_ended(site: Site) -> None:
    here, there = site.browser("guard"), site.browser("guard")
    assert [each["current"] for each in here.get("/api/v1/sessions").json()].count(True) == 1
    assert here.delete("/api/v1/sessions").status_code == 204
    assert here.get("/api/v1/session").status_code == 200
    assert there.get("/api/v1/session").status_code == 401


def test_a_password_is_changed_by_who_knows_the_old_one(site: Site) -> None:
    here, there = site.browser("guard"), site.browser("guard")
    key = key_of(here, "see")
    wrong = here.put("/api/v1/password", json={"old": "wrong", "new": NEW})
    assert wrong.status_code == 403 and wrong.json()["code"] == "wrong_password"
    tried = ("proof_refused", None, "testclient", {"account": "guard", "wrong": "password"})
    assert site.noticed.events == [tried]
    assert here.put("/api/v1/password", json={"old": PASSWORD, "new": NEW}).status_code == 204
    assert there.get("/api/v1/session").status_code == 401, "signed out elsewhere"
    answer = site.browser().post("/api/v1/session", json={"name": "guard", "password": NEW})
    assert answer.status_code == 204
    assert site.browser().get("/api/v1/session", headers=key).is_success, "keys go on"


@pytest.mark.parametrize(
    ("password", "said"),
    [("short", "10 are needed"), ("password12", "common"), ("guardguard1", "."), ("x" * 201, "at most 200")],
)
def test_a_password_that_would_be_guessed_is_refused(site: Site, password: str, said: str) -> None:
    answer = site.browser("guard").put("/api/v1/password", json={"old": PASSWORD, "new": password})
    assert answer.status_code == 422 and said in answer.json()["detail"]


def test_a_password_that_cannot_be_taken_now_is_not_written_down(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    guard = site.browser("guard")

    async def busy(_: str) -> str:
        raise BusyError

    monkeypatch.setattr(site.passwords, "hash", busy)
    site.record.acts.clear()
    assert guard.put("/api/v1/password", json={"old": PASSWORD, "new": NEW}).status_code == 503
    assert site.record.acts == []


def test_a_second_factor_is_asked_for_once_its_code_was_proven(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = site.browser("guard")
    begun = browser.post("/api/v1/second-factor").json()
    assert begun["picture"].startswith("<svg")
    totp = pyotp.TOTP(begun["key"])
    wrong = {"key": begun["key"], "code": "000000", "password": PASSWORD}
    assert browser.put("/api/v1/second-factor", json=wrong).status_code == 422
    proof = {"key": begun["key"], "code": totp.now(), "password": PASSWORD}
    assert browser.put("/api/v1/second-factor", json=proof).status_code == 204

    other = site.browser()
    credentials = {"name": "guard", "password": PASSWORD}
    missing = other.post("/api/v1/session", json=credentials)
    assert missing.status_code == 401 and missing.json()["code"] == "code_needed"
    used = other.post("/api/v1/session", json={**credentials, "code": proof["code"]})
    assert used.status_code == 401, "a code is good once"
    fresh = {**credentials, "code": totp.at(int(time.time()) + 30)}
    assert other.post("/api/v1/session", json=fresh).status_code == 204
    again = browser.put("/api/v1/second-factor", json={**proof, "code": totp.now()})
    assert again.status_code == 409, "it is not replaced by who knows the password alone"
    for code in ({}, {"code": ""}, {"code": fresh["code"]}):
        alone = other.request("DELETE", "/api/v1/second-factor", json={"password": PASSWORD, **code})
        assert alone.status_code == 403 and alone.json()["code"] == "wrong_code"
    assert [event[3].get("wrong") for event in site.noticed.events] == [None, *["code"] * 3]
    later = time.time() + 60
    monkeypatch.setattr("server.accounts.second_factor.time.time", lambda: later)
    given = {"password": PASSWORD, "code": totp.at(int(later))}
    assert other.request("DELETE", "/api/v1/second-factor", json=given).status_code == 204
    assert site.browser().post("/api/v1/session", json=credentials).status_code == 204


def test_the_first_account_is_made_by_the_link_once(site: Site) -> None:
    site.database.write_here(lambda sql: sql.execute(delete(ACCOUNT)))
    secret = site.database.write_here(lambda sql: accounts.invite(sql, None))
    browser = site.browser()
    assert browser.post("/api/v1/invitation/look", json={"secret": secret}).json() == {"name": None}
    given = {"secret": secret, "name": "Jane", "password": NEW}
    assert browser.post("/api/v1/invitation", json=given).status_code == 204
    assert "administer" in browser.get("/api/v1/session").json()["rights"]
    assert site.browser().post("/api/v1/invitation", json={**given, "name": "eve"}).status_code == 404
    assert site.record.lines() == ["account_added invitation jane", "sign_in account:jane jane"]


def test_of_two_who_follow_the_first_link_at_once_one_is_written_down(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.database.write_here(lambda sql: sql.execute(delete(ACCOUNT)))
    secret = site.database.write_here(lambda sql: accounts.invite(sql, None))
    note = site.record.note

    async def slowly(act: Act) -> None:
        await note(act)
        await asyncio.sleep(0.1)

    async def follow(name: str) -> int:
        given = {"secret": secret, "name": name, "password": NEW}
        transport = httpx.ASGITransport(app=site.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as browser:
            return (await browser.post("/api/v1/invitation", json=given)).status_code

    async def test() -> list[int]:
        return list(await asyncio.gather(follow("jane"), follow("eve")))

    monkeypatch.setattr(site.record, "note", slowly)
    assert sorted(asyncio.run(test())) == [204, 404]
    assert [line.split()[0] for line in site.record.lines()] == ["account_added", "sign_in"]


def test_an_invitation_of_an_account_expires_and_the_first_does_not(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def holds(secret: str) -> bool:
        look = site.browser().post("/api/v1/invitation/look", json={"secret": secret})
        given = {"secret": secret, "name": "jane", "password": NEW}
        used = site.browser().post("/api/v1/invitation", json=given)
        assert look.is_success == used.is_success
        return look.is_success

    made = site.browser("admin").post("/api/v1/accounts/guard/reset").json()["link"].split("#")[1]
    now = now_ms()
    monkeypatch.setattr("server.accounts.accounts.now_ms", lambda: now + accounts.INVITATION_MS + 1000)
    assert not holds(made)
    monkeypatch.undo()
    assert holds(made)
    site.database.write_here(lambda sql: sql.execute(delete(ACCOUNT)))
    secret = site.database.write_here(lambda sql: accounts.invite(sql, None))
    monkeypatch.setattr("server.accounts.accounts.now_ms", lambda: now + 2 * accounts.INVITATION_MS)
    assert holds(secret)


def test_an_account_that_is_disabled_cannot_be_entered_by_a_link(site: Site) -> None:
    admin = site.browser("admin")
    secret = admin.post("/api/v1/accounts/guard/reset").json()["link"].split("#")[1]
    admin.put("/api/v1/accounts/guard", json={"role": "guard", "disabled": True})
    answer = site.browser().post("/api/v1/invitation", json={"secret": secret, "password": NEW})
    assert answer.status_code == 404


def test_a_stranger_keeps_nobody_out(site: Site) -> None:
    own = site.browser("guard", client=("192.0.2.7", 1))
    stranger = site.browser(client=("198.51.100.9", 1))
    guesses = [stranger.post("/api/v1/session", json={"name": "guard", "password": "x"}) for _ in range(7)]
    assert [answer.status_code for answer in guesses] == [401] * 5 + [429] * 2
    credentials = {"name": "guard", "password": PASSWORD}
    other = site.browser(client=("203.0.113.3", 1))
    assert other.post("/api/v1/session", json=credentials).status_code == 204
    assert stranger.post("/api/v1/session", json=credentials).status_code == 429
    assert own.put("/api/v1/password", json={"old": PASSWORD, "new": NEW}).status_code == 204


def test_where_somebody_has_signed_in_before_the_guesses_of_the_world_do_not_count(site: Site) -> None:
    site.browser("guard", client=("192.0.2.7", 1)).delete("/api/v1/session")
    for number in range(NAME_FREE):
        attacker = site.browser(client=(f"10.0.0.{number}", 1))
        attacker.post("/api/v1/session", json={"name": "guard", "password": "x"})
    credentials = {"name": "guard", "password": PASSWORD}
    assert site.browser(client=("10.0.1.1", 1)).post("/api/v1/session", json=credentials).status_code == 429
    assert site.browser("guard", client=("192.0.2.7", 1)).get("/api/v1/session").is_success


def test_who_signed_in_before_the_server_started_anew_is_known_by_the_session(site: Site) -> None:
    site.browser("guard", client=("192.0.2.7", 1))
    site.app.state.sign_in = SignIn(site.database, site.passwords, lambda: site.now)
    for number in range(NAME_FREE):
        attacker = site.browser(client=(f"10.0.0.{number}", 1))
        attacker.post("/api/v1/session", json={"name": "guard", "password": "x"})
    assert site.browser("guard", client=("192.0.2.7", 1)).get("/api/v1/session").is_success


def test_who_sits_at_somebody_elses_browser_guesses_no_faster(site: Site) -> None:
    browser = site.browser("guard")
    wrong = {"old": "wrong", "new": NEW}
    answers = [browser.put("/api/v1/password", json=wrong).status_code for _ in range(6)]
    assert answers == [403] * 5 + [429]
    assert site.browser("guard").put("/api/v1/password", json={**wrong, "old": PASSWORD}).status_code == 204


def test_the_first_link_is_void_once_there_is_an_account(site: Site) -> None:
    secret = site.database.write_here(lambda sql: accounts.invite(sql, None))
    answer = site.browser().post("/api/v1/invitation/look", json={"secret": secret})
    assert answer.status_code == 404


def test_an_invitation_sets_the_password_of_its_account_alone(site: Site) -> None:
    made = site.browser("admin").post("/api/v1/accounts", json={"name": "jane", "role": "viewer"}).json()
    secret = re.search(r"#(\S+)$", made["link"])
    assert secret is not None
    browser = site.browser()
    given = {"secret": secret[1], "name": "admin", "password": NEW}
    assert browser.post("/api/v1/invitation", json=given).status_code == 204
    assert browser.get("/api/v1/session").json()["name"] == "jane"
    assert site.browser("admin").get("/api/v1/session").json()["name"] == "admin"


def test_a_session_that_nobody_uses_is_over_after_a_shift(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = site.browser("guard")
    now = now_ms()
    monkeypatch.setattr("server.accounts.sessions.now_ms", lambda: now + sessions.IDLE_MS + 60_000)
    assert browser.get("/api/v1/session").status_code == 401


def test_a_key_can_do_less_than_its_owner_and_makes_no_keys(site: Site) -> None:
    guard = site.browser("guard")
    key = key_of(guard, "see")
    program = site.browser()
    assert program.get("/api/v1/session", headers=key).json()["rights"] == ["see"]
    for method, path in (("POST", "/keys"), ("PUT", "/password"), ("GET", "/sessions")):
        assert program.request(method, f"/api/v1{path}", headers=key, json={}).status_code == 403
    assert guard.post("/api/v1/keys", json={"name": "x", "scopes": ["administer"]}).status_code == 422


def test_a_key_ends_with_its_owners_rights(site: Site) -> None:
    admin, program = site.browser("admin"), site.browser()
    key = key_of(site.browser("guard"), "see", "enrol")
    admin.put("/api/v1/accounts/guard", json={"role": "viewer"})
    assert program.get("/api/v1/session", headers=key).json()["rights"] == ["see"]
    admin.put("/api/v1/accounts/guard", json={"role": "viewer", "disabled": True})
    assert program.get("/api/v1/session", headers=key).status_code == 401


def test_a_key_that_was_ended_or_has_expired_is_none(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    guard, program = site.browser("guard"), site.browser()
    first, second = key_of(guard, "see"), key_of(guard, "see", days=1)
    number = guard.get("/api/v1/keys").json()[-1]["number"]
    assert guard.delete(f"/api/v1/keys/{number}").status_code == 204
    assert program.get("/api/v1/session", headers=first).status_code == 401
    assert program.get("/api/v1/session", headers=second).status_code == 200
    now = now_ms()
    monkeypatch.setattr("server.accounts.keys.now_ms", lambda: now + keys.DAY_MS)
    assert program.get("/api/v1/session", headers=second).status_code == 401


def test_nobody_ends_somebody_elses_key(site: Site) -> None:
    key_of(site.browser("guard"), "see")
    assert site.browser("viewer").delete("/api/v1/keys/1").status_code == 404


def test_a_key_is_offered_the_terminals_that_are_known_and_seen(tmp_path: Path) -> None:
    with console.site(tmp_path, tokens={"front": "0123456789abcdef", "lab": "fedcba9876543210"}) as site:
        admin = site.browser("admin").get("/account").text
        assert all(f'name="terminals" value="{name}"' in admin for name in ("front", "lab"))
        assert "say that a decision was wrong" in admin
        site.account("lab-guard", Role.GUARD, ["lab"])
        guard = site.browser("lab-guard").get("/account").text
        assert 'value="lab"' in guard and 'value="front"' not in guard


def test_a_key_that_does_not_hold_is_noticed(site: Site) -> None:
    revoked = {"Authorization": "Bearer dw_0123456789"}
    assert site.browser().get("/api/v1/session", headers=revoked).status_code == 401
    assert site.noticed.events == [("key_refused", None, "testclient", {})]
