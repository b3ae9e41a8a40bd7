"""The server at the other end of a page's WebSocket, played by a test."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from wire import (
    Box,
    FaceReport,
    Frame,
    Hello,
    Limits,
    Message,
    Ping,
    Pong,
    Result,
    ServerConnection,
    Timing,
    Verdict,
    Welcome,
    encode,
)

if TYPE_CHECKING:
    from playwright.sync_api import Page, WebSocketRoute

LIMITS = Limits(1 << 20, 4_000_000)


class FakeDoor:
    """Welcomes whoever says hello, and says `answer` to each frame, where that is not None.

    It acts while the test waits by the page's own means: `page.wait_for_timeout`, `expect`.
    """

    def __init__(self, page: "Page") -> None:
        self.greeting: Message = Welcome("session", LIMITS)
        self.answer: Callable[[Frame], Message | None] = lambda frame: result(frame)
        self.hellos: list[Hello] = []
        self.frames: list[Frame] = []
        self.pings: list[Ping] = []
        self.lengths: list[int] = []
        """Of the messages of the WebSocket, in bytes."""
        self.socket: WebSocketRoute | None = None
        self._page = page
        page.route_web_socket("**/terminal/socket", self._connected)

    def say(self, message: Message) -> None:
        assert self.socket is not None, "nobody is connected"
        self.socket.send(encode(message))

    def hang_up(self) -> None:
        assert self.socket is not None, "nobody is connected"
        self.socket.close()

    def until(self, condition: Callable[[], object], seconds: float = 15.0) -> None:
        """Let time pass in the page until the condition holds."""
        for _ in range(round(seconds / 0.02)):
            if condition():
                return
            self._page.wait_for_timeout(20)
        raise AssertionError("it did not come true")

    def wait_for_frames(self, count: int) -> None:
        """Until so many more have come."""
        wanted = len(self.frames) + count
        self.until(lambda: len(self.frames) >= wanted)

    def _connected(self, socket: "WebSocketRoute") -> None:
        self.socket = socket
        connection = ServerConnection(LIMITS.frame_bytes)

        def heard(data: str | bytes) -> None:
            assert isinstance(data, bytes)
            self.lengths.append(len(data))
            connection.feed(data)
            for event in connection.events():
                if isinstance(event, Hello):
                    self.hellos.append(event)
                    connection.accept()
                    socket.send(encode(self.greeting))
                elif isinstance(event, Ping):
                    self.pings.append(event)
                    socket.send(encode(Pong(event.id)))
                elif isinstance(event, Frame):
                    self.frames.append(event)
                    answer = self.answer(event)
                    if answer is not None:
                        socket.send(encode(answer))

        socket.on_message(heard)


def result(frame: Frame, verdict: Verdict = Verdict.NONE, *names: str | None, **more: Any) -> Result:
    """The answer to `frame`, with a face for each name, the first in the frame's upper left quarter."""
    faces = [
        FaceReport(Box(60, 160 + left, 180, 40 + left), name, 0.3, verdict)
        for left, name in zip(range(0, 600, 200), names, strict=False)
    ]
    fields = {"decision": None, "timing": Timing(1, 2), **more}
    return Result(seq=frame.seq, verdict=verdict, faces=tuple(faces), **fields)


def picture(frame: Frame) -> "np.ndarray[Any, Any]":
    """BGR, as it was sent."""
    decoded = cv2.imdecode(np.frombuffer(frame.jpeg, np.uint8), cv2.IMREAD_COLOR)
    return np.asarray(decoded)
