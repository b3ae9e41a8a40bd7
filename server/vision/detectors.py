"""Which detector finds faces."""

import logging
from collections.abc import Callable

from server.vision.detection import Detector
from server.vision.hog import HogDetector
from server.vision.yunet import Yunet
from server.vision.yunet_detector import YunetDetector
from server.weights import WeightsError

log = logging.getLogger(__name__)


def load_detector(yunet: Callable[[], Yunet]) -> Detector:
    """YuNet where it can be loaded, else dlib's HOG detector alone; the log says what that means.

    `yunet`: loads it, or raises WeightsError. Raises ImportError without dlib.
    """
    hog = HogDetector()
    try:
        return YunetDetector(yunet(), hog)
    except WeightsError as error:
        log.warning(
            "faces are found by dlib's HOG detector, which takes longer, and loses dark faces and those "
            "turned by more than 27 degrees: %s",
            error,
        )
        return hog
