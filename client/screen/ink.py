"""Pixels of letters."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image as Sheet
from PIL import ImageDraw

from client.camera.frames import Image
from client.screen.pieces import Piece


class Ink(NamedTuple):
    """A written text: uint8[height, width], 255 where it covers, and its place from where the text begins."""

    mask: Image
    left: int
    top: int


def inked(pieces: Sequence[Piece], size: int, highest: float, deepest: float) -> Ink:
    """`pieces`, one after the other, in a row of `size` pixels, cut at `highest` pixels above and `deepest`
    below the baseline."""
    starts: list[int] = []
    boxes: list[tuple[float, float, float, float]] = [(0, 0, 0, 0)]
    x = 0.0
    for piece in pieces:
        face, start = piece.face(size), round(x)
        left, top, right, bottom = face.getbbox(piece.text, direction=piece.direction, anchor="ls")
        starts.append(start)
        boxes.append((start + left, max(top, -highest), start + right, min(bottom, deepest)))
        x += face.getlength(piece.text, direction=piece.direction)
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    left, top = round(min(lefts)), round(min(tops))
    sheet = Sheet.new("L", (round(max(rights)) - left, round(max(bottoms)) - top))
    pen = ImageDraw.Draw(sheet)
    for piece, start in zip(pieces, starts, strict=True):
        place = (start - left, -top)
        pen.text(place, piece.text, 255, piece.face(size), anchor="ls", direction=piece.direction)
    return Ink(np.asarray(sheet), left, top)
