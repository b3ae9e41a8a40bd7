"""Accounts and terminals' tokens, by an administrator."""

import shlex
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from client.options import parse
from server.accounts import accounts, keys
from server.accounts.accounts import AccountError
from server.accounts.rights import Role
from server.support.clock import now_ms
from server.support.secret import hashed
from server.tokens import certificates, store
from server.tokens.certificates import StoredCertificate
from server.tokens.tables import TERMINAL_TOKEN
from tests.support import console
from tests.support.console import Site, key_of


def test_an_account_is_made_changed_reset_and_removed_and_each_is_noted(site: Site) -> None:
    admin = site.browser("admin")
    site.record.acts.clear()
    made = admin.post("/api/v1/accounts", json={"name": "Jane", "role": "guard", "terminals": ["lab"]}).json()
    assert made["name"] == "jane" and "/set-up#" in made["link"]
    changed = admin.put("/api/v1/accounts/jane", json={"role": "viewer", "terminals": ["lab", "front"]})
    assert changed.json()["role"] == "viewer" and changed.json()["terminals"] == ["front", "lab"]
    again = admin.post("/api/v1/accounts/jane/reset").json()
    assert again["link"] != made["link"]
    assert admin.delete("/api/v1/accounts/jane").status_code == 204
    assert "jane" not in [each["name"] for each in admin.get("/api/v1/accounts").json()]
    assert [line.split()[0] for line in site.record.lines()] == [
        "account_added",
        "account_changed",
        "account_reset",
        "account_removed",
    ]


def test_nothing_is_done_when_it_cannot_be_noted(site: Site) -> None:
    admin = site.browser("admin")
    site.record.broken = True
    assert admin.post("/api/v1/accounts", json={"name": "jane", "role": "guard"}).status_code == 503
    assert admin.delete("/api/v1/accounts/guard").status_code == 503
    assert admin.post("/api/v1/tokens/front").status_code == 503
    names = [each["name"] for each in admin.get("/api/v1/accounts").json()]
    assert names == ["admin", "guard", "viewer"] and admin.get("/api/v1/tokens").json() == []


def test_the_last_administrator_stays(site: Site) -> None:
    admin = site.browser("admin")
    for answer in (
        admin.delete("/api/v1/accounts/admin"),
        admin.put("/api/v1/accounts/admin", json={"role": "guard"}),
        admin.put("/api/v1/accounts/admin", json={"role": "admin", "disabled": True}),
        admin.put("/api/v1/accounts/admin", json={"role": "admin", "terminals": ["lab"]}),
    ):
        assert answer.status_code == 422 and "One admin" in answer.json()["detail"]
    assert admin.get("/api/v1/session").is_success
    assert [line for line in site.record.lines() if line.startswith("account_")] == []


def test_what_fails_after_it_was_written_down_has_a_second_line(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = site.browser("admin")

    def beaten(*_: object, **__: object) -> None:
        raise AccountError("One admin must be left.")

    for name in ("add", "change", "remove", "reset"):
        monkeypatch.setattr(accounts, name, beaten)
    site.record.acts.clear()
    admin.post("/api/v1/accounts", json={"name": "jane", "role": "guard"})
    admin.put("/api/v1/accounts/guard", json={"role": "viewer"})
    admin.post("/api/v1/accounts/guard/reset")
    assert admin.delete("/api/v1/accounts/guard").status_code == 422
    acts = [(act.kind.value, act.subject, act.details.get("failed")) for act in site.record.acts]
    assert acts == [
        (kind, name, failed)
        for kind, name in (
            ("account_added", "jane"),
            ("account_changed", "guard"),
            ("account_reset", "guard"),
            ("account_removed", "guard"),
        )
        for failed in (None, "yes")
    ]


def test_a_key_that_cannot_be_is_not_written_down(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    guard = site.browser("guard")
    site.record.acts.clear()
    answer = guard.post("/api/v1/keys", json={"name": "a\u202eb", "scopes": ["see"]})
    assert answer.status_code == 422
    monkeypatch.setattr(keys, "MAX_KEYS", 0)
    assert guard.post("/api/v1/keys", json={"name": "report", "scopes": ["see"]}).status_code == 422
    assert site.record.acts == []


def test_an_admin_who_cannot_sign_in_yet_does_not_count(site: Site) -> None:
    admin = site.browser("admin")
    admin.post("/api/v1/accounts", json={"name": "ghost", "role": "admin"})
    answer = admin.put("/api/v1/accounts/admin", json={"role": "viewer"})
    assert answer.status_code == 422 and "has a password" in answer.json()["detail"]
    site.account("second", Role.ADMIN)
    assert admin.put("/api/v1/accounts/admin", json={"role": "viewer"}).status_code == 200


def test_a_reset_ends_sessions_and_keys(site: Site) -> None:
    guard, program = site.browser("guard"), site.browser()
    key = key_of(guard, "see")
    assert site.browser("admin").post("/api/v1/accounts/guard/reset").status_code == 200
    assert guard.get("/api/v1/session").status_code == 401
    assert program.get("/api/v1/session", headers=key).status_code == 401


def test_what_is_not_there_is_told(site: Site) -> None:
    admin = site.browser("admin")
    assert admin.put("/api/v1/accounts/nobody", json={"role": "guard"}).status_code == 404
    assert admin.delete("/api/v1/accounts/nobody").status_code == 404
    assert admin.post("/api/v1/accounts", json={"name": "guard", "role": "guard"}).status_code == 422
    wrong = admin.post("/api/v1/accounts", json={"name": "x y", "role": "boss"}).json()
    assert wrong["code"] == "invalid" and "role" in wrong["fields"]


def test_a_token_is_shown_once_and_those_connected_are_told(site: Site) -> None:
    admin = site.browser("admin")
    made = admin.post("/api/v1/tokens/front").json()
    assert made["link"] == f"http://testserver/terminal#terminal=front&token={made['token']}"
    assert made["picture"].startswith("<svg")
    assert site.database.read_here(store.hashes) == {"front": {hashed(made["token"])}}
    assert admin.post("/api/v1/tokens/front").status_code == 409
    rotated = admin.put("/api/v1/tokens/front").json()
    both = {hashed(made["token"]), hashed(rotated["token"])}
    assert site.database.read_here(store.hashes) == {"front": both}
    last = admin.put("/api/v1/tokens/front", json={"overlap_hours": 0}).json()
    assert site.database.read_here(store.hashes) == {"front": {hashed(last["token"])}}
    assert admin.delete("/api/v1/tokens/front").status_code == 204
    assert admin.get("/api/v1/tokens").json()[0]["revoked"] is True
    assert site.tokens_changed == 4
    assert admin.put("/api/v1/tokens/front").status_code == 404


def test_what_a_token_was_made_with_is_told_and_in_the_record(site: Site) -> None:
    admin = site.browser("admin")
    admin.post("/api/v1/tokens/front", json={"days": 90})
    admin.put("/api/v1/tokens/front", json={"overlap_hours": 2})
    newest, old = admin.get("/api/v1/tokens/front").json()["tokens"]
    assert newest["expires"] - newest["created"] == 90 * store.DAY_MS and newest["seen"] is None
    assert 0 <= old["expires"] - newest["created"] - 2 * store.HOUR_MS < 60_000
    acts = [each["details"] for each in admin.get("/api/v1/acts").json()["acts"]][:2]
    assert {"overlap_hours": "2"} in acts and {"days": "90"} in acts
    page = admin.get("/system/terminals").text
    assert page.count("never used") == 2 and "expires soon" not in page
    for wrong in ({"overlap_hours": -1}, {"overlap_hours": 721}, {"days": 0}, {"days": 3651}):
        assert admin.put("/api/v1/tokens/front", json=wrong).status_code == 422, wrong


def test_certificates_are_told_and_end_with_the_tokens(site: Site) -> None:
    site.account("porter", Role.ADMIN, ["lab"])
    admin, porter = site.browser("admin"), site.browser("porter")
    admin.post("/api/v1/tokens/front")
    soon = StoredCertificate("front", "ab" * 32, now_ms(), now_ms() + store.DAY_MS)
    site.database.write_here(lambda sql: certificates.record(sql, soon))
    assert admin.get("/api/v1/certificates").json() == [vars(soon)]
    assert porter.get("/api/v1/certificates").json() == []
    assert "expires soon" in admin.get("/system/terminals").text
    assert admin.delete("/api/v1/tokens/front").status_code == 204
    assert admin.get("/api/v1/certificates").json()[0]["revoked"] is True
    assert ">revoked<" in admin.get("/system/terminals").text


def test_a_token_that_expires_soon_is_marked_on_the_page(site: Site) -> None:
    admin = site.browser("admin")
    admin.post("/api/v1/tokens/front", json={"days": 3})
    assert "expires soon" in admin.get("/system/terminals").text
    site.database.write_here(lambda sql: sql.execute(TERMINAL_TOKEN.update().values(expires=1)))
    assert ">expired<" in admin.get("/system/terminals").text
    assert admin.post("/api/v1/tokens/front").status_code == 201, "none holds any more"


def test_a_link_begins_as_the_address_that_the_administrator_sees(tmp_path: Path) -> None:
    with console.site(tmp_path, web_host="0.0.0.0", insecure=True) as site:
        links_begin_as_the_page(site.browser("admin"))


def links_begin_as_the_page(admin: TestClient) -> None:
    seen = {"Host": "door.example", "Origin": "https://door.example"}
    made = admin.post("/api/v1/tokens/front", headers=seen).json()
    assert made["link"].startswith("https://door.example/terminal#")
    again = admin.post("/api/v1/accounts/guard/reset", headers={"Host": "door.example:8080"}).json()
    assert again["link"].startswith("http://door.example:8080/set-up#")


def test_who_sees_some_terminals_only_has_no_say_over_accounts(site: Site) -> None:
    site.account("porter", Role.ADMIN, ["lab"])
    porter = site.browser("porter")
    for answer in (
        porter.get("/api/v1/accounts"),
        porter.get("/api/v1/accounts/admin"),
        porter.post("/api/v1/accounts", json={"name": "puppet", "role": "admin"}),
        porter.put("/api/v1/accounts/porter", json={"role": "admin"}),
        porter.post("/api/v1/accounts/admin/reset"),
        porter.delete("/api/v1/accounts/admin"),
        porter.get("/system/accounts"),
    ):
        assert answer.status_code == 403 and "all terminals" in answer.json()["detail"]
    assert site.browser("admin").get("/api/v1/accounts/porter").json()["terminals"] == ["lab"]


def test_the_record_tells_at_which_terminals_an_account_and_a_key_hold(site: Site) -> None:
    admin = site.browser("admin")
    site.record.acts.clear()
    for terminals in (None, ["lab", "front"]):
        restricted = {"role": "guard", "terminals": terminals}
        name = "jane" if terminals is None else "joe"
        assert admin.post("/api/v1/accounts", json={"name": name, **restricted}).is_success
        assert admin.put(f"/api/v1/accounts/{name}", json=restricted).is_success
        key_of(admin, "see", terminals=terminals)
    told = [act.details["terminals"] for act in site.record.acts]
    assert told == ["all"] * 3 + ["front, lab"] * 3


def test_an_account_that_is_there_already_is_not_noted_as_added(site: Site) -> None:
    admin = site.browser("admin")
    site.record.acts.clear()
    assert admin.post("/api/v1/accounts", json={"name": "guard", "role": "guard"}).status_code == 422
    assert site.record.acts == []


def test_the_first_token_is_made_by_who_sees_all_terminals(site: Site) -> None:
    site.account("porter", Role.ADMIN, ["lab"])
    porter = site.browser("porter")
    assert porter.post("/api/v1/tokens/lab").status_code == 403, "it would shut all other terminals out"
    assert site.browser("admin").post("/api/v1/tokens/front").status_code == 201
    assert porter.post("/api/v1/tokens/lab").status_code == 201


def test_where_tokens_are_required_anyhow_who_sees_some_terminals_makes_the_first(tmp_path: Path) -> None:
    with console.site(tmp_path, tokens={"front": "x" * 16}) as site:
        site.account("porter", Role.ADMIN, ["lab"])
        assert site.browser("porter").post("/api/v1/tokens/lab").status_code == 201


def test_the_command_starts_a_terminal_at_the_host_of_the_page(tmp_path: Path) -> None:
    tls: dict[str, Any] = {"tls_cert": tmp_path / "server.pem", "tls_key": tmp_path / "server-key.pem"}
    for path in (*tls.values(), tmp_path / "ca.pem"):
        path.touch()
    with console.site(tmp_path, web_host="0.0.0.0", port=5001, **tls) as site:
        admin = site.browser("admin", tls=True)
        seen = {"Host": "door.example:8080", "Origin": "https://door.example:8080"}
        made = admin.post("/api/v1/tokens/back door", headers=seen).json()
        command = shlex.split(made["command"])
        assert command[:5] == ["python", "-m", "client", "--server", "door.example:5001"]
        assert command[5:9] == ["--ca", "ca.pem", "--terminal", "back door"]
        assert "/terminal/ca.pem" in admin.get("/system/terminals").text
        (tmp_path / "ca.pem").unlink()
        assert "--tls --terminal" in admin.put("/api/v1/tokens/back door", headers=seen).json()["command"]


def test_a_command_without_tls_is_one_that_a_terminal_understands(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = {"Host": "[::1]:8080", "Origin": "http://[::1]:8080"}
    made = site.browser("admin").post("/api/v1/tokens/front", headers=seen).json()
    assert made["command"].startswith("python -m client --server '[::1]:5000' --terminal front ")
    (tmp_path / "token.txt").write_text(made["token"])
    monkeypatch.chdir(tmp_path)
    options = parse(shlex.split(made["command"])[3:], {})
    assert (options.host, options.port, options.source, options.tls) == ("::1", 5000, "0", None)


def test_a_key_for_some_terminals_touches_no_other(site: Site) -> None:
    admin, program = site.browser("admin"), site.browser()
    key = key_of(admin, "administer", terminals=["lab"])
    assert admin.post("/api/v1/tokens/side").status_code == 201
    assert program.post("/api/v1/tokens/lab", headers=key).status_code == 201
    assert program.post("/api/v1/tokens/front", headers=key).status_code == 403
    assert [each["terminal"] for each in program.get("/api/v1/tokens", headers=key).json()] == ["lab"]
