"""Names of all people, seen by their pixels."""

from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from client.screen.fonts import Fonts
from client.screen.lettering import Lettering
from client.screen.pieces import DEEPEST, HIGHEST, ONE_BY_ONE, Pieces
from tests.support.letters import DEJAVU, LETTERING, needs_dejavu, needs_letters, needs_raqm, written

FONTS = Fonts()
PLAIN = Lettering(FONTS, raqm=False)
"""Without libraqm, wherever it is."""
BOTH = pytest.mark.parametrize("lettering", [LETTERING, PLAIN], ids=["as here", "without libraqm"])
BASELINE = 60


def by_pillow(text: str, engine: ImageFont.Layout, left: int = 20) -> NDArray[Any]:
    """`text` as Pillow writes it in DejaVu, of the size that `written` has: uint8[100, 300]."""
    size = round(30 / FONTS.main.capital)
    sheet = Image.new("L", (300, 100))
    font = ImageFont.truetype(str(DEJAVU), size, layout_engine=engine)
    ImageDraw.Draw(sheet).text((left, BASELINE), text, fill=255, font=font, anchor="ls")
    return np.asarray(sheet)


def parts(ink: NDArray[Any]) -> int:
    """How many separate shapes there are."""
    return int(cv2.connectedComponents((ink > 100).astype(np.uint8))[0]) - 1


def columns(ink: NDArray[Any]) -> NDArray[Any]:
    filled: NDArray[Any] = np.flatnonzero(ink.any(axis=0))
    return filled


@needs_dejavu
@BOTH
def test_latin_is_written_as_pillow_writes_it(lettering: Lettering) -> None:
    for text in ("Jos\u00e9 M\u00fcller", "Łukasz", "Дмитрий"):
        assert (written(lettering, text) == by_pillow(text, ImageFont.Layout.BASIC)).all()


@needs_dejavu
@BOTH
def test_hebrew_stands_from_right_to_left(lettering: Lettering) -> None:
    drawn = written(lettering, "שרה")
    assert np.abs(drawn.astype(int) - by_pillow("הרש", ImageFont.Layout.BASIC)).mean() < 1.5
    assert np.abs(drawn.astype(int) - by_pillow("שרה", ImageFont.Layout.BASIC)).mean() > 5


@needs_dejavu
@BOTH
def test_arabic_letters_are_joined(lettering: Lettering) -> None:
    assert parts(by_pillow("محمد", ImageFont.Layout.BASIC)) == 4
    assert parts(written(lettering, "محمد")) == 1


@needs_dejavu
@needs_raqm
@pytest.mark.parametrize("text", ["محمد علي", "سلام", "שרה!", "שָׁלוֹם", "m\u0308 x\u0323\u0302"])
def test_with_libraqm_a_row_of_one_font_is_as_it_writes_it(text: str) -> None:
    difference = written(LETTERING, text).astype(int) - by_pillow(text, ImageFont.Layout.RAQM)
    assert not difference.any()


@needs_dejavu
def test_without_libraqm_vowel_signs_are_left_out() -> None:
    assert (written(PLAIN, "שָׁלוֹם") == written(PLAIN, "שלום")).all()


@needs_dejavu
@BOTH
def test_marks_stand_above_and_below_their_letter(lettering: Lettering) -> None:
    plain, above, below = (written(lettering, text) for text in ("x", "x\u0302", "x\u0323"))
    top = int(np.flatnonzero(plain.any(axis=1))[0])
    assert not plain[: top - 2].any() and above[: top - 2, columns(plain)].any()
    assert not plain[BASELINE + 2 :].any() and below[BASELINE + 2 :, columns(plain)].any()


@needs_letters("李小龙")
@BOTH
def test_chinese_letters_differ_and_are_as_wide_as_said(lettering: Lettering) -> None:
    drawn = written(lettering, "李小龙")
    assert drawn.any() and not np.array_equal(drawn, written(lettering, "???"))
    assert len({written(lettering, char).tobytes() for char in "李小龙"}) == 3
    assert columns(drawn)[-1] == pytest.approx(20 + lettering.width("李小龙", 30), abs=5)


@needs_letters("李小龙 김 や")
def test_scripts_mix_in_one_name() -> None:
    """Each part is drawn as it is alone, one after the other."""
    drawn = written(LETTERING, "José 李小龙 김", width=500)
    first = LETTERING.width("José ", 30)
    assert (drawn[:, : 20 + first] == written(LETTERING, "José", width=20 + first)).all()
    rest = written(LETTERING, "李小龙 김", 20 + first, width=500)
    assert np.abs(drawn[:, 20 + first :].astype(int) - rest[:, 20 + first :]).mean() < 1


@needs_letters("שרה 李")
@BOTH
def test_parts_from_right_to_left_change_places(lettering: Lettering) -> None:
    """What is read first stands on the right. (Letters may begin at another part of a pixel there.)"""
    drawn, alone = written(lettering, "שרה 李", width=500), written(lettering, "שרה", width=500)
    letters = columns(alone)
    size = int(letters[-1] - letters[0])
    on_the_right = drawn[:, columns(drawn)[-1] - size : columns(drawn)[-1]].astype(int)
    assert np.abs(on_the_right - alone[:, letters[-1] - size : letters[-1]]).mean() < 8
    assert np.abs(on_the_right[:, ::-1] - alone[:, letters[-1] - size : letters[-1]]).mean() > 20


@needs_letters("क्ष हि")
@needs_raqm
def test_with_libraqm_devanagari_is_stacked_and_reordered() -> None:
    assert LETTERING.width("क्ष", 30) < PLAIN.width("क्ष", 30)
    sign, letter = columns(written(LETTERING, "हि"))[0], columns(written(PLAIN, "हि"))[0]
    assert sign == pytest.approx(letter, abs=6)
    assert not np.array_equal(written(LETTERING, "हि"), written(PLAIN, "हि"))


@BOTH
@settings(max_examples=50, deadline=None)
@given(st.text(max_size=12) | st.text("Ấạ\u0303\u0323gีู้์\u0302ྜྷȘj", max_size=12))
def test_no_letter_reaches_into_other_rows(lettering: Lettering, text: str) -> None:
    rows = np.flatnonzero(written(lettering, lettering.legible(text), width=600).any(axis=1))
    assert rows.size == 0 or (
        rows[0] >= BASELINE - HIGHEST * 30 - 2 and rows[-1] <= BASELINE + DEEPEST * 30 + 2
    )


ABOVE, BELOW = "\u0301\u0302\u0303\u0304\u0306\u0307", "\u0323\u0324\u0325\u0330\u0331"
"""Marks that libraqm stacks."""


@needs_dejavu
@needs_raqm
def test_what_reaches_too_high_is_written_smaller() -> None:
    pieces = Pieces(FONTS)
    assert pieces.of("A" + ABOVE)[0].scale < pieces.of("q\u0303")[0].scale == 1


@needs_dejavu
@needs_raqm
@pytest.mark.parametrize("marks", [ABOVE * 4, BELOW * 4], ids=["above", "below"])
def test_what_still_reaches_too_far_is_cut(marks: str) -> None:
    rows = np.flatnonzero(written(LETTERING, "A" + marks).any(axis=1))
    assert rows[0] >= BASELINE - HIGHEST * 30 - 2 and rows[-1] <= BASELINE + DEEPEST * 30 + 2


@needs_letters("李")
def test_blanks_and_signs_stay_with_the_letters_before_them() -> None:
    assert [piece.text for piece in Pieces(FONTS).of("李, 李 - A")] == ["李, 李 - ", "A"]


@needs_dejavu
def test_latin_needs_no_more_room_than_there_is() -> None:
    font = ImageFont.truetype(str(DEJAVU), 1000, layout_engine=ImageFont.Layout.BASIC)
    boxes = [
        font.getbbox(chr(code), anchor="ls")
        for code in ONE_BY_ONE
        if LETTERING.legible(chr(code)) == chr(code)
    ]
    capital = FONTS.main.capital * 1000
    assert min(top for _, top, _, _ in boxes) >= -HIGHEST * capital
    assert max(bottom for *_, bottom in boxes) <= DEEPEST * capital
