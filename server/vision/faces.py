"""The faces of a picture."""

import cv2
import numpy as np

from server.vision.detection import HOG_WINDOW, detect
from server.vision.models import Models
from server.vision.picture import GrayView, Picture
from wire import MAX_FACES, Box


def find_faces(models: Models, picture: Picture, min_face: int) -> list[Box]:
    """Boxes of the frontal faces of about `min_face` pixels or more, largest first, clipped to the picture.

    The picture is searched in gray, scaled so that `min_face` meets the detector's smallest window: no
    pixel is searched at a finer scale than the smallest wanted face needs.
    """
    height, width = picture.shape[:2]
    view = GrayView(np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8), width, height)
    boxes = [found.box for found in detect(models, view, view.frame, HOG_WINDOW / min_face)]
    return sorted(boxes, key=lambda box: box.area, reverse=True)[:MAX_FACES]
