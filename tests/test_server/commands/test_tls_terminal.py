"""`python -m server tls terminal`: a certificate that is on record, or none."""

import asyncio
import os
import ssl
import stat
from functools import partial
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from server.audit.operator_log import FILE
from server.commands import terminals, tls_terminal
from server.database.database import address_of, opened
from server.settings import Settings
from server.support.certificate import shake_hands
from server.support.errors import StartError
from server.support.tls import Tls
from server.tokens import certificates, store
from server.tokens.certificates import StoredCertificate
from server.tokens.store import TokenError
from tests.support.authority import Authority

NAMES = ["front-door", "door.example.org", "Südtor 2", "x" * 64]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "tls")


@pytest.fixture
def settings(authority: Authority, tmp_path: Path) -> Settings:
    pair = authority.server
    (tmp_path / "logs").mkdir()
    tls = {"tls_cert": pair.cert, "tls_key": pair.key, "tls_terminals": authority.ca}
    return Settings.model_validate({"logs": tmp_path / "logs", **tls})


def issue(settings: Settings, name: str, folder: Path) -> str:
    return asyncio.run(tls_terminal.issue(settings, name, folder / "tls"))


def on_record(settings: Settings) -> list[StoredCertificate]:
    with opened(address_of(settings.logs, None)) as database:
        return database.read_here(certificates.all_certificates)


@pytest.mark.parametrize("name", NAMES)
def test_a_server_takes_what_is_made_and_has_it_on_record(
    settings: Settings, authority: Authority, tmp_path: Path, name: str
) -> None:
    told = issue(settings, name, tmp_path)
    made, key = (tmp_path / "tls" / "terminals" / f"{name}{end}" for end in (".pem", "-key.pem"))
    assert f'--cert "{made.name}" --key "{key.name}"' in told
    (stored,) = on_record(settings)
    certificate = x509.load_pem_x509_certificate(made.read_bytes())
    assert stored.fingerprint == certificate.fingerprint(hashes.SHA256()).hex()
    assert (stored.terminal, stored.revoked) == (name, False)
    assert stored.expires == certificate.not_valid_after_utc.timestamp() * 1000
    assert os.name != "posix" or stat.S_IMODE(key.stat().st_mode) == 0o600
    server = Tls(authority.server.cert, authority.server.key, authority.ca).terminals
    terminal = ssl_of(authority)
    terminal.load_cert_chain(made, key)
    shake_hands(server, terminal)
    line = (settings.logs / FILE).read_text(encoding="utf-8")
    assert f"fingerprint={stored.fingerprint}" in line and "terminal_certificate_made" in line


def ssl_of(authority: Authority) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(authority.ca))
    context.check_hostname = False
    return context


def test_one_more_is_one_more_on_record_once_the_first_was_taken_away(
    settings: Settings, tmp_path: Path
) -> None:
    issue(settings, "front", tmp_path)
    with pytest.raises(StartError, match="bring it to front first"):
        issue(settings, "front", tmp_path)
    assert len(on_record(settings)) == 1
    for file in (tmp_path / "tls" / "terminals").iterdir():
        file.unlink()
    issue(settings, "front", tmp_path)
    assert len(on_record(settings)) == 2
    assert asyncio.run(terminals.listed(settings)).count("front: certificate ") == 2


def test_what_cannot_be_put_on_record_is_not_left_behind(settings: Settings, tmp_path: Path) -> None:
    (settings.logs / FILE).mkdir(parents=True)
    with pytest.raises(StartError, match="so nothing is done"):
        issue(settings, "front", tmp_path)
    assert list((tmp_path / "tls" / "terminals").iterdir()) == []
    assert on_record(settings) == []


def test_where_the_server_would_not_ask_for_it_none_is_made(
    settings: Settings, authority: Authority, tmp_path: Path
) -> None:
    unasked = settings.model_copy(update={"tls_terminals": None})
    with pytest.raises(StartError, match=r'put tls_terminals = ".*ca\.pem" into doorward\.toml'):
        issue(unasked, "front", tmp_path)
    other = Authority(tmp_path / "other")
    with pytest.raises(StartError, match="is another authority than"):
        issue(settings.model_copy(update={"tls_terminals": other.ca}), "front", tmp_path)
    assert not (tmp_path / "tls" / "terminals").exists()


def test_what_is_no_name_or_no_key_is_told(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(StartError, match="no slash"):
        issue(settings, "../front", tmp_path)
    (tmp_path / "tls" / "ca-key.pem").write_bytes(b"nonsense")
    with pytest.raises(StartError, match="cannot be read as keys"):
        issue(settings, "front", tmp_path)
    (tmp_path / "tls" / "ca-key.pem").unlink()
    with pytest.raises(StartError, match="no such file"):
        issue(settings, "front", tmp_path)


def test_revoking_ends_certificates_and_a_new_token_begins_anew(settings: Settings, tmp_path: Path) -> None:
    asyncio.run(terminals.add(settings, "front"))
    issue(settings, "front", tmp_path)
    asyncio.run(terminals.revoke(settings, "front"))
    assert [each.revoked for each in on_record(settings)] == [True]
    asyncio.run(terminals.add(settings, "front"))
    assert on_record(settings) == []


def test_a_terminal_of_the_settings_is_revoked_by_its_certificate(settings: Settings, tmp_path: Path) -> None:
    issue(settings, "front", tmp_path)
    with opened(address_of(settings.logs, None)) as database:
        database.write_here(lambda sql: store.revoke(sql, "front"))
        assert database.read_here(lambda sql: certificates.required(sql, 0)) == {"front": frozenset()}
        with pytest.raises(TokenError):
            database.write_here(lambda sql: store.revoke(sql, "front"))


def test_an_expired_certificate_still_keeps_the_token_alone_out(settings: Settings) -> None:
    with opened(address_of(settings.logs, None)) as database:
        for number, expires in enumerate((5, 10)):
            made = StoredCertificate("front", f"{number}", 0, expires)
            database.write_here(partial(certificates.record, certificate=made))
        at = {now: database.read_here(partial(certificates.required, now=now))["front"] for now in (4, 5, 10)}
    assert at == {4: {"0", "1"}, 5: {"1"}, 10: frozenset()}
