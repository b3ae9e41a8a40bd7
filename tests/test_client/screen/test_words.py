"""The words fit the screen that they are read from."""

import pytest

from tests.support.letters import LETTERING
from wire import Prompt
from wire.words import INSTRUCTIONS, REFUSALS

BAR_WIDTH, BAR_HEIGHT = 602, 128
"""The banner below a picture of 640 x 480 pixels, without its margins."""
LEGIBLE = 22
"""Height of capitals in pixels: a letter of 7 mm on a screen of 20 cm, 12 minutes of arc at two metres."""


@pytest.mark.parametrize("words", [*REFUSALS.values(), *(told.sentence for told in INSTRUCTIONS.values())])
def test_words_are_legible_from_two_metres(words: str) -> None:
    assert LETTERING.width(words, LEGIBLE) <= BAR_WIDTH


@pytest.mark.parametrize("prompt", list(Prompt))
def test_instructions_are_legible_next_to_their_arrow(prompt: Prompt) -> None:
    told = INSTRUCTIONS[prompt]
    room = BAR_WIDTH - BAR_HEIGHT if told.arrow else BAR_WIDTH
    assert LETTERING.width(told.headline, 1.5 * LEGIBLE) <= room
    assert LETTERING.width(told.line, LEGIBLE) <= room
