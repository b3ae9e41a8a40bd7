"""What a terminal is told when the analysis or the log fails, with the workers and the disk replaced."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pytest

from server.access.door import Door
from server.access.matching.gallery import Gallery
from server.access.orders import EMPTY as ROSTER
from server.access.seen import Analysis, Face, Hints, PictureError, PictureTooLargeError, Scan
from server.audit.access_log import AccessEntry
from server.audit.trail import AuditTrail
from server.events import Events
from server.terminals.frames import FrameService
from server.terminals.session import PendingFrame, Session
from server.workers.analyser import PoisonError
from server.workers.pool import WorkerPool
from tests.support.rules import rules
from wire import Box, ErrorCode, ErrorMessage, Message, Result, Verdict

FACE = np.eye(128, dtype=np.float32)[0]
GALLERY = Gallery.build(1, [("Ada", FACE[None])])
HINTS = Hints(min_face=48, max_faces=4, max_pixels=10**6)


class FakePool:
    def __init__(self, outcome: Analysis | Exception) -> None:
        self.outcome = outcome

    async def run(self, *_: Any) -> Analysis:
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


class FakeAudit:
    def __init__(self) -> None:
        self.entries: list[AccessEntry] = []
        self.full = False

    async def record(self, entry: AccessEntry) -> None:
        if self.full:
            raise OSError("disk full")
        self.entries.append(entry)


class FakeSession:
    def __init__(self) -> None:
        self.door = Door(rules(), iter("abcdefgh").__next__)
        self.id = self.terminal = self.name = "door"
        self.open = True
        self.told: list[Message] = []
        self.answers: asyncio.Queue[Message] = asyncio.Queue()

    def send(self, message: Message) -> None:
        self.told.append(message)
        self.answers.put_nowait(message)

    async def end(self, error: ErrorMessage | None = None) -> None:
        if error:
            self.send(error)
        self.open = False


ADA = Analysis(640, 480, (Face(Box(0, 100, 100, 0), FACE),))


def service_of(pool: object, audit: object) -> FrameService:
    return FrameService(
        cast(WorkerPool, pool),
        cast(AuditTrail, audit),
        Events([]),
        lambda: GALLERY,
        lambda: ROSTER,
        HINTS,
    )


def serve(
    pool: FakePool, audit: FakeAudit, frames: int = 1, between: Callable[[int], None] = lambda seq: None
) -> FakeSession:
    """Offer frames one after the other, 0.2 s apart; returns the session with what it was told."""
    session = FakeSession()

    async def run() -> None:
        service = service_of(pool, audit)
        serving = asyncio.ensure_future(service.serve())
        for seq in range(frames):
            between(seq)
            service.offer(cast(Session, session), PendingFrame(seq, b"", seq * 0.2))
            await session.answers.get()
        serving.cancel()

    asyncio.run(asyncio.wait_for(run(), 10))
    return session


@pytest.mark.parametrize(
    ("failure", "code", "stays"),
    [
        (PictureError("truncated"), ErrorCode.BAD_FRAME, True),
        (PictureTooLargeError("too many pixels"), ErrorCode.FRAME_TOO_BIG, False),
        (PoisonError(), ErrorCode.BAD_FRAME, True),
        (ZeroDivisionError("internal detail"), ErrorCode.INTERNAL, False),
    ],
)
def test_a_failed_analysis_is_told_in_the_protocols_words(
    failure: Exception, code: ErrorCode, stays: bool
) -> None:
    session = serve(FakePool(failure), FakeAudit())
    (error,) = session.told
    assert isinstance(error, ErrorMessage)
    assert (error.code, error.seq, session.open) == (code, 0, stays)
    assert "internal detail" not in error.message


def test_the_third_agreeing_frame_grants_and_its_line_is_written_first() -> None:
    audit = FakeAudit()
    session = serve(FakePool(ADA), audit, frames=4)
    verdicts = [message.verdict for message in session.told if isinstance(message, Result)]
    assert verdicts == [Verdict.CHECKING, Verdict.CHECKING, Verdict.GRANTED, Verdict.GRANTED]
    assert [entry.decision.name for entry in audit.entries] == ["Ada"]


def test_a_grant_waits_for_a_disk_that_takes_its_line() -> None:
    audit = FakeAudit()

    def disk(seq: int) -> None:
        audit.full = seq < 6

    session = serve(FakePool(ADA), audit, frames=10, between=disk)
    results = [message for message in session.told if isinstance(message, Result)]
    verdicts = [result.verdict for result in results]
    granted = verdicts.index(Verdict.GRANTED)
    assert granted >= 6 and Verdict.DENIED in verdicts[:granted]
    refused = next(result.decision for result in results if result.decision)
    assert (refused.verdict, refused.reason) == (Verdict.DENIED, "log_unavailable")
    assert len(audit.entries) == 1


def test_a_session_that_has_left_is_neither_decided_nor_told() -> None:
    audit = FakeAudit()
    session = FakeSession()
    session.open = False

    async def run() -> None:
        service = service_of(FakePool(ADA), audit)
        serving = asyncio.ensure_future(service.serve())
        service.offer(cast(Session, session), PendingFrame(1, b"", 0.0))
        await asyncio.sleep(0)
        await service.finish(1.0)
        serving.cancel()

    asyncio.run(run())
    assert not session.told and not audit.entries


class BusyPool:
    """Workers that are done when they are told to be, and what they were asked."""

    def __init__(self) -> None:
        self.asked: list[Hints] = []
        self.asking = asyncio.Semaphore(0)
        self.done = asyncio.Event()

    async def run(self, task: object, jpeg: bytes, hints: Hints) -> Analysis:
        self.asked.append(hints)
        self.asking.release()
        await self.done.wait()
        return Analysis(640, 480, (), hints.scan, b"scene")


def test_whole_pictures_are_searched_one_at_a_time() -> None:
    """So that a worker is left for the other doors; the search that was put off is made up for."""

    async def run() -> list[list[Scan]]:
        pool, doors = BusyPool(), [FakeSession(), FakeSession()]
        service = service_of(pool, FakeAudit())
        serving = [asyncio.ensure_future(service.serve()) for _ in doors]
        rounds = []
        for seq in range(20):
            pool.done.clear()
            pool.asked.clear()
            for door in doors:
                service.offer(cast(Session, door), PendingFrame(seq, b"", seq * 1.3))
                await pool.asking.acquire()
            rounds.append([hints.scan for hints in pool.asked])
            pool.done.set()
            for door in doors:
                await door.answers.get()
        for task in serving:
            task.cancel()
        return rounds

    rounds = asyncio.run(asyncio.wait_for(run(), 10))
    assert all(scans.count(Scan.EVERYWHERE) <= 1 for scans in rounds[1:]), (
        "first frames are searched in any case"
    )
    for door in range(2):
        assert Scan.EVERYWHERE in [scans[door] for scans in rounds[1:]]
