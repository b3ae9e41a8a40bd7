"""The port that terminals connect to: taken first, opened when the server is ready."""

import asyncio
import errno
import logging
import os
import socket
from collections.abc import Callable
from typing import Any, TypeAlias

from server.support.complaint import Complaint
from server.support.errors import StartError
from server.support.rate import RateLimit

log = logging.getLogger(__name__)

Address: TypeAlias = tuple[Any, ...]
"""As the operating system gives it: host and port, and more for IPv6."""

BACKLOG = 256
"""Connections that the operating system keeps for us until they are accepted."""
SERVED_PER_SECOND, SERVED_AT_ONCE = 150.0, 256.0
"""Connections: with TLS each takes 2 to 4 ms of the event loop, which terminals need, too."""
TURNED_AWAY = 0.1
"""What one costs that is closed at once, relative to one that is served."""
PAUSE_SECONDS = 0.5
"""After the system had no means for another connection. Those that come meanwhile wait in the backlog."""

_ADVICE = {
    errno.EADDRINUSE: "; choose another port with --{flag}port",
    errno.EADDRNOTAVAIL: "; {name}host must be an address of this machine, such as 127.0.0.1, or 0.0.0.0"
    " for all",
}


class Listener:
    """Sockets that are bound to a port, one for each address that the host name stands for.

    `bind` finds out at once whether the port can be had. Until `listen` the system refuses connections: a
    terminal is told so and tries again, where in the backlog its hello would be stale when it is read.
    """

    def __init__(self, where: str, sockets: list[socket.socket], prefix: str) -> None:
        """`sockets`: bound; the listener closes them. `prefix`: as `bind` has it."""
        self._where = where
        self.sockets = sockets
        self._prefix = prefix
        self._complaint = Complaint(log)

    @classmethod
    async def bind(cls, host: str, port: int, prefix: str = "") -> "Listener":
        """Take the port; 0 is any free one. `prefix`: of the settings' names, such as "web_". Raises
        StartError."""
        where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        found = await _resolve(host, port, prefix)
        sockets, failure = [], OSError("no such address")
        for family, address in found:
            try:
                sockets.append(_bound(family, address))
            except OSError as error:
                failure = error
                if error.errno not in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL):
                    break
        else:
            if sockets:
                return cls(where, sockets, prefix)
        _close(sockets)
        raise _start_error(where, failure, prefix) from failure

    @property
    def addresses(self) -> list[Address]:
        """What terminals can connect to."""
        return [bound.getsockname() for bound in self.sockets]

    def listen(self) -> None:
        """From now on connections are taken. Raises StartError: another program was faster."""
        try:
            for bound in self.sockets:
                bound.listen(BACKLOG)
        except OSError as error:
            raise _start_error(self._where, error, self._prefix) from error

    async def accept(self, on_connection: Callable[[socket.socket, Address], bool]) -> None:
        """Hand on each connection, for ever, whatever the system says meanwhile. `on_connection` returns
        whether it is served."""
        await asyncio.gather(*(self._accept(listening, on_connection) for listening in self.sockets))

    def close(self) -> None:
        """Give the port back; nothing may be accepting."""
        _close(self.sockets)

    async def _accept(
        self, listening: socket.socket, on_connection: Callable[[socket.socket, Address], bool]
    ) -> None:
        loop = asyncio.get_running_loop()
        rate = RateLimit(SERVED_PER_SECOND, SERVED_AT_ONCE, loop.time)
        while True:
            cost = TURNED_AWAY
            try:
                accepted, address = await loop.sock_accept(listening)
            except ConnectionError:
                pass  # that peer has gone again
            except OSError as error:
                self._complaint.tell("no connection can be accepted at the moment: %s", error)
                await asyncio.sleep(PAUSE_SECONDS)
            else:
                self._complaint.mended()
                cost = 1.0 if on_connection(accepted, address) else TURNED_AWAY
            # one at a time: those who are connected get their turn between any two
            await asyncio.sleep(0)
            await _paid(rate, cost)


async def _paid(rate: RateLimit, cost: float) -> None:
    """Wait until so much more may be spent."""
    wait = rate.take("", cost)
    if wait > 0:
        await asyncio.sleep(wait)
        await _paid(rate, cost)


async def _resolve(host: str, port: int, prefix: str) -> list[tuple[socket.AddressFamily, Address]]:
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, ValueError) as error:  # ValueError: it cannot even be looked up
        why = f" ({error.strerror.lower()})" if isinstance(error, OSError) and error.strerror else ""
        advice = "; write an IPv6 address without brackets" if host.startswith("[") else ""
        raise StartError(
            f"{prefix}host: {host!r} is no address and cannot be looked up{why}{advice}"
        ) from error
    return list(dict.fromkeys((family, address) for family, _, _, _, address in found))


def _bound(family: socket.AddressFamily, address: Address) -> socket.socket:
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setblocking(False)
        if os.name == "posix":  # take a port at once that a server before has just given back
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind(address)
    except OSError:
        bound.close()
        raise
    return bound


def _close(sockets: list[socket.socket]) -> None:
    for bound in sockets:
        bound.close()


def _start_error(where: str, error: OSError, prefix: str) -> StartError:
    why = os.strerror(error.errno).lower() if error.errno else str(error)
    advice = _ADVICE.get(error.errno or 0, "").format(flag=prefix.replace("_", "-"), name=prefix)
    return StartError(f"cannot listen on {where}: {why}{advice}")
