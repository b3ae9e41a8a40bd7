"""The link against a real socket server: reconnecting, refusals, limits, one frame in flight."""

import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from client.connection.exchange import Timeouts
from client.connection.status import LinkState
from client.connection.stream import Stream, Waker, connect
from client.exits import Exit
from client.screen.screen import Screen, screen_at
from tests.support.fake_server import LIMITS, FakeServer, denial, refusal, result, wait_until, welcome
from tests.support.running_link import Running, running
from wire import (
    ErrorCode,
    ErrorMessage,
    Frame,
    Hello,
    Limits,
    Message,
    Ping,
    ProposalOutcome,
    Propose,
    Proposed,
    Verdict,
    Welcome,
    encode,
)
from wire.words import Banner


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer() as fake:
        yield fake


def test_frames_are_answered(server: FakeServer) -> None:
    with running(server.port) as run:
        wait_until(run.answered(5), "answers")
    assert server.hellos == [Hello("door", "secret")]
    assert not server.violations
    first = run.recorder.answers[0]
    assert first.result.seq == first.sent.number
    assert (first.sent.picture.width, first.sent.picture.height) == (640, 480)
    assert first.latency_ms > 0
    assert run.recorder.states == ["connected"]
    image = cv2.imdecode(np.frombuffer(server.frames[0].jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None and image.shape == (480, 640, 3)


def test_one_frame_in_flight_then_the_newest(server: FakeServer) -> None:
    server.reply = lambda frame: []
    with running(server.port) as run:
        wait_until(lambda: server.frames, "the first frame")
        number = server.frames[0].seq
        wait_until(lambda: run.link.status.waiting_since, "the wait")
        time.sleep(0.3)  # thirty pictures go by
        assert len(server.frames) == 1
        for connection in list(server._connections):
            connection.sendall(encode(result(number)))
        wait_until(lambda: len(server.frames) == 2, "the next frame")
        assert server.frames[1].seq > number + 10


def test_the_next_frame_comes_when_it_is_wanted(server: FakeServer) -> None:
    seconds, sent = 0.4, []

    def reply(frame: Frame) -> list[Message]:
        sent.append(time.monotonic())
        return [replace(result(frame.seq), next_ms=seconds * 1000)]

    server.reply = reply
    with running(server.port) as run:
        wait_until(run.answered(4), "answers")
    assert all(after - before >= 0.95 * seconds for before, after in pairwise(sent))


def test_a_stalled_server_is_late_and_grants_nothing(server: FakeServer) -> None:
    with running(server.port) as run:
        wait_until(run.answered(1), "a grant")
        server.reply = lambda frame: []
        status = run.link.status
        assert status.answer
        shown = screen_at(status.answer.received, status, None, False, 0.5)
        assert shown.banner is Banner.GRANTED

        def shown_now() -> Screen:
            return screen_at(time.monotonic(), run.link.status, None, False, 0.2)

        wait_until(lambda: shown_now().banner is Banner.LATE, "lateness", 2)
        assert shown_now().names == ()


def test_reconnects_after_a_drop(server: FakeServer) -> None:
    with running(server.port) as run:
        wait_until(run.answered(1), "an answer")
        server.reply = lambda frame: []
        before = len(run.recorder.answers)
        server.drop()
        wait_until(lambda: "lost" in run.recorder.states, "the loss")
        server.reply = lambda frame: [result(frame.seq)]
        wait_until(run.answered(before + 2), "answers on the new connection")
    assert run.recorder.states[:4] == ["connected", "lost", "retrying", "connected"]
    assert len(server.hellos) >= 2


def test_a_lost_connection_takes_its_verdict_along(server: FakeServer) -> None:
    with running(server.port) as run:
        wait_until(run.answered(1), "an answer")
        server.close()
        wait_until(lambda: run.link.status.state is LinkState.RETRYING, "the loss")
        assert run.link.status.answer is None


def test_reconnects_to_a_server_that_comes_back() -> None:
    with FakeServer() as first:
        port = first.port
        run = Running(port)
        for thread in run.threads:
            thread.start()
        wait_until(run.answered(1), "an answer")
    wait_until(lambda: "retrying" in run.recorder.states, "the loss")
    with FakeServer(port=port):
        wait_until(lambda: run.link.status.answer, "an answer of the second server")
        run.stopping.set()
        for thread in run.threads:
            thread.join(10)


def test_a_refusal_is_remembered_within_its_connection(server: FakeServer) -> None:
    server.reply = lambda frame: [
        result(frame.seq, Verdict.DENIED, decision=denial() if len(server.frames) == 1 else None)
    ]
    with running(server.port) as run:
        wait_until(run.answered(3), "answers after the decision")
        memory = run.link.status.memory
        assert memory.refusal and memory.refusal.decision == denial()
        server.drop()
        wait_until(lambda: len(server.hellos) >= 2, "the next connection")
        wait_until(lambda: run.link.status.answer, "its first answer")
        assert run.link.status.memory.refusal is None


def test_the_note_of_the_newest_welcome_outlives_its_connection(server: FakeServer) -> None:
    server.greet = lambda hello: [welcome(note="Ring the bell")]
    with running(server.port) as run:
        wait_until(run.answered(1), "an answer")
        assert run.link.status.note == "Ring the bell"
        server.greet = lambda hello: []
        server.drop()
        wait_until(lambda: run.link.status.state is LinkState.RETRYING, "the loss")
        assert run.link.status.note == "Ring the bell"
        server.greet = lambda hello: [welcome()]
        server.drop()
        wait_until(lambda: run.link.status.state is LinkState.CONNECTED, "another welcome")
        assert run.link.status.note is None


def test_the_terminal_tells_its_clock(server: FakeServer) -> None:
    with running(server.port) as run:
        wait_until(run.answered(1), "an answer")
        wait_until(lambda: server.pings, "a ping")
    clock = server.pings[0].clock
    assert clock is not None and abs(clock - time.time()) < 60


def test_the_face_in_the_last_answered_frame_is_proposed(server: FakeServer) -> None:
    server.greet = lambda hello: [welcome(features=(Propose.type,))]
    server.propose = lambda propose: [Proposed(propose.seq, ProposalOutcome.TOO_MANY)]
    with running(server.port) as run:
        wait_until(run.answered(1), "an answer")
        run.link.propose()
        wait_until(lambda: run.link.status.proposal, "what became of it")
        told = run.link.status.proposal
        wait_until(run.answered(len(run.recorder.answers) + 1), "another answer")
        assert run.link.status.proposal is told
    assert told is not None and told.outcome is ProposalOutcome.TOO_MANY
    assert [each.seq for each in server.proposed] == [
        answer.sent.number for answer in run.recorder.answers if answer.sent.number == server.proposed[0].seq
    ]


def test_where_nothing_was_answered_yet_no_face_is_in_view(server: FakeServer) -> None:
    server.greet = lambda hello: [welcome(features=(Propose.type,))]
    server.reply = lambda frame: []
    with running(server.port) as run:
        wait_until(lambda: run.link.status.state is LinkState.CONNECTED, "the welcome")
        run.link.propose()
        wait_until(lambda: run.link.status.proposal, "what became of it")
        told = run.link.status.proposal
        assert told is not None and told.outcome is ProposalOutcome.NO_UNKNOWN_FACE
    assert server.proposed == []


def test_an_older_server_is_not_told_of_a_proposal(server: FakeServer) -> None:
    with running(server.port) as run:
        wait_until(run.answered(1), "an answer")
        run.link.propose()
        wait_until(lambda: run.link.status.proposal, "what became of it")
        told = run.link.status.proposal
        assert told is not None and told.outcome is None
        wait_until(run.answered(len(run.recorder.answers) + 1), "the connection goes on")
    assert server.proposed == [] and not server.violations and len(server.hellos) == 1


def test_what_was_to_be_proposed_on_a_lost_connection_is_not_proposed_on_the_next(server: FakeServer) -> None:
    server.greet = lambda hello: []
    with running(server.port) as run:
        wait_until(lambda: server.hellos, "a connection that is not welcomed yet")
        run.link.propose()
        server.greet = lambda hello: [welcome(features=(Propose.type,))]
        server.drop()
        wait_until(run.answered(2), "answers")
        assert run.link.status.proposal is None
    assert server.proposed == []


@pytest.mark.parametrize("code", [ErrorCode.UNAUTHORIZED, ErrorCode.VERSION_MISMATCH])
def test_refusals_are_fatal(server: FakeServer, code: ErrorCode) -> None:
    server.greet = refusal(code, "no \x1b[2J way")
    with running(server.port) as run:
        wait_until(lambda: run.fatal, "the end")
    assert run.fatal and run.fatal.code is Exit.REFUSED
    assert f"{code.value}: no" in run.fatal.message
    assert len(server.hellos) == 1


def test_a_server_of_another_version_is_fatal(server: FakeServer) -> None:
    server.greet = lambda hello: [Welcome("0", LIMITS, version=2)]
    with running(server.port) as run:
        wait_until(lambda: run.fatal, "the end")
    assert run.fatal and "version 1" in run.fatal.message


@pytest.mark.parametrize(
    "code", [ErrorCode.TOO_MANY, ErrorCode.OVERLOADED, ErrorCode.INTERNAL, ErrorCode.BAD_MESSAGE]
)
def test_other_errors_are_told_and_retried(server: FakeServer, code: ErrorCode) -> None:
    server.greet = refusal(code, "later")
    with running(server.port) as run:
        wait_until(lambda: len(server.hellos) >= 2, "a retry")
        server.greet = lambda hello: [welcome()]
        wait_until(run.answered(1), "an answer")
    assert run.recorder.errors[0] == ErrorMessage(code, "later")
    assert f"the server says {code.value}: later" in run.recorder.reasons


def test_a_frame_too_big_is_told_and_retried(server: FakeServer) -> None:
    server.reply = refusal(ErrorCode.FRAME_TOO_BIG, "too big")
    with running(server.port) as run:
        wait_until(lambda: len(server.hellos) >= 2, "a retry")
    assert "the server says frame_too_big: too big" in run.recorder.reasons


def test_a_bad_frame_keeps_the_connection(server: FakeServer) -> None:
    server.reply = lambda frame: [
        ErrorMessage(ErrorCode.BAD_FRAME, "odd", frame.seq) if len(server.frames) < 3 else result(frame.seq)
    ]
    with running(server.port) as run:
        wait_until(run.answered(1), "an answer")
    assert len(server.hellos) == 1
    assert [error.code for error in run.recorder.errors] == [ErrorCode.BAD_FRAME] * 2


@pytest.mark.parametrize(
    "garbage",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\0\0\0\x01\xc1",
        encode(result(1)),
        encode(welcome()) + encode(result(10**9, Verdict.GRANTED)),
        encode(welcome()) + encode(Ping(1)),
    ],
)
def test_garbage_is_survived(server: FakeServer, garbage: bytes) -> None:
    server.greet = lambda hello: [garbage]
    with running(server.port) as run:
        wait_until(lambda: len(server.hellos) >= 2, "a retry")
        server.greet = lambda hello: [welcome()]
        wait_until(run.answered(1), "an answer")
    assert any("broke the protocol" in reason for reason in run.recorder.reasons)
    assert all(answer.result.seq < 10**9 for answer in run.recorder.answers)


def test_limits_are_respected(server: FakeServer) -> None:
    limits = Limits(frame_bytes=30_000, frame_pixels=320 * 240)
    server.greet = lambda hello: [welcome(limits)]
    with running(server.port) as run:
        wait_until(run.answered(3), "answers")
    assert max(len(frame.jpeg) for frame in server.frames) <= limits.frame_bytes
    for answer in run.recorder.answers:
        assert answer.sent.picture.width * answer.sent.picture.height <= limits.frame_pixels


def test_limits_that_fit_nothing_are_told_and_retried(server: FakeServer) -> None:
    server.greet = lambda hello: [welcome(Limits(10, 10))]
    with running(server.port) as run:
        wait_until(lambda: len(server.hellos) >= 2, "a retry")
    assert any("no picture fits" in reason for reason in run.recorder.reasons)


def test_pings_keep_a_stalled_connection_alive(server: FakeServer) -> None:
    server.reply = lambda frame: []
    with running(server.port, timeouts=Timeouts(ping=0.1, silence=1.0)):
        wait_until(lambda: len(server.pings) >= 6, "pings")
        assert len(server.hellos) == 1 and len(server.frames) == 1


def test_a_silent_server_is_left(server: FakeServer) -> None:
    server.reply = lambda frame: []
    server.answer_pings = False
    with running(server.port, timeouts=Timeouts(silence=0.4)) as run:
        wait_until(lambda: len(server.hellos) >= 2, "a new connection")
    assert any("silent" in reason for reason in run.recorder.reasons)


def test_last_words_are_heard_although_sending_fails() -> None:
    """A server that refuses a frame hangs up while the rest of the frame is on its way."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        stream = Stream(connect("127.0.0.1", listener.getsockname()[1], None), Waker())
        peer, _ = listener.accept()
    stream.send(b"frame")
    stream.exchange(0)
    wait_until(lambda: peer.recv(1, socket.MSG_PEEK), "the frame")
    peer.sendall(b"sorry")
    peer.close()  # with unread bytes: a reset
    stream.send(b"x" * 10_000_000)
    heard: list[bytes] = []

    def listen() -> None:
        for _ in range(100):
            heard.append(stream.exchange(0.1))

    with pytest.raises(OSError, match=r"reset|pipe|closed"):
        listen()
    assert b"".join(heard) == b"sorry"
    stream.close()


def test_an_unknown_name_is_retried() -> None:
    with running(5000, host="no-such-host.invalid") as run:
        wait_until(lambda: "retrying" in run.recorder.states, "the failure", 30)
        assert run.fatal is None


def certificate(folder: Path, whom: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context with a new certificate for `whom`, and a terminal's that trusts it."""
    key, cert = folder / "server.key", folder / "server.pem"
    subject = ["-subj", "/CN=door", "-addext", f"subjectAltName={whom}"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *subject]
    subprocess.run([*command, "-keyout", key, "-out", cert], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context, ssl.create_default_context(cafile=str(cert))


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificates")
def test_tls(tmp_path: Path) -> None:
    context, trusting = certificate(tmp_path, "IP:127.0.0.1")
    with FakeServer(tls=context) as server:
        with running(server.port, trusting) as run:
            wait_until(run.answered(3), "answers over TLS")
        with running(server.port, ssl.create_default_context()) as run:
            wait_until(lambda: run.fatal, "the distrust")
        assert run.fatal and "certificate is not trusted" in run.fatal.message
    context, trusting = certificate(tmp_path, "DNS:another.door")
    with FakeServer(tls=context) as server, running(server.port, trusting) as run:
        wait_until(lambda: run.fatal, "the wrong name")
    assert run.fatal and run.fatal.code is Exit.REFUSED
    assert "name in its certificate" in run.fatal.message
