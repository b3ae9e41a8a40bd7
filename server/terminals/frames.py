"""A frame's way through the server: queue, analyser, door, audit, answer, events."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from server.access.decision import Decision
from server.access.door import Door
from server.access.matching.gallery import Gallery
from server.access.observed import ClosedDoor, ObservedFrame
from server.access.orders import Roster
from server.access.outcome import Outcome, VisitSummary
from server.access.rules import Rules
from server.access.seen import Analysis, Hints, PictureError, PictureTooLargeError, Scan
from server.events import DoorClosed, Events, FrameObserved, TerminalChanged
from server.terminals.answers import not_looked_at, result_of, timing_of
from server.terminals.decision_writer import DecisionWriter
from server.terminals.frame_tally import FrameTally
from server.terminals.live import LiveBoard
from server.terminals.peer import Peer, PendingFrame
from server.terminals.place import Place
from server.terminals.proposals import Proposals
from server.terminals.schedule import Schedule
from server.workers.analyser import Analyser, AnalysisFailedError
from wire import ErrorCode, ErrorMessage, ProposalOutcome, Proposed

log = logging.getLogger(__name__)

SLOW_SECONDS = 1.0
"""Answers later than this keep visitors waiting; several of them are needed for a decision."""
COMPLAINT_SECONDS = 60.0


class FrameCounts(NamedTuple):
    """`connected`: terminals. `in_work`, `waiting`: frames now. `tally`: what came of all frames so far."""

    connected: int
    in_work: int
    waiting: int
    tally: FrameTally


@dataclass(frozen=True)
class _Analysed:
    """A frame, what its worker was asked and what it saw. `started`: when the worker began, monotonic
    seconds; `seconds`: how long it took."""

    frame: PendingFrame
    hints: Hints
    analysis: Analysis
    started: float
    seconds: float


class FrameService:
    """Serves the frames of all terminals with the workers there are, fairly and the newest first.

    A decision that waits for the disk keeps only its own terminal waiting: its worker goes on with the next
    frame of another one.
    """

    def __init__(
        self,
        *,
        analyser: Analyser,
        workers: int,
        writer: DecisionWriter,
        events: Events,
        gallery: Callable[[], Gallery],
        roster: Callable[[], Roster],
        rules: Callable[[], Rules],
        open_door: Callable[[str, Rules], Door],
        hints: Hints,
        board: LiveBoard,
        proposals: Proposals,
    ) -> None:
        """`workers`: how many frames the analyser takes at once. `gallery`, `roster` and `rules` return the
        present snapshots. `open_door` makes the door of a terminal, by these rules at first. `board` is told
        how terminals fare."""
        self._analyser = analyser
        self._free = asyncio.Semaphore(workers)
        self._writer = writer
        self._events = events
        self._gallery = gallery
        self._roster = roster
        self._rules = rules
        self._open_door = open_door
        self._hints = hints
        self._board = board
        self._proposals = proposals
        self._schedule = Schedule()
        self._places: dict[Peer, Place] = {}
        self._sweeps = 0
        self._stopping = False
        self._next_complaint = 0.0
        self._partings: set[asyncio.Future[None]] = set()

    def join(self, peer: Peer) -> None:
        """A terminal has been welcomed."""
        rules = self._rules()
        self._places[peer] = Place(self._open_door(peer.terminal, rules), rules, time.monotonic())
        self._board.join(peer)
        self._events.publish(TerminalChanged(peer.terminal, peer.id, connected=True))

    def offer(self, peer: Peer, frame: PendingFrame) -> None:
        """Take a frame; an older one of the same terminal that has not been started is superseded."""
        if not self._stopping and self._schedule.put(peer, frame, self._places[peer].visited):
            self._board.skipped(peer)

    def propose(self, peer: Peer, seq: int) -> None:
        """The terminal proposes the unknown face of an answered frame for enrolment."""
        shown = self._places[peer].shown(seq)
        if shown is None:
            outcome = ProposalOutcome.TOO_LATE
        else:
            outcome = self._proposals.add(peer.terminal, shown.jpeg, shown.unknown)
        peer.send(Proposed(seq, outcome))

    def counts(self) -> FrameCounts:
        working = sum(place.work is not None and not place.work.done() for place in self._places.values())
        return FrameCounts(
            connected=len(self._places), in_work=working, waiting=len(self._schedule), tally=self._board.tally
        )

    async def serve(self) -> None:
        """Work on frames for ever, as many at once as there are workers."""
        while True:
            await self._free.acquire()
            peer, frame = await self._schedule.take()
            place, now = self._places[peer], time.monotonic()
            self._refuse_stale()
            beside = self._goes_beside(place, now)
            if beside:
                self._free.release()
            place.work = asyncio.create_task(self._serve_frame(peer, place, frame, beside))

    async def finish(self, seconds: float) -> None:
        """Take no more frames, and wait at most `seconds` for those in work."""
        self._stopping = True
        self._schedule.clear()
        working = [place.work for place in self._places.values() if place.work]
        if working:
            await asyncio.wait(working, timeout=seconds)

    async def leave(self, peer: Peer) -> None:
        """The terminal is gone: what is under way is finished, then the visits that it leaves undecided are
        logged."""
        self._schedule.drop(peer)
        place = self._places[peer]
        if place.work:
            await asyncio.wait([place.work])
        decisions: list[Decision] = []
        ended: list[VisitSummary] = []
        try:
            while (outcome := place.door.leave()).decision is not None:
                outcome = await self._writer.settle(peer, place.door, outcome.decision, time.monotonic())
                decisions += [outcome.decision] if outcome.decision else []
                ended += outcome.ended
            ended += outcome.ended
            self._board.decided(peer, decisions[-1] if decisions else None)
        finally:
            del self._places[peer]
            self._board.leave(peer)
        closed = ClosedDoor(datetime.now(), tuple(decisions), tuple(ended))
        self._writer.tell_visits(peer, closed.moment, closed.ended)
        self._events.publish(DoorClosed(peer.id, peer.terminal, closed, place.rules))
        self._events.publish(TerminalChanged(peer.terminal, peer.id, connected=False))

    def _goes_beside(self, place: Place, now: float) -> bool:
        """Whether a terminal has had its share, and somebody stands before another one that has not."""
        return place.share.used_up(now) and any(
            other.visited and not other.share.used_up(now)
            for other in self._places.values()
            if other is not place
        )

    def _refuse_stale(self) -> None:
        for peer, frame, waited in self._schedule.drop_stale():
            pause = self._schedule.next_seconds(frame) + waited
            peer.send(not_looked_at(frame.seq, waited, pause))
            self._board.skipped(peer)

    async def _serve_frame(self, peer: Peer, place: Place, frame: PendingFrame, beside: bool) -> None:
        """All of a frame's way; the terminal's next one is taken up afterwards."""
        begun = time.monotonic()
        worked = 0.0
        try:
            try:
                analysed = await self._look(peer, place, frame, beside)
            finally:
                now = time.monotonic()
                worked = now - begun
                place.share.worked(worked, now)
                if not beside:
                    self._free.release()
            if analysed is not None and peer.open:
                await self._answer(peer, place, analysed)
        except Exception:
            log.exception("%s: frame %d could not be processed", peer.name, frame.seq)
            message = "the frame could not be processed"
            self._part(peer, ErrorMessage(ErrorCode.INTERNAL, message, frame.seq))
        finally:
            self._schedule.done(peer, 0.0 if beside else worked)

    async def _look(self, peer: Peer, place: Place, frame: PendingFrame, beside: bool) -> _Analysed | None:
        """Have a worker look at the frame; None when it cannot, and the terminal has been told why."""
        if not peer.open:
            return None
        started = time.monotonic()
        hints = place.door.hints(self._hints, frame.received, may_sweep=not self._sweeps)
        try:
            analysis = await self._analyse(frame.jpeg, hints, beside)
        except PictureTooLargeError as error:
            self._part(peer, ErrorMessage(ErrorCode.FRAME_TOO_BIG, str(error), frame.seq))
        except PictureError as error:
            peer.send(ErrorMessage(ErrorCode.BAD_FRAME, str(error), frame.seq))
        except AnalysisFailedError as error:
            log.error("%s: frame %d is refused: %s", peer.name, frame.seq, error)
            message = "the frame could not be analysed"
            peer.send(ErrorMessage(ErrorCode.BAD_FRAME, message, frame.seq))
        else:
            return _Analysed(
                frame=frame,
                hints=hints,
                analysis=analysis,
                started=started,
                seconds=time.monotonic() - started,
            )
        return None

    async def _analyse(self, jpeg: bytes, hints: Hints, beside: bool) -> Analysis:
        """Whole pictures are searched one at a time, so that the frames of all other doors get through."""
        sweep = hints.scan is Scan.EVERYWHERE
        self._sweeps += sweep
        try:
            analyse = self._analyser.analyse_beside if beside else self._analyser.analyse
            return await analyse(jpeg, hints)
        finally:
            self._sweeps -= sweep

    async def _answer(self, peer: Peer, place: Place, analysed: _Analysed) -> None:
        """Decide, have the decision written, tell the terminal, then whoever else wants to know."""
        frame = analysed.frame
        place.remember(frame)
        self._complain_when_slow(analysed.started + analysed.seconds - frame.received)
        outcome, observed = await self._decide(peer, place, analysed)
        timing = timing_of(analysed.started - frame.received, analysed.seconds)
        wanted = self._schedule.next_seconds(frame)
        result = result_of(frame.seq, outcome, timing, place.seq_of(outcome.decided_at), wanted)
        place.visited = bool(outcome.faces)
        peer.send(result)
        place.show(frame, outcome.unknown)
        self._board.answered(peer, frame, analysed.analysis, result, outcome.decision)
        self._writer.tell_visits(peer, observed.moment, observed.ended)
        if self._events.wanted(FrameObserved):
            self._events.publish(FrameObserved(peer.id, peer.terminal, observed, place.rules))

    async def _decide(self, peer: Peer, place: Place, analysed: _Analysed) -> tuple[Outcome, ObservedFrame]:
        """What the door makes of a frame, and all that it was told."""
        door, frame, gallery, moment = place.door, analysed.frame, self._gallery(), datetime.now()
        orders, place.rules = self._roster().orders(peer.terminal, moment), self._rules()
        outcome = door.observe(analysed.analysis, gallery, frame.received, orders, place.rules)
        proposed = outcome.decision
        if proposed is not None:
            outcome = await self._writer.settle(peer, door, proposed, frame.received)
        return outcome, ObservedFrame(
            at=frame.received,
            moment=moment,
            analysis=analysed.analysis,
            followed=tuple(followed.box for followed in analysed.hints.followed),
            enrolled=(len(gallery.people), gallery.photos),
            drawn=outcome.drawn,
            decision=outcome.decision,
            retracted=outcome.decision is not proposed,
            ended=outcome.ended,
            jpeg=frame.jpeg,
        )

    def _part(self, peer: Peer, error: ErrorMessage) -> None:
        """End a session beside the work on frames: no other terminal waits for its last words."""
        parting = asyncio.ensure_future(peer.end(error))
        self._partings.add(parting)
        parting.add_done_callback(self._partings.discard)

    def _complain_when_slow(self, seconds: float) -> None:
        now = time.monotonic()
        if seconds > SLOW_SECONDS and now >= self._next_complaint:
            self._next_complaint = now + COMPLAINT_SECONDS
            log.warning(
                "a frame took %.1f s: more terminals, or larger frames, than this machine serves", seconds
            )
