"""What goes to another machine: over TLS that is checked, whatever becomes of that machine."""

import contextlib
import os
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

import pytest

from server.access.decision import Decision
from server.audit.operator_log import Act, ActKind
from server.audit.security_log import SecurityEvent, SecurityKind
from server.events import Acted, Decided
from server.journal import syslog_connection, syslog_outbox
from server.journal.syslog import Syslog
from server.journal.syslog_connection import tls_context
from server.journal.syslog_outbox import Outbox
from server.support import osdep
from server.support.syslog_address import SyslogAddress
from tests.support import certificate
from tests.support.collector import Collector
from tests.support.server_process import free_port
from wire import Verdict
from wire.reasons import Reason

pytestmark = certificate.needs_openssl
DENIED = Decision("1", Verdict.DENIED, None, Reason.EXPIRED, None, None, 0.9, 5)
MOMENT = datetime(2026, 11, 22, 8, 0, tzinfo=timezone.utc)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(syslog_outbox, "FIRST_PAUSE", 0.05)
    monkeypatch.setattr(syslog_outbox, "LONGEST_PAUSE", 0.05)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return certificate.make(tmp_path_factory.mktemp("certificate"))


@contextmanager
def sending(port: int, authority: Path) -> Iterator[Syslog]:
    syslog = Syslog(SyslogAddress("tls", "127.0.0.1", port), tls_context(authority))
    yield syslog
    syslog.close()


def event(number: int) -> SecurityEvent:
    return SecurityEvent(MOMENT, SecurityKind.SECOND_CONNECTION, f"door-{number}", "10.0.0.7")


def wait_for_word(caplog: pytest.LogCaptureFixture) -> None:
    deadline = time.monotonic() + 20
    while not caplog.messages:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def numbers(messages: list[bytes]) -> list[int]:
    return [int(each.split(b"door-")[1].split(b'"')[0]) for each in messages if b"door-" in each]


def test_lines_of_three_logs_arrive_as_they_stand_there(files: tuple[Path, Path]) -> None:
    collector = Collector(certificate.server_side(*files))
    line = '2026-11-22T08:00:00.000+00:00 DENIED front "Zoë" reason=expired id=1 seal=7-0123456789abcdef'
    with sending(collector.port, files[0]) as syslog:
        syslog.take(Decided("front", DENIED, (), (line,)))
        syslog.take(Acted(Act(MOMENT, "account:jane", ActKind.SIGN_OUT, "jane", "10.0.0.9")))
        syslog.take(event(1))
        access, operator, security = collector.until(3)
    assert access.startswith(b"<85>1 2026-11-22T08:00:00.000+00:00 ") and line.encode() in access
    assert b' access [doorward@32473 kind="denied" terminal="front"] ' in access
    data = b'[doorward@32473 kind="sign_out" operator="account:jane" source="10.0.0.9"]'
    assert b" operator " + data + b" " in operator
    assert operator.endswith(b" sign_out account:jane jane source=10.0.0.9")
    assert security.startswith(b"<84>1 ")
    assert security.endswith(b"] 2026-11-22T08:00:00.000+00:00 second_connection door-1 10.0.0.7")
    collector.end()


def test_what_happens_while_the_collector_is_away_arrives_when_it_comes(
    files: tuple[Path, Path], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    port = free_port()
    with sending(port, files[0]) as syslog:
        began = time.monotonic()
        for number in range(5):
            syslog.take(event(number))
        assert time.monotonic() - began < 1, "nobody waits for it"
        wait_for_word(caplog)
        collector = Collector(certificate.server_side(*files), port)
        assert numbers(collector.until(5)) == list(range(5))
    assert len([each for each in caplog.messages if "takes nothing" in each]) == 1
    assert caplog.messages[-1] == f"syslog: tls://127.0.0.1:{port} is back"
    collector.end()


def test_after_it_died_what_follows_goes_to_the_one_that_takes_its_place(files: tuple[Path, Path]) -> None:
    first = Collector(certificate.server_side(*files))
    port = first.port
    with sending(port, files[0]) as syslog:
        syslog.take(event(0))
        first.until(1)
        first.end()
        for number in range(1, 4):
            syslog.take(event(number))
        second = Collector(certificate.server_side(*files), port)
        assert numbers(second.until(3)) == [1, 2, 3]
    second.end()


@pytest.mark.skipif(os.name != "posix", reason="elsewhere numbers of sockets are no small ones")
def test_a_thousand_connections_of_others_are_no_matter(files: tuple[Path, Path]) -> None:
    osdep.allow_many_files()
    with open(os.devnull) as file, contextlib.ExitStack() as others:
        for _ in range(1100):
            others.callback(os.close, os.dup(file.fileno()))
        collector = Collector(certificate.server_side(*files))
        with sending(collector.port, files[0]) as syslog:
            for number in range(3):
                syslog.take(event(number))
            assert numbers(collector.until(3)) == [0, 1, 2]
        collector.end()


def test_one_that_does_not_read_holds_up_nobody_and_what_does_not_fit_is_counted(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(syslog_connection, "PATIENCE_SECONDS", 0.2)
    monkeypatch.setattr(syslog_outbox, "MAX_WAITING", 100)
    collector = Collector(certificate.server_side(*files))
    collector.reading.clear()
    padding = "x" * 20_000
    line = f"2026-11-22T08:00:00.000+00:00 DENIED front unknown why={padding} door-"
    with sending(collector.port, files[0]) as syslog:
        began = time.monotonic()
        for number in range(2000):
            syslog.take(Decided("front", DENIED, (), (f'{line}{number}"',)))
        assert time.monotonic() - began < 5
        collector.reading.set()
        while not any(b"events_lost" in each for each in collector.until(1)):
            time.sleep(0.01)
    received = collector.until(1)
    (lost,) = (each for each in received if b"events_lost" in each)
    arrived = sorted(set(numbers(received)))
    dropped = int(lost.split(b"messages=")[1])
    assert 0 < dropped < 2000 and arrived == list(range(2000 - dropped)), "the gap is at the end, and counted"
    collector.end()


def test_one_whose_certificate_nobody_vouches_for_gets_nothing(
    files: tuple[Path, Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    collector = Collector(certificate.server_side(*certificate.make(tmp_path)))
    with sending(collector.port, files[0]) as syslog:
        syslog.take(event(1))
        wait_for_word(caplog)
    assert collector.received == []
    assert "CERTIFICATE_VERIFY_FAILED" in caplog.messages[0]
    assert caplog.messages[-1] == f"syslog: 1 messages did not reach tls://127.0.0.1:{collector.port}"
    collector.end()


def test_one_with_another_name_gets_nothing(
    files: tuple[Path, Path], caplog: pytest.LogCaptureFixture
) -> None:
    collector = Collector(certificate.server_side(*files))
    syslog = Syslog(SyslogAddress("tls", "localhost", collector.port), tls_context(files[0]))
    syslog.take(event(1))
    wait_for_word(caplog)
    syslog.close()
    assert collector.received == [] and "localhost" in caplog.messages[0]
    collector.end()


def test_on_this_machine_it_may_be_a_datagram() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as collector:
        collector.bind(("127.0.0.1", 0))
        collector.settimeout(10)
        syslog = Syslog(SyslogAddress("udp", "127.0.0.1", collector.getsockname()[1]), None)
        syslog.take(event(1))
        assert collector.recv(2000).startswith(b"<84>1 ")
        syslog.close()


def test_certificates_that_cannot_be_read_are_an_error_at_once(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("none")
    with pytest.raises(ssl.SSLError):
        tls_context(tmp_path / "ca.pem")


def test_the_end_waits_only_so_long(caplog: pytest.LogCaptureFixture) -> None:
    class Hanging:
        def send(self, message: bytes) -> None:
            time.sleep(60)

        def close(self) -> None: ...

    outbox = Outbox("there", Hanging, lambda count: b"")
    outbox.put(b"one")
    began = time.monotonic()
    outbox.close(0.1)
    assert time.monotonic() - began < 5
    assert caplog.messages == ["syslog: 1 messages did not reach there"]
