"""How often which decision was made."""

import pytest

from server.access.decision import Decision
from server.events import Decided
from server.vitals import decision_counts
from server.vitals.decision_counts import DecisionCounts, Kind
from tests.support.histories import entry
from wire.reasons import Reason


def decided(number: int, terminal: str, reason: Reason = Reason.RECOGNISED) -> Decided:
    line = entry(number, terminal=terminal, reason=reason)
    decision: Decision = line.decision
    return Decided(terminal, decision, (line,))


def test_decisions_are_counted_by_terminal_verdict_and_reason() -> None:
    counts = DecisionCounts()
    for number, terminal in enumerate(["front", "front", "lab"]):
        counts.take(decided(number, terminal))
    counts.take(decided(4, "front", Reason.UNKNOWN_FACE))
    assert counts.counts() == {
        Kind("front", "granted", "recognised"): 2,
        Kind("lab", "granted", "recognised"): 1,
        Kind("front", "denied", "unknown_face"): 1,
    }


def test_invented_terminals_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decision_counts, "MOST", 2)
    counts = DecisionCounts()
    for number in range(5):
        counts.take(decided(number, f"t{number}"))
    assert counts.counts() == {
        Kind("t0", "granted", "recognised"): 1,
        Kind("t1", "granted", "recognised"): 1,
        Kind("", "granted", "recognised"): 3,
    }
