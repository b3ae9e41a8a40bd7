"""In what order letters stand. What is expected was compared with FriBiDi's levels."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.screen.reading_order import levels, visual


@pytest.mark.parametrize(
    ("read", "seen"),
    [
        ("", ""),
        ("Ada, 12:30 (x).", "Ada, 12:30 (x)."),
        ("אבג", "גבא"),
        ("אבג דה", "הד גבא"),
        ("GRANTED אבג דה, Ada", "GRANTED הד גבא, Ada"),
        ("GRANTED אבג, דה", "GRANTED הד ,גבא"),
        ("אבג Ada B דה", "הד Ada B גבא"),
        ("אבג 12:30", "12:30 גבא"),
        ("אבג 12-30", "12-30 גבא"),
        ("بجد 12-30", "30-12 دجب"),
        ("אבג 50%", "50% גבא"),
        ("Ada 50% אבג", "Ada 50% גבא"),
        ("דר. אבג...", "...גבא .רד"),
        ("GRANTED אבג (דה)", "GRANTED )הד( גבא"),
        ("אבג (Ada)", ")Ada( גבא"),
        ("Ada (אבג) [", "Ada (גבא) ["),
        ("אבג ([דה)", ")הד[( גבא"),
        ("(12) אבג", "גבא )12("),
        ("a ) אב", "a ) בא"),
        ("\u0301אב", "בא\u0301"),
        ("א\u05b8ב", "ב\u05b8א"),
    ],
)
def test_letters_stand_as_they_are_read(read: str, seen: str) -> None:
    assert "".join(read[index] for index in visual(levels(read))) == seen


@given(st.text("abc 12.,()אבגבجد%-\u0301李"))
def test_no_letter_is_lost(text: str) -> None:
    assert sorted(visual(levels(text))) == list(range(len(text)))


@given(st.text("abcß 12.,()%-+'李あ"))
def test_what_is_read_from_left_to_right_stands_so(text: str) -> None:
    assert visual(levels(text)) == list(range(len(text)))
