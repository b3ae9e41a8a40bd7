"""Security events come in floods: what is told of them is little, in time, and adds up."""

from collections.abc import Iterable
from datetime import datetime, timedelta, timezone

from server.audit.security_log import SecurityEvent, SecurityKind
from server.journal.repetitions import FIRST_LINES, MOST_SOURCES, Repetitions

START = datetime(2026, 11, 22, 8, 0, tzinfo=timezone.utc)
WRONG, SECOND = SecurityKind.WRONG_TOKEN, SecurityKind.SECOND_CONNECTION
REFUSED = SecurityKind.SIGN_IN_REFUSED


class Told:
    """Repetitions, and the lines that they have come to, without their times. The clock stands until it is
    told to go on, and what is due is asked for as often as in the server."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.taken = 0
        self._now = 0.0
        self._repetitions = Repetitions()

    def see(self, kind: SecurityKind, source: str | None, terminal: str | None = "front") -> None:
        self._take(SecurityEvent(self._moment, kind, terminal, source, {"token": "given"}))

    def refuse(self, source: str, account: str | None) -> None:
        self._take(SecurityEvent(self._moment, REFUSED, None, source, {"account": account}))

    def _take(self, event: SecurityEvent) -> None:
        self.taken += 1
        self._add(self._repetitions.take(event, self._now))

    def wait(self, seconds: float) -> None:
        until = self._now + seconds
        while self._now < until:
            self._now = min(until, self._now + 5.0)
            self._add(self._repetitions.due(self._now, self._moment))

    def end(self) -> None:
        self._add(self._repetitions.rest(self._now, self._moment))

    @property
    def counted(self) -> int:
        """How many events the lines tell of."""
        return sum(_events(line) for line in self.lines)

    @property
    def _moment(self) -> datetime:
        return START + timedelta(seconds=self._now)

    def _add(self, events: Iterable[SecurityEvent]) -> None:
        self.lines += [event.line().split(" ", 1)[1] for event in events]


def _events(line: str) -> int:
    numbers = dict(pair.split("=", 1) for pair in line.split(" ")[3:])
    return int(numbers.get("count", numbers.get("others", "1")))


def test_the_first_is_told_at_once_and_what_repeats_it_once_a_minute() -> None:
    told = Told()
    told.see(WRONG, "10.0.0.66")
    assert told.lines == ["wrong_token front 10.0.0.66 token=given"]
    for _ in range(30):
        told.wait(2)
        told.see(WRONG, "10.0.0.66")
    assert len(told.lines) == 2
    told.wait(200)
    assert told.lines[1:] == [
        "wrong_token front 10.0.0.66 count=29 since=2026-11-22T08:00:02.000+00:00",
        "wrong_token front 10.0.0.66 count=1 since=2026-11-22T08:01:00.000+00:00",
    ]


def test_nothing_is_kept_back_when_the_server_stops() -> None:
    told = Told()
    for _ in range(3):
        told.see(WRONG, "10.0.0.66")
    told.see(SecurityKind.SERVER_STOPPED, None, None)
    told.end()
    assert [line.split(" since")[0] for line in told.lines[1:]] == [
        "wrong_token front 10.0.0.66 count=2",
        "server_stopped - - token=given",
    ]


def test_after_a_quiet_minute_it_is_a_first_one_again() -> None:
    told = Told()
    for _ in range(3):
        told.see(WRONG, "10.0.0.66")
        told.wait(130)
    assert told.lines == ["wrong_token front 10.0.0.66 token=given"] * 3


def test_what_strangers_do_counts_by_where_they_come_from_whatever_they_call_themselves() -> None:
    told = Told()
    for number in range(100):
        told.see(WRONG, f"2001:db8::{number:x}", f"door {number}")
    told.wait(60)
    assert told.lines == [
        'wrong_token "door 0" 2001:db8::0 token=given',
        "wrong_token - 2001:db8::/64 count=99 since=2026-11-22T08:00:00.000+00:00",
    ]


def test_what_terminals_do_counts_by_terminal() -> None:
    told = Told()
    for terminal in ("front", "back"):
        told.see(SECOND, "10.0.0.66", terminal)
    assert [line.split(" ")[1] for line in told.lines] == ["front", "back"]


def test_a_flood_from_everywhere_is_a_few_hundred_lines_an_hour_that_add_up() -> None:
    told = Told()
    for step in range(24):  # 5 s each: two minutes
        for number in range(5 * 1467):
            told.see(WRONG, f"10.0.{step % 40}.{number % 250}")
        told.wait(5)
    told.end()
    assert told.lines[0] == "wrong_token front 10.0.0.0 token=given"
    assert len(told.lines) <= FIRST_LINES + 2 * 5, "300 an hour, and the first ones"
    assert told.counted == told.taken == 120 * 1467


def test_a_flood_of_one_kind_hides_no_other() -> None:
    told = Told()
    for number in range(50_000):
        told.see(WRONG, f"10.0.{number % 256}.{number // 256}")
    told.see(SECOND, "10.0.0.66")
    assert told.lines[-1] == "second_connection front 10.0.0.66 token=given"


def test_of_many_sources_those_with_the_most_are_named() -> None:
    told = Told()
    for number in range(FIRST_LINES):
        told.see(WRONG, f"10.0.1.{number}")
    for number in range(50):
        for _ in range(50 - number):
            told.see(WRONG, f"10.0.0.{number}")
    told.wait(60)
    named = [line.split(" since")[0] for line in told.lines[FIRST_LINES:]]
    assert named == [
        "wrong_token front 10.0.0.0 count=50",
        "wrong_token front 10.0.0.1 count=49",
        "wrong_token front 10.0.0.2 count=48",
        "wrong_token - - others=1128 sources=47",
    ]
    assert told.counted == told.taken


def test_only_so_many_sources_are_told_apart_and_all_count() -> None:
    told = Told()
    for number in range(3 * MOST_SOURCES):
        told.see(WRONG, f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    kind = told._repetitions._kinds[WRONG]
    assert len(kind._known) == MOST_SOURCES
    told.end()
    assert told.counted == told.taken


def test_no_other_kind_waits_for_the_minute_of_one() -> None:
    told = Told()
    told.see(WRONG, "10.0.0.66")
    told.wait(30)
    for _ in range(2):
        told.see(SECOND, "10.0.0.66")
    told.see(WRONG, "10.0.0.66")
    told.wait(30)
    assert len(told.lines) == 3
    told.wait(30)
    assert len(told.lines) == 4


def test_each_account_of_an_address_is_told_at_once_and_counts_by_itself() -> None:
    told = Told()
    for account in ("jane", None, "john", "jane", "jane", "john"):
        told.refuse("10.0.0.66", account)
    assert told.lines == [
        "sign_in_refused - 10.0.0.66 account=jane",
        "sign_in_refused - 10.0.0.66",
        "sign_in_refused - 10.0.0.66 account=john",
    ]
    told.wait(60)
    assert [line.partition(" since=")[0] for line in told.lines[3:]] == [
        "sign_in_refused - 10.0.0.66 account=jane count=2",
        "sign_in_refused - 10.0.0.66 account=john count=1",
    ]


def test_a_flood_of_sign_ins_from_many_addresses_is_few_lines() -> None:
    told = Told()
    for _ in range(60):
        for host in range(254):
            told.refuse(f"10.0.0.{host}", ("jane", None)[host % 2])
        told.wait(10)
    told.end()
    assert told.counted == told.taken == 60 * 254
    assert len(told.lines) <= FIRST_LINES + 10 * 5
