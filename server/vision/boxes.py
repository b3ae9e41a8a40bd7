"""Boxes in a picture."""

from server.vision.picture import GrayView
from wire import Box

SAME_PLACE = 0.3
"""Boxes that overlap more are two views of one face: of two real faces neither hides so much of the other."""


def overlap(one: Box, other: Box) -> float:
    """Intersection over union of two boxes, 0 to 1."""
    width = min(one.right, other.right) - max(one.left, other.left)
    height = min(one.bottom, other.bottom) - max(one.top, other.top)
    if width <= 0 or height <= 0:
        return 0.0
    return width * height / (one.area + other.area - width * height)


def grown(box: Box, margin: float, view: GrayView) -> Box:
    """`box` with `margin` times its longer side more on each side, inside the frame."""
    more = round(margin * max(box.width, box.height))
    return Box(
        top=max(0, box.top - more),
        right=min(view.width, box.right + more),
        bottom=min(view.height, box.bottom + more),
        left=max(0, box.left - more),
    )


def scaled(box: Box, factor: float) -> Box:
    """The same face in a picture `factor` times as large."""
    return Box(*(round(edge * factor) for edge in box))
