"""Writes what happens into the history. Whatever becomes of the database, the doors go on."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import NamedTuple, TypeAlias

from sqlalchemy import Table
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, StatementError

from server.audit.access_log import parse
from server.database.database import Database
from server.events import Acted, Decided, Event, TerminalChanged, TerminalHealth, VisitOver
from server.history.kept import TerminalEventKind
from server.history.rows import Row, act_row, decision_row, terminal_event_row, visit_row
from server.history.tables import ACT, DECISION, TERMINAL_EVENT, VISIT
from server.history.writing import add, forget, take_stock
from server.support.complaint import Complaint

log = logging.getLogger(__name__)

BATCH_ROWS = 500
"""Written at once, at most."""
MAX_WAITING = 10_000
"""Rows that wait while the database cannot be written; the oldest are lost first."""
RETRY_SECONDS = 5.0
CLEAN_SECONDS = 3600.0

_Rows: TypeAlias = list[tuple[Table, Row]]


class _Waiting(NamedTuple):
    number: int
    table: Table
    row: Row


class HistoryRecorder:
    """An event sink. What it takes is written by a thread of its own: all that waits together."""

    name = "history"
    wants = (Decided, VisitOver, TerminalChanged, TerminalHealth, Acted)

    def __init__(
        self,
        database: Database,
        days: int,
        added: Callable[[], None],
        clock: Callable[[], datetime] = datetime.now,
    ) -> None:
        """`days`: how long rows are kept. `added` is called, in that thread, after rows have been added.
        `clock`: this machine's."""
        self._database = database
        self._days = days
        self._added = added
        self._clock = clock
        self._complaint = Complaint(log)
        self._changed = threading.Condition()
        self._waiting: deque[_Waiting] = deque()
        self._taken = self._lost = self._singly = 0
        self._retry_at = self._clean_at = time.monotonic()
        self._ended = False
        self._thread = threading.Thread(target=self._work, name="history-writer", daemon=True)
        self._thread.start()

    def take(self, event: Event) -> None:
        rows = _rows(event, self._clock())
        with self._changed:
            for table, row in rows:
                self._waiting.append(_Waiting(self._taken, table, row))
                self._taken += 1
            while len(self._waiting) > MAX_WAITING:
                self._waiting.popleft()
                self._lost += 1
            self._changed.notify()

    def missed(self, events: int) -> None:
        """`history check` finds what is missing, and `history rebuild` what the logs have of it."""

    def close(self) -> None:
        """Try once more to write what waits."""
        with self._changed:
            self._ended = True
            self._changed.notify()
        self._thread.join()

    def _work(self) -> None:
        while not self._wait():
            self._try(self._step)
        while self._waiting and self._try(self._write_some):
            pass

    def _wait(self) -> bool:
        """Until there is something to do; True at the end."""
        with self._changed:
            while not self._ended:
                now = time.monotonic()
                due = max(self._retry_at, now if self._waiting else self._clean_at)
                if due <= now:
                    break
                self._changed.wait(due - now)
            return self._ended

    def _step(self) -> None:
        self._write_some()
        if time.monotonic() >= self._clean_at:
            self._clean_some()

    def _try(self, work: Callable[[], None]) -> bool:
        try:
            work()
        except Exception as error:
            self._complaint.tell("HISTORY NOT WRITTEN, which is tried again: %s", _cause(error))
            self._retry_at = time.monotonic() + RETRY_SECONDS
            return False
        with self._changed:
            lost, self._lost = self._lost, 0
        if lost:
            log.warning("history: %d rows were lost; python -m server history rebuild", lost)
        self._complaint.mended()
        return True

    def _write_some(self) -> None:
        """A row that no database takes costs no other: those that it came with are written one by one."""
        with self._changed:
            batch = list(islice(self._waiting, 1 if self._singly else BATCH_ROWS))
        if not batch:
            return
        rows = [(each.table, each.row) for each in batch]
        try:
            self._database.write_here(partial(add, rows=rows))
        except Exception as error:
            if not _is_of_a_row(error):
                raise
            if len(batch) > 1:
                self._singly = len(batch)
                return
            log.error("history: left out, as it cannot be kept: %s", _cause(error))
        self._singly = max(0, self._singly - 1)
        with self._changed:
            while self._waiting and self._waiting[0].number <= batch[-1].number:
                self._waiting.popleft()
        self._added()

    def _clean_some(self) -> None:
        """In between, what has happened meanwhile is written."""
        before = self._clock() - timedelta(days=self._days)
        if self._database.write_here(partial(forget, before=before)) == 0:
            self._database.write_here(take_stock)
            self._clean_at = time.monotonic() + CLEAN_SECONDS


def _rows(event: Event, now: datetime) -> _Rows:
    if isinstance(event, Decided):
        return [(DECISION, decision_row(parse(line.line()), line.decision.nearest)) for line in event.lines]
    if isinstance(event, VisitOver):
        return [(VISIT, visit_row(event.terminal, event.moment, event.summary))]
    if isinstance(event, TerminalChanged):
        kind = TerminalEventKind.CONNECTED if event.connected else TerminalEventKind.LEFT
        return [(TERMINAL_EVENT, terminal_event_row(now, event.terminal, kind, event.session))]
    if isinstance(event, TerminalHealth):
        detail = {"camera": event.camera.value, "clock_skew": event.clock_skew}
        kind = TerminalEventKind.HEALTH
        return [
            (TERMINAL_EVENT, terminal_event_row(event.moment, event.terminal, kind, event.session, detail))
        ]
    if isinstance(event, Acted):
        return [(ACT, act_row(event.act))]
    return []


def _is_of_a_row(error: Exception) -> bool:
    """Whether it is about what was to be written, and not about the database."""
    if isinstance(error, DBAPIError):
        return isinstance(error, (DataError, IntegrityError))
    return isinstance(error, (StatementError, ValueError, ArithmeticError, TypeError))


def _cause(error: Exception) -> str:
    """Without the statement, and without what PostgreSQL shows of the row in its second line."""
    cause = getattr(error, "orig", None) or error
    return next(iter(str(cause).splitlines()), type(cause).__name__)
