"""A still picture, looked at as a frame of a door is: what is seen in it is what a door would see."""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from server.access.seen import Face, Hints, Landmarks, Still
from server.vision.frame import analyse_frame
from server.vision.models import Models
from server.vision.picture import JpegFrame, Picture, decode_photo
from wire import Box

MAX_PIXELS = 64_000_000
"""Largest picture that is decoded: as of an enrolment photo."""
MAX_SIDE = 2000
"""Pictures are looked at in this size: a face that is 1/50 of the longer side is still `MIN_FACE` wide."""
MIN_FACE = 40
"""Smallest face looked for, in pixels then: smaller ones cannot be compared (`quality.Limits.width`)."""
MAX_FACES = 16
"""So many faces are embedded, the largest: each takes some 25 ms."""
QUALITY = 95
"""Of the JPEG that it becomes."""
PREVIEW_SIDE, PREVIEW_QUALITY = 1000, 80


def look_at(models: Models, data: bytes, *, mirrored: bool, landmarks: bool, preview: bool = False) -> Still:
    """What a picture (JPEG, PNG or WebP) shows; the `MAX_FACES` largest faces are embedded.

    `mirrored`: embed mirror images, too. `landmarks`: find the points of the faces that are embedded.
    `preview`: give it back as well. Raises PictureError, PictureTooLargeError.
    """
    picture, factor = decode_photo(data, MAX_PIXELS, MAX_SIDE)
    jpeg = _encoded(picture, QUALITY)
    height, width = picture.shape[:2]
    hints = Hints(min_face=MIN_FACE, max_faces=MAX_FACES, max_pixels=MAX_SIDE**2, mirrored=mirrored)
    faces = analyse_frame(models, jpeg, hints).faces
    if landmarks:
        frame = JpegFrame(jpeg, hints.max_pixels)
        faces = tuple(_with_landmarks(models, frame, face) for face in faces)
    size = round(width * factor), round(height * factor)
    shown = tuple(_enlarged(face, factor, *size) for face in faces)
    return Still(*size, shown, _preview(picture) if preview else None)


def _encoded(picture: Picture, quality: int) -> bytes:
    bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    _, jpeg = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return jpeg.tobytes()


def _preview(picture: Picture) -> bytes:
    height, width = picture.shape[:2]
    scale = min(1.0, PREVIEW_SIDE / max(width, height))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    return _encoded(small, PREVIEW_QUALITY)


def _with_landmarks(models: Models, frame: JpegFrame, face: Face) -> Face:
    if face.embedding is None:
        return face
    return replace(face, landmarks=models.liveness.landmarks(frame, face.box))


def _enlarged(face: Face, factor: float, width: int, height: int) -> Face:
    box = Box(
        top=round(face.box.top * factor),
        right=min(width, round(face.box.right * factor)),
        bottom=min(height, round(face.box.bottom * factor)),
        left=round(face.box.left * factor),
    )
    return replace(face, box=box, landmarks=face.landmarks and _spread(face.landmarks, factor))


def _spread(landmarks: Landmarks, factor: float) -> Landmarks:
    """A pixel's middle stays its middle."""
    points: NDArray[np.float32] = ((landmarks.points + 0.5) * factor - 0.5).astype(np.float32)
    return replace(landmarks, points=points)
