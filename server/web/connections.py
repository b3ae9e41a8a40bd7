"""The console's connections: no machine can take them all and keep the others out."""

import asyncio
import socket
from collections import Counter
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from server.support.networks import network_of
from server.terminals.strangers import Strangers

CONNECTIONS = 512
"""Whoever asks while there are more is told to come back later. A browser that watches has two or three."""
IDLE = 256
"""Of them, those on which nothing is asked at the moment."""
BUSY_EACH = 64
"""Requests under way from one address. A proxy has one address, too."""
IDLE_SECONDS = 30
"""In which a request has to be there, with all of its headers."""


class Crowd:
    """The connections of one server. `waiting`: those on which nothing is asked; `busy`: how many requests
    are under way from each address."""

    def __init__(self, idle: int, busy_each: int) -> None:
        self.waiting: Strangers[H11Protocol] = Strangers(idle)
        self.busy: Counter[str] = Counter()
        self._busy_each = busy_each

    def has_room(self, origin: str) -> bool:
        """Whether one more request from there may be answered now."""
        return self.busy[origin] < self._busy_each


class Connection(H11Protocol):
    """Either waits for a request or has one under way. Where one that waits is too many, the oldest of the
    address that has the most makes way; where an address has too many under way, the next is told to come
    back later."""

    crowd: Crowd

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._origin = ""
        self._is_busy = False
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # the body of an answer should leave at once, not wait for the acknowledgement of its headers
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._origin = network_of(self.client[0] if self.client else "unknown")
        self._wait()

    def handle_events(self) -> None:
        self.limit_concurrency = CONNECTIONS if self.crowd.has_room(self._origin) else 0
        before = self.cycle
        super().handle_events()
        if self.cycle is not before and not self._is_busy and not self.cycle.response_complete:
            self._end_of_waiting()
            self._is_busy = True
            self.crowd.busy[self._origin] += 1

    def handle_websocket_upgrade(self, event: Any) -> None:
        self._end_of_waiting()
        super().handle_websocket_upgrade(event)

    def on_response_complete(self) -> None:
        self._end_of_request()
        if not self.transport.is_closing():
            self._wait()
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_of_waiting()
        self._end_of_request()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._deadline = self.loop.call_later(IDLE_SECONDS, self.transport.abort)
        crowded_out = self.crowd.waiting.arrive(self, self._origin)
        if crowded_out is not None:
            crowded_out.transport.abort()

    def _end_of_waiting(self) -> None:
        self.crowd.waiting.leave(self)
        if self._deadline is not None:
            self._deadline.cancel()

    def _end_of_request(self) -> None:
        if self._is_busy:
            self._is_busy = False
            self.crowd.busy[self._origin] -= 1
            if not self.crowd.busy[self._origin]:
                del self.crowd.busy[self._origin]


def crowd_control(idle: int = IDLE, busy_each: int = BUSY_EACH) -> type[asyncio.Protocol]:
    """For `uvicorn.Config(http=...)`, where the connections of one server know each other."""

    class OfOneServer(Connection):
        crowd = Crowd(idle, busy_each)

    return OfOneServer
