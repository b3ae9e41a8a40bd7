"""Words on a picture: OpenCV's fonts know ASCII only."""

import unicodedata

import cv2

from client.camera.frames import Image

FONT = cv2.FONT_HERSHEY_DUPLEX
CAPITAL_PX = 21.0
"""Height of a capital letter of FONT at scale 1, in pixels."""
THICKNESS = 0.09
"""Stroke width relative to the height of a capital."""
SHRINK = 0.97
"""Steps in which letters get smaller. Widths jump with the stroke, so there is no size to compute."""
MAX_CHARS = 200
"""Longer texts are cut: no note is longer, and no line of any screen holds more."""

Bgr = tuple[int, int, int]


def ascii_text(text: str) -> str:
    """`text` in ASCII: accents dropped, control and format characters removed, the rest replaced by '?'."""
    letters = []
    for char in unicodedata.normalize("NFKD", text[:MAX_CHARS]):
        if unicodedata.combining(char) or unicodedata.category(char).startswith("C"):
            continue
        letters.append(char if char.isascii() else "?")
    return "".join(letters)[:MAX_CHARS]


def text_width(text: str, height: float) -> int:
    """Width in pixels of ASCII `text` with capitals `height` pixels high."""
    return int(cv2.getTextSize(text, FONT, height / CAPITAL_PX, _thickness(height))[0][0])


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
    """ASCII `text` broken between words into rows at most `width` pixels wide; a longer word has its own row,
    and is cut."""
    rows: list[str] = []
    for word in text.split():
        longer = f"{rows[-1]} {word}" if rows else word
        if rows and text_width(longer, height) <= width:
            rows[-1] = longer
        else:
            rows.append(fit(word, height, height, width)[0])
    return rows


def write(image: Image, text: str, left: float, baseline: float, height: float, colour: Bgr) -> None:
    """Draw ASCII `text` into `image`, capitals `height` pixels high."""
    place = (round(left), round(baseline))
    cv2.putText(image, text, place, FONT, height / CAPITAL_PX, colour, _thickness(height), cv2.LINE_AA)


def _thickness(height: float) -> int:
    return max(1, round(height * THICKNESS))
