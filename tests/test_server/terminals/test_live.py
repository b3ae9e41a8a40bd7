"""What a viewer sees of the doors, and what is known of how they fare."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest

from server.access.camera import CameraState
from server.events import Events, TerminalHealth
from server.terminals.live import GONE_SECONDS, MOST_GONE, LiveBoard, Viewer
from server.terminals.pace import Rates, Spread
from server.terminals.peer import PendingFrame
from tests.support.service import HINTS, NOBODY, FakePeer, Heard, Running
from wire import Result, Timing, Verdict

SECONDS = 10.0


class Board:
    """A live board with a clock of its own, and what it told."""

    def __init__(self) -> None:
        self.now = 100.0
        self.heard = Heard(TerminalHealth)
        self.events = Events([self.heard])
        self.live = LiveBoard(self.events, HINTS.min_face, lambda: self.now)

    def joined(self, terminal: str, session: str = "") -> FakePeer:
        peer = FakePeer(terminal)
        peer.id = session or terminal
        self.live.join(peer)
        return peer

    def answer(self, peer: FakePeer, jpeg: bytes = b"jpeg", seconds: float = 0.125) -> PendingFrame:
        self.now += seconds
        frame = PendingFrame(1, jpeg, self.now)
        result = Result(1, Verdict.NONE, (), None, Timing(2.0, 20.0))
        self.live.answered(peer, frame, NOBODY, result, None)
        return frame


def run(test: Callable[[Board], Awaitable[None]]) -> Board:
    board = Board()
    asyncio.run(asyncio.wait_for(test(board), SECONDS))
    board.events.close()
    return board


def pictures(viewer: Viewer) -> list[tuple[str, bytes]]:
    """What there is to see at once."""
    frames: list[tuple[str, bytes]] = []

    async def look() -> None:
        frames.extend((frame.terminal, frame.jpeg) for frame in await viewer.newer())

    coroutine = look()
    try:
        coroutine.send(None)
    except StopIteration:
        return frames
    coroutine.close()
    return frames


def test_a_viewer_sees_the_newest_picture_of_each_door_once() -> None:
    async def test(board: Board) -> None:
        front, back = board.joined("front"), board.joined("back")
        board.answer(back, b"b1")
        board.answer(front, b"f1")
        board.answer(front, b"f2")
        with board.live.watch() as viewer:
            assert pictures(viewer) == [("back", b"b1"), ("front", b"f2")]
            assert pictures(viewer) == []
            board.answer(back, b"b2")
            assert pictures(viewer) == [("back", b"b2")]

    run(test)


def test_a_picture_is_the_very_one_that_came_with_its_answer() -> None:
    async def test(board: Board) -> None:
        front = board.joined("front")
        frame = board.answer(front)
        with board.live.watch(["front"]) as viewer:
            (live,) = await viewer.newer()
        assert live.jpeg is frame.jpeg and live.result.seq == frame.seq
        assert (live.terminal, live.session) == ("front", front.id)

    run(test)


def test_a_slow_viewer_skips_and_keeps_nobody_waiting() -> None:
    async def test(board: Board) -> None:
        front = board.joined("front")
        with board.live.watch() as slow, board.live.watch() as quick:
            seen = []
            for number in range(100):
                board.answer(front, b"%d" % number)
                seen += pictures(quick)
            assert len(seen) == 100
            assert pictures(slow) == [("front", b"99")]

    run(test)


def test_what_is_shown_late_is_the_newest_and_is_not_shown_again() -> None:
    async def test(board: Board) -> None:
        front, back = board.joined("front"), board.joined("back")
        board.answer(front, b"f1")
        board.answer(back, b"b1")
        with board.live.watch() as viewer:
            first, second = await viewer.newer()
            board.answer(back, b"b2")
            board.answer(front, b"f2")
            assert viewer.renewed(second).jpeg == b"b2"
            assert pictures(viewer) == [("front", b"f2")]
            board.live.leave(front)
            assert viewer.renewed(first) is first

    run(test)


def test_a_viewer_is_woken_by_the_doors_it_watches_only() -> None:
    async def test(board: Board) -> None:
        front, back = board.joined("front"), board.joined("back")
        with board.live.watch(["front"]) as viewer:
            waiting = asyncio.ensure_future(viewer.newer())
            await asyncio.sleep(0)
            board.answer(back)
            await asyncio.sleep(0)
            assert not waiting.done()
            board.answer(front, b"f")
            assert [frame.jpeg for frame in await waiting] == [b"f"]

    run(test)


def test_viewers_are_counted_until_they_part() -> None:
    async def test(board: Board) -> None:
        with board.live.watch() as one:
            other = board.live.watch(["front"])
            assert board.live.viewers == 2
            other.close()
            other.close()
            assert board.live.viewers == 1 and one.wants("front") and not other.wants("back")
        assert board.live.viewers == 0

    run(test)


def test_health_tells_how_a_terminal_fares() -> None:
    async def test(board: Board) -> None:
        front = board.joined("front")
        front.clock_skew = -3.5
        for _ in range(20):
            board.answer(front)
            board.live.skipped(front)
        (health,) = board.live.health()
        assert (health.terminal, health.session, health.address) == ("front", front.id, front.address)
        assert health.rates == Rates(8.0, 8.0, Spread(2.0, 2.0), Spread(20.0, 20.0))
        assert health.left is None and health.clock_skew == -3.5 and health.camera is CameraState.OK

    run(test)


def test_who_has_left_shows_for_a_while_without_a_picture() -> None:
    async def test(board: Board) -> None:
        front = board.joined("front")
        board.answer(front)
        board.live.leave(front)
        assert [health.left is not None for health in board.live.health()] == [True]
        assert board.live.newest() == []
        board.now += GONE_SECONDS + 1
        assert board.live.health() == []

    run(test)


def test_who_comes_back_shows_once() -> None:
    async def test(board: Board) -> None:
        one, other = board.joined("front", "1"), board.joined("front", "2")
        board.live.leave(one)
        board.live.leave(other)
        board.joined("front", "3")
        assert [(health.session, health.left) for health in board.live.health()] == [("3", None)]

    run(test)


def test_only_the_last_of_many_who_have_left_show() -> None:
    async def test(board: Board) -> None:
        board.joined("front")
        for number in range(MOST_GONE + 5):
            board.live.leave(board.joined(f"gone {number}"))
        shown = {health.terminal for health in board.live.health()}
        assert "front" in shown and len(shown) == MOST_GONE + 1
        assert "gone 4" not in shown and "gone 5" in shown

    run(test)


def test_a_camera_that_fails_is_told_once_also_over_a_lost_connection(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)

    async def test(board: Board) -> None:
        front = board.joined("front", "1")
        for _ in range(12):
            board.answer(front, b"the same", seconds=0.6)
        board.live.leave(front)
        front = board.joined("front", "2")
        for _ in range(12):
            board.answer(front, b"the same", seconds=0.6)
        (health,) = board.live.health()
        assert health.camera is CameraState.FROZEN
        for number in range(20):
            board.answer(front, b"%d" % number, seconds=0.6)

    board = run(test)
    events = [event for event in board.heard.events if isinstance(event, TerminalHealth)]
    told = [(event.session, event.camera) for event in events]
    assert told == [("2", CameraState.FROZEN), ("2", CameraState.OK)]
    messages = [record.message for record in caplog.records if record.name == "server.terminals.live"]
    assert [message.partition(":")[0] for message in messages] == ["front", "front"]
    assert "frozen" in messages[0] and "all right" in messages[1]


def test_the_frame_service_keeps_the_board() -> None:
    async def test() -> None:
        running = Running()
        peer = running.joined()
        with running.board.watch(["door"]) as viewer:
            await running.show(peer, 3)
            (frame,) = await viewer.newer()
        assert frame.result is peer.told[-1]
        (health,) = running.board.health()
        assert health.decision is not None and health.decision.name == "Ada"
        assert health.decision.nearest[0].name == "Ada" and health.decided is not None
        for _ in range(3):
            running.offer(peer)
        await peer.answers.get()
        assert running.board.health()[0].rates.skipped > 0
        await running.service.leave(peer)
        assert running.board.health()[0].left is not None
        await running.end()

    asyncio.run(asyncio.wait_for(test(), SECONDS))


def test_all_frames_are_counted_whoever_has_left() -> None:
    async def test(board: Board) -> None:
        front = board.joined("front")
        board.answer(front)
        board.live.skipped(front)
        board.live.leave(front)
        board.answer(board.joined("back"))
        assert (board.live.tally.answered, board.live.tally.skipped) == (2, 1)

    run(test)


def test_a_camera_that_gives_no_picture_is_told_when_its_terminal_says_so() -> None:
    async def test(board: Board) -> None:
        front = board.joined("front")
        board.answer(front, b"one")
        front.picture_age = 5.0
        board.live.look()
        assert board.live.health()[0].camera is CameraState.OK
        assert board.live.health()[0].camera_since == board.live.health()[0].connected
        front.picture_age = 5.1
        for _ in range(2):
            board.live.look()
        health = board.live.health()[0]
        assert health.camera is CameraState.NO_PICTURE and health.camera_since > health.connected
        board.live.leave(front)
        board.live.look()
        front = board.joined("front")
        board.live.look()

    board = run(test)
    told = [event.camera for event in board.heard.events if isinstance(event, TerminalHealth)]
    assert told == [CameraState.NO_PICTURE, CameraState.OK]
