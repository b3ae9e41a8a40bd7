"""A row of text as pieces of one font and one direction, from left to right as they stand on the screen."""

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain, groupby
from typing import NamedTuple

import numpy as np
from PIL import Image as Sheet
from PIL import ImageDraw, ImageFont, features

from client.camera.frames import Image
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
SMALLEST_SHARE = 0.6
"""How much smaller at most. Only piles of marks, which no language has, are cut then."""


class Ink(NamedTuple):
    """A written text: uint8[height, width], 255 where it covers, and its place from where the text begins."""

    mask: Image
    left: int
    top: int


class Piece(NamedTuple):
    """Letters of one font, as Pillow is to be given them. `direction`: "ltr" or "rtl" for libraqm; None: they
    are in the order of the screen, to be drawn one by one."""

    text: str
    font: Font
    direction: str | None

    def sized(self, size: int) -> ImageFont.FreeTypeFont:
        return self.font.sized(size, ImageFont.Layout.RAQM if self.direction else ImageFont.Layout.BASIC)


class Typesetter:
    """Owns how text becomes pixels. Sizes are those of fonts, in pixels. What was set is kept: drawing
    letters takes longer than laying them on a picture, and they seldom change.

    `raqm`: let libraqm join and stack letters. Without it Arabic letters are joined by Unicode's own forms,
    vowel signs of Arabic and Hebrew are left out, and what else would be stacked stands side by side.
    """

    def __init__(self, fonts: Fonts, raqm: bool = RAQM) -> None:
        self._fonts = fonts
        self._raqm = raqm
        self.capital = fonts.main.capital
        """Height of a capital letter relative to the size."""
        self.pieces = lru_cache(256)(self._pieces)
        self.ink = lru_cache(128)(self._ink)

    def width(self, text: str, size: int) -> float:
        """How far the text goes to the right, in pixels."""
        return sum(
            self._face(piece, size).getlength(piece.text, direction=piece.direction)
            for piece in self.pieces(text)
        )

    def _pieces(self, text: str) -> tuple[Piece, ...]:
        deep = levels(text)
        runs: list[tuple[Font, int, str]] = []
        characters = zip(text, self._fonts_of(text), deep, strict=True)
        for (font, level), run in groupby(characters, key=lambda each: each[1:]):
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
        if self._raqm and (backwards or not ONE_BY_ONE.issuperset(map(ord, text))):
            return Piece(text, font, "rtl" if backwards else "ltr")
        if backwards:
            text = joined(without_marks(text), font.has).translate(MIRRORED)[::-1]
        return Piece(text, font, None)

    def _face(self, piece: Piece, size: int) -> ImageFont.FreeTypeFont:
        """The piece's font, smaller where its letters would reach too high or too deep."""
        face = piece.sized(size)
        if ONE_BY_ONE.issuperset(map(ord, piece.text)):
            return face
        _, top, _, bottom = face.getbbox(piece.text, direction=piece.direction, anchor="ls")
        room = self.capital * size
        excess = max(-top / (HIGHEST * room), bottom / (DEEPEST * room), 1)
        return piece.sized(max(1, int(size * max(1 / excess, SMALLEST_SHARE))))

    def _ink(self, text: str, size: int) -> Ink:
        placed: list[tuple[Piece, ImageFont.FreeTypeFont, int]] = []
        boxes: list[tuple[float, float, float, float]] = []
        x = 0.0
        for piece in self.pieces(text):
            face = self._face(piece, size)
            left, top, right, bottom = face.getbbox(piece.text, direction=piece.direction, anchor="ls")
            placed.append((piece, face, round(x)))
            boxes.append((round(x) + left, top, round(x) + right, bottom))
            x += face.getlength(piece.text, direction=piece.direction)
        left, top, right, bottom = self._bounds(boxes, size)
        sheet = Sheet.new("L", (right - left, bottom - top))
        pen = ImageDraw.Draw(sheet)
        for piece, face, start in placed:
            place = (start - left, -top)
            pen.text(place, piece.text, fill=255, font=face, anchor="ls", direction=piece.direction)
        return Ink(np.asarray(sheet), left, top)

    def _bounds(self, boxes: list[tuple[float, float, float, float]], size: int) -> tuple[int, int, int, int]:
        """Around all `boxes`, as far as letters may reach."""
        if not boxes:
            return 0, 0, 0, 0
        lefts, tops, rights, bottoms = zip(*boxes, strict=True)
        highest, deepest = -HIGHEST * self.capital * size, DEEPEST * self.capital * size
        top, bottom = max(min(tops), highest), min(max(bottoms), deepest)
        return round(min(lefts)), round(top), round(max(rights)), round(max(top, bottom))


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
