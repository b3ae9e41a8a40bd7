"""What is remembered of earlier answers: the newest refusal, and how long there was for a prompt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.connection.memory import Deadline, Memory, Refusal
from tests.support.fake_server import denial, grant, result
from tests.support.messages import prompt_seconds, prompts
from wire import DecisionNotice, Prompt, Verdict

T = 50.0


def refused(*decisions: DecisionNotice | None) -> Refusal | None:
    memory = Memory()
    for at, decision in enumerate(decisions):
        memory = memory.after(result(at, Verdict.DENIED, decision=decision), T + at)
    return memory.refusal


def test_a_refusal_stays_until_another_decision() -> None:
    assert refused(denial(), None, None) == Refusal(denial(), T)
    assert refused(denial(), denial("expired")) == Refusal(denial("expired"), T + 1)
    assert refused(denial(), grant()) is None
    assert refused(grant()) is None


def test_a_decision_on_somebody_who_left_tells_nobody_anything() -> None:
    assert refused(denial("left")) is None
    assert refused(denial(), denial("left")) == Refusal(denial(), T)


def deadline(*asked: tuple[float, Prompt | None, float | None]) -> Deadline | None:
    """The deadline after results received at these times with these prompts and seconds."""
    memory = Memory()
    for received, prompt, seconds in asked:
        memory = memory.after(result(1, prompt=prompt, prompt_seconds=seconds), received)
    return memory.deadline


def test_a_deadline_keeps_its_first_length_while_it_runs_down() -> None:
    assert deadline((T, Prompt.BLINK, 4.0), (T + 1.1, Prompt.BLINK, 3.0)) == Deadline(
        Prompt.BLINK, T + 4.1, 4.0
    )
    gap = deadline((T, Prompt.BLINK, 4.0), (T + 0.5, None, None), (T + 1, Prompt.BLINK, 3.0))
    assert gap == Deadline(Prompt.BLINK, T + 4, 4.0), "one answer without it"


@pytest.mark.parametrize(
    "newer",
    [(T + 1, Prompt.TURN_LEFT, 3.0), (T + 1, Prompt.BLINK, 5.0), (T + 1, Prompt.BLINK, 2.0)],
    ids=["another prompt", "the same prompt once more", "sooner"],
)
def test_a_new_deadline_starts_full(newer: tuple[float, Prompt, float]) -> None:
    found = deadline((T, Prompt.BLINK, 4.0), newer)
    assert found == Deadline(newer[1], newer[0] + newer[2], newer[2])
    assert found is not None and found.share_left(newer[0]) == 1.0


def test_time_runs_down_to_nothing() -> None:
    running = Deadline(Prompt.BLINK, T + 4, 4.0)
    assert [running.share_left(T + after) for after in (-1, 0, 1, 4, 9)] == [1, 1, 0.75, 0, 0]
    assert [running.left(T + after) for after in (1, 9)] == [3, 0]
    assert Deadline(Prompt.BLINK, T, 0.0).share_left(T) == 0


@given(st.lists(st.tuples(st.floats(0, 10), prompts, prompt_seconds), max_size=6), st.floats(-10, 100))
def test_a_share_is_a_share(asked: list[tuple[float, Prompt | None, float | None]], now: float) -> None:
    found = deadline(*asked)
    assert found is None or 0 <= found.share_left(now) <= 1
