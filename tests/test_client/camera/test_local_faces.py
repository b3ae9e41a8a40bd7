"""Where a face is, without the server."""

import cv2
import numpy as np

from client.camera.local_faces import HaarDetector
from tests.support.pictures import drawn_face


def test_local_detection_finds_a_face_in_any_size_and_nothing_in_none() -> None:
    detector = HaarDetector()
    for scale in (0.5, 1, 2):
        (found,) = detector.detect(cv2.resize(drawn_face(), None, fx=scale, fy=scale))
        assert abs((found.left + found.right) / 2 - 0.5) < 0.06
        assert abs((found.top + found.bottom) / 2 - 0.5) < 0.1
    assert detector.detect(np.full((480, 640, 3), 60, np.uint8)) == ()
