"""What happens is written into the history; whatever becomes of the database, nobody waits for it."""

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from server.access.camera import CameraState
from server.access.decision import Nearest
from server.database.database import Database
from server.events import Acted, Decided, Enrolled, TerminalChanged, TerminalHealth, VisitOver
from server.history import recorder as module
from server.history.queries import acts, decisions, terminal_events, visits
from server.history.recorder import HistoryRecorder
from server.history.rows import Row
from server.history.writing import add, forget
from tests.support.histories import act, decision, entry, fill, minutes
from tests.support.server_process import wait_for
from tests.support.summaries import summary
from wire.reasons import Reason

T = TypeVar("T")


class Faulty:
    """A database that cannot be added to at times. `tries`: how often that was tried. `cleanings`: how often
    what is old was looked for."""

    def __init__(self, database: Database) -> None:
        self.down = False
        self.tries = self.cleanings = 0
        self.held = threading.Event()
        self.held.set()
        self._database = database

    def write_here(self, work: Callable[[Connection], T]) -> T:
        if isinstance(work, partial) and work.func is add:
            self._try()
        if isinstance(work, partial) and work.func is forget:
            self.cleanings += 1
        return self._database.write_here(work)

    def _try(self) -> None:
        self.tries += 1
        self.held.wait(30)
        if self.down:
            raise OperationalError("INSERT", {}, Exception("database is locked"))


class Recording:
    """A recorder at work. `added`: how often it has told that rows were added."""

    def __init__(self, database: Database | Faulty, days: int = 90, now: datetime | None = None) -> None:
        self.added = threading.Semaphore(0)
        at = now or minutes(1000)
        self.recorder = HistoryRecorder(database, days, self.added.release, lambda: at)  # type: ignore[arg-type]

    def decide(self, *numbers: int) -> None:
        for number in numbers:
            self.recorder.take(Decided("front", entry(number).decision, (entry(number),)))

    def wait(self, times: int = 1) -> None:
        for _ in range(times):
            assert self.added.acquire(timeout=30)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.02)


@pytest.fixture
def faulty(database: Database) -> Iterator[Faulty]:
    faulty = Faulty(database)
    yield faulty
    faulty.held.set()


def ids(database: Database) -> list[str]:
    return [each.id for each in reversed(database.read_here(lambda each: decisions(each, limit=99999)))]


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


def test_all_that_happens_is_a_row_and_is_told_once_it_is_there(database: Database) -> None:
    recording = Recording(database)
    made = entry(1, nearest=(Nearest("Ada", 0.5),))
    recording.recorder.take(Decided("front", made.decision, (made,)))
    recording.wait()
    (kept,) = database.read_here(decisions)
    assert (kept.id, kept.nearest, kept.moment) == ("d1", (Nearest("Ada", 0.5),), made.moment)
    naive = minutes(2).astimezone().replace(tzinfo=None)
    recording.recorder.take(VisitOver("front", naive, summary(0.2)))
    recording.recorder.take(Acted(act(3)))
    recording.recorder.take(TerminalChanged("front", "s", connected=True))
    recording.recorder.take(TerminalHealth("front", "s", naive, CameraState.COVERED, 1.5))
    recording.recorder.take(TerminalChanged("front", "s", connected=False))
    recording.recorder.take(Enrolled(1, 1))
    recording.recorder.close()
    (visit,) = database.read_here(visits)
    assert (visit.moment, visit.candidate) == (minutes(2), "Ada")
    (noted,) = database.read_here(acts)
    assert (noted.moment, noted.details) == (minutes(3), {"photo": "3.jpg"})
    left, connected, health = database.read_here(terminal_events)
    assert health.moment == minutes(2) and health.kind == "health"
    assert health.detail == {"camera": CameraState.COVERED.value, "clock_skew": 1.5}
    assert (left.kind, connected.kind, connected.moment) == ("left", "connected", minutes(1000))


def test_a_decision_has_a_row_for_each_of_its_lines(database: Database) -> None:
    recording = Recording(database)
    granted, undone = entry(1), entry(1, reason=Reason.UNDELIVERED)
    recording.recorder.take(Decided("front", undone.decision, (granted, undone)))
    recording.recorder.take(Decided("front", entry(2).decision, ()))
    recording.recorder.close()
    assert [each.reason for each in database.read_here(decisions)] == ["undelivered", "recognised"]


def test_what_waits_is_written_together_in_order(database: Database, faulty: Faulty) -> None:
    recording = Recording(faulty)
    faulty.held.clear()
    recording.decide(0)
    wait_for(lambda: faulty.tries)
    recording.decide(*range(1, 400))
    faulty.held.set()
    recording.recorder.close()
    assert ids(database) == [f"d{number}" for number in range(400)]
    assert faulty.tries == 2


def test_a_database_that_cannot_be_written_is_tried_again_and_told_once(
    database: Database, faulty: Faulty, caplog: pytest.LogCaptureFixture
) -> None:
    faulty.down = True
    recording = Recording(faulty)
    recording.decide(1)
    wait_for(lambda: faulty.tries >= 4)
    recording.decide(2)
    assert ids(database) == []
    faulty.down = False
    recording.wait()
    recording.recorder.close()
    assert ids(database) == ["d1", "d2"]
    assert lines(caplog) == ["HISTORY NOT WRITTEN, which is tried again: database is locked"]


def test_only_so_many_rows_wait_the_oldest_are_lost_and_that_is_told(
    database: Database,
    faulty: Faulty,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MAX_WAITING", 10)
    faulty.down = True
    recording = Recording(faulty)
    recording.decide(*range(15))
    faulty.down = False
    recording.wait()
    recording.recorder.close()
    assert ids(database) == [f"d{number}" for number in range(5, 15)]
    assert lines(caplog)[-1] == "history: 5 rows were lost; python -m server history rebuild"


def test_what_is_lost_while_it_is_being_written_costs_no_newer_row(
    database: Database, faulty: Faulty, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_WAITING", 3)
    recording = Recording(faulty)
    faulty.held.clear()
    recording.decide(0, 1)
    wait_for(lambda: faulty.tries)
    recording.decide(2, 3, 4)
    faulty.held.set()
    recording.recorder.close()
    assert ids(database)[-3:] == ["d2", "d3", "d4"]


def test_the_end_is_the_last_chance_and_does_not_wait_for_a_better_time(
    database: Database, faulty: Faulty, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RETRY_SECONDS", 3600.0)
    faulty.down = True
    recording = Recording(faulty)
    recording.decide(1)
    wait_for(lambda: faulty.tries)
    faulty.down = False
    recording.recorder.close()
    assert ids(database) == ["d1"]
    again = Recording(faulty)
    faulty.down = True
    again.decide(2)
    again.recorder.close()
    assert ids(database) == ["d1"]


def test_a_row_that_no_database_takes_costs_no_other(
    database: Database, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rows(fields: dict[str, str], nearest: object) -> Row:
        row = decision(int(fields["id"][1:]))
        return {**row, "terminal": None} if row["id"] == "d2" else row

    monkeypatch.setattr(module, "decision_row", rows)
    recording = Recording(database)
    recording.decide(1, 2, 3)
    recording.recorder.close()
    assert ids(database) == ["d1", "d3"]
    (told,) = (line for line in lines(caplog) if "left out, as it cannot be kept: " in line)
    assert "d2" not in told, "nothing of it is shown"


def test_what_is_older_than_it_may_be_goes_at_the_start(database: Database) -> None:
    fill(database, decision(0), decision(24 * 60), decision(2 * 24 * 60))
    recording = Recording(database, days=1, now=minutes(2 * 24 * 60))
    wait_for(lambda: ids(database) == ["d1440", "d2880"])
    recording.recorder.close()


def test_once_nothing_old_is_left_it_is_not_looked_for_again_before_an_hour(
    database: Database, faulty: Faulty
) -> None:
    fill(database, decision(0))
    recording = Recording(faulty, days=1, now=minutes(2 * 24 * 60))
    wait_for(lambda: faulty.cleanings >= 2)
    for number in range(5):
        recording.decide(number)
        recording.wait()
    recording.recorder.close()
    assert faulty.cleanings == 2


def test_what_is_older_than_it_may_be_goes_every_hour(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CLEAN_SECONDS", 0.02)
    moments = [minutes(0)]
    recorder = HistoryRecorder(database, 1, lambda: None, lambda: moments[-1])
    recorder.take(Decided("front", entry(0).decision, (entry(0),)))
    wait_for(lambda: ids(database) == ["d0"])
    moments.append(minutes(0) + timedelta(days=1, seconds=1))
    wait_for(lambda: ids(database) == [])
    recorder.close()
