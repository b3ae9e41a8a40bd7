"""What a thread writes to a file, sent while it is written."""

import asyncio
import io
import logging
import threading
from collections.abc import AsyncIterator, Callable
from typing import BinaryIO

log = logging.getLogger(__name__)

CHUNK_BYTES = 256 << 10
CHUNKS = 4
"""Written ahead of whoever takes them."""


class _Sent(io.RawIOBase):
    """The thread's end: a write waits until there is room. Raises BrokenPipeError: nobody takes it any
    more."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.queue: asyncio.Queue[bytes | None] = asyncio.Queue(CHUNKS)
        self.gone = False

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        chunk = bytes(data)  # type: ignore[call-overload]
        self.put(chunk)
        return len(chunk)

    def put(self, chunk: bytes | None) -> None:
        if self.gone:
            raise BrokenPipeError
        asyncio.run_coroutine_threadsafe(self.queue.put(chunk), self._loop).result()


async def streamed(write: Callable[[BinaryIO], object]) -> AsyncIterator[bytes]:
    """The bytes that `write` writes, in a thread of its own. When it fails, that is logged, and the stream
    ends with ConnectionError: whoever takes it must not think that it has all."""
    sent = _Sent(asyncio.get_running_loop())
    failed = threading.Event()

    def run() -> None:
        try:
            with io.BufferedWriter(sent, CHUNK_BYTES) as file:
                write(file)
        except Exception:
            failed.set()
            if not sent.gone:
                log.exception("an archive could not be written to its end")
        if not sent.gone:
            sent.put(None)

    threading.Thread(target=run, name="archive", daemon=True).start()
    try:
        while (chunk := await sent.queue.get()) is not None:
            yield chunk
    finally:
        sent.gone = True
        while not sent.queue.empty():
            sent.queue.get_nowait()
    if failed.is_set():
        raise ConnectionError("the archive is not whole")
