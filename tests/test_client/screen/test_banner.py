"""Pixels of the banner: headline, lines, arrow, the time that is left."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from client.screen.banner import BANNER_COLOURS, draw_banner, layout
from client.screen.overlay import draw
from client.screen.screen import Message, Screen
from tests.support.letters import LETTERING
from wire import NOTE_CHARS, Reason
from wire.words import INSTRUCTIONS, REFUSALS, Arrow, Banner

WIDTH, HEIGHT = 640, 128


def bar(
    message: Message | None = None,
    banner: Banner = Banner.CHECKING,
    names: tuple[str, ...] = (),
    size: tuple[int, int] = (HEIGHT, WIDTH),
) -> NDArray[Any]:
    drawn = np.zeros((*size, 3), np.uint8)
    draw_banner(drawn, Screen(banner, names, (), "connected", 12.3, message or Message()), LETTERING)
    return drawn


def inked(drawn: NDArray[Any], banner: Banner = Banner.CHECKING) -> NDArray[Any]:
    """Where something is drawn: bool[height, width]."""
    mask: NDArray[Any] = (drawn != BANNER_COLOURS[banner][0]).any(axis=2)
    return mask


def rows_of_ink(drawn: NDArray[Any], banner: Banner = Banner.CHECKING) -> list[int]:
    """Heights in pixels of the rows of letters, from the top."""
    filled = inked(drawn, banner).any(axis=1)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], filled, [False]]).astype(int)))
    return [int(end - start) for start, end in edges.reshape(-1, 2)]


@pytest.mark.parametrize("banner", list(Banner))
def test_banner_is_a_bar_below_the_picture(banner: Banner) -> None:
    drawn = draw(np.full((480, 640, 3), 90, np.uint8), Screen(banner, (), (), "connected", 12.3), LETTERING)
    background, letters = BANNER_COLOURS[banner]
    below = drawn[480:608]
    assert drawn.shape == (640, 640, 3), "20 % of the whole is banner"
    assert (drawn[:480] == 90).all(), "it hides nothing"
    assert (below[:, [2, -3]] == background).all()
    assert (below == letters).all(axis=2).sum() > 1000, "the letters are big"


def test_banner_colours_tell_verdicts_apart() -> None:
    blue, green, red = BANNER_COLOURS[Banner.GRANTED][0]
    assert green > 2 * max(blue, red)
    blue, green, red = BANNER_COLOURS[Banner.DENIED][0]
    assert red > 3 * max(blue, green)
    blue, green, red = BANNER_COLOURS[Banner.CHECKING][0]
    assert red > green > blue
    for banner in (Banner.LATE, Banner.OFFLINE, Banner.NO_CAMERA):
        assert len(set(BANNER_COLOURS[banner][0])) == 1, "grey"


def test_the_name_is_on_the_banner() -> None:
    assert (bar(banner=Banner.GRANTED) != bar(banner=Banner.GRANTED, names=("Ada Lovelace",))).any()


def test_a_headline_replaces_the_banner_s_own_words() -> None:
    assert (bar(Message(Banner.CHECKING.value)) == bar()).all()
    assert (bar(Message("BLINK")) != bar()).any()


def test_a_line_stands_under_a_larger_headline() -> None:
    assert len(rows_of_ink(bar())) == 1
    headline, line = rows_of_ink(bar(Message("BLINK", ("ABC",))))
    assert headline >= 44 and 24 <= line < 0.7 * headline


def test_the_words_of_a_refusal_are_large() -> None:
    for reason in Reason:
        headline, line = rows_of_ink(
            bar(Message("", (REFUSALS[reason].upper(),)), Banner.DENIED), Banner.DENIED
        )
        assert headline >= 40 and line >= 20, reason


def test_a_long_note_is_smaller_and_in_rows() -> None:
    note = "RING THE BELL AT THE SIDE ENTRANCE " * 2
    headline, *lines = rows_of_ink(bar(Message("DENIED: WHY", (note,)), Banner.DENIED), Banner.DENIED)
    assert len(lines) == 2
    assert headline > lines[0] >= 15


LONG = st.sampled_from(["W" * NOTE_CHARS, "WWWWW " * (NOTE_CHARS // 6), "g " * (NOTE_CHARS // 2)])


@pytest.mark.parametrize("share", [None, 0.5])
@pytest.mark.parametrize("size", [(HEIGHT, WIDTH), (96, 640), (192, 1280), (160, 600), (256, 480)])
@settings(max_examples=20, deadline=None)
@given(note=st.text(max_size=NOTE_CHARS) | LONG)
def test_every_note_stays_inside_the_bar(share: float | None, size: tuple[int, int], note: str) -> None:
    drawn = inked(bar(Message(f"DENIED: {REFUSALS[Reason.NOT_LIVE]}", (note,), None, share), size=size))
    assert not drawn[:2].any() and not drawn[-2:].any() and not drawn[:, :2].any() and not drawn[:, -2:].any()


def test_a_note_that_is_cut_says_so() -> None:
    words = "WWWWWWWWW " * 20
    *_, last = layout(LETTERING, "DENIED", (words,), HEIGHT, 70, WIDTH)
    assert last.text.endswith("...")
    *_, last = layout(LETTERING, "DENIED", (words[:20],), HEIGHT, 70, WIDTH)
    assert last.text.endswith("WWW")


@pytest.mark.parametrize(
    "told",
    [told for told in INSTRUCTIONS.values() if told.arrow in (Arrow.LEFT, Arrow.RIGHT)],
    ids=lambda told: told.headline,
)
def test_the_arrow_points_to_the_visitor_s_own_side(told: object) -> None:
    assert isinstance(told, tuple)
    headline, line, arrow = told
    ink = inked(bar(Message(headline, (line,), arrow, 0.5)))[: HEIGHT - 20]
    ink = ink if arrow is Arrow.LEFT else ink[:, ::-1]
    shaft = ink[:, 15:140]
    columns = shaft.sum(axis=0)
    tip, widest, tail = (int(x) for x in (np.flatnonzero(columns)[0], columns.argmax(), 100))
    assert tip < widest < tail, "the head, which is widest, is nearer to the edge than the shaft"
    assert columns[tip + 2] < columns[tail] / 2, "it is pointed towards the edge"
    assert columns.max() > 70, "it is big"
    assert 0 < columns[tail] < columns.max() / 2
    assert not ink[:, 142:146].any(), "words keep off it"
    assert ink[:, 146:].any()


def test_left_is_right_mirrored() -> None:
    left, right = (inked(bar(Message(" ", (), arrow))) for arrow in (Arrow.LEFT, Arrow.RIGHT))
    assert abs(int(left[:, :140].sum()) - int(right[:, -140:].sum())) < 200


FROM_THE_TAIL = {
    Arrow.LEFT: lambda ink: ink[:, ::-1],
    Arrow.RIGHT: lambda ink: ink,
    Arrow.DOWN: lambda ink: ink.T,
}


@pytest.mark.parametrize("arrow", list(Arrow))
@pytest.mark.parametrize("progress", [0.0, 0.3, 0.6, 1.0])
def test_the_arrow_is_full_from_its_tail_on_as_far_as_the_visitor_has_come(
    arrow: Arrow, progress: float
) -> None:
    drawn = bar(Message(" ", (), arrow, None, progress))
    whole = FROM_THE_TAIL[arrow](inked(drawn))
    full = FROM_THE_TAIL[arrow]((drawn == BANNER_COLOURS[Banner.CHECKING][1]).all(axis=2))
    columns, filled = (np.flatnonzero(mask.any(axis=0)) for mask in (whole, full))
    assert len(columns) > 0.8 * HEIGHT, "all of it can be seen"
    assert len(filled) == pytest.approx(progress * len(columns), abs=3)
    assert not len(filled) or filled[0] <= columns[0] + 1


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 1.0])
def test_the_bar_shows_the_share_of_the_time_that_is_left(share: float) -> None:
    _, letters = BANNER_COLOURS[Banner.CHECKING]
    drawn = bar(Message("BLINK", (), None, share))
    row = drawn[HEIGHT - 14]
    full = (row == letters).all(axis=1).sum()
    used = inked(drawn)[HEIGHT - 14].sum() - full
    assert full + used == WIDTH - 2 * round(WIDTH * 0.03), "the whole length can be seen"
    assert full / (full + used) == pytest.approx(share, abs=0.01)
    assert not inked(bar(Message("BLINK")))[HEIGHT - 14].any(), "no bar without a deadline"


@pytest.mark.parametrize("arrow", list(Arrow))
def test_below_a_picture_one_row_high_there_is_no_room_for_an_arrow(arrow: Arrow) -> None:
    screen = Screen(Banner.CHECKING, (), (), "connected", 12.3, Message(" ", (), arrow, 0.5, 0.5))
    assert draw(np.zeros((1, 640, 3), np.uint8), screen, LETTERING).shape[1] == 640
