"""All connections together: who may stay when there are too many, and how they all end."""

import asyncio
import socket
from collections.abc import Awaitable, Callable

import pytest

from server.support.guesses import NAME_FREE, SOURCE_FREE
from server.terminals.connections import Connections
from server.terminals.deadlines import DEADLINES
from server.terminals.doorstep import FAILURES_FREE, FULL, FULL_PENALISED
from server.terminals.peer import PendingFrame
from server.terminals.session import Session
from server.terminals.strangers import STRANGERS
from server.tokens.accepted import AcceptedTokens
from tests.support import virtual_time
from tests.support.fake_transport import FakeTransport
from tests.support.service import Noticed
from tests.support.waiting import until
from wire import ErrorCode, ErrorMessage, Frame, Hello, Limits, Ping, Welcome, encode

TOKENS = {"front": "the token of the front door", "back": "the token of the back door"}
MOVED = "another connection with this terminal's token took over"
HALF_A_HELLO = encode(Hello("front"))[:-1]


class Site:
    """Connections without a network; `joined` and `left` are the sessions that were reported as welcomed
    and as over."""

    def __init__(
        self, max_terminals: int = 128, tokens: dict[str, str] | None = None, refuse_second: bool = False
    ) -> None:
        self.joined: list[Session] = []
        self.left: list[Session] = []
        self.frames: list[tuple[Session, PendingFrame]] = []
        self.fault: Exception | None = None
        self.noticed = Noticed()
        self.now = 0.0
        self.tokens = AcceptedTokens.of(tokens or {}, {})
        self.connections = Connections(
            limits=Limits(20_000, 1_000_000),
            tokens=lambda: self.tokens,
            max_terminals=max_terminals,
            refuse_second=refuse_second,
            notice=self.noticed,
            tls=None,
            note=lambda terminal: None,
            on_join=self.joined.append,
            on_frame=lambda session, frame: self.frames.append((session, frame)),
            on_propose=lambda session, seq: None,
            on_leave=self._leave,
            clock=lambda: self.now,
        )

    async def _leave(self, session: Session) -> None:
        self.left.append(session)
        if self.fault is not None:
            raise self.fault

    def connect(self, address: str = "10.0.0.7") -> FakeTransport:
        transport = FakeTransport(f"{address}:40000")
        self.connections.serve(transport, address)
        return transport

    async def terminal(self, name: str = "front", address: str = "10.0.0.7") -> FakeTransport:
        transport = self.connect(address)
        await transport.greet(name, TOKENS[name])
        return transport

    async def half_hello(self, address: str = "10.0.0.66") -> FakeTransport:
        transport = self.connect(address)
        transport.say_bytes(HALF_A_HELLO)
        await asyncio.sleep(0.01)
        return transport


def at(site: Site, test: Callable[[Site], Awaitable[None]]) -> None:
    async def run() -> None:
        await test(site)
        await site.connections.hang_up(5)

    virtual_time.run(run())


def test_each_session_is_reported_when_it_is_welcomed_and_when_it_is_over() -> None:
    async def test(site: Site) -> None:
        front, back = await site.terminal("front"), await site.terminal("back")
        front.say(Frame(1, b"one"))
        back.say(Frame(1, b"one"))
        await until(lambda: len(site.frames) == 2)
        assert [session for session, _ in site.frames] == site.joined
        assert [session.terminal for session in site.joined] == ["front", "back"]
        front.leave()
        await until(lambda: site.left)
        assert [session.terminal for session in site.left] == ["front"]

    at(Site(), test)


def test_whoever_was_never_welcomed_is_not_reported() -> None:
    site = Site(tokens=TOKENS)

    async def test(site: Site) -> None:
        stranger = site.connect()
        stranger.say(Hello("front", "a wrong token"))
        assert (await stranger.last_words()).code is ErrorCode.UNAUTHORIZED

    at(site, test)
    assert site.left == []


async def let_in(site: Site, address: str) -> FakeTransport:
    """A terminal that tries until it is spoken to."""
    for _ in range(100):
        front = site.connect(address)
        site.now += 1
        if not front.aborted:
            await front.greet("front", TOKENS["front"])
            return front
    raise AssertionError("it is never spoken to")


def test_strangers_never_keep_a_terminal_out(caplog: pytest.LogCaptureFixture) -> None:
    """More half hellos than there is room for, always new ones, from the terminal's own address."""

    async def test(site: Site) -> None:
        flood = []
        for _ in range(1000):
            flood.append(await site.half_hello("127.0.0.1"))
            site.now += 0.02
        for _ in range(20):
            front = await let_in(site, "127.0.0.1")
            flood += [await site.half_hello("127.0.0.1") for _ in range(10)]
            front.leave()
        assert sum(not stranger.aborted for stranger in flood) <= FULL

    with caplog.at_level("WARNING"):
        at(Site(max_terminals=1), test)
    crowded = [message for message in caplog.messages if "have yet to say hello" in message]
    assert len(crowded) == 1, "told once, however many there are"


def test_one_network_has_not_all_places_of_strangers() -> None:
    async def test(site: Site) -> None:
        for _ in range(1000):
            await site.half_hello("10.0.0.66")
            site.now += 1
        others = [site.connect(f"10.0.1.{number}") for number in range(STRANGERS - FULL)]
        assert not any(other.aborted for other in others)
        for number, other in enumerate(others):
            await other.greet(f"door {number}")

    at(Site(), test)


def test_a_flood_of_connections_from_one_network_is_not_spoken_to_and_others_are() -> None:
    async def test(site: Site) -> None:
        for _ in range(1000):
            site.connect("10.0.0.66").leave()
            await asyncio.sleep(0.001)
        assert site.connect("10.0.0.66").aborted
        await site.terminal("front", "10.0.0.1")
        site.now += 60
        await site.terminal("back", "10.0.0.66")

    at(Site(), test)


def test_a_network_of_strangers_that_say_no_hello_has_few_places_until_it_has_kept_away() -> None:
    async def test(site: Site) -> None:
        for _ in range(2 * FAILURES_FREE):
            stranger = site.connect("10.0.0.66")
            stranger.say_bytes(b"GET / HTTP/1.1\r\n\r\n")
            await stranger.last_words()
            site.now += 0.01
        waiting = [await site.half_hello("10.0.0.66") for _ in range(30)]
        assert sum(not each.aborted for each in waiting) == FULL_PENALISED
        await site.terminal("front", "10.0.0.66")
        site.now += 3600
        waiting = [await site.half_hello("10.0.0.66") for _ in range(30)]
        assert sum(not each.aborted for each in waiting) == 30

    at(Site(), test)


def test_a_slow_terminal_elsewhere_outlasts_a_flood() -> None:
    async def test(site: Site) -> None:
        slow = site.connect("10.0.0.1")
        slow.opens.clear()
        for _ in range(2 * STRANGERS):
            await site.half_hello("10.0.0.66")
        slow.opens.set()
        await slow.greet()

    at(Site(), test)


def test_a_whole_site_behind_one_address_comes_back_at_once() -> None:
    async def test(site: Site) -> None:
        doors = []
        for _ in range(STRANGERS):
            doors.append(site.connect("10.0.0.1"))
            doors[-1].say(Hello("front"))
            await asyncio.sleep(0)  # as the listener accepts them
        for door in doors:
            (welcome,) = await door.hear()
            assert isinstance(welcome, Welcome)

    at(Site(max_terminals=STRANGERS), test)


def test_the_flood_is_told_of_again_when_it_comes_again(caplog: pytest.LogCaptureFixture) -> None:
    async def test(site: Site) -> None:
        for _ in range(2):
            flood = [site.connect() for _ in range(STRANGERS + 1)]
            await asyncio.sleep(DEADLINES.hello + DEADLINES.farewell + 1)
            assert all(stranger.aborted for stranger in flood)

    with caplog.at_level("WARNING"):
        at(Site(), test)
    assert sum("have yet to say hello" in message for message in caplog.messages) == 2


def test_only_so_many_terminals_are_admitted() -> None:
    async def test(site: Site) -> None:
        first = await site.terminal("front")
        second = site.connect()
        second.say(Hello("back"))
        assert (await second.last_words()).code is ErrorCode.TOO_MANY
        assert not first.aborted
        first.leave()
        await until(lambda: first.aborted)
        await site.terminal("back")

    at(Site(max_terminals=1), test)


@pytest.mark.parametrize("places", [2, 128])
def test_a_terminal_that_connects_again_takes_over_from_its_old_connection(
    places: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def test(site: Site) -> None:
        back = await site.terminal("back")
        old = await site.terminal("front", "10.0.0.1")
        new = await site.terminal("front", "10.0.0.2")
        old.say(Frame(1, b"one"))
        last = await old.last_words()
        assert (last.code, last.message) == (ErrorCode.TOO_MANY, MOVED)
        assert not new.aborted and not back.aborted
        newest = await site.terminal("front")
        assert (await new.last_words()).message == MOVED
        assert not newest.aborted and not site.frames

    site = Site(max_terminals=places, tokens=TOKENS)
    at(site, test)
    assert [session.terminal for session in site.left[:2]] == ["front", "front"]
    assert len(site.left) == 4, "and the last visits of each are logged"
    told = "'front': connected from 10.0.0.1:40000, and again from 10.0.0.2:40000, which takes over"
    assert told in caplog.text
    seen = {"first": "10.0.0.1", "outcome": "took_over"}
    assert site.noticed.events[0] == ("second_connection", "front", "10.0.0.2", seen)


def test_where_it_is_set_so_the_first_connection_stays(caplog: pytest.LogCaptureFixture) -> None:
    async def test(site: Site) -> None:
        first = await site.terminal("front", "10.0.0.1")
        second = site.connect("10.0.0.2")
        second.say(Hello("front", TOKENS["front"]))
        assert (await second.last_words()).message == "a terminal of this name is connected already"
        assert not first.aborted
        first.leave()
        await until(lambda: first.aborted)
        await site.terminal("front")

    at(Site(tokens=TOKENS, refuse_second=True), test)
    assert "again from 10.0.0.2:40000, which is refused" in caplog.text


def test_without_tokens_any_number_of_terminals_may_have_a_name() -> None:
    async def test(site: Site) -> None:
        one, two = await site.terminal("front"), await site.terminal("front")
        assert not one.aborted and not two.aborted

    at(Site(), test)


@pytest.mark.parametrize("hello", [Hello("front", "not its token"), Hello("front", None)])
def test_whoever_lacks_the_token_replaces_nobody(hello: Hello) -> None:
    async def test(site: Site) -> None:
        front = await site.terminal("front")
        thief = site.connect()
        thief.say(hello)
        assert (await thief.last_words()).code is ErrorCode.UNAUTHORIZED
        assert not front.aborted

    at(Site(max_terminals=1, tokens=TOKENS), test)


async def said_of(site: Site, hello: Hello, address: str) -> ErrorMessage:
    stranger = site.connect(address)
    stranger.say(hello)
    return await stranger.last_words()


async def send_without_end(terminal: FakeTransport) -> ErrorMessage:
    """Until it is parted with; returns why."""
    while True:
        terminal.say(*(Ping(number) for number in range(100)))
        for message in await terminal.hear(100):
            if isinstance(message, ErrorMessage):
                terminal.leave()
                return message


def test_who_sends_too_much_is_parted_with_and_waits_longer_each_time() -> None:
    async def test(site: Site) -> None:
        waits = []
        for _ in range(3):
            last = await send_without_end(await site.terminal("front", "10.0.0.66"))
            assert last.code is ErrorCode.TOO_MANY and "at most 120 messages" in last.message
            await asyncio.sleep(DEADLINES.farewell + 1)
            waits.append((await said_of(site, Hello("front", TOKENS["front"]), "10.0.0.66")).message)
            site.now += 100
        assert waits == [f"this terminal sent too much; wait {seconds} seconds" for seconds in (3, 5, 9)]
        assert site.noticed.events[0] == ("sent_too_much", "front", "10.0.0.66", {})
        site.now -= 100
        await site.terminal("front", "10.0.0.1")
        await site.terminal("back", "10.0.0.66")

    at(Site(tokens=TOKENS), test)


def test_who_guesses_tokens_waits_longer_each_time_and_the_terminal_does_not() -> None:
    async def test(site: Site) -> None:
        await site.terminal("front", "10.0.0.1")
        wrong = Hello("front", "not its token at all")
        said = [await said_of(site, wrong, "10.0.0.66") for _ in range(8)]
        assert [each.code for each in said] == [ErrorCode.UNAUTHORIZED] * 5 + [ErrorCode.TOO_MANY] * 3
        assert said[-1].message == "too many wrong tokens; wait 3 seconds"
        right = Hello("front", TOKENS["front"])
        assert (await said_of(site, right, "10.0.0.66")).code is ErrorCode.TOO_MANY, (
            "nor is a guess told right"
        )
        await site.terminal("front", "10.0.0.1")
        site.now = 2.0
        assert (await said_of(site, wrong, "10.0.0.66")).code is ErrorCode.UNAUTHORIZED
        assert (await said_of(site, wrong, "10.0.0.66")).message == "too many wrong tokens; wait 5 seconds"

    at(Site(tokens=TOKENS), test)


def test_guesses_from_everywhere_do_not_keep_a_terminal_out() -> None:
    async def test(site: Site) -> None:
        (await site.terminal("front", "10.0.0.1")).leave()
        for number in range(NAME_FREE + 1):
            last = await said_of(site, Hello("front", "wrong"), f"10.1.{number // 200}.{number % 200}")
        assert last.code is ErrorCode.TOO_MANY
        await site.terminal("front", "10.0.0.1")

    at(Site(tokens=TOKENS), test)


def test_after_a_restart_guesses_from_everywhere_do_not_keep_out_who_has_the_right_token() -> None:
    async def test(site: Site) -> None:
        for number in range(2 * NAME_FREE):
            last = await said_of(site, Hello("front", "wrong"), f"10.1.{number // 200}.{number % 200}")
        assert last.code is ErrorCode.TOO_MANY
        await site.terminal("front", "10.0.0.1")

    at(Site(tokens=TOKENS), test)


def test_whose_tokens_are_wrong_too_often_is_not_spoken_to() -> None:
    async def test(site: Site) -> None:
        for number in range(SOURCE_FREE):
            await said_of(site, Hello(f"door {number}", "wrong"), "10.0.0.66")
        mine, its = socket.socketpair()
        site.connections.accept(its, ("10.0.0.66", 40_000))
        assert mine.recv(100) == b"" and its.fileno() == -1
        mine.close()
        await site.terminal("front", "10.0.0.1")

    at(Site(tokens=TOKENS), test)


def test_who_shares_the_address_of_a_terminal_does_not_keep_it_out_by_guessing() -> None:
    """Of one network, that is: with IPv6 all that is beside a terminal in its house."""

    async def test(site: Site) -> None:
        (await site.terminal("front", "2001:db8::1")).leave()
        for number in range(2 * SOURCE_FREE):
            await said_of(site, Hello(f"door {number}", "wrong"), "2001:db8::66")
        for _ in range(8):
            last = await said_of(site, Hello("front", "wrong"), "2001:db8::66")
        assert last.code is ErrorCode.TOO_MANY
        await site.terminal("front", "2001:db8::1")
        right = Hello("back", TOKENS["back"])
        assert (await said_of(site, right, "2001:db8::66")).code is ErrorCode.TOO_MANY, (
            "it never came from there"
        )
        mine, its = socket.socketpair()
        assert site.connections.accept(its, ("2001:db8::1", 40_000))
        mine.close()

    at(Site(tokens=TOKENS), test)


def test_without_tokens_a_name_proves_nothing_and_replaces_nobody() -> None:
    async def test(site: Site) -> None:
        front = await site.terminal("front")
        other = site.connect()
        other.say(Hello("front"))
        assert (await other.last_words()).code is ErrorCode.TOO_MANY
        assert not front.aborted

    at(Site(max_terminals=1), test)


def test_a_terminal_whose_token_was_revoked_is_told_so_and_parted_with() -> None:
    async def test(site: Site) -> None:
        front, back = await site.terminal("front"), await site.terminal("back")
        site.tokens = AcceptedTokens.of({"back": TOKENS["back"]}, {"front": frozenset()})
        await site.connections.dismiss_unauthorised()
        assert (await front.last_words()).code is ErrorCode.UNAUTHORIZED
        assert front.aborted and not back.aborted
        again = site.connect()
        again.say(Hello("front", TOKENS["front"]))
        assert (await again.last_words()).code is ErrorCode.UNAUTHORIZED

    at(Site(tokens=TOKENS), test)


def test_hanging_up_sends_what_waits_and_reports_every_terminal() -> None:
    site = Site()

    async def test(site: Site) -> None:
        front, stranger, opening = await site.terminal("front"), site.connect(), site.connect()
        opening.opens.clear()
        front.say(Frame(1, b"one"))
        await until(lambda: site.frames)
        last = ErrorMessage(ErrorCode.INTERNAL, "an answer that is still queued")
        site.frames[0][0].send(last)
        await site.connections.hang_up(5)
        assert await front.hear() == [last]
        assert front.aborted and stranger.aborted and opening.aborted

    at(site, test)
    assert [session.terminal for session in site.left] == ["front"]


def test_a_fault_of_the_server_is_logged_and_frees_the_place(caplog: pytest.LogCaptureFixture) -> None:
    site = Site(max_terminals=1)
    site.fault = ZeroDivisionError("a defect")

    async def test(site: Site) -> None:
        front = await site.terminal("front")
        front.leave()
        await until(lambda: front.aborted and site.left)
        await site.terminal("back")

    at(site, test)
    assert "'front': disconnected by a fault of the server" in caplog.text and "a defect" in caplog.text


def test_what_may_be_an_attack_is_noticed_with_where_it_comes_from() -> None:
    async def test(site: Site) -> None:
        await site.terminal("front", "10.0.0.1")
        assert (await said_of(site, Hello("front", TOKENS["front"]), "10.0.0.2")).code is ErrorCode.TOO_MANY
        assert site.noticed.events.pop()[3]["outcome"] == "refused"
        await said_of(site, Hello("back", "a guess"), "10.0.0.66")
        await said_of(site, Hello("back"), "10.0.0.66")
        strange = await site.half_hello("10.0.0.67")
        strange.say_bytes(b"GET / HTTP/1.1\r\n\r\n")
        await strange.last_words()
        site.tokens = AcceptedTokens.of({"back": TOKENS["back"]}, {})
        await site.connections.dismiss_unauthorised()
        for _ in range(SOURCE_FREE):
            await said_of(site, Hello("back", "a guess"), "10.0.0.66")

    site = Site(tokens=TOKENS, refuse_second=True)
    at(site, test)
    wrong, none, garbage, ended, *_, last = site.noticed.events
    assert wrong == ("wrong_token", "back", "10.0.0.66", {"token": "given"})
    assert none == ("wrong_token", "back", "10.0.0.66", {"token": "none"})
    assert garbage[:3] == ("bad_protocol", None, "10.0.0.67") and garbage[3]["code"] == "bad_message"
    assert ended == ("token_ended", "front", "10.0.0.1", {})
    assert last[:3] == ("too_many_guesses", "back", "10.0.0.66") and str(last[3]["wait"]).endswith("s")


def test_a_terminal_that_falls_silent_is_no_attack() -> None:
    async def test(site: Site) -> None:
        front = await site.terminal("front")
        await front.last_words()

    site = Site()
    at(site, test)
    assert site.noticed.events == []
