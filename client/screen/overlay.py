"""Draws a Screen around a picture. Pure: the picture given is not changed."""

from dataclasses import replace

import cv2
import numpy as np

from client.camera.frames import Image, resized
from client.screen.banner import BLACK, draw_banner
from client.screen.lettering import Bgr, Lettering
from client.screen.screen import Colour, Mark, Screen

SIDES = (640, 1280)
"""Pictures are drawn with their longer side within these pixels: letters stay sharp, drawing stays fast."""
BANNER_SHARE = 0.2
"""Height of the banner relative to the whole: read from two metres."""
STATUS_SHARE = 0.05
PALE: Bgr = (200, 200, 200)
STATUS_BACKGROUND: Bgr = (24, 22, 20)

MARK_COLOURS: dict[Colour, Bgr] = {
    Colour.GRANTED: (80, 200, 0),
    Colour.DENIED: (60, 50, 240),
    Colour.CHECKING: (0, 180, 255),
    Colour.UNDECIDED: (220, 220, 220),
    Colour.LOCAL: (255, 190, 60),
}


def draw(picture: Image, screen: Screen, lettering: Lettering, mirrored: bool = False) -> Image:
    """`picture` with rectangles and names, and below it, hiding nothing, the banner and a status line.

    `mirrored`: the picture and its rectangles are, as visitors know themselves; words and arrows are not.
    """
    shown = cv2.flip(_scaled(picture), 1) if mirrored else _scaled(picture)
    height, width = shown.shape[:2]
    whole = height / (1 - BANNER_SHARE - STATUS_SHARE)
    banner, status = round(whole * BANNER_SHARE), round(whole * STATUS_SHARE)
    canvas = np.empty((height + banner + status, width, 3), np.uint8)
    canvas[:height] = shown
    for mark in screen.marks:
        shown_mark = replace(mark, area=mark.area.mirrored()) if mirrored else mark
        _draw_mark(canvas[:height], shown_mark, lettering)
    draw_banner(canvas[height : height + banner], screen, lettering)
    _draw_status(canvas[height + banner :], screen, lettering)
    return canvas


def _scaled(picture: Image) -> Image:
    longer = max(picture.shape[:2])
    low, high = SIDES
    return resized(picture, min(max(longer, low), high) / longer)


def _draw_mark(picture: Image, mark: Mark, lettering: Lettering) -> None:
    height, width = picture.shape[:2]
    left, right = round(mark.area.left * width), round(mark.area.right * width) - 1
    top, bottom = round(mark.area.top * height), round(mark.area.bottom * height) - 1
    colour = MARK_COLOURS[mark.colour]
    line = max(2, width // 240)
    cv2.rectangle(picture, (left, top), (right, bottom), colour, line)
    if mark.label:
        _draw_label(picture, lettering, mark.label, (left, top, right, bottom), colour)


def _draw_label(
    picture: Image, lettering: Lettering, label: str, box: tuple[int, int, int, int], colour: Bgr
) -> None:
    """A name plate on the rectangle: above it, or below where there is no room above."""
    left, top, right, bottom = box
    height, width = picture.shape[:2]
    size, pad = width / 45, width // 90
    text, size = lettering.fit(
        lettering.legible(label), size, size * 0.7, max(right - left, width / 4) - 2 * pad
    )
    plate_height = round(size) + 2 * pad
    plate_width = lettering.width(text, size) + 2 * pad
    x = max(0, min(left, width - plate_width))
    y = top - plate_height if top >= plate_height else min(bottom + 1, height - plate_height)
    cv2.rectangle(picture, (x, y), (x + plate_width - 1, y + plate_height - 1), colour, cv2.FILLED)
    lettering.write(picture, text, x + pad, y + pad + size, size, BLACK)


def _draw_status(strip: Image, screen: Screen, lettering: Lettering) -> None:
    strip[:] = STATUS_BACKGROUND
    height, width = strip.shape[:2]
    latency = "" if screen.latency_ms is None else f"{screen.latency_ms:.0f} ms"
    size, pad = height * 0.45, width // 60
    baseline = (height + size) / 2
    text, fitted_size = lettering.fit(
        screen.link, size, size, width - 3 * pad - lettering.width(latency, size)
    )
    lettering.write(strip, text, pad, baseline, fitted_size, PALE)
    lettering.write(strip, latency, width - pad - lettering.width(latency, size), baseline, size, PALE)
