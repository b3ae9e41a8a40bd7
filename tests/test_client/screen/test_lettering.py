"""Letters: which are shown, how wide they are, where they break."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from client.screen.lettering import MAX_CHARS, ascii_text, fit, text_width, wrap


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("José Ñandú", "Jose Nandu"),
        ("Łukasz", "?ukasz"),
        ("王小明", "???"),
        ("ﬁn ½", "fin 1?2"),
        ("tab\tnew\nline\x1b[31m\0", "tabnewline[31m"),
        ("right‮to left", "rightto left"),
        ("", ""),
    ],
)
def test_transliteration(text: str, shown: str) -> None:
    assert ascii_text(text) == shown


@given(st.text())
def test_letters_are_always_printable_ascii(text: str) -> None:
    shown = ascii_text(text)
    assert shown.isascii() and (shown.isprintable() or not shown)


def test_long_texts_are_cut() -> None:
    assert ascii_text("x" * 500) == "x" * MAX_CHARS
    assert len(ascii_text("\ufdfa" * MAX_CHARS)) == MAX_CHARS, "one character of 18 letters"


@settings(max_examples=30)
@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=80), st.integers(60, 700))
def test_wrapped_text_fits_and_loses_no_word_that_fits(text: str, width: int) -> None:
    rows = wrap(text, 12, width)
    assert all(text_width(row, 12) <= width for row in rows)
    if all(text_width(word, 12) <= width for word in text.split()):
        assert " ".join(rows).split() == text.split()


def test_rows_are_as_few_as_can_be() -> None:
    width = text_width("please ring", 12)
    assert wrap("please ring the bell", 12, width) == ["please ring", "the bell"]
    assert wrap("", 12, width) == []


@settings(max_examples=30)
@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60), st.integers(20, 700))
def test_fitted_text_fits(text: str, width: int) -> None:
    shown, height = fit(text, 40, 12, width)
    assert text_width(shown, height) <= width
    assert 12 <= height <= 40
    assert shown == text or shown.endswith("...") or shown == ""


def test_text_that_fits_is_not_touched() -> None:
    assert fit("GRANTED Ada Lovelace", 45, 22, 602)[0] == "GRANTED Ada Lovelace"
