"""Draws the bar that the visitor reads: a headline, lines under it, an arrow, the time that is left."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np

from client.camera.frames import Image
from client.screen.lettering import SHRINK, Bgr, Lettering
from client.screen.screen import Message, Screen
from wire.words import Arrow, Banner

WHITE: Bgr = (255, 255, 255)
BLACK: Bgr = (0, 0, 0)

BANNER_COLOURS: dict[Banner, tuple[Bgr, Bgr]] = {
    Banner.GRANTED: ((60, 140, 0), WHITE),
    Banner.DENIED: ((40, 30, 200), WHITE),
    Banner.CHECKING: ((0, 180, 255), BLACK),
    Banner.IDLE: ((56, 48, 44), WHITE),
    Banner.LATE: ((120, 120, 120), WHITE),
    Banner.OFFLINE: ((120, 120, 120), WHITE),
    Banner.NO_CAMERA: ((120, 120, 120), WHITE),
}
"""Background and letters. White or black on each contrasts at least 4 to 1."""

# Sizes are relative to the height of the bar.
HEADLINE, SMALLEST_HEADLINE = 0.36, 0.16
LINE, SMALLEST_LINE = 0.21, 0.08
"""Capitals of a line. The terminal's own words fit at nearly the larger; a long note is smaller, then cut."""
BELOW, ABOVE = 0.35, 0.25
"""Gap between two rows: what hangs below the upper one, and some air, each relative to its capitals."""
TAIL = 0.2
"""What is kept free below the last line, relative to its capitals. A headline alone has nothing there."""
MARGIN = 0.07
SIDE = 0.03
"""Margin to the left and right, relative to the width of the bar."""
ARROW_WIDTH = 0.95
ARROW = np.array([(0, 0.5), (0.5, 0.1), (0.5, 0.34), (1, 0.34), (1, 0.66), (0.5, 0.66), (0.5, 0.9)])
"""One that points to the left, float64[7, 2], x before y, in lengths and widths of it."""
TIME_BAR = 0.07
LEAST_ARROW = 2
"""Pixels: in less there is no room for one."""
TRACK_SHADE = 0.25
"""How far the part of the time bar that is used up differs from the background, towards the letters."""


class Row(NamedTuple):
    """One row of letters, capitals `height` pixels high."""

    text: str
    height: float


def draw_banner(bar: Image, screen: Screen, lettering: Lettering) -> None:
    """Fill `bar`."""
    background, letters = BANNER_COLOURS[screen.banner]
    bar[:] = background
    height, width = bar.shape[:2]
    margin = round(height * MARGIN)
    left, right, bottom = round(width * SIDE), width - round(width * SIDE), height
    message = screen.message
    if message.time_left is not None:
        bottom -= margin + round(height * TIME_BAR)
        _draw_time(bar[bottom : height - margin, left:right], message.time_left, background, letters)
    if message.arrow is not None:
        arrow = round(height * ARROW_WIDTH)
        if message.arrow is Arrow.RIGHT:
            _draw_arrow(bar[margin:bottom, right - arrow : right], message, background, letters)
            right -= arrow + margin
        else:
            _draw_arrow(bar[margin:bottom, left : left + arrow], message, background, letters)
            left += arrow + margin
    words = _headline(screen, lettering), tuple(map(lettering.legible, message.lines))
    rows = layout(lettering, *words, height, bottom - 2 * margin, right - left)
    _write_rows(bar[:bottom, left:right], lettering, rows, letters)


def _headline(screen: Screen, lettering: Lettering) -> str:
    names = ", ".join(map(lettering.legible, screen.names))
    return f"{lettering.legible(screen.message.headline) or screen.banner.value} {names}".strip()


@lru_cache(64)
def layout(
    lettering: Lettering, headline: str, lines: tuple[str, ...], bar_height: int, room: int, width: int
) -> tuple[Row, ...]:
    """The rows of a bar `bar_height` pixels high with `room` x `width` pixels for letters: smaller until they
    fit, then cut."""
    size = LINE
    rows = _sized_rows(lettering, headline, lines, bar_height, size, width)
    while _block_height(rows) > room and size > SMALLEST_LINE:
        size = max(SMALLEST_LINE, size * SHRINK)
        rows = _sized_rows(lettering, headline, lines, bar_height, size, width)
    while _block_height(rows) > room:
        text, height = rows[-2]
        rows = [*rows[:-2], Row(lettering.fit(f"{text} {rows[-1].text}", height, height, width)[0], height)]
    return tuple(rows)


def _sized_rows(
    lettering: Lettering, headline: str, lines: tuple[str, ...], bar_height: int, size: float, width: float
) -> list[Row]:
    """The rows with lines of `size`, relative to the bar, and a headline that shrinks along with them."""
    largest = max(SMALLEST_HEADLINE, HEADLINE * size / LINE)
    top = Row(*lettering.fit(headline, bar_height * largest, bar_height * SMALLEST_HEADLINE, width))
    height = bar_height * size
    return [top, *(Row(row, height) for line in lines for row in lettering.wrap(line, height, width))]


def _baselines(rows: Sequence[Row]) -> list[float]:
    """How far below the top of the block each row stands."""
    baselines = [rows[0].height]
    for upper, row in pairwise(rows):
        baselines.append(baselines[-1] + BELOW * upper.height + (ABOVE + 1) * row.height)
    return baselines


def _block_height(rows: Sequence[Row]) -> float:
    return _baselines(rows)[-1] + (TAIL * rows[-1].height if len(rows) > 1 else 0)


def _write_rows(area: Image, lettering: Lettering, rows: Sequence[Row], colour: Bgr) -> None:
    """The rows, centred in `area` as a block."""
    height, width = area.shape[:2]
    top = (height - _block_height(rows)) / 2
    for row, baseline in zip(rows, _baselines(rows), strict=True):
        left = (width - lettering.width(row.text, row.height)) / 2
        lettering.write(area, row.text, left, top + baseline, row.height, colour)


def _draw_arrow(area: Image, message: Message, background: Bgr, letters: Bgr) -> None:
    """An arrow that fills `area`, full from its tail on as far as the visitor has come; the rest of it is a
    shade of the background."""
    if min(area.shape[:2]) < LEAST_ARROW:
        return
    down = message.arrow is Arrow.DOWN
    length, across = area.shape[:2] if down else area.shape[1::-1]
    drawn: Image = np.full((across, length, 3), background, np.uint8)
    points = np.round(ARROW * (length - 1, across - 1)).astype(np.int32)
    cv2.fillPoly(drawn, [points], _shade(background, letters), cv2.LINE_AA)
    empty = round((1 - message.progress) * length)
    if empty < length:
        cv2.fillPoly(drawn[:, empty:], [points], letters, cv2.LINE_AA, offset=(-empty, 0))
    if message.arrow is Arrow.RIGHT:
        drawn = drawn[:, ::-1]
    area[:] = np.rot90(drawn) if down else drawn


def _shade(background: Bgr, letters: Bgr) -> Bgr:
    """What is not done yet: between the background and the letters."""
    blue, green, red = np.round(
        np.array(background) * (1 - TRACK_SHADE) + np.array(letters) * TRACK_SHADE
    ).tolist()
    return blue, green, red


def _draw_time(strip: Image, share: float, background: Bgr, letters: Bgr) -> None:
    """The time that is left, from the left edge of `strip`; what is used up is a shade of the background."""
    strip[:] = _shade(background, letters)
    strip[:, : round(strip.shape[1] * share)] = letters
