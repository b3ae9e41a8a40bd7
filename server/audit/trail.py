"""The audit trail as the event loop sees it: records are awaited, the disk never blocks the loop."""

import asyncio
import contextlib
import errno
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from server.audit.access_log import FILE as ACCESS_LOG
from server.audit.access_log import AccessEntry
from server.audit.durable import DurableLog
from server.audit.folder_lock import FolderLock, InUseError
from server.audit.log_files import BROKEN
from server.audit.operator_log import FILE as OPERATOR_LOG
from server.audit.operator_log import Act
from server.audit.rewriting import Change, Rewriting, Rewritten, remove_unfinished, rewrite_rotations
from server.audit.sealed_log import SealedLog
from server.audit.security_log import Notice, SecurityKind
from server.support.errors import StartError
from server.support.key_file import KeyFileError, key_of

SEAL_KEY = "seal.key"
"""In the logs folder: what seals the access log."""
ENROLMENT_LOG = "enrolment_log.txt"
"""In the logs folder: what became of each photo."""
BATCH_LINES = 256
"""Most lines that share one flush: a batch fails as a whole, and whoever comes next waits for it."""

MAX_WAITING_LINES = 10_000
"""Each terminal waits for its own line, so more can only come of terminals that keep leaving."""


class AuditTrail:
    """Owns the three logs and the threads that write them, so that lines keep their order.

    Lines of the access log that arrive while the disk is busy are written and flushed together. The operator
    log has a thread of its own: however much operators do, no door waits for it.
    `fails`: whether the access log's last lines could not be written.
    """

    def __init__(self, folder: Path, notice: Callable[[], Notice] | None = None) -> None:
        """`notice`: what to tell of an altered log, asked for when there is one. Raises OSError: a log cannot
        be opened; StartError: another server writes there."""
        self._notice = notice
        folder.mkdir(parents=True, exist_ok=True)
        try:
            self._lock = FolderLock(folder)
        except InUseError:
            raise StartError(
                f"another server is using the folder {folder}; stop it, or choose another with --logs"
            ) from None
        remove_unfinished(folder)
        try:
            self._access = SealedLog(folder / ACCESS_LOG, key_of(folder / SEAL_KEY), self._tell_cut)
        except KeyFileError as error:
            self._lock.close()
            raise StartError(str(error)) from error
        self._folder = folder
        self._enrolment = DurableLog(folder / ENROLMENT_LOG)
        self._operators = DurableLog(folder / OPERATOR_LOG)
        self.fails = False
        self._waiting: deque[tuple[str, Future[str]]] = deque()
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="audit")
        self._act_writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="operators")

    async def record(self, entry: AccessEntry) -> str:
        """Returns the line, with its seal, when it is on disk. Raises OSError: it is not, nor are those
        written with it.

        The line is written even when the caller is cancelled meanwhile.
        """
        if len(self._waiting) >= MAX_WAITING_LINES:
            raise OSError(errno.EAGAIN, "too many lines wait for the disk")
        written: Future[str] = Future()
        self._waiting.append((entry.line(), written))
        self._writer.submit(self._append_waiting)
        return await asyncio.shield(asyncio.wrap_future(written))

    def _tell_cut(self, there: int, written: int) -> None:
        if self._notice is not None:
            self._notice()(SecurityKind.LOG_ALTERED, file=ACCESS_LOG, ends_with=there, written=written)

    def _append_waiting(self) -> None:
        """Called once for each line; mostly an earlier call has taken the line along."""
        batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), BATCH_LINES))]
        if not batch:
            return
        try:
            sealed = self._access.append([line for line, _ in batch])
        except Exception as error:
            self.fails = True
            for _, written in batch:
                written.set_exception(error)
        else:
            self.fails = False
            for line, (_, written) in zip(sealed, batch, strict=True):
                written.set_result(line)

    async def record_receipts(self, lines: Sequence[str]) -> None:
        """Write lines to the enrolment log; returns when they are on disk. Raises OSError: they are not."""
        await asyncio.get_running_loop().run_in_executor(self._writer, self._enrolment.append, lines)

    async def record_act(self, act: Act) -> None:
        """Write a line to the operator log; returns when it is on disk. Raises OSError: it is not.

        The line is written even when the caller is cancelled meanwhile.
        """
        loop = asyncio.get_running_loop()
        await asyncio.shield(loop.run_in_executor(self._act_writer, self._operators.append, [act.line()]))

    async def rewrite(self, changes: Mapping[str, Change]) -> Rewritten:
        """Give lines of the logs, and of what rotations have made of them, another content while others are
        written. `changes`: of each log, by its file's name. Raises FileNotFoundError: one was rotated
        meanwhile; OSError: the folder cannot be read."""
        writers = {ACCESS_LOG: self._writer, ENROLMENT_LOG: self._writer, OPERATOR_LOG: self._act_writer}
        done = Rewritten()
        for name, change in changes.items():
            done.add(await asyncio.to_thread(rewrite_rotations, self._folder, name, change))
            path = self._folder / name
            if not path.exists():
                continue
            try:
                done.lines += await _rewrite_live(path, change, writers[name])
            except FileNotFoundError:
                raise
            except BROKEN as error:
                done.fails(path, error)
        return done

    def close(self) -> None:
        """Wait for what is being written and close the files. Raises OSError."""
        self._writer.shutdown(wait=True)
        self._act_writer.shutdown(wait=True)
        with contextlib.ExitStack() as stack:
            for file in (self._lock, self._operators, self._enrolment, self._access):
                stack.callback(file.close)


async def _rewrite_live(path: Path, change: Change, writer: ThreadPoolExecutor) -> int:
    with contextlib.closing(await asyncio.to_thread(Rewriting, path, change)) as live:
        await asyncio.to_thread(live.follow)
        return await asyncio.get_running_loop().run_in_executor(writer, live.finish)
