"""Serves the console in the server's own event loop: no signal handlers, and an end that comes."""

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import Iterator, Sequence

import uvicorn
from fastapi import FastAPI

from server.web.connections import IDLE_SECONDS, crowd_control

STOP_SECONDS = 2
"""How long requests under way may take to finish when the server stops."""
HEADER_BYTES = 32 << 10


class _Server(uvicorn.Server):
    """Leaves the signals to whoever runs the loop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class WebServer:
    """An app at bound sockets, from `serve` until `stop`."""

    def __init__(
        self,
        app: FastAPI,
        sockets: Sequence[socket.socket],
        tls: ssl.SSLContext | None,
        websockets: type[asyncio.Protocol],
    ) -> None:
        """`websockets`: takes over each connection that is to become one."""
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            http=crowd_control(),
            ws=websockets,
            ws_per_message_deflate=False,  # JPEG grows no smaller, and trying takes the loop a millisecond
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=IDLE_SECONDS,
            timeout_graceful_shutdown=STOP_SECONDS,
            h11_max_incomplete_event_size=HEADER_BYTES,
            ssl_context_factory=None if tls is None else (lambda config, default: tls),
        )
        self._server = _Server(config)
        self._sockets = list(sockets)
        logging.getLogger("uvicorn").setLevel(logging.ERROR)  # anybody can cause its warnings

    async def serve(self) -> None:
        """Serve until `stop`; returns when all connections have ended."""
        await self._server.serve(sockets=self._sockets)

    def stop(self) -> None:
        """Have `serve` return soon."""
        self._server.should_exit = True
