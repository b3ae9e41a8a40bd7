"""Letters: which are shown, how wide they are, where they break."""

import unicodedata
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from client.screen.fonts import OPENCV_FOLDER, Fonts
from client.screen.lettering import MAX_CHARS, MAX_MARKS, Lettering
from tests.support.letters import LETTERING, needs_dejavu, needs_letters

OPENCV = Lettering(Fonts(folders=[OPENCV_FOLDER]))
"""Fonts of the same letters wherever OpenCV brings them."""
FONTS = Fonts()
BARE = Lettering(Fonts(folders=[]))


@needs_dejavu
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Bitte bei Müller läuten", "Bitte bei Müller läuten"),
        ("Jose\u0301 Ñandú", "José Ñandú"),
        ("Łukasz Őry Şükrü Ðóra", "Łukasz Őry Şükrü Ðóra"),
        ("Ελένη Дмитрий Nguyễn", "Ελένη Дмитрий Nguyễn"),
        ("“Tür” – 5 €…", "“Tür” – 5 €…"),
        ("שרה محمد علي Արմեն გიორგი", "שרה محمد علي Արմեն გიორგი"),
        ("李小龙 김연아 やまだ", "??? ??? ???"),
        ("m\u0308 n\u0302 \u0302", "m\u0308 n\u0302 "),
        ("１2\xa0a\u3000b\u2028c", "12 a b c"),
        ("tab\tnew\nline\x1b[31m\0", "tabnewline[31m"),
        ("right\u202eto\u2066 left", "rightto left"),
        ("e\u200d\u0301", "é"),
        ("", ""),
    ],
)
def test_letters_that_no_font_has_degrade_readably(text: str, shown: str) -> None:
    assert OPENCV.legible(text) == unicodedata.normalize("NFC", shown)


@pytest.mark.parametrize("name", ["李小龙", "田中やまだ", "김연아", "สมชาย", "मोहन", "محمد علي", "שרה"])
def test_names_are_legible_where_a_font_has_their_letters(name: str) -> None:
    if FONTS.having(name[0]) is None:
        pytest.skip(f"no font here has {name[0]}")
    assert LETTERING.legible(name) == name


def test_without_any_of_the_fonts_english_is_still_written() -> None:
    assert BARE.legible("Ring the bell, José 李") == "Ring the bell, Jose ?"
    assert BARE.width("Ring the bell", 15) > 50


@given(st.text())
def test_what_is_legible_is_printable_and_in_a_font(text: str) -> None:
    shown = LETTERING.legible(text)
    assert shown.isprintable()
    letters = [char for char in shown if not unicodedata.category(char).startswith("M")]
    assert all(LETTERING.legible(char) == char for char in letters)


def test_piles_of_marks_are_cut() -> None:
    assert len(LETTERING.legible("q" + "\u0303" * 50)) == 1 + MAX_MARKS


def written(text: str, left: float = 20, baseline: float = 50, grey: int = 0) -> NDArray[Any]:
    picture = np.full((70, 200, 3), grey, np.uint8)
    LETTERING.write(picture, text, left, baseline, 30, (10, 200, 90))
    return picture


def test_letters_stand_on_the_baseline_as_high_and_as_wide_as_they_are_said_to_be() -> None:
    rows, columns = np.nonzero(written("HHH").any(axis=2))
    assert (rows.max(), rows.min()) == (pytest.approx(49, abs=1), pytest.approx(20, abs=1))
    assert columns.min() >= 20 and columns.max() == pytest.approx(20 + LETTERING.width("HHH", 30), abs=5)


@needs_letters("Ä")
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
    LETTERING.write(whole, "HHH", left + 200, baseline + 100, 30, (10, 200, 90))
    assert (written("HHH", left, baseline) == whole[100:170, 200:400]).all()


def test_nothing_is_written_for_nothing() -> None:
    assert not written("").any() and not written("   ").any()


def test_long_texts_are_cut() -> None:
    assert LETTERING.legible("x" * 500) == "x" * MAX_CHARS
    assert len(BARE.legible("\ufdfa" * MAX_CHARS)) == MAX_CHARS, "one character of 18 letters"


@settings(max_examples=30)
@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=80), st.integers(60, 700))
def test_wrapped_text_fits_and_loses_no_word_that_fits(text: str, width: int) -> None:
    rows = LETTERING.wrap(text, 12, width)
    assert all(LETTERING.width(row, 12) <= width for row in rows)
    if all(LETTERING.width(word, 12) <= width for word in text.split()):
        assert " ".join(rows).split() == text.split()


def test_rows_are_as_few_as_can_be() -> None:
    width = LETTERING.width("please ring", 12)
    assert LETTERING.wrap("please ring the bell", 12, width) == ["please ring", "the bell"]
    assert LETTERING.wrap("", 12, width) == []


@needs_letters("请按门铃。")
def test_chinese_needs_no_blanks_to_be_broken() -> None:
    width = LETTERING.width("请按门铃。", 12) + 5  # letters are measured one by one
    assert LETTERING.wrap("请按门铃。请按门铃。OK", 12, width) == ["请按门铃。", "请按门铃。", "OK"]


@settings(max_examples=30)
@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60), st.integers(20, 700))
def test_fitted_text_fits(text: str, width: int) -> None:
    shown, height = LETTERING.fit(text, 40, 12, width)
    assert LETTERING.width(shown, height) <= width
    assert 12 <= height <= 40
    assert shown == text or shown.endswith("...") or shown == ""


def test_text_that_fits_is_not_touched() -> None:
    assert LETTERING.fit("GRANTED Ada Lovelace", 45, 22, 602)[0] == "GRANTED Ada Lovelace"
