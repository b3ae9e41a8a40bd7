"""Letters: which are shown, how wide they are, where they break."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from client.screen.lettering import (
    FONTS,
    MAX_CHARS,
    ONE_BY_ONE,
    OPENCV_FONTS,
    first_font,
    fit,
    legible,
    text_width,
    wrap,
    write,
)


@pytest.mark.skipif(not OPENCV_FONTS.exists(), reason="this OpenCV brings no fonts")
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Bitte bei Müller läuten", "Bitte bei Müller läuten"),
        ("Jose\u0301 Ñandú", "José Ñandú"),
        ("Łukasz Őry Şükrü Ðóra", "Łukasz Őry Şükrü Ðóra"),
        ("Ελένη Дмитрий Nguyễn", "Ελένη Дмитрий Nguyễn"),
        ("“Tür” – 5 €…", "“Tür” – 5 €…"),
        ("王小明 שרה", "??? ???"),
        ("m\u0308 n\u0302", "m n"),
        ("ﬁn ½ １2\xa0a", "fin ½ 12 a"),
        ("tab\tnew\nline\x1b[31m\0", "tabnewline[31m"),
        ("right‮to left", "rightto left"),
        ("", ""),
    ],
)
def test_letters_that_cannot_be_shown_degrade_readably(text: str, shown: str) -> None:
    assert legible(text) == shown


@given(st.text())
def test_letters_can_always_be_shown(text: str) -> None:
    shown = legible(text)
    assert shown.isprintable() and {ord(char) for char in shown} <= ONE_BY_ONE
    assert legible(shown) == shown


def test_a_letter_that_is_shown_is_in_the_font() -> None:
    font = first_font(FONTS)
    missing = bytes(font.getmask("\uffff"))
    letters = [chr(code) for code in ONE_BY_ONE if legible(chr(code)) == chr(code) != " "]
    assert len(letters) > 90
    assert [letter for letter in letters if bytes(font.getmask(letter)) == missing] == []


def test_without_any_of_the_fonts_english_is_still_written() -> None:
    font = first_font(("no such font.ttf",))
    assert font.getlength("Ring the bell") > 50


def written(text: str, left: float = 20, baseline: float = 50, grey: int = 0) -> np.ndarray:
    picture = np.full((70, 200, 3), grey, np.uint8)
    write(picture, text, left, baseline, 30, (10, 200, 90))
    return picture


def test_letters_stand_on_the_baseline_as_high_and_as_wide_as_they_are_said_to_be() -> None:
    rows, columns = np.nonzero(written("HHH").any(axis=2))
    assert (rows.max(), rows.min()) == (pytest.approx(49, abs=1), pytest.approx(20, abs=1))
    assert columns.min() >= 20 and columns.max() == pytest.approx(20 + text_width("HHH", 30), abs=5)


def test_accents_are_drawn_above_the_letters() -> None:
    assert not written("A")[:19].any() and written("Ä")[:19].any()


def test_letters_have_their_colour_and_leave_the_rest_alone() -> None:
    drawn = written("H", grey=77)
    assert (drawn == (10, 200, 90)).all(axis=2).sum() > 100
    assert (drawn[:, 100:] == 77).all()


@pytest.mark.parametrize(
    ("left", "baseline"),
    [(-15, 50), (190, 50), (20, 10), (20, 75), (-500, 50), (500, 50), (20, -90), (20, 900)],
)
def test_letters_over_the_edge_are_cut(left: float, baseline: float) -> None:
    whole = np.zeros((270, 600, 3), np.uint8)
    write(whole, "HHH", left + 200, baseline + 100, 30, (10, 200, 90))
    assert (written("HHH", left, baseline) == whole[100:170, 200:400]).all()


def test_nothing_is_written_for_nothing() -> None:
    assert not written("").any() and not written("   ").any()


def test_long_texts_are_cut() -> None:
    assert legible("x" * 500) == "x" * MAX_CHARS
    assert len(legible("\ufdfa" * MAX_CHARS)) == MAX_CHARS, "one character of 18 letters"


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
