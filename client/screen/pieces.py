"""A row of text as pieces of one font and one direction, from left to right as they stand on the screen."""

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain, groupby
from typing import NamedTuple

from PIL import ImageFont, features

from client.screen.fonts import Font, Fonts
from client.screen.joining import joined
from client.screen.reading_order import MIRRORED, levels, visual

RAQM = features.check_feature("raqm") is True
"""Whether libraqm, which joins and stacks letters, is there: with Pillow, where FriBiDi is on the system."""
ONE_BY_ONE = frozenset(
    chain(
        range(0x0020, 0x007F),
        range(0x00A1, 0x0250),  # Latin
        range(0x0370, 0x0526),  # Greek, Cyrillic
        range(0x1E00, 0x1EFC),  # Latin with more accents, Vietnamese
        range(0x1F00, 0x2000),  # Greek with accents
        range(0x2010, 0x2028),  # dashes, quotation marks
        [0x20AC],  # the euro sign
    )
)
"""Code points that stand from left to right, one after the other, without libraqm."""
HIGHEST, DEEPEST = 1.55, 0.5
"""What may be drawn above and below the baseline, in heights of a capital. Latin reaches 1.54 (two accents on
a capital) and 0.33 in DejaVu; scripts that reach farther are written smaller, and the rest is cut."""
SMALLEST_SCALE = 0.6
"""How much smaller at most. Only piles of marks, which no language has, are cut then."""
MEASURED_SIZE = 100
"""Size in which letters are measured once, for all sizes."""


class Piece(NamedTuple):
    """Letters of one font, as Pillow is to be given them, `scale` times as large as the row.

    `direction`: "ltr" or "rtl" for libraqm; None: they are in the order of the screen, to be drawn one by
    one.
    `advance`: width relative to the size of the row; None for letters of ONE_BY_ONE, whose widths jump with
    the pixels.
    """

    text: str
    font: Font
    direction: str | None
    scale: float
    advance: float | None

    def face(self, size: int) -> ImageFont.FreeTypeFont:
        """For a row of this size."""
        engine = ImageFont.Layout.RAQM if self.direction else ImageFont.Layout.BASIC
        return self.font.sized(max(1, int(size * self.scale)), engine)

    def width(self, size: int) -> float:
        """In pixels, in a row of this size."""
        return self.face(size).getlength(self.text) if self.advance is None else self.advance * size


class Pieces:
    """Owns how text is divided. What was divided is kept.

    `raqm`: let libraqm join and stack letters. Without it Arabic letters are joined by Unicode's own forms,
    vowel signs of Arabic and Hebrew are left out, and what else would be stacked stands side by side.
    """

    def __init__(self, fonts: Fonts, raqm: bool = RAQM) -> None:
        self._fonts = fonts
        self._raqm = raqm
        self.of = lru_cache(2048)(self._of)

    def _of(self, text: str) -> tuple[Piece, ...]:
        main = self._fonts.main
        if one_by_one(text) and {self._fonts.having(char) for char in text} == {main}:
            return (self._measured(text, main, None),)
        runs: list[tuple[Font, int, str]] = []
        letters = zip(text, self._fonts_of(text), levels(text), strict=True)
        for (font, level), run in groupby(letters, key=lambda each: each[1:]):
            runs.append((font, level, "".join(char for char, _, _ in run)))
        return tuple(self._piece(*runs[index]) for index in visual([level for _, level, _ in runs]))

    def _fonts_of(self, text: str) -> list[Font]:
        """The font of each character: of a letter and its marks the first that has them all. What is neither
        letter nor digit stays with the font before it, if that has it."""
        fonts: list[Font] = []
        for cluster in clusters(text):
            font = fonts[-1] if fonts and not cluster[0].isalnum() else None
            if font is None or not all(map(font.has, cluster)):
                font = self._fonts.having(cluster) or self._fonts.main
            fonts += [font] * len(cluster)
        return fonts

    def _piece(self, font: Font, level: int, text: str) -> Piece:
        backwards = level % 2 == 1
        if self._raqm and (backwards or not one_by_one(text)):
            return self._measured(text, font, "rtl" if backwards else "ltr")
        if backwards:
            text = joined(without_marks(text), font.has).translate(MIRRORED)[::-1]
        return self._measured(text, font, None)

    def _measured(self, text: str, font: Font, direction: str | None) -> Piece:
        if one_by_one(text):
            return Piece(text, font, direction, 1.0, None)
        face = Piece(text, font, direction, 1.0, None).face(MEASURED_SIZE)
        _, top, _, bottom = face.getbbox(text, direction=direction, anchor="ls")
        room = self._fonts.main.capital * MEASURED_SIZE
        excess = max(-top / (HIGHEST * room), bottom / (DEEPEST * room), 1.0)
        scale = max(1 / excess, SMALLEST_SCALE)
        advance = face.getlength(text, direction=direction) * scale / MEASURED_SIZE
        return Piece(text, font, direction, scale, advance)


def one_by_one(text: str) -> bool:
    return ONE_BY_ONE.issuperset(map(ord, text))


def without_marks(text: str) -> str:
    return "".join(char for char in text if not unicodedata.category(char).startswith("M"))


def clusters(text: str) -> Iterator[str]:
    """Each letter with the marks on it."""
    cluster = ""
    for char in text:
        if cluster and not unicodedata.category(char).startswith("M"):
            yield cluster
            cluster = ""
        cluster += char
    if cluster:
        yield cluster
