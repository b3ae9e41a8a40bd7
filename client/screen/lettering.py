"""Words on a picture, in letters of the visitor's own language."""

import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from client.camera.frames import Image
from client.screen.fonts import Fonts
from client.screen.ink import Ink, inked
from client.screen.pieces import DEEPEST, HIGHEST, RAQM, Pieces, clusters, without_marks

SHRINK = 0.97
"""Steps in which letters get smaller. Widths jump with the pixels, so there is no size to compute."""
MAX_CHARS = 200
"""Longer texts are cut: no note is longer, and no line of any screen holds more."""
MAX_MARKS = 4
"""Marks on one letter: three are used in Hebrew, Thai and Vietnamese."""

Bgr = tuple[int, int, int]


class Lettering:
    """Owns how words look. Heights are those of capitals, in pixels. Several threads may use it."""

    def __init__(self, fonts: Fonts, raqm: bool = RAQM) -> None:
        self._fonts = fonts
        self._pieces = Pieces(fonts, raqm)
        self.legible = lru_cache(256)(self._legible)
        self.width = lru_cache(4096)(self._width)
        self._ink = lru_cache(128)(self._inked)

    def _legible(self, text: str) -> str:
        """`text` in letters that can be shown: without control and format characters; of letters that no font
        has, the accents are dropped, else they are replaced by '?'."""
        visible = "".join(map(_spaced, text[:MAX_CHARS]))
        composed = unicodedata.normalize("NFC", visible)
        return "".join(map(self._shown, clusters(composed)))[:MAX_CHARS]

    def _shown(self, cluster: str) -> str:
        """A letter and its marks, as far as there are glyphs for them in one font."""
        letter, marks = cluster[0], cluster[1 : 1 + MAX_MARKS]
        if unicodedata.category(letter).startswith("M"):
            return ""
        if letter == " ":
            return letter
        if self._fonts.having(letter + marks):
            return letter + marks
        if font := self._fonts.having(letter):
            return letter + "".join(filter(font.has, marks))
        plain = without_marks(unicodedata.normalize("NFKD", letter))
        kept = "".join(map(_spaced, plain))
        shown = "".join(char if char == " " or self._fonts.having(char) else "?" for char in kept)
        return shown if shown.strip("?") else shown[:1]

    def _width(self, text: str, height: float) -> int:
        """Width in pixels of legible `text`."""
        size = self._size(height)
        return round(sum(piece.width(size) for piece in self._pieces.of(text)))

    def fit(self, text: str, height: float, smallest: float, width: float) -> tuple[str, float]:
        """`text` and its height such that it is at most `width` pixels wide: made smaller, then cut."""
        while self.width(text, height) > width and height > smallest:
            height = max(smallest, height * SHRINK)
        if self.width(text, height) <= width:
            return text, height
        end = bisect_right(range(len(text)), width, key=lambda end: self.width(text[:end] + "...", height))
        while end > 0 and self.width(text[:end] + "...", height) > width:
            end -= 1
        return (text[:end] + "..." if end else ""), height

    def wrap(self, text: str, height: float, width: float) -> list[str]:
        """Legible `text` broken between words into rows at most `width` pixels wide; a longer word has its
        own row, and is cut."""
        rows: list[str] = []
        used = 0
        for space, word in _words(text):
            wide = self.width(word, height)
            longer = used + self.width(space, height) + wide
            if rows and longer <= width:
                rows[-1] += space + word
                used = longer
            else:
                rows.append(self.fit(word, height, height, width)[0])
                used = wide
        return rows

    def write(
        self, image: Image, text: str, left: float, baseline: float, height: float, colour: Bgr
    ) -> None:
        """Draw legible `text` into `image`."""
        ink = self._ink(text, self._size(height))
        x, y = round(left) + ink.left, round(baseline) + ink.top
        rows, columns = ink.mask.shape
        area = image[max(0, y) : max(0, y + rows), max(0, x) : max(0, x + columns)]
        mask = ink.mask[max(0, -y) :, max(0, -x) :][: area.shape[0], : area.shape[1], None].astype(np.uint16)
        area[:] = (area * (255 - mask) + np.array(colour, np.uint16) * mask + 127) // 255

    def _size(self, height: float) -> int:
        return max(1, round(height / self._fonts.main.capital))

    def _inked(self, text: str, size: int) -> Ink:
        """Kept: drawing letters takes longer than laying them on a picture, and they seldom change."""
        capital = self._fonts.main.capital * size
        return inked(self._pieces.of(text), size, HIGHEST * capital, DEEPEST * capital)


def _spaced(char: str) -> str:
    """A blank for any kind of it, nothing for what nobody sees."""
    category = unicodedata.category(char)
    return " " if category.startswith("Z") else "" if category.startswith("C") else char


def _words(text: str) -> Iterator[tuple[str, str]]:
    """What a row may end after, with the blank before it. Chinese, Japanese and Korean need no blanks for
    that: each of their letters may be the last one."""
    for word in text.split():
        space, part = " ", ""
        for cluster in clusters(word):
            if part and cluster[0].isalnum() and (_is_wide(cluster[0]) or _is_wide(part[-1])):
                yield space, part
                space, part = "", ""
            part += cluster
        yield space, part


def _is_wide(char: str) -> bool:
    return unicodedata.east_asian_width(char) == "W"
