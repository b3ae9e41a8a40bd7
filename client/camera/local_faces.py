"""Local face detection for when the server is late: where a face is, never whose."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import cv2.data

from client.camera.frames import Area, CapturedFrame, Image, area, resized

DETECTION_WIDTH = 320
"""Half of the usual frame: a quarter of the work, and faces of people at a door are large."""
SMALLEST_FACE = 32


@dataclass(frozen=True)
class LocalFaces:
    """What the local detector saw in the frame captured at `captured`, in `time.monotonic()` seconds."""

    areas: tuple[Area, ...]
    captured: float


class HaarDetector:
    """OpenCV's frontal face cascade. Not thread-safe: one thread owns it."""

    def __init__(self) -> None:
        path = Path(cv2.data.haarcascades) / "haarcascade_frontalface_default.xml"
        self._cascade = cv2.CascadeClassifier(str(path))

    def detect(self, image: Image) -> tuple[Area, ...]:
        """Faces in `image`, uint8 (h, w, 3) BGR of any size."""
        small = resized(image, min(1.0, DETECTION_WIDTH / image.shape[1]))
        gray = cv2.equalizeHist(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY))
        height, width = gray.shape
        found = self._cascade.detectMultiScale(
            gray, scaleFactor=1.2, minNeighbors=5, minSize=(SMALLEST_FACE, SMALLEST_FACE)
        )
        return tuple(area(x, y, x + w, y + h, width, height) for x, y, w, h in found)


class LocalDetection:
    """Owns the detector; others read `faces`, the newest finding."""

    def __init__(self) -> None:
        self.faces: LocalFaces | None = None
        self._detector = HaarDetector()

    def look(self, frame: CapturedFrame) -> None:
        self.faces = LocalFaces(self._detector.detect(frame.image), frame.captured)
