"""One connection from the server's side: who may speak, for how long, and what they are told at the end."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from server.support.guesses import Guesses
from server.terminals.deadlines import DEADLINES
from server.terminals.outbox import OUTBOX
from server.terminals.peer import PendingFrame
from server.terminals.session import Session
from server.tokens.accepted import AcceptedTokens
from tests.support import virtual_time
from tests.support.fake_transport import FakeTransport
from tests.support.service import Noticed
from wire import (
    ErrorCode,
    ErrorMessage,
    Frame,
    Hello,
    Limits,
    Ping,
    Pong,
    Propose,
    ProtocolError,
    Welcome,
    encode,
)

LIMITS = Limits(20_000, 1_000_000)
TOKENS = {"front": "the token of the front door"}


class Met:
    """A session that runs, the terminal at its other end, and what the server sees of it."""

    def __init__(self, tokens: dict[str, str], admits: bool) -> None:
        self.terminal = FakeTransport()
        self.frames: list[PendingFrame] = []
        self.proposed: list[int] = []
        self.noticed = Noticed()
        self.asked = 0
        self._admits = admits
        self.session = Session(
            self.terminal,
            limits=LIMITS,
            source="10.0.0.7",
            tokens=lambda: AcceptedTokens.of(tokens, {}),
            guesses=Guesses(time.monotonic),
            notice=self.noticed,
            admit=self._admit,
            note=lambda terminal: None,
            on_frame=lambda _, frame: self.frames.append(frame),
            on_propose=lambda _, seq: self.proposed.append(seq),
        )
        self.running = asyncio.ensure_future(self.session.run())

    def _admit(self, session: Session) -> None:
        self.asked += 1
        if not self._admits:
            raise ProtocolError(ErrorCode.TOO_MANY, "too many terminals are connected")


def meet(
    test: Callable[[Met], Awaitable[None]], *, tokens: dict[str, str] | None = None, admits: bool = True
) -> None:
    """Run a test in a time of its own; afterwards the terminal leaves, and the session must end."""

    async def with_terminal() -> None:
        met = Met(tokens or {}, admits)
        await test(met)
        met.terminal.leave()
        await met.running
        assert met.terminal.aborted and not met.session.open

    virtual_time.run(with_terminal())


def now() -> float:
    return asyncio.get_running_loop().time()


def test_a_hello_is_welcomed_and_frames_are_handed_on() -> None:
    async def test(met: Met) -> None:
        assert met.session.name == met.terminal.peer and not met.session.welcomed
        assert await met.terminal.greet() == Welcome(met.session.id, LIMITS, features=("propose",))
        assert met.session.terminal == "front" and met.session.name == "'front'" and met.session.welcomed
        met.terminal.say(Frame(1, b"one"), Frame(2, b"two"), Ping(9))
        assert await met.terminal.hear() == [Pong(9)]
        assert [(frame.seq, frame.jpeg) for frame in met.frames] == [(1, b"one"), (2, b"two")]

    meet(test)


def test_a_proposal_is_handed_on() -> None:
    async def test(met: Met) -> None:
        await met.terminal.greet()
        met.terminal.say(Frame(1, b"one"), Propose(1), Ping(9))
        await met.terminal.hear()
        assert met.proposed == [1]

    meet(test)


def test_how_old_a_picture_is_counts_until_one_comes() -> None:
    async def test(met: Met) -> None:
        await met.terminal.greet()
        met.terminal.say(Ping(1, picture_age=7.5))
        await met.terminal.hear()
        assert met.session.picture_age == 7.5
        met.terminal.say(Frame(1, b"one"))
        await asyncio.sleep(0.01)
        assert met.session.picture_age is None

    meet(test)


def test_a_clock_that_is_wrong_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    async def test(met: Met) -> None:
        await met.terminal.greet()
        met.terminal.say(Ping(1))
        await met.terminal.hear()
        assert met.session.clock_skew is None and met.session.address == met.terminal.peer
        for at in (2, 3):
            met.terminal.say(Ping(at, time.time() - 3600))
            await met.terminal.hear()
        skew = met.session.clock_skew
        assert skew is not None and -3660 < skew < -3540

    meet(test)
    told = [record.message for record in caplog.records if "clock" in record.message]
    assert len(told) == 1 and "'front': its clock is 3600" in told[0] and "behind the server's" in told[0]


def test_frames_sent_along_with_the_hello_are_handed_on() -> None:
    async def test(met: Met) -> None:
        met.terminal.say(Hello("front"), Frame(1, b"one"), Ping(1))
        assert isinstance((await met.terminal.hear(2))[1], Pong)
        assert len(met.frames) == 1

    meet(test)


def test_messages_may_arrive_byte_by_byte() -> None:
    async def test(met: Met) -> None:
        for byte in encode(Hello("front")) + encode(Frame(1, b"one")) + encode(Ping(1)):
            met.terminal.say_bytes(bytes([byte]))
        assert isinstance((await met.terminal.hear(2))[1], Pong)
        assert len(met.frames) == 1

    meet(test)


@pytest.mark.parametrize(
    "hello",
    [
        Hello("front"),
        Hello("front", ""),
        Hello("front", "the token of the back door."),
        Hello("back", TOKENS["front"]),
        Hello("front", "ünicode"),
    ],
)
def test_without_its_token_a_terminal_is_sent_away(hello: Hello) -> None:
    async def test(met: Met) -> None:
        met.terminal.say(hello, Frame(1, b"one"))
        assert (await met.terminal.last_words()).code is ErrorCode.UNAUTHORIZED
        assert met.frames == [] and met.asked == 0 and not met.session.welcomed

    meet(test, tokens=TOKENS)


def test_with_its_token_a_terminal_is_welcome() -> None:
    async def test(met: Met) -> None:
        await met.terminal.greet("front", TOKENS["front"])

    meet(test, tokens=TOKENS)


def test_one_terminal_too_many_is_sent_away() -> None:
    async def test(met: Met) -> None:
        met.terminal.say(Hello("front"), Frame(1, b"one"))
        assert (await met.terminal.last_words()).code is ErrorCode.TOO_MANY
        assert met.frames == [] and not met.session.welcomed

    meet(test, admits=False)


@pytest.mark.parametrize("drip", [b"", encode(Hello("front"))[:-1]])
def test_whoever_does_not_say_hello_is_sent_away(drip: bytes) -> None:
    async def test(met: Met) -> None:
        met.terminal.say_bytes(drip)
        assert (await met.terminal.last_words()).message == "no complete hello within 5 s"
        assert now() == pytest.approx(DEADLINES.hello)

    meet(test)


def test_the_hello_is_due_as_soon_however_long_the_connection_took_to_open() -> None:
    async def test(met: Met) -> None:
        met.terminal.opens.clear()
        await asyncio.sleep(3)
        met.terminal.opens.set()
        assert (await met.terminal.last_words()).message == "no complete hello within 5 s"
        assert now() == pytest.approx(DEADLINES.hello)

    meet(test)


def test_a_connection_that_never_opens_is_closed(caplog: pytest.LogCaptureFixture) -> None:
    async def test(met: Met) -> None:
        met.terminal.opens.clear()
        assert await met.terminal.hear() == []
        assert now() == pytest.approx(DEADLINES.hello)

    with caplog.at_level("INFO"):
        meet(test)
    assert caplog.messages == ["10.0.0.7:40000: connection lost: no complete hello within 5 s"]


@pytest.mark.parametrize("opened", [True, False])
def test_a_connection_that_is_aborted_ends_without_a_word(
    opened: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async def test(met: Met) -> None:
        if not opened:
            met.terminal.opens.clear()
        await asyncio.sleep(0.1)
        met.terminal.say(Hello("front"))
        met.session.abort()
        assert await met.terminal.hear() == []
        await met.running
        assert not met.session.welcomed and met.asked == 0

    with caplog.at_level("INFO"):
        meet(test)
    assert caplog.messages == []


def test_dripping_bytes_does_not_extend_the_deadline() -> None:
    async def test(met: Met) -> None:
        await met.terminal.greet()

        async def drip() -> None:
            for byte in encode(Frame(1, bytes(5000))):
                met.terminal.say_bytes(bytes([byte]))
                await asyncio.sleep(0.5)

        dripping = asyncio.ensure_future(drip())
        assert (await met.terminal.last_words()).message == "a message was not complete within 10 s"
        assert now() == pytest.approx(DEADLINES.message)
        dripping.cancel()

    meet(test)


def test_whoever_falls_silent_is_sent_away() -> None:
    async def test(met: Met) -> None:
        await met.terminal.greet()
        assert (await met.terminal.last_words()).message == "nothing was received for 60 s"
        assert now() == pytest.approx(DEADLINES.idle)

    meet(test)


def test_complete_messages_keep_a_connection_alive() -> None:
    async def test(met: Met) -> None:
        await met.terminal.greet()
        ping = encode(Ping(1))
        met.terminal.say_bytes(ping[:5])
        for _ in range(20):
            await asyncio.sleep(DEADLINES.message - 1)
            met.terminal.say_bytes(ping[5:] + ping[:5])
            assert await met.terminal.hear() == [Pong(1)]

    meet(test)


def test_what_goes_beyond_the_allowance_is_not_read_but_kept_waiting() -> None:
    async def test(met: Met) -> None:
        await met.terminal.greet()
        met.terminal.say(*(Ping(number) for number in range(1000)))
        assert await met.terminal.hear(1000) == [Pong(number) for number in range(1000)]
        assert now() == pytest.approx(6.3, abs=0.2)
        assert not met.session.sent_too_much

    meet(test)


def test_the_reason_arrives_although_much_was_sent_after_the_mistake() -> None:
    async def test(met: Met) -> None:
        await met.terminal.greet()
        met.terminal.say_bytes(b"\xff\xff\xff\xff")
        for _ in range(100):
            met.terminal.say_bytes(bytes(1 << 16))
        assert (await met.terminal.last_words()).code is ErrorCode.FRAME_TOO_BIG
        assert met.terminal.ended_writing and await met.terminal.read() == b"", "all has been read"

    meet(test)


def test_whoever_keeps_the_connection_after_the_last_words_has_a_moment() -> None:
    async def test(met: Met) -> None:
        met.terminal.say_bytes(b"\xff\xff\xff\xff")
        assert len(await met.terminal.hear(2)) == 1
        assert now() == pytest.approx(DEADLINES.farewell)

    meet(test)


def test_whoever_does_not_read_is_disconnected() -> None:
    async def test(met: Met) -> None:
        await met.terminal.greet()
        met.terminal.reads.clear()
        for number in range(OUTBOX):
            met.session.send(Pong(number))
        assert met.session.open
        met.session.send(Pong(OUTBOX))
        assert not met.session.open
        met.session.send(Pong(0))
        await met.running

    meet(test)


def test_ending_sends_what_waits_and_then_the_reason() -> None:
    async def test(met: Met) -> None:
        await met.terminal.greet()
        met.session.send(Pong(1))
        ending = asyncio.ensure_future(met.session.end(ErrorMessage(ErrorCode.INTERNAL, "sorry")))
        assert await met.terminal.hear(2) == [Pong(1), ErrorMessage(ErrorCode.INTERNAL, "sorry")]
        met.terminal.say(Frame(1, b"too late"))
        met.terminal.leave()
        await ending
        await met.running
        assert met.frames == [] and now() == 0

    meet(test)


def test_ending_waits_only_so_long_for_a_terminal_that_does_not_leave() -> None:
    async def test(met: Met) -> None:
        await met.terminal.greet()
        await met.session.end()
        assert now() == pytest.approx(DEADLINES.farewell) and met.terminal.aborted

    meet(test)


@pytest.mark.parametrize(
    ("last", "told"),
    [(b"", "'front': disconnected"), (encode(Ping(1))[:3], "'front': disconnected in mid-message")],
)
def test_a_terminal_that_leaves_ends_its_session(
    last: bytes, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def test(met: Met) -> None:
        await met.terminal.greet()
        met.terminal.say_bytes(last)

    with caplog.at_level("INFO"):
        meet(test)
    assert caplog.messages == ["'front': connected from 10.0.0.7:40000", told]
