"""The hand-over slot."""

import threading

from client.latest import Latest


def test_newer_value_replaces_one_that_nobody_took() -> None:
    slot: Latest[int] = Latest()
    slot.put(1)
    slot.put(2)
    assert slot.take() == 2
    assert slot.take() is None


def test_take_waits_for_a_value() -> None:
    slot: Latest[str] = Latest()
    taken: list[str | None] = []
    taker = threading.Thread(target=lambda: taken.append(slot.take(10)))
    taker.start()
    slot.put("frame")
    taker.join(10)
    assert taken == ["frame"]
