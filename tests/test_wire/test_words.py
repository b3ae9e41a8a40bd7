"""Every code of the protocol has words."""

import json

import pytest

from wire import Prompt, ProposalOutcome, Reason
from wire.words import INSTRUCTIONS, PROPOSALS, REFUSALS, Arrow, Banner, instruction, refusal, vocabulary


def test_every_reason_has_words() -> None:
    assert set(REFUSALS) == set(Reason)
    assert [refusal(reason.value) for reason in Reason] == list(REFUSALS.values())


@pytest.mark.parametrize("code", ["", "of_a_newer_server", "UNKNOWN_FACE"])
def test_an_unknown_reason_reads_as_not_recognised(code: str) -> None:
    assert refusal(code) == "Not recognised"


def test_every_outcome_of_a_proposal_has_words() -> None:
    assert set(PROPOSALS) == {*ProposalOutcome, None}
    assert all(words.isascii() and words.isprintable() and words for words in PROPOSALS.values())


def test_every_prompt_has_words() -> None:
    assert set(INSTRUCTIONS) == set(Prompt)
    assert all(told.headline == told.headline.upper() != "" for told in INSTRUCTIONS.values())


def test_what_is_moved_has_an_arrow_and_to_its_own_side() -> None:
    arrows = {prompt: told.arrow for prompt, told in INSTRUCTIONS.items() if told.arrow}
    assert arrows == {
        Prompt.TURN_LEFT: Arrow.LEFT,
        Prompt.TURN_RIGHT: Arrow.RIGHT,
        Prompt.OPEN_MOUTH: Arrow.DOWN,
    }


@pytest.mark.parametrize(
    ("seconds", "line"),
    [
        (None, ""),
        (0.0, "Try again in 0 s"),
        (0.2, "Try again in 1 s"),
        (90.0, "Try again in 90 s"),
        (90.1, "Try again in 2 minutes"),
        (3600.0, "Try again in 60 minutes"),
    ],
)
def test_a_wait_says_how_long(seconds: float | None, line: str) -> None:
    assert instruction(Prompt.WAIT, seconds).line == line


def test_nothing_else_says_how_long() -> None:
    for prompt in set(Prompt) - {Prompt.WAIT}:
        assert instruction(prompt, 3.0) == INSTRUCTIONS[prompt]


def test_an_instruction_in_one_line() -> None:
    assert INSTRUCTIONS[Prompt.STEP_AWAY].sentence == "Step away, then come back"
    assert INSTRUCTIONS[Prompt.HOLD_STILL].sentence == "Hold still"


@pytest.mark.parametrize("words", [*REFUSALS.values(), *(told.sentence for told in INSTRUCTIONS.values())])
def test_words_are_ascii(words: str) -> None:
    assert words.isascii() and words.isprintable() and words


def test_a_page_gets_all_of_it() -> None:
    told = json.loads(json.dumps(vocabulary()))
    assert set(told["refusals"]) == {reason.value for reason in Reason}
    assert set(told["instructions"]) == {prompt.value for prompt in Prompt}
    assert told["instructions"]["turn_left"]["arrow"] == "left"
    assert set(told["banners"].values()) == {banner.value for banner in Banner}
    assert told["unknown_refusal"] == "Not recognised"
