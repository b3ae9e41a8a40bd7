"""A frame's way through the server: taken from the queue, analysed, decided, logged, answered."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from server.access.decision import Decision
from server.access.dice import Dice
from server.access.door import Outcome
from server.access.matching.gallery import Gallery
from server.access.observed import ClosedDoor, ObservedFrame
from server.access.orders import Roster
from server.access.seen import Analysis, Hints, PictureError, PictureTooLargeError, Scan
from server.audit.access_log import AccessEntry
from server.audit.trail import AuditTrail
from server.events import DoorClosed, Events, FrameObserved, VisitOver
from server.terminals.fair_queue import FairQueue
from server.terminals.session import PendingFrame, Session
from server.workers import main as worker
from server.workers.analyser import PoisonError
from server.workers.pool import WorkerPool
from wire import ErrorCode, ErrorMessage, Result, Timing

log = logging.getLogger(__name__)

SLOW_SECONDS = 1.0
"""Answers later than this keep visitors waiting; several of them are needed for a decision."""
COMPLAINT_SECONDS = 60.0


class FrameService:
    """Serves the frames of all sessions with a pool of workers, fairly and the newest first."""

    def __init__(
        self,
        pool: WorkerPool,
        audit: AuditTrail,
        events: Events,
        gallery: Callable[[], Gallery],
        roster: Callable[[], Roster],
        hints: Hints,
    ) -> None:
        """`gallery` and `roster` return the present snapshots."""
        self._pool = pool
        self._audit = audit
        self._events = events
        self._gallery = gallery
        self._roster = roster
        self._hints = hints
        self._queue: FairQueue[Session, PendingFrame] = FairQueue()
        self._in_work = 0
        self._sweeps = 0
        self._resting = asyncio.Event()
        self._resting.set()
        self._stopping = False
        self._next_complaint = 0.0
        self._partings: set[asyncio.Future[None]] = set()

    def offer(self, session: Session, frame: PendingFrame) -> None:
        """Take a frame; an older one of the same session that has not been started is superseded."""
        if not self._stopping:
            self._queue.put(session, frame)

    async def serve(self) -> None:
        """Work on one frame after the other, for ever. Run as many of these as the pool has workers."""
        while True:
            session, frame = await self._queue.take()
            self._in_work += 1
            self._resting.clear()
            try:
                if session.open:
                    await self._answer(session, frame)
            except Exception:
                log.exception("%s: frame %d could not be processed", session.name, frame.seq)
                message = "the frame could not be processed"
                self._part(session, ErrorMessage(ErrorCode.INTERNAL, message, frame.seq))
            finally:
                self._in_work -= 1
                if not self._in_work:
                    self._resting.set()
                self._queue.done(session)

    async def finish(self, seconds: float) -> None:
        """Take no more frames, and wait at most `seconds` for those in work."""
        self._stopping = True
        self._queue.clear()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._resting.wait(), seconds)

    async def leave(self, session: Session) -> None:
        """The session is over: log the visits that it leaves undecided."""
        self._queue.drop(session)
        decisions, ended = session.door.close()
        closed = ClosedDoor(datetime.now(), tuple(decisions), tuple(ended))
        self._events.publish(DoorClosed(session.id, session.terminal, closed))
        for summary in ended:
            self._events.publish(VisitOver(session.terminal, closed.moment, summary))
        for decision in decisions:
            await self._record(session, decision, time.monotonic())

    async def _answer(self, session: Session, frame: PendingFrame) -> None:
        started = time.monotonic()
        try:
            analysis, hints = await self._analyse(session, frame)
        except PictureTooLargeError as error:
            return self._part(session, ErrorMessage(ErrorCode.FRAME_TOO_BIG, str(error), frame.seq))
        except PictureError as error:
            return session.send(ErrorMessage(ErrorCode.BAD_FRAME, str(error), frame.seq))
        except PoisonError:
            log.error("%s: frame %d ended or held up its worker; refused", session.name, frame.seq)
            message = "the frame could not be analysed"
            return session.send(ErrorMessage(ErrorCode.BAD_FRAME, message, frame.seq))
        if not session.open:
            return None
        worked = time.monotonic()
        outcome = await self._decide(session, frame, analysis, hints)
        timing = Timing(_ms(started - frame.received), _ms(worked - started))
        self._complain_when_slow(worked - frame.received)
        return session.send(_result(frame.seq, outcome, timing))

    async def _decide(
        self, session: Session, frame: PendingFrame, analysis: Analysis, hints: Hints
    ) -> Outcome:
        """What the door makes of a frame; a decision counts once it is written down."""
        gallery, moment = self._gallery(), datetime.now()
        orders = self._roster().orders(session.terminal, moment)
        outcome = session.door.observe(analysis, gallery, frame.received, orders)
        ended, decision = outcome.ended, outcome.decision
        retracted = decision is not None and not await self._record(session, decision, frame.received)
        if decision is not None and retracted:
            outcome = session.door.retract(decision, frame.received)
        observed = ObservedFrame(
            frame.received,
            moment,
            analysis,
            tuple(followed.box for followed in hints.followed),
            (len(gallery.people), gallery.photos),
            session.door.rng.told() if isinstance(session.door.rng, Dice) else (),
            outcome.decision,
            retracted,
            ended,
            frame.jpeg,
        )
        self._events.publish(FrameObserved(session.id, session.terminal, observed))
        for summary in ended:
            self._events.publish(VisitOver(session.terminal, moment, summary))
        return outcome

    async def _analyse(self, session: Session, frame: PendingFrame) -> tuple[Analysis, Hints]:
        """What the worker made of the hints, and these. Whole pictures are searched one at a time, so that
        the frames of all other doors get through."""
        hints = session.door.hints(self._hints, frame.received, may_sweep=not self._sweeps)
        sweep = hints.scan is Scan.EVERYWHERE
        self._sweeps += sweep
        try:
            return await self._pool.run(worker.analyse, frame.jpeg, hints), hints
        finally:
            self._sweeps -= sweep

    def _part(self, session: Session, error: ErrorMessage) -> None:
        """End a session beside the work on frames: no other terminal waits for its last words."""
        parting = asyncio.ensure_future(session.end(error))
        self._partings.add(parting)
        parting.add_done_callback(self._partings.discard)

    def _complain_when_slow(self, seconds: float) -> None:
        now = time.monotonic()
        if seconds > SLOW_SECONDS and now >= self._next_complaint:
            self._next_complaint = now + COMPLAINT_SECONDS
            log.warning(
                "a frame took %.1f s: more terminals, or larger frames, than this machine serves", seconds
            )

    async def _record(self, session: Session, decision: Decision, received: float) -> bool:
        """Write the decision down. False: it could not be, and must not count."""
        latency_ms = round(_ms(time.monotonic() - received))
        entry = AccessEntry(datetime.now().astimezone(), session.terminal, decision, latency_ms)
        try:
            await self._audit.record(entry)
        except OSError as error:
            log.critical("ACCESS LOG NOT WRITTEN, DENYING: %s; the line was: %s", error, entry.line())
            return False
        log.info("%s", entry.line().split(" ", 1)[1])
        return True


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)


def _result(seq: int, outcome: Outcome, timing: Timing) -> Result:
    faces = tuple(
        face if face.distance is None else replace(face, distance=round(face.distance, 4))
        for face in outcome.faces
    )
    notice = outcome.decision.notice() if outcome.decision else None
    asked = outcome.asked
    seconds = None if asked is None or asked.seconds is None else round(asked.seconds, 2)
    return Result(seq, outcome.verdict, faces, notice, timing, asked.prompt if asked else None, seconds)
