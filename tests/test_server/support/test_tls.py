"""A certificate that is renewed is shown to whoever connects; one that cannot be used changes nothing."""

import asyncio
import os
import ssl
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from server.support import tls as module
from server.support.certificate import CertificateError, shake_hands
from server.support.errors import StartError
from server.support.tls import News, Tls
from tests.support import certificate

pytestmark = certificate.needs_openssl


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return certificate.make(tmp_path)


def shown(context: ssl.SSLContext, trusted: Path) -> bool:
    """Whether whoever connects is shown a certificate that this one vouches for."""
    terminal = certificate.trusting(trusted)
    terminal.check_hostname = False
    try:
        return bool(shake_hands(context, terminal))
    except ssl.SSLCertVerificationError:
        return False


def look(tls: Tls, times: int) -> None:
    async def run() -> None:
        for _ in range(times):
            await tls.look()

    asyncio.run(run())


def news_of(tls: Tls) -> list[News]:
    """What is told of its certificate from now on."""
    told: list[News] = []
    tls.on_news = lambda news, detail: told.append(news)
    return told


def put(new: Path, old: Path) -> None:
    """In its place, as who renews it does."""
    os.replace(new, old)


def test_a_renewed_certificate_is_shown_at_both_ports(
    files: tuple[Path, Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    tls = Tls(*files)
    told = news_of(tls)
    (tmp_path / "new").mkdir()
    new = certificate.make(tmp_path / "new")
    expected = tmp_path / "expected.pem"
    expected.write_bytes(new[0].read_bytes())
    put(new[0], files[0])
    look(tls, 1)
    put(new[1], files[1])  # between two looks: half of it is not taken
    look(tls, 1)
    assert not shown(tls.terminals, expected)
    look(tls, 1)
    assert shown(tls.terminals, expected) and shown(tls.browsers, expected)
    assert told == [News.RENEWED]
    assert "the certificate was renewed" in caplog.text and "cannot be used" not in caplog.text


@pytest.mark.parametrize("half", [0, 1])
def test_what_cannot_be_used_is_told_once_and_the_one_before_stays(
    files: tuple[Path, Path], tmp_path: Path, caplog: pytest.LogCaptureFixture, half: int
) -> None:
    tls = Tls(*files)
    told = news_of(tls)
    before = tmp_path / "before.pem"
    before.write_bytes(files[0].read_bytes())
    (tmp_path / "new").mkdir()
    put(certificate.make(tmp_path / "new")[half], files[half])
    look(tls, 6)
    assert shown(tls.terminals, before) and shown(tls.browsers, before)
    assert told[:1] == [News.REFUSED]
    assert len([each for each in caplog.messages if "cannot be used, the one before stays" in each]) == 1
    files[0].unlink()
    look(tls, 3)
    assert shown(tls.terminals, before) and "is no file" in caplog.text


def test_who_renews_is_reminded_once_a_day(
    files: tuple[Path, Path], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls = Tls(*files)  # of one day
    look(tls, 5)
    assert [each.startswith("the certificate expires on ") for each in caplog.messages] == [True]
    monkeypatch.setattr(module, "REMIND", timedelta())
    tls._remind_at = datetime.now(timezone.utc)
    look(tls, 2)
    assert len(caplog.messages) == 3


def test_an_expired_one_is_named_as_what_it_is(
    files: tuple[Path, Path], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def expired(*_: Path) -> None:
        raise CertificateError("cert.pem: certificate has expired")

    monkeypatch.setattr(module, "examine", expired)
    tls = Tls(*files)
    told = news_of(tls)
    look(tls, 3)
    assert told == [News.UNUSABLE]
    assert caplog.messages == [
        "NOBODY WHO CHECKS THE CERTIFICATE CAN CONNECT: cert.pem: certificate has expired"
    ]


def test_the_start_needs_one_that_can_be_used(files: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"tls_cert, tls_key: .* cannot be used"):
        Tls(files[0], tmp_path / "none.pem")


def test_old_tls_is_refused(files: tuple[Path, Path]) -> None:
    tls = Tls(*files)
    assert {tls.terminals.minimum_version, tls.browsers.minimum_version} == {ssl.TLSVersion.TLSv1_2}
