"""The archive that an administrator has sent, until it is brought in: in a file without a name, in the logs
folder, which is gone when it is closed."""

import asyncio
import secrets
import tempfile
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO

from server.web.problems import ProblemError
from server.web.room import has_room

KEPT_SECONDS = 3600.0
BUFFER_BYTES = 4 << 20


class Archives:
    """Keeps one, the newest that came whole; several may be on their way. Owned by the event loop."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._using = asyncio.Lock()
        self._id = ""
        self._file: BinaryIO | None = None
        self._end: asyncio.TimerHandle | None = None

    async def receive(self, chunks: AsyncIterable[bytes]) -> tuple[str, int]:
        """Keep what comes; returns its id and its size in bytes. Raises ProblemError."""
        try:
            file: BinaryIO = await asyncio.to_thread(tempfile.TemporaryFile, dir=self._folder)
            try:
                size = await self._write(file, chunks)
            except BaseException:
                file.close()
                raise
        except OSError as error:
            raise ProblemError.busy("The archive cannot be kept: the logs folder takes no file.") from error
        async with self._using:
            self._forget()
            self._id, self._file = secrets.token_hex(8), file
            self._end = asyncio.get_running_loop().call_later(KEPT_SECONDS, self._forget_unused)
        return self._id, size

    @asynccontextmanager
    async def use(self, archive_id: str) -> AsyncIterator[BinaryIO]:
        """Raises ProblemError: it is not there any more, or in use."""
        if self._using.locked():
            raise ProblemError.busy("The archive is in use.")
        async with self._using:
            if self._file is None or archive_id != self._id:
                raise ProblemError.not_found("There is no such archive any more; send it again.")
            yield self._file

    async def remove(self, archive_id: str) -> None:
        """Raises ProblemError."""
        async with self.use(archive_id):
            self._forget()

    async def _write(self, file: BinaryIO, chunks: AsyncIterable[bytes]) -> int:
        size, buffer = 0, bytearray()
        async for chunk in chunks:
            buffer += chunk
            if len(buffer) >= BUFFER_BYTES:
                size += await asyncio.to_thread(self._append, file, bytes(buffer))
                buffer.clear()
        size += await asyncio.to_thread(self._append, file, bytes(buffer))
        if not size:
            raise ProblemError.refused("Send an archive in the body of the request.")
        return size

    def _append(self, file: BinaryIO, data: bytes) -> int:
        """Raises OSError, ProblemError."""
        if not has_room(self._folder, len(data)):
            raise ProblemError.refused(
                "There is no room for the archive: the disk of the logs is nearly full."
            )
        return file.write(data)

    def _forget_unused(self) -> None:
        if not self._using.locked():
            self._forget()

    def _forget(self) -> None:
        if self._end is not None:
            self._end.cancel()
        if self._file is not None:
            self._file.close()
        self._id, self._file, self._end = "", None, None
