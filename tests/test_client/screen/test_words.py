"""Every code of the protocol has words, and they fit the screen that they are read from."""

import pytest

from client.screen.words import INSTRUCTIONS, PROPOSALS, REFUSALS, Arrow, instruction, refusal
from tests.support.letters import LETTERING
from wire import Prompt, ProposalOutcome, Reason

BAR_WIDTH, BAR_HEIGHT = 602, 128
"""The banner below a picture of 640 x 480 pixels, without its margins."""
LEGIBLE = 22
"""Height of capitals in pixels: a letter of 7 mm on a screen of 20 cm, 12 minutes of arc at two metres."""


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


@pytest.mark.parametrize("words", [*REFUSALS.values(), *(told.sentence for told in INSTRUCTIONS.values())])
def test_words_are_ascii_and_legible_from_two_metres(words: str) -> None:
    assert words.isascii() and words.isprintable() and words
    assert LETTERING.width(words, LEGIBLE) <= BAR_WIDTH


@pytest.mark.parametrize("prompt", list(Prompt))
def test_instructions_are_legible_next_to_their_arrow(prompt: Prompt) -> None:
    told = INSTRUCTIONS[prompt]
    room = BAR_WIDTH - BAR_HEIGHT if told.arrow else BAR_WIDTH
    assert LETTERING.width(told.headline, 1.5 * LEGIBLE) <= room
    assert LETTERING.width(told.line, LEGIBLE) <= room


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
