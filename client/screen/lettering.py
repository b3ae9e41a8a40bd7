"""Words on a picture, in letters of the visitor's own language."""

import contextlib
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image as Sheet
from PIL import ImageDraw, ImageFont

from client.camera.frames import Image

OPENCV_FONTS = Path(cv2.__file__).parent / "qt" / "fonts"
"""OpenCV's packages for Linux bring these for their windows."""
FONTS = ("DejaVuSansCondensed-Bold.ttf", "DejaVuSans-Bold.ttf", "arialbd.ttf", "Arial Bold.ttf", "Arial.ttf")
"""In the order in which they are tried, there and among the system's. Where none is, Pillow's own knows the
letters of English."""
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
"""Code points that are read from left to right, one letter after the other."""
NOT_A_CHARACTER = "\uffff"
SHRINK = 0.97
"""Steps in which letters get smaller. Widths jump with the pixels, so there is no size to compute."""
MAX_CHARS = 200
"""Longer texts are cut: no note is longer, and no line of any screen holds more."""

Bgr = tuple[int, int, int]


class Ink(NamedTuple):
    """A written text: uint8[height, width], 255 where it covers, and its place from where the text begins."""

    mask: Image
    left: int
    top: int


def first_font(names: Sequence[str]) -> ImageFont.FreeTypeFont:
    """The first of these fonts that is there, of OpenCV's or of the system's; else Pillow's own."""
    for name in names:
        for place in (str(OPENCV_FONTS / name), name):
            with contextlib.suppress(OSError):
                return ImageFont.truetype(place, 20, layout_engine=ImageFont.Layout.BASIC)
    own = ImageFont.load_default(20)
    assert isinstance(own, ImageFont.FreeTypeFont)
    return own


def legible(text: str) -> str:
    """`text` in letters that can be shown: without control and format characters; of letters that cannot be
    shown, the accents are dropped, else they are replaced by '?'."""
    letters: list[str] = []
    for char in unicodedata.normalize("NFC", text[:MAX_CHARS]):
        letters += [char] if _shown(char) else unicodedata.normalize("NFKD", char)
    kept = (char for char in letters if not unicodedata.category(char).startswith(("C", "M")))
    return "".join(char if _shown(char) else "?" for char in kept)[:MAX_CHARS]


@lru_cache(4096)
def _shown(char: str) -> bool:
    """Whether the font has the letter, and it can be drawn on its own."""
    if ord(char) not in ONE_BY_ONE or unicodedata.category(char).startswith("C"):
        return False
    return char == " " or bytes(_font(40).getmask(char)) != bytes(_font(40).getmask(NOT_A_CHARACTER))


@lru_cache(2048)
def text_width(text: str, height: float) -> int:
    """Width in pixels of legible `text` with capitals `height` pixels high."""
    return round(_font(_size(height)).getlength(text))


def fit(text: str, height: float, smallest: float, width: float) -> tuple[str, float]:
    """`text` and its height such that it is at most `width` pixels wide: made smaller, then cut."""
    while text_width(text, height) > width and height > smallest:
        height = max(smallest, height * SHRINK)
    if text_width(text, height) <= width:
        return text, height
    while text and text_width(text + "...", height) > width:
        text = text[:-1]
    return (text + "..." if text else ""), height


def wrap(text: str, height: float, width: float) -> list[str]:
    """Legible `text` broken between words into rows at most `width` pixels wide; a longer word has its own
    row, and is cut."""
    rows: list[str] = []
    for word in text.split():
        longer = f"{rows[-1]} {word}" if rows else word
        if rows and text_width(longer, height) <= width:
            rows[-1] = longer
        else:
            rows.append(fit(word, height, height, width)[0])
    return rows


def write(image: Image, text: str, left: float, baseline: float, height: float, colour: Bgr) -> None:
    """Draw legible `text` into `image`, capitals `height` pixels high."""
    ink = _ink(text, _size(height))
    x, y = round(left) + ink.left, round(baseline) + ink.top
    rows, columns = ink.mask.shape
    area = image[max(0, y) : max(0, y + rows), max(0, x) : max(0, x + columns)]
    mask = ink.mask[max(0, -y) :, max(0, -x) :][: area.shape[0], : area.shape[1], None].astype(np.uint16)
    area[:] = (area * (255 - mask) + np.array(colour, np.uint16) * mask + 127) // 255


def _size(height: float) -> int:
    return max(1, round(height / _capital()))


@lru_cache(1)
def _capital() -> float:
    """Height of a capital letter relative to the font's size."""
    _, top, _, bottom = _font(1000).getbbox("H", anchor="ls")
    return (bottom - top) / 1000


@lru_cache(128)
def _font(size: int) -> ImageFont.FreeTypeFont:
    return _chosen().font_variant(size=size)


@lru_cache(1)
def _chosen() -> ImageFont.FreeTypeFont:
    return first_font(FONTS)


@lru_cache(128)
def _ink(text: str, size: int) -> Ink:
    """Kept: drawing letters takes longer than laying them on a picture, and they seldom change."""
    font = _font(size)
    left, top, right, bottom = (round(edge) for edge in font.getbbox(text, anchor="ls"))
    sheet = Sheet.new("L", (right - left, bottom - top))
    ImageDraw.Draw(sheet).text((-left, -top), text, fill=255, font=font, anchor="ls")
    return Ink(np.asarray(sheet), left, top)
