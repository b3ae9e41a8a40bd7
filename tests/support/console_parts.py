"""What stands for the parts of a server that a console reaches."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from server.audit.operator_log import Act
from server.database.database import Database
from server.gallery.admission import Arrived, LookAlikes
from server.gallery.assessed_file import AssessedFile
from server.gallery.receipts import Receipt
from server.history.rows import act_row
from server.history.tables import ACT
from server.history.writing import add
from server.support.last_warnings import LastWarnings
from server.terminals.frame_tally import FrameTally
from server.terminals.frames import FrameCounts
from server.vitals.condition import Condition
from server.vitals.decision_counts import DecisionCounts
from server.vitals.loop_delay import LoopDelay
from server.vitals.vitals import Vitals
from server.workers.pool import WorkerCounts

P = ParamSpec("P")
T = TypeVar("T")


class FakeRecord:
    """Keeps what was noted, here and in the history, or fails."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.acts: list[Act] = []
        self.broken = False

    async def note(self, act: Act) -> None:
        if self.broken:
            raise OSError("no space left on device")
        assert act.line()
        self.acts.append(act)
        await self._database.write(lambda sql: add(sql, [(ACT, act_row(act))]))

    def lines(self) -> list[str]:
        """Kind, operator and subject of each."""
        return [f"{act.kind.value} {act.operator} {act.subject}" for act in self.acts]


class FakeWorkers:
    """Runs tasks in a thread of this process, or what stands for them `instead`."""

    def __init__(self) -> None:
        self.instead: dict[Any, Callable[..., Any]] = {}

    async def run(self, task: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        done: T = await asyncio.to_thread(self.instead.get(task, task), *args, **kwargs)
        return done

    async def run_beside(self, task: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.run(task, *args, **kwargs)


class FakePhotos:
    """A photo folder as it was set."""

    def __init__(self) -> None:
        self.files: list[Receipt] = []
        self.alike: list[LookAlikes] = []
        self.enrolled: list[Arrived] = []
        self.assessed: list[AssessedFile] = []
        self.listing = threading.Lock()

    def receipts(self) -> list[Receipt]:
        return self.files

    def look_alikes(self) -> list[LookAlikes]:
        return self.alike

    def has(self, path: str) -> bool:
        return any(receipt.path.as_posix() == path for receipt in self.files)

    def photos(self) -> list[Arrived]:
        return self.enrolled

    def people(self) -> list[str]:
        return sorted({file.person for file in self.assessed if file.person is not None})

    def files_of(self, person: str | None) -> list[AssessedFile]:
        return [file for file in self.assessed if file.person == person]


class FakeVitals:
    """Numbers as they were set."""

    def __init__(self) -> None:
        self.workers = WorkerCounts(wanted=3, alive=3, busy=1, replaced=0, pids=())
        self.tally = FrameTally()
        self.lost: dict[str, int] = {}
        self.decisions = DecisionCounts()
        self.loop_delay = LoopDelay()
        self.warnings = LastWarnings()
        self.log_fails = False
        self.vitals = Vitals(
            workers=lambda: self.workers,
            frames=lambda: FrameCounts(connected=1, in_work=1, waiting=0, tally=self.tally),
            lost=lambda: self.lost,
            decisions=self.decisions,
            loop_delay=self.loop_delay,
            warnings=self.warnings,
            condition=Condition(
                workers=lambda: self.workers, log_fails=lambda: self.log_fails, logs=Path(), clock=lambda: 0.0
            ),
        )


class FakeNews:
    """None that anybody need wait for: what is written is found by looking again."""

    turn = 0

    async def after(self, turn: int) -> int:
        await asyncio.sleep(0.02)
        return turn
