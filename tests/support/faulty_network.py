"""A network between terminals and servers that does to their bytes what networks do."""

import asyncio
import contextlib
import random
import threading
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from typing import Any

CHUNK_BYTES = 4096


@dataclass(frozen=True)
class Weather:
    """`latency`, `jitter`: seconds for each piece. `stalls`: the share of pieces that come `stall` seconds
    late. `silent`: connections stay open and nothing comes through, in either direction. `cut`: a connection
    is reset after so many bytes from the server. `closed`: nobody can connect."""

    latency: float = 0.0
    jitter: float = 0.0
    stalls: float = 0.0
    stall: float = 0.0
    silent: bool = False
    cut: int | None = None
    closed: bool = False


FINE = Weather()


class FaultyNetwork:
    """Listens on a port of 127.0.0.1 and passes on to another, in a thread of its own."""

    def __init__(self, target: int, seed: int = 1) -> None:
        self.weather = FINE
        self.target = target
        self.connections = 0
        """So far."""
        self._draw = random.Random(seed)
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._do(asyncio.start_server(self._carry, "127.0.0.1", 0))
        self.port: int = self._server.sockets[0].getsockname()[1]

    def __enter__(self) -> "FaultyNetwork":
        return self

    def __exit__(self, *details: object) -> None:
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def change(self, **weather: Any) -> None:
        self.weather = replace(FINE, **weather)

    def reset(self) -> None:
        """All connections, at once."""
        self._do(self._reset())

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _end(self) -> None:
        self._server.close()
        await self._reset()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _reset(self) -> None:
        for writer in tuple(self._open):
            writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if self.weather.closed:
            writer.transport.abort()
            return
        with contextlib.suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
            both = (writer, far_writer)
            self._open.update(both)
            up = self._pass_on(reader, far_writer, None)
            down = self._pass_on(far_reader, writer, self.weather.cut)
            try:
                await asyncio.wait(
                    map(asyncio.ensure_future, (up, down)), return_when=asyncio.FIRST_COMPLETED
                )
            finally:
                self._open.difference_update(both)
                for each in both:
                    each.transport.abort()

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, cut: int | None
    ) -> None:
        """Until one end is gone, or `cut` bytes have passed."""
        with contextlib.suppress(OSError):
            while data := await reader.read(CHUNK_BYTES if cut is None else max(1, min(cut, CHUNK_BYTES))):
                await self._wait()
                writer.write(data)
                await writer.drain()
                if cut is not None:
                    cut -= len(data)
                    if cut <= 0:
                        return

    async def _wait(self) -> None:
        weather = self.weather
        seconds = weather.latency + weather.jitter * self._draw.random()
        seconds += weather.stall if self._draw.random() < weather.stalls else 0.0
        if seconds:
            await asyncio.sleep(seconds)
        while self.weather.silent:  # noqa: ASYNC110 - set by another thread
            await asyncio.sleep(0.02)
