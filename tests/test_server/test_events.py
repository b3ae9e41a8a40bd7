"""The fan-out of events: every sink gets what it wants in order, and none of them holds up anybody."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import pytest

from server.access.observed import ObservedFrame
from server.access.rules import Rules
from server.access.seen import Analysis
from server.events import (
    MAX_WAITING,
    MAX_WAITING_BYTES,
    Enrolled,
    Event,
    Events,
    FrameObserved,
    TerminalChanged,
)

PATIENCE = 10.0
START = datetime(2026, 11, 22, 8, 0, 0)


class Sink:
    """Takes notes. `held`: it waits for `go_on` in its first event, and has `begun` then."""

    def __init__(self, *wants: type, name: str = "sink", held: bool = False) -> None:
        self.name = name
        self.wants = wants or (Enrolled,)
        self.notes: list[Event | str] = []
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.has_missed, self.closed = threading.Event(), threading.Event()
        if not held:
            self.go_on.set()

    def take(self, event: Event) -> None:
        self.begun.set()
        self.go_on.wait(PATIENCE)
        self.notes.append(event)

    def missed(self, events: int) -> None:
        self.notes.append(f"missed {events}")
        self.has_missed.set()

    def close(self) -> None:
        self.notes.append("closed")
        self.closed.set()


class Failing(Sink):
    def take(self, event: Event) -> None:
        super().take(event)
        raise ValueError(f"no {event}")

    def missed(self, events: int) -> None:
        super().missed(events)
        raise ValueError("missed")


class Stepwise(Sink):
    """Takes an event for each of the `steps` released."""

    def __init__(self) -> None:
        super().__init__()
        self.steps = threading.Semaphore(0)

    def wait_for_next(self) -> None:
        """It is about to take another event."""
        assert self.begun.wait(PATIENCE)
        self.begun.clear()

    def take(self, event: Event) -> None:
        self.begun.set()
        self.steps.acquire(timeout=PATIENCE)
        self.notes.append(event)


@contextmanager
def held(sink: Sink, *others: Sink) -> Iterator[Events]:
    """The sink has begun to take one event, and takes no other one until it may go on."""
    told = Events([sink, *others])
    told.publish(numbered(0))
    assert sink.begun.wait(PATIENCE)
    yield told
    sink.go_on.set()
    told.close()


def numbered(number: int) -> Enrolled:
    return Enrolled(number, 0)


def a_frame(picture: bytes | None) -> FrameObserved:
    frame = ObservedFrame(0.0, START, Analysis(1, 1, ()), (), (0, 0), jpeg=picture)
    return FrameObserved("s", "front", frame, Rules())


def test_every_sink_gets_what_it_wants_in_order() -> None:
    both, one, neither = Sink(Enrolled, TerminalChanged), Sink(TerminalChanged), Sink(FrameObserved)
    told = Events([both, one, neither])
    changed = TerminalChanged("front", "s", True)
    for event in (numbered(1), changed, numbered(2), changed):
        told.publish(event)
    told.close()
    assert both.notes == [numbered(1), changed, numbered(2), changed, "closed"]
    assert one.notes == [changed, changed, "closed"]
    assert neither.notes == ["closed"]


def test_it_is_known_whether_anybody_wants_an_event() -> None:
    told = Events([Sink(Enrolled), Sink(Enrolled, TerminalChanged)])
    assert told.wanted(Enrolled) and told.wanted(TerminalChanged) and not told.wanted(FrameObserved)
    told.close()
    assert not Events([]).wanted(Enrolled)


def test_sinks_work_in_threads_of_their_own_that_bear_their_names() -> None:
    names = []

    class Named(Sink):
        def take(self, event: Event) -> None:
            names.append(threading.current_thread().name)

    told = Events([Named(name="one"), Named(name="other")])
    told.publish(numbered(1))
    told.close()
    assert sorted(names) == ["one", "other"]


def test_a_sink_that_hangs_holds_up_neither_the_publisher_nor_the_others() -> None:
    hanging, well = Sink(held=True), Sink()
    with held(hanging, well) as told:
        for number in range(1, 100):
            told.publish(numbered(number))
        told.publish(numbered(100))
        closing = threading.Thread(target=told.close, daemon=True)
        closing.start()
        assert well.closed.wait(PATIENCE)
        assert well.notes == [*map(numbered, range(101)), "closed"] and hanging.notes == []
        hanging.go_on.set()
        closing.join(PATIENCE)
    assert hanging.notes == [*map(numbered, range(101)), "closed"], "nothing is lost by waiting"


def test_a_sink_that_raises_gets_the_next_event_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    failing, well = Failing(name="failing"), Sink()
    told = Events([failing, well])
    for number in (1, 2):
        told.publish(numbered(number))
    told.close()
    assert failing.notes == well.notes == [numbered(1), numbered(2), "closed"]
    assert [record.message for record in caplog.records] == ["failing failed"] * 2
    assert all(record.exc_info for record in caplog.records)


def test_what_does_not_fit_is_dropped_told_once_and_the_sink_learns_of_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    slow, well = Sink(name="slow", held=True), Sink(TerminalChanged)
    with held(slow, well) as told:
        for number in range(1, MAX_WAITING + 10):
            told.publish(numbered(number))
    assert slow.notes == [*map(numbered, range(MAX_WAITING + 1)), "missed 9", "closed"]
    assert [each.message for each in caplog.records] == [
        "slow does not keep up: some of what happened will be missing there"
    ]


@pytest.mark.parametrize("kind", [Sink, Failing])
def test_after_a_gap_events_come_again(kind: type[Sink]) -> None:
    sink = kind(held=True)
    with held(sink) as told:
        for number in range(1, MAX_WAITING + 2):
            told.publish(numbered(number))
        sink.go_on.set()
        assert sink.has_missed.wait(PATIENCE)
        told.publish(numbered(-1))
    assert sink.notes == [*map(numbered, range(MAX_WAITING + 1)), "missed 1", numbered(-1), "closed"]


def test_a_gap_lasts_until_all_before_it_is_taken() -> None:
    sink = Stepwise()
    told = Events([sink])
    told.publish(numbered(0))
    sink.wait_for_next()
    for number in range(1, MAX_WAITING + 2):
        told.publish(numbered(number))
    sink.steps.release()
    sink.wait_for_next()
    told.publish(numbered(-1))  # there would be room
    sink.steps.release(MAX_WAITING)
    told.close()
    assert sink.notes == [*map(numbered, range(MAX_WAITING + 1)), "missed 2", "closed"]


def test_pictures_count_by_their_size() -> None:
    sink = Sink(Enrolled, FrameObserved, held=True)
    picture = bytes(MAX_WAITING_BYTES * 2 // 5)
    frames = [a_frame(picture), a_frame(None), a_frame(picture), a_frame(picture)]
    with held(sink) as told:
        for event in frames:
            told.publish(event)
    assert sink.notes == [numbered(0), *frames[:3], "missed 1", "closed"]


def test_what_has_been_taken_makes_room_again() -> None:
    sink = Sink(FrameObserved)
    told = Events([sink])
    frame = a_frame(bytes(MAX_WAITING_BYTES // 2))
    for _ in range(20):
        sink.begun.clear()
        told.publish(frame)
        assert sink.begun.wait(PATIENCE)
    told.close()
    assert sink.notes == [*[frame] * 20, "closed"]


def test_the_end_does_not_wait_for_sinks_that_hang(caplog: pytest.LogCaptureFixture) -> None:
    sinks = [Sink(name=name, held=True) for name in ("one", "other")]
    told = Events([*sinks, Sink(name="well")])
    told.publish(numbered(0))
    told.close(0.2)
    assert [record.message for record in caplog.records] == [
        f"{name} did not end: what waited for it is lost" for name in ("one", "other")
    ]
    assert not any(sink.closed.is_set() for sink in sinks)
    for sink in sinks:
        sink.go_on.set()
        assert sink.closed.wait(PATIENCE)


def test_sinks_that_hang_are_waited_for_together_not_one_after_the_other() -> None:
    sinks = [Sink(held=True) for _ in range(8)]
    told = Events(sinks)
    told.publish(numbered(0))
    began = time.monotonic()
    told.close(0.5)
    assert time.monotonic() - began < 8 * 0.5 / 2
    for sink in sinks:
        sink.go_on.set()


def test_what_each_sink_has_missed_is_counted() -> None:
    slow, quick = Sink(name="slow", held=True), Sink(name="quick")
    told = Events([slow, quick])
    told.publish(numbered(0))
    assert slow.begun.wait(PATIENCE)
    for number in range(MAX_WAITING + 3):
        told.publish(numbered(number))
        while told.lost()["quick"] == 0 and len(quick.notes) < number:
            time.sleep(0)
    slow.go_on.set()
    told.close()
    assert told.lost() == {"slow": 3, "quick": 0}
