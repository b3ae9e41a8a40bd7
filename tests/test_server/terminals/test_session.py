"""One connection from the server's side: who may speak, for how long, and what they are told at the end."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from itertools import count

import pytest

from server.access.door import Door
from server.terminals import session as module
from server.terminals.session import OUTBOX, PendingFrame, Session
from tests.support.rules import rules
from wire import (
    ClientConnection,
    ErrorCode,
    ErrorMessage,
    Frame,
    Hello,
    Limits,
    Message,
    Ping,
    Pong,
    Welcome,
    encode,
)

LIMITS = Limits(20_000, 1_000_000)
TOKENS = {"front": "the token of the front door"}


class Terminal:
    """A terminal that says what a test tells it to, at a server that has nothing but sessions."""

    def __init__(self, tokens: dict[str, str], admits: bool) -> None:
        self.session: Session
        self.frames: list[PendingFrame] = []
        self.asked = 0
        self.over = asyncio.Event()
        self._tokens = tokens
        self._admits = admits
        self._connection = ClientConnection()

    async def connect(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", port)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        numbers = count()
        self.session = Session(
            reader,
            writer,
            open_door=lambda terminal: Door(rules(), lambda: str(next(numbers)), terminal),
            limits=LIMITS,
            tokens=self._tokens,
            admit=self._admit,
            on_frame=lambda _, frame: self.frames.append(frame),
        )
        await self.session.run()
        self.over.set()

    def _admit(self, session: Session) -> bool:
        self.asked += 1
        return self._admits

    def say(self, *messages: Message) -> None:
        self.say_bytes(b"".join(encode(message) for message in messages))

    def say_bytes(self, data: bytes) -> None:
        self._writer.write(data)

    async def hear(self, number: int = 1) -> list[Message]:
        """The next messages; fewer when the server hangs up before."""
        heard: list[Message] = []
        while len(heard) < number and (data := await self._reader.read(1 << 16)):
            self._connection.feed(data)
            heard += self._connection.events()
        return heard

    async def last_words(self) -> ErrorMessage:
        """The error that ends the connection."""
        heard = await self.hear(1000)
        assert isinstance(heard[-1], ErrorMessage)
        return heard[-1]

    async def greet(self) -> None:
        self.say(Hello("front"))
        assert await self.hear() == [Welcome(self.session.id, LIMITS)]

    async def close(self) -> None:
        self._writer.close()
        self._server.close()
        await self.over.wait()


def meet(
    test: Callable[[Terminal], Awaitable[None]],
    *,
    tokens: dict[str, str] | None = None,
    admits: bool = True,
) -> None:
    async def with_terminal() -> None:
        terminal = Terminal(tokens or {}, admits)
        await terminal.connect()
        await test(terminal)
        await terminal.close()

    asyncio.run(asyncio.wait_for(with_terminal(), 30))


def test_a_reply_leaves_at_once_and_waits_for_no_acknowledgement() -> None:
    async def test(terminal: Terminal) -> None:
        await terminal.greet()
        accepted = terminal.session._writer.get_extra_info("socket")
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

    meet(test)


def test_a_hello_is_welcomed_and_frames_are_handed_on() -> None:
    async def test(terminal: Terminal) -> None:
        await terminal.greet()
        assert terminal.session.terminal == "front" and terminal.session.name == "'front'"
        terminal.say(Frame(1, b"one"), Frame(2, b"two"), Ping(9))
        assert await terminal.hear() == [Pong(9)]
        assert [(frame.seq, frame.jpeg) for frame in terminal.frames] == [(1, b"one"), (2, b"two")]

    meet(test)


def test_frames_sent_along_with_the_hello_are_handed_on() -> None:
    async def test(terminal: Terminal) -> None:
        terminal.say(Hello("front"), Frame(1, b"one"), Ping(1))
        assert isinstance((await terminal.hear(2))[1], Pong)
        assert len(terminal.frames) == 1

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
    async def test(terminal: Terminal) -> None:
        terminal.say(hello, Frame(1, b"one"))
        assert (await terminal.last_words()).code is ErrorCode.UNAUTHORIZED
        assert terminal.frames == [] and terminal.asked == 0

    meet(test, tokens=TOKENS)


def test_with_its_token_a_terminal_is_welcome() -> None:
    async def test(terminal: Terminal) -> None:
        terminal.say(Hello("front", TOKENS["front"]))
        assert isinstance((await terminal.hear())[0], Welcome)

    meet(test, tokens=TOKENS)


def test_one_terminal_too_many_is_sent_away() -> None:
    async def test(terminal: Terminal) -> None:
        terminal.say(Hello("front"), Frame(1, b"one"))
        assert (await terminal.last_words()).code is ErrorCode.TOO_MANY
        assert terminal.frames == []

    meet(test, admits=False)


@pytest.mark.parametrize("drip", [b"", encode(Hello("front"))[:-1]])
def test_whoever_does_not_say_hello_is_sent_away(drip: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HELLO_SECONDS", 0.2)

    async def test(terminal: Terminal) -> None:
        terminal.say_bytes(drip)
        assert (await terminal.last_words()).message.startswith("no complete hello within")

    meet(test)


def test_dripping_bytes_does_not_extend_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MESSAGE_SECONDS", 0.2)

    async def test(terminal: Terminal) -> None:
        await terminal.greet()

        async def drip() -> None:
            for at in range(1000):
                terminal.say_bytes(encode(Frame(1, bytes(5000)))[at : at + 1])
                await asyncio.sleep(0.01)

        dripping = asyncio.ensure_future(drip())
        assert (await terminal.last_words()).message.startswith("a message was not complete within")
        dripping.cancel()

    meet(test)


def test_whoever_falls_silent_is_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "IDLE_SECONDS", 0.2)

    async def test(terminal: Terminal) -> None:
        await terminal.greet()
        assert (await terminal.last_words()).message.startswith("nothing was received for")

    meet(test)


def test_complete_messages_keep_a_connection_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MESSAGE_SECONDS", 0.3)

    async def test(terminal: Terminal) -> None:
        await terminal.greet()
        ping = encode(Ping(1))
        terminal.say_bytes(ping[:5])
        for _ in range(6):
            await asyncio.sleep(0.1)
            terminal.say_bytes(ping[5:] + ping[:5])
            assert await terminal.hear() == [Pong(1)]

    meet(test)


def test_the_reason_arrives_although_much_was_sent_after_the_mistake() -> None:
    async def test(terminal: Terminal) -> None:
        await terminal.greet()
        terminal.say_bytes(b"\xff\xff\xff\xff" + bytes(1 << 20))
        assert (await terminal.last_words()).code is ErrorCode.FRAME_TOO_BIG

    meet(test)


def test_whoever_does_not_read_is_disconnected() -> None:
    async def test(terminal: Terminal) -> None:
        await terminal.greet()
        for number in range(OUTBOX):
            terminal.session.send(Pong(number))
        assert terminal.session.open
        terminal.session.send(Pong(OUTBOX))
        assert not terminal.session.open
        terminal.session.send(Pong(0))
        await terminal.over.wait()

    meet(test)


def test_ending_sends_what_waits_and_then_the_reason() -> None:
    async def test(terminal: Terminal) -> None:
        await terminal.greet()
        terminal.session.send(Pong(1))
        ending = asyncio.ensure_future(terminal.session.end(ErrorMessage(ErrorCode.INTERNAL, "sorry")))
        assert await terminal.hear(2) == [Pong(1), ErrorMessage(ErrorCode.INTERNAL, "sorry")]
        await ending
        await terminal.over.wait()

    meet(test)


@pytest.mark.parametrize("last", [b"", encode(Ping(1))[:3]])
def test_a_terminal_that_leaves_ends_its_session(last: bytes) -> None:
    async def test(terminal: Terminal) -> None:
        await terminal.greet()
        terminal.say_bytes(last)
        await terminal.close()
        assert not terminal.session.open

    meet(test)
