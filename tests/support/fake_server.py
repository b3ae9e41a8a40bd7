"""A scripted server for tests of the terminal: real sockets, no recognition."""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable

from wire import (
    Box,
    DecisionNotice,
    ErrorCode,
    ErrorMessage,
    FaceReport,
    Frame,
    Hello,
    Limits,
    Message,
    Ping,
    Pong,
    Prompt,
    Propose,
    ProtocolError,
    Reason,
    Result,
    ServerConnection,
    Timing,
    Verdict,
    Welcome,
    encode,
)
from wire.messages import FromClient

LIMITS = Limits(frame_bytes=1 << 20, frame_pixels=1 << 22)
FACE = Box(top=120, right=400, bottom=280, left=240)


def wait_until(condition: Callable[[], object], what: str = "", seconds: float = 15.0) -> None:
    """Poll `condition` until it holds; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain: {what}"
        time.sleep(0.01)


def result(
    seq: int,
    verdict: Verdict = Verdict.GRANTED,
    name: str | None = "Ada Lovelace",
    decision: DecisionNotice | None = None,
    box: Box = FACE,
    prompt: Prompt | None = None,
    prompt_seconds: float | None = None,
    prompt_progress: float | None = None,
) -> Result:
    """A result with one face, or none for the verdict `none`."""
    faces = () if verdict is Verdict.NONE else (FaceReport(box, name, 0.31, verdict),)
    timing = Timing(1.0, 2.0)
    return Result(seq, verdict, faces, decision, timing, prompt, prompt_seconds, prompt_progress)


def grant(decision_id: str = "d1", names: tuple[str, ...] = ("Ada Lovelace",)) -> DecisionNotice:
    return DecisionNotice(decision_id, Verdict.GRANTED, names, "match")


def denial(
    reason: str = Reason.UNKNOWN_FACE.value, note: str | None = None, decision_id: str = "d2"
) -> DecisionNotice:
    return DecisionNotice(decision_id, Verdict.DENIED, (), reason, note)


def welcome(limits: Limits = LIMITS, note: str | None = None, features: tuple[str, ...] = ()) -> Welcome:
    return Welcome("0", limits, note=note, features=features)


class FakeServer:
    """Listens on a free local port. Tests replace `greet`, `reply` and `propose`, and look at what arrived.

    They return what to send: messages, raw bytes, or nothing at all, which is a stall.
    """

    def __init__(self, tls: ssl.SSLContext | None = None, port: int = 0) -> None:
        self.greet: Callable[[Hello], Iterable[Message | bytes]] = lambda hello: [welcome()]
        self.reply: Callable[[Frame], Iterable[Message | bytes]] = lambda frame: [result(frame.seq)]
        self.propose: Callable[[Propose], Iterable[Message | bytes]] = lambda propose: []
        self.answer_pings = True
        self.hellos: list[Hello] = []
        self.frames: list[Frame] = []
        self.pings: list[Ping] = []
        self.proposed: list[Propose] = []
        self.violations: list[ProtocolError] = []
        self._tls = tls
        self._connections: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> "FakeServer":
        return self

    def __exit__(self, *details: object) -> None:
        self.close()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def close(self) -> None:
        """Stop listening and drop everybody."""
        # shutdown wakes the accepting thread; close alone would leave it, and the port, alive.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.drop()

    def drop(self) -> None:
        """Hang up on everybody who is connected."""
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError):
            sock = self._tls.wrap_socket(sock, server_side=True) if self._tls else sock
            self._connections.add(sock)
            try:
                self._talk(sock)
            finally:
                self._connections.discard(sock)
                sock.close()

    def _talk(self, sock: socket.socket) -> None:
        protocol = ServerConnection(LIMITS.frame_bytes)
        while data := sock.recv(65536):
            protocol.feed(data)
            try:
                for event in protocol.events():
                    if not self._send(sock, self._answer(protocol, event)):
                        return
            except ProtocolError as violation:
                self.violations.append(violation)
                self._send(sock, [ErrorMessage(violation.code, violation.message)])
                return

    def _answer(self, protocol: ServerConnection, event: FromClient) -> Iterable[Message | bytes]:
        if isinstance(event, Hello):
            self.hellos.append(event)
            protocol.accept()
            return self.greet(event)
        if isinstance(event, Frame):
            self.frames.append(event)
            return self.reply(event)
        if isinstance(event, Propose):
            self.proposed.append(event)
            return self.propose(event)
        self.pings.append(event)
        return [Pong(event.id)] if self.answer_pings else []

    def _send(self, sock: socket.socket, answers: Iterable[Message | bytes]) -> bool:
        """Returns False when the connection is over, as after an error that closes it."""
        for answer in answers:
            sock.sendall(answer if isinstance(answer, bytes) else encode(answer))
            if isinstance(answer, ErrorMessage) and answer.code.closes:
                return False
        return True


def refusal(code: ErrorCode, message: str) -> Callable[[object], Iterable[Message]]:
    """A `greet` or `reply` that says no."""
    return lambda _: [ErrorMessage(code, message)]
