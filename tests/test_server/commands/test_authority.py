"""What the authority vouches for, as OpenSSL checks it, and what not even its key can be misused for."""

import ssl
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from server.commands import authority
from server.commands.authority import (
    AUTHORITY_DAYS,
    DAYS,
    AuthorityError,
    Names,
    fingerprint,
    key_pem,
    names_of,
    new_authority,
    new_certificate,
    new_key,
    pem,
)

NOW = datetime.now(timezone.utc)
GIVEN = ["door-server.lan", "DOOR.Example.org", "bücher.local", "192.168.1.10", "fd00::1", "8.8.8.8"]
NAMES = Names.read(GIVEN)
CA_KEY, KEY = new_key(), new_key()
CA = new_authority(CA_KEY, "vm", NAMES, NOW)


def shake_hands(folder: Path, names: Names, called: str) -> None:
    """As a terminal that trusts the authority, strictly. Raises ssl.SSLError."""
    certificate = new_certificate(KEY, names, CA, CA_KEY, NOW)
    (folder / "server.pem").write_bytes(pem(certificate) + key_pem(KEY))
    server, terminal = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    server.load_cert_chain(folder / "server.pem")
    terminal = ssl.create_default_context(cadata=pem(CA).decode())
    terminal.verify_flags |= ssl.VERIFY_X509_STRICT
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        terminal.wrap_bio(down, up, server_hostname=called),
        server.wrap_bio(up, down, server_side=True),
    ]
    for _ in range(5):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue


@pytest.mark.parametrize("called", GIVEN)
def test_a_terminal_trusts_each_name_that_was_given(tmp_path: Path, called: str) -> None:
    shake_hands(tmp_path, NAMES, called)


def test_another_name_is_not_trusted(tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match=r"not valid for 'other\.lan'"):
        shake_hands(tmp_path, NAMES, "other.lan")


@pytest.mark.parametrize("name", ["nas.lan", "new-name.local", "10.1.2.3", "fe80::5", "sub.door.example.org"])
def test_a_local_name_may_be_added_later(tmp_path: Path, name: str) -> None:
    shake_hands(tmp_path, Names.read([name]), name)


@pytest.mark.parametrize("name", ["www.example.com", "example.org", "notlan", "9.9.9.9", "2001:db8::1"])
def test_what_is_on_the_internet_is_not_vouched_for(name: str) -> None:
    with pytest.raises(AuthorityError, match="may not vouch for"):
        new_certificate(KEY, Names.read(["nas.lan", name]), CA, CA_KEY, NOW)


@pytest.mark.parametrize("name", ["www.example.com", "9.9.9.9"])
def test_a_stolen_key_forges_no_public_site(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authority, "_may_vouch", lambda certificate, name: True)
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
        shake_hands(tmp_path, Names.read([name]), name)


def test_times_are_such_that_browsers_accept_them() -> None:
    certificate = new_certificate(KEY, NAMES, CA, CA_KEY, NOW)
    assert certificate.not_valid_before_utc < NOW - timedelta(minutes=50), "a clock may be behind"
    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc < timedelta(days=398)
    assert certificate.not_valid_after_utc > NOW + timedelta(days=DAYS - 1)
    assert CA.not_valid_after_utc > NOW + timedelta(days=AUTHORITY_DAYS - 1)


def test_a_certificate_does_not_outlive_its_authority() -> None:
    late = NOW + timedelta(days=AUTHORITY_DAYS - 10)
    assert new_certificate(KEY, NAMES, CA, CA_KEY, late).not_valid_after_utc == CA.not_valid_after_utc
    with pytest.raises(AuthorityError, match="has expired"):
        new_certificate(KEY, NAMES, CA, CA_KEY, NOW + timedelta(days=AUTHORITY_DAYS + 1))


WRONG = ["", " ", "a b", "-a.lan", "a..lan", "*.lan", "https://a.lan", "a.lan:5000", "x" * 64]


@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(AuthorityError, match="neither a host name nor an address"):
        Names.read([text])


def test_names_are_read_back_once_each() -> None:
    certificate = new_certificate(KEY, Names.read(["a.lan", "A.lan", "[::1]", "::1"]), CA, CA_KEY, NOW)
    assert str(names_of(certificate)) == "a.lan, ::1"


def test_the_fingerprint_is_written_as_browsers_write_it() -> None:
    told = fingerprint(CA)
    assert len(told) == 95 and set(told) <= set("0123456789ABCDEF:")
