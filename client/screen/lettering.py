"""Words on a picture, in letters of the visitor's own language."""

import unicodedata
from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from client.camera.frames import Image
from client.screen.fonts import Fonts
from client.screen.typesetting import RAQM, Typesetter, clusters, without_marks

SHRINK = 0.97
"""Steps in which letters get smaller. Widths jump with the pixels, so there is no size to compute."""
MAX_CHARS = 200
"""Longer texts are cut: no note is longer, and no line of any screen holds more."""
MAX_MARKS = 4
"""Marks on one letter: three are used in Hebrew, Thai and Vietnamese."""

Bgr = tuple[int, int, int]


class Lettering:
    """Owns how words look. Heights are those of capitals, in pixels. May be used by several threads."""

    def __init__(self, fonts: Fonts, raqm: bool = RAQM) -> None:
        self._fonts = fonts
        self._set = Typesetter(fonts, raqm)
        self.legible = lru_cache(256)(self._legible)
        self.width = lru_cache(2048)(self._width)

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
        return "".join(char if char == " " or self._fonts.having(char) else "?" for char in kept)

    def _width(self, text: str, height: float) -> int:
        """Width in pixels of legible `text`."""
        return round(self._set.width(text, self._size(height)))

    def fit(self, text: str, height: float, smallest: float, width: float) -> tuple[str, float]:
        """`text` and its height such that it is at most `width` pixels wide: made smaller, then cut."""
        while self.width(text, height) > width and height > smallest:
            height = max(smallest, height * SHRINK)
        if self.width(text, height) <= width:
            return text, height
        while text and self.width(text + "...", height) > width:
            text = text[:-1]
        return (text + "..." if text else ""), height

    def wrap(self, text: str, height: float, width: float) -> list[str]:
        """Legible `text` broken between words into rows at most `width` pixels wide; a longer word has its
        own row, and is cut."""
        rows: list[str] = []
        for space, word in _words(text):
            longer = f"{rows[-1]}{space}{word}" if rows else word
            if rows and self.width(longer, height) <= width:
                rows[-1] = longer
            else:
                rows.append(self.fit(word, height, height, width)[0])
        return rows

    def write(
        self, image: Image, text: str, left: float, baseline: float, height: float, colour: Bgr
    ) -> None:
        """Draw legible `text` into `image`."""
        ink = self._set.ink(text, self._size(height))
        x, y = round(left) + ink.left, round(baseline) + ink.top
        rows, columns = ink.mask.shape
        area = image[max(0, y) : max(0, y + rows), max(0, x) : max(0, x + columns)]
        mask = ink.mask[max(0, -y) :, max(0, -x) :][: area.shape[0], : area.shape[1], None].astype(np.uint16)
        area[:] = (area * (255 - mask) + np.array(colour, np.uint16) * mask + 127) // 255

    def _size(self, height: float) -> int:
        return max(1, round(height / self._set.capital))


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
            wide = unicodedata.east_asian_width(cluster[0]) == "W" and cluster[0].isalnum()
            if part and wide:
                yield space, part
                space, part = "", ""
            part += cluster
        yield space, part
