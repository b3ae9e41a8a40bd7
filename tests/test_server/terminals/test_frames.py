"""What a terminal is told and what is logged when workers, the disk or the terminal itself fail."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from itertools import pairwise

import pytest

from server.access.lockout import FIRST_SECONDS
from server.access.observed import ClosedDoor
from server.access.seen import Analysis, Hints, PictureError, PictureTooLargeError, Scan
from server.audit.security_log import SecurityEvent
from server.events import Decided, DoorClosed, FrameObserved, TerminalChanged, VisitOver
from server.terminals.congestion import STALE_SECONDS
from server.terminals.peer import PendingFrame
from server.terminals.place import SHOWN_FRAMES
from server.workers.analyser import AnalysisFailedError
from tests.support import virtual_time
from tests.support.rules import rules
from tests.support.service import (
    ADA,
    ADA_FACE,
    NOBODY,
    STRANGER,
    STRANGER_FACE,
    FakeAnalyser,
    FakePeer,
    Heard,
    Running,
    showing,
)
from wire import Box, ErrorCode, ErrorMessage, Prompt, ProposalOutcome, Proposed, Reason, Result, Verdict

NONE, CHECKING, GRANTED, DENIED = Verdict.NONE, Verdict.CHECKING, Verdict.GRANTED, Verdict.DENIED
SECONDS = 10.0
"""How long a test may take at most; none waits for time to pass."""


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), SECONDS))


@pytest.mark.parametrize(
    ("failure", "code", "stays"),
    [
        (PictureError("truncated"), ErrorCode.BAD_FRAME, True),
        (PictureTooLargeError("too many pixels"), ErrorCode.FRAME_TOO_BIG, False),
        (AnalysisFailedError(), ErrorCode.BAD_FRAME, True),
        (ZeroDivisionError("internal detail"), ErrorCode.INTERNAL, False),
    ],
)
def test_a_failed_analysis_is_told_in_the_protocols_words(
    failure: Exception, code: ErrorCode, stays: bool
) -> None:
    async def test() -> None:
        running = Running(FakeAnalyser(failure))
        peer = running.joined()
        await running.show(peer)
        (error,) = peer.told
        assert isinstance(error, ErrorMessage)
        assert (error.code, error.seq, peer.open) == (code, 1, stays)
        assert "internal detail" not in error.message
        other = running.joined("other")
        running.analyser.sees = NOBODY
        await running.show(other)
        assert other.verdicts == [NONE], "the worker is free again"
        await running.end()

    run(test)


def test_the_third_agreeing_frame_grants_and_its_line_is_written_first() -> None:
    async def test() -> None:
        running = Running()
        peer = running.joined()
        await running.show(peer, 2)
        running.audit.quick.clear()
        running.offer(peer)
        await running.audit.writing.wait()
        assert len(peer.told) == 2, "nothing is told before the line is written"
        running.audit.quick.set()
        await running.show(peer)
        await peer.answers.get()
        assert peer.verdicts == [CHECKING, CHECKING, GRANTED, GRANTED]
        assert running.audit.lines == [("granted", "Ada", "recognised")]
        await running.end()

    run(test)


def test_a_grant_waits_for_a_disk_that_takes_its_line() -> None:
    heard = Heard(FrameObserved)

    async def test() -> None:
        running = Running(sinks=[heard])
        peer = running.joined()

        def disk(number: int) -> None:
            running.audit.full = number < 6

        await running.show(peer, 10, before=disk)
        granted = peer.verdicts.index(GRANTED)
        assert granted >= 6 and DENIED in peer.verdicts[:granted]
        results = [message for message in peer.told if isinstance(message, Result)]
        refused = next(result.decision for result in results if result.decision)
        assert (refused.verdict, refused.reason) == (DENIED, "log_unavailable")
        assert len(running.audit.entries) == 1
        await running.end()

    run(test)
    frames = [event.frame for event in heard.events if isinstance(event, FrameObserved)]
    for frame in frames:
        reason = frame.decision.reason if frame.decision else None
        assert frame.retracted == (reason is Reason.LOG_UNAVAILABLE)
    assert any(frame.retracted for frame in frames)


def test_a_line_that_hangs_keeps_only_its_own_terminal_waiting() -> None:
    async def test() -> None:
        running = Running(workers=1)
        slow, other = running.joined("slow"), running.joined("other")
        await running.show(slow, 2)
        running.audit.quick.clear()
        running.offer(slow)
        await running.audit.writing.wait()
        running.analyser.sees = NOBODY
        await running.show(other, 5)
        assert other.verdicts == [NONE] * 5
        assert len(slow.told) == 2, "it has not been granted yet"
        running.audit.quick.set()
        await slow.answers.get()
        await running.end()

    run(test)


def test_a_terminal_has_one_frame_under_way_also_while_its_line_waits() -> None:
    async def test() -> None:
        running = Running(workers=2)
        peer = running.joined()
        await running.show(peer, 2)
        running.audit.quick.clear()
        running.offer(peer)
        await running.audit.writing.wait()
        for _ in range(3):
            running.offer(peer)
        for _ in range(20):
            await asyncio.sleep(0)
        running.audit.quick.set()
        await peer.answers.get()
        await peer.answers.get()
        seqs = [message.seq for message in peer.told if isinstance(message, Result)]
        assert seqs == [1, 2, 3, 6], "the newest of those that waited"
        await running.end()

    run(test)


def test_hanging_up_while_the_line_is_written_waits_for_it() -> None:
    """Else what counts and what is logged would come apart, and what follows would come before."""

    async def test() -> None:
        heard = Heard(FrameObserved, DoorClosed)
        running = Running(sinks=[heard], door_rules=rules(attempts=2))
        peer = running.joined()
        await running.show(peer, 2)
        running.audit.quick.clear()
        running.offer(peer)
        await running.audit.writing.wait()
        peer.open = False
        leaving = asyncio.ensure_future(running.service.leave(peer))
        for _ in range(20):
            await asyncio.sleep(0)
        assert not leaving.done()
        running.audit.quick.set()
        await leaving
        await running.end()
        kinds = [type(event) for event in heard.events]
        assert kinds == [FrameObserved, FrameObserved, FrameObserved, DoorClosed]

    run(test)


def test_a_grant_that_is_not_written_when_the_terminal_hangs_up_lifts_no_lock() -> None:
    async def test() -> None:
        running = Running(door_rules=rules(attempts=2))
        lockout = running.lockouts.of("door", 2, 0.0)
        lockout.failed(0.0)
        peer = running.joined()
        await running.show(peer, 2)
        running.audit.quick.clear()
        running.audit.full = True
        running.offer(peer)
        await running.audit.writing.wait()
        peer.open = False
        leaving = asyncio.ensure_future(running.service.leave(peer))
        running.audit.quick.set()
        await leaving
        assert running.audit.entries == []
        assert lockout.failed(1.0) == FIRST_SECONDS, "the failure before still counts"
        await running.end()

    run(test)


def test_a_grant_for_a_terminal_that_has_gone_is_taken_back() -> None:
    async def test() -> None:
        heard = Heard(Decided)
        running = Running(sinks=[heard], door_rules=rules(attempts=2))
        lockout = running.lockouts.of("door", 2, 0.0)
        lockout.failed(0.0)
        peer = running.joined()
        await running.show(peer, 2)
        running.audit.quick.clear()
        running.offer(peer)
        await running.audit.writing.wait()
        peer.open = False
        running.audit.quick.set()
        await running.service.leave(peer)
        await running.end()
        assert running.audit.lines == [("granted", "Ada", "recognised"), ("denied", "Ada", "undelivered")]
        first, second = (entry.decision.id for entry in running.audit.entries)
        assert first == second
        (decided,) = heard.events
        assert isinstance(decided, Decided) and decided.decision.reason is Reason.UNDELIVERED
        assert decided.decision.verdict is DENIED and decided.lines == tuple(running.audit.entries)
        assert lockout.failed(1.0) == FIRST_SECONDS, "nobody was let in"

    run(test)


def test_what_is_decided_is_told_with_its_line_and_without_one_where_it_could_not_be_written() -> None:
    async def test() -> None:
        heard = Heard(Decided)
        running = Running(FakeAnalyser(STRANGER), sinks=[heard])
        for terminal, full in (("front", False), ("back", True)):
            running.audit.full = full
            peer = running.joined(terminal)
            await running.show(peer, 4)
            await running.service.leave(peer)
        await running.end()
        (entry,) = running.audit.entries
        written, unwritten = heard.events
        line = f"{entry.line()} seal=1"
        assert written == Decided("front", entry.decision, (entry,), (line,))
        assert entry.moment.tzinfo is not None
        assert isinstance(unwritten, Decided) and (unwritten.terminal, unwritten.lines) == ("back", ())
        assert unwritten.decision.reason is Reason.LOG_UNAVAILABLE

    run(test)


def test_whoever_is_in_view_when_the_terminal_leaves_is_logged_and_told_of() -> None:
    async def test() -> None:
        heard = Heard(VisitOver, DoorClosed)
        running = Running(FakeAnalyser(STRANGER), sinks=[heard])
        peer = running.joined()
        await running.show(peer, 4)
        await running.service.leave(peer)
        await running.end()
        assert running.audit.lines == [("denied", None, "left")]
        over, closed = heard.events
        assert isinstance(over, VisitOver) and over.summary.decision is not None
        assert isinstance(closed, DoorClosed) and isinstance(closed.closed, ClosedDoor)
        assert closed.closed.decisions == (over.summary.decision,)

    run(test)


def test_names_that_are_not_to_be_written_are_told_the_terminal_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    heard = Heard(Decided, VisitOver)

    async def test() -> None:
        running = Running(sinks=[heard], naming=lambda name: f"person:{len(name)}")
        peer = running.joined()
        await running.show(peer, 5)
        names = [
            message.decision.names
            for message in peer.told
            if isinstance(message, Result) and message.decision
        ]
        assert ("Ada",) in names
        await running.service.leave(peer)
        await running.end()
        assert running.audit.lines == [("granted", "person:3", "recognised")]

    run(test)
    decided, over = heard.events
    assert isinstance(decided, Decided) and isinstance(over, VisitOver)
    assert over.summary.candidate == "person:3" and over.summary.decision == decided.decision
    told = [decided.decision.name, *(each.name for each in decided.decision.nearest)]
    assert told[0] == "person:3" and all(name.startswith("person:") for name in told if name)
    assert "Ada" not in caplog.text


def test_a_slow_disk_is_told_once(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.terminals.decision_writer.SLOW_SECONDS", -1.0)

    async def test() -> None:
        running = Running(FakeAnalyser(STRANGER))
        for name in "ab":
            peer = running.joined(name)
            await running.show(peer, 4)
            await running.service.leave(peer)
        await running.end()

    run(test)
    assert len([line for line in caplog.messages if line.startswith("the disk took 0.0 s")]) == 1


def test_coming_and_leaving_are_told() -> None:
    heard = Heard(TerminalChanged)

    async def test() -> None:
        running = Running(FakeAnalyser(NOBODY), sinks=[heard])
        peer = running.joined("front")
        await running.show(peer)
        await running.service.leave(peer)
        await running.end()

    run(test)
    assert heard.events == [TerminalChanged("front", "front", True), TerminalChanged("front", "front", False)]


def test_a_lock_is_told_when_it_begins_and_when_it_has_ended(caplog: pytest.LogCaptureFixture) -> None:
    async def test() -> None:
        running = Running(FakeAnalyser(STRANGER), sinks=[heard], door_rules=rules(attempts=1))
        peer = running.joined("front")
        await running.show(peer, 20)
        await asyncio.sleep(FIRST_SECONDS + 1)
        await running.end()

    heard = Heard(SecurityEvent)
    virtual_time.run(test())
    assert [line for line in caplog.messages if "LOCKED" in line] == [
        f"front: LOCKED for {FIRST_SECONDS:.0f} s: too many failed visits"
    ]
    lines = [event.line() for event in heard.events if isinstance(event, SecurityEvent)]
    assert [line.split(" ", 1)[1] for line in lines] == [
        "lockout_begun front - seconds=15",
        "lockout_ended front -",
    ]


def test_the_decision_on_somebody_who_left_says_which_frame_last_showed_whom() -> None:
    async def test() -> None:
        running = Running(FakeAnalyser(STRANGER))
        peer = running.joined()
        await running.show(peer, 4)
        running.analyser.sees = NOBODY
        await running.show(peer, 12)
        results = [message for message in peer.told if isinstance(message, Result)]
        (decided,) = [result for result in results if result.decision]
        assert decided.decision is not None and decided.decision.reason == "left"
        assert decided.seq > 4 and decided.decision.seq == 4
        await running.end()

    run(test)


def test_a_session_that_has_left_is_neither_decided_nor_told() -> None:
    async def test() -> None:
        running = Running()
        peer = running.joined()
        peer.open = False
        running.offer(peer)
        await running.service.leave(peer)
        await running.end()
        assert not peer.told and not running.audit.entries

    run(test)


@pytest.mark.parametrize(
    ("sees", "seq", "outcome"),
    [
        (STRANGER, 3, ProposalOutcome.KEPT),
        (STRANGER, 2, ProposalOutcome.KEPT),
        (ADA, 3, ProposalOutcome.NO_UNKNOWN_FACE),
        (NOBODY, 3, ProposalOutcome.NO_UNKNOWN_FACE),
        (STRANGER, 4, ProposalOutcome.TOO_LATE),
    ],
)
def test_an_unknown_face_that_was_answered_lately_can_be_proposed(
    sees: Analysis, seq: int, outcome: ProposalOutcome
) -> None:
    async def test() -> None:
        running = Running(FakeAnalyser(sees))
        peer = running.joined()
        await running.show(peer, 3)
        running.service.propose(peer, seq)
        assert peer.told[-1] == Proposed(seq, outcome)
        kept = running.proposals.waiting()
        assert [(each.terminal, each.box) for each in kept] == (
            [("door", STRANGER.faces[0].box)] if outcome is ProposalOutcome.KEPT else []
        )
        await running.end()

    run(test)


def test_of_several_faces_the_unknown_one_is_proposed_however_small() -> None:
    async def test() -> None:
        known, unknown = showing(ADA_FACE, STRANGER_FACE).faces
        faces = replace(known, box=Box(0, 300, 300, 0)), replace(unknown, box=Box(0, 600, 100, 500))
        running = Running(FakeAnalyser(Analysis(640, 480, faces)))
        peer = running.joined()
        await running.show(peer, 5)
        running.service.propose(peer, 5)
        assert [each.box.left for each in running.proposals.waiting()] == [500]
        await running.end()

    run(test)


def test_old_frames_are_not_at_hand_any_more() -> None:
    async def test() -> None:
        running = Running(FakeAnalyser(STRANGER))
        peer = running.joined()
        await running.show(peer, 3 + SHOWN_FRAMES)
        for seq in (3, 4):
            running.service.propose(peer, seq)
        outcomes = [message.outcome for message in peer.told if isinstance(message, Proposed)]
        assert outcomes == [ProposalOutcome.TOO_LATE, ProposalOutcome.KEPT]
        await running.end()

    run(test)


class BusyAnalyser(FakeAnalyser):
    """Workers that are done when they are told to be, and what they were asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Hints] = []
        self.asking = asyncio.Semaphore(0)
        self.done = asyncio.Event()

    async def analyse(self, jpeg: bytes, hints: Hints) -> Analysis:
        self.asked.append(hints)
        self.asking.release()
        await self.done.wait()
        return Analysis(640, 480, (), hints.scan, b"scene")


def test_no_more_frames_are_in_work_than_there_are_workers() -> None:
    async def test() -> None:
        analyser = BusyAnalyser()
        running = Running(analyser, workers=2)
        doors = [running.joined(name) for name in "abc"]
        for door in doors:
            running.offer(door)
        for _ in range(20):
            await asyncio.sleep(0)
        assert len(analyser.asked) == 2
        analyser.done.set()
        for door in doors:
            await door.answers.get()
        await running.end()

    run(test)


def test_whole_pictures_are_searched_one_at_a_time() -> None:
    """So that a worker is left for the other doors; the search that was put off is made up for."""
    rounds: list[list[Scan]] = []

    async def test() -> None:
        analyser = BusyAnalyser()
        running = Running(analyser, workers=2)
        doors = [running.joined(name) for name in "ab"]
        for _ in range(20):
            analyser.done.clear()
            analyser.asked.clear()
            for door in doors:
                offer_later(running, door)
                await analyser.asking.acquire()
            rounds.append([hints.scan for hints in analyser.asked])
            analyser.done.set()
            for door in doors:
                await door.answers.get()
        await running.end()

    run(test)
    assert all(scans.count(Scan.EVERYWHERE) <= 1 for scans in rounds[1:]), "but for first frames"
    for door in range(2):
        assert Scan.EVERYWHERE in [scans[door] for scans in rounds[1:]]


def offer_later(running: Running, door: FakePeer) -> None:
    """A frame 1.4 s after the last one."""
    for _ in range(6):
        door.frame()
    running.offer(door)


def test_answers_come_in_the_order_of_their_frames() -> None:
    async def test() -> None:
        running = Running(workers=2)
        peer = running.joined()
        await running.show(peer, 30)
        seqs = [message.seq for message in peer.told if isinstance(message, Result)]
        assert all(one < other for one, other in pairwise(seqs))
        assert peer.verdicts.count(GRANTED) == 28 and ADA.faces
        await running.end()

    run(test)


def test_other_rules_hold_for_the_next_frame_at_every_door_and_are_told_with_it() -> None:
    heard = Heard(FrameObserved, DoorClosed)

    async def test() -> None:
        running = Running(sinks=[heard])
        before, after = running.rules, replace(running.rules, looks=5)
        here, there = running.joined("here"), running.joined("there")
        await running.show(here, 2)
        await running.show(there, 2)
        running.rules = after
        await running.show(here)
        await running.show(there)
        assert here.verdicts == there.verdicts == [CHECKING] * 3
        await running.service.leave(here)
        running.rules = before
        await running.show(there)
        assert there.verdicts[-1] is GRANTED
        await running.end()
        seen = [event for event in heard.events if isinstance(event, FrameObserved)]
        assert [event.rules for event in seen] == [before] * 4 + [after] * 2 + [before]
        (closed,) = [event for event in heard.events if isinstance(event, DoorClosed)]
        assert closed.rules == after

    run(test)


def test_frames_in_work_and_waiting_are_counted() -> None:
    async def test() -> None:
        running = Running()
        here, there = running.joined("here"), running.joined("there")
        running.audit.quick.clear()
        await running.show(here, 2)
        running.offer(here)
        await running.audit.writing.wait()
        counts = running.service.counts()
        assert (counts.connected, counts.in_work, counts.waiting) == (2, 1, 0)
        running.offer(here)
        running.offer(here)
        assert running.service.counts().waiting == 1
        running.audit.quick.set()
        await running.show(there)
        counts = running.service.counts()
        assert counts.tally.answered >= 4 and counts.tally.skipped == 1
        await running.end()

    run(test)


class SlowAnalyser(FakeAnalyser):
    """Looks at a frame only when it is let, and sees nobody at doors named so."""

    def __init__(self) -> None:
        super().__init__(NOBODY)
        self.let = asyncio.Semaphore(0)

    async def analyse(self, jpeg: bytes, hints: Hints) -> Analysis:
        await self.let.acquire()
        return await super().analyse(jpeg, hints)


async def turns() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def overloaded(peer: FakePeer) -> list[bool]:
    return [message.overloaded for message in peer.told if isinstance(message, Result)]


def test_what_has_waited_for_too_long_is_not_looked_at_but_told_so() -> None:
    async def test() -> None:
        analyser = SlowAnalyser()
        running = Running(analyser)
        first, second, late = (running.joined(name) for name in ("first", "second", "late"))
        running.offer(first)
        await turns()
        running.service.offer(second, PendingFrame(1, b"", time.monotonic() - 2 * STALE_SECONDS))
        running.service.offer(late, PendingFrame(7, b"", time.monotonic() - 2 * STALE_SECONDS))
        analyser.let.release()
        await first.answers.get()
        await turns()
        (told,) = late.told
        assert isinstance(told, Result) and told.overloaded and told.seq == 7
        assert (told.verdict, told.prompt, told.decision) == (CHECKING, Prompt.WAIT, None)
        assert second.told == [], "whose turn it is is looked at, however late"
        analyser.let.release()
        await second.answers.get()
        running.offer(late)
        analyser.let.release()
        await late.answers.get()
        await late.answers.get()
        assert overloaded(late) == [True, False] and overloaded(first) == overloaded(second) == [False]
        await running.end()

    run(test)


def test_a_door_with_somebody_before_it_goes_first() -> None:
    async def test() -> None:
        analyser = SlowAnalyser()
        running = Running(analyser)
        idle, visited = running.joined("idle"), running.joined("visited")
        analyser.sees = STRANGER
        running.offer(visited)
        analyser.let.release()
        await visited.answers.get()
        blocked = running.joined("blocked")
        running.offer(blocked)
        await turns()
        running.offer(idle)
        running.offer(visited)
        analyser.let.release()
        analyser.let.release()
        await visited.answers.get()
        assert idle.told == []
        analyser.let.release()
        await idle.answers.get()
        await running.end()

    run(test)


def test_a_terminal_that_has_had_its_share_is_looked_at_beside_the_others() -> None:
    async def test() -> None:
        analyser = FakeAnalyser(STRANGER)
        running = Running(analyser)
        greedy, door = running.joined("greedy"), running.joined("door")
        place = running.service._places[greedy]
        place.share.worked(100.0, time.monotonic())
        await running.show(greedy)
        assert analyser.beside == 0, "while nobody stands before another door"
        await running.show(door)
        await running.show(greedy)
        await running.show(door)
        assert analyser.beside == 1
        running.service._places[door].share.worked(100.0, time.monotonic())
        await running.show(greedy)
        assert analyser.beside == 1, "nor where all have had theirs"
        await running.end()

    run(test)
