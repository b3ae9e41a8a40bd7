"""Which detector finds faces."""

import logging
from pathlib import Path

from server.vision.detection import Detector
from server.vision.hog import HogDetector
from server.vision.yunet_detector import YunetDetector
from server.weights import YUNET, WeightsError, read_weights

log = logging.getLogger(__name__)


def load_detector(weights: Path) -> Detector:
    """YuNet where its weights are, in the folder `weights` or installed, else dlib's HOG detector alone; the
    log says what that means. Raises ImportError without dlib."""
    hog = HogDetector()
    try:
        return YunetDetector(read_weights(YUNET, weights), hog)
    except WeightsError as error:
        log.warning(
            "faces are found by dlib's HOG detector, which takes longer, and loses dark faces and those "
            "turned by more than 27 degrees: %s",
            error,
        )
        return hog
