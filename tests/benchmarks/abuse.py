"""Peers that take what they are not given, in a process of their own.

    python -m tests.benchmarks.abuse --port N --kind KIND [--file JPEG]

They go on until they are told to end (SIGTERM), then print as JSON how much they have sent, how many frames
of theirs were answered, and how often they were disconnected. Linux: all of 127.0.0.0/8 is this machine.
"""

import argparse
import asyncio
import contextlib
import json
import signal
import socket
from collections import Counter
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from wire import ClientConnection, ErrorMessage, Frame, Hello, Ping, Result, encode

CHUNK_BYTES = 65536
LORISES = 2000
LORIS_ADDRESSES = 8
DRIP_SECONDS = 1.0
REST_SECONDS = 0.2
"""Before whoever was disconnected comes again."""
counts: Counter[str] = Counter()


async def _flood(port: int, message: Callable[[int], bytes]) -> None:
    """A terminal that sends without waiting for an answer, for ever, and comes again when it is sent away."""
    while True:
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(encode(Hello("flood")))
            hearing = asyncio.ensure_future(_hear(reader))
            try:
                seq = 0
                while not hearing.done():
                    seq += 1
                    data = message(seq)
                    writer.write(data)
                    await writer.drain()
                    counts["bytes"] += len(data)
                    counts["messages"] += 1
                    await asyncio.sleep(0)
            finally:
                hearing.cancel()
                writer.transport.abort()
        counts["ends"] += 1
        await asyncio.sleep(REST_SECONDS)


async def _hear(reader: asyncio.StreamReader) -> None:
    protocol = ClientConnection()
    while data := await reader.read(CHUNK_BYTES):
        protocol.feed(data)
        for event in protocol.events():
            counts["answered"] += isinstance(event, Result)
            counts["errors"] += isinstance(event, ErrorMessage)


async def _loris(port: int, number: int) -> None:
    """A stranger that never ends its hello, a byte at a time."""
    source = (f"127.0.1.{1 + number % LORIS_ADDRESSES}", 0)
    hello = encode(Hello("loris"))[:-1]
    while True:
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=source)
            counts["connections"] += 1
            gone = asyncio.ensure_future(reader.read())
            try:
                for byte in hello:
                    writer.write(bytes([byte]))
                    await asyncio.wait([gone], timeout=DRIP_SECONDS)
                    if gone.done():
                        break
            finally:
                gone.cancel()
                writer.transport.abort()
        await asyncio.sleep(REST_SECONDS)


async def _lorises(port: int) -> None:
    await asyncio.gather(*(_loris(port, number) for number in range(LORISES)))


async def _connects(port: int) -> None:
    """Connections that are given up at once, as many as this process can make."""
    loop = asyncio.get_running_loop()
    while True:
        sock = socket.socket()
        sock.setblocking(False)
        sock.bind(("127.0.2.1", 0))
        with contextlib.suppress(OSError, asyncio.TimeoutError):
            await asyncio.wait_for(loop.sock_connect(sock, ("127.0.0.1", port)), 1.0)
            counts["connections"] += 1
        sock.close()
        await asyncio.sleep(0)


def abuse(kind: str, port: int, jpeg: bytes) -> Coroutine[Any, Any, None]:
    if kind == "frames":
        return _flood(port, lambda seq: encode(Frame(seq, jpeg)))
    if kind == "pings":
        return _flood(port, lambda seq: encode(Ping(seq)))
    return _lorises(port) if kind == "loris" else _connects(port)


async def _until_told(work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.ensure_future(work)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task
    print(json.dumps(counts), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--kind", choices=("frames", "pings", "loris", "connects"), required=True)
    parser.add_argument("--file", type=Path)
    options = parser.parse_args()
    jpeg = options.file.read_bytes() if options.file else b""
    asyncio.run(_until_told(abuse(options.kind, options.port, jpeg)))


if __name__ == "__main__":
    main()
