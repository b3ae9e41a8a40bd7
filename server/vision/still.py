"""A still picture, looked at as a frame of a door is: what is seen in it is what a door would see."""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from server.access.seen import Face, Hints, Landmarks, Still
from server.vision.frame import analyse_frame
from server.vision.models import Models
from server.vision.picture import JpegFrame
from server.vision.preparing import STORED_PIXELS, fit
from wire import Box

MIN_FACE = 40
"""Smallest face looked for, in pixels of the picture made fit: smaller ones cannot be compared
(`quality.Limits.width`)."""
MAX_FACES = 16
"""So many faces are embedded, the largest: each takes some 25 ms."""
PREVIEW_SIDE, PREVIEW_QUALITY = 1000, 80


def look_at(models: Models, data: bytes, *, mirrored: bool, landmarks: bool, preview: bool = False) -> Still:
    """What a picture (as `preparing.fit` takes it) shows; the `MAX_FACES` largest faces are embedded.

    `mirrored`: embed mirror images, too. `landmarks`: find the points of the faces that are embedded.
    `preview`: give it back as well. Raises PictureError, PictureTooLargeError.
    """
    jpeg, factor = fit(data)
    hints = Hints(min_face=MIN_FACE, max_faces=MAX_FACES, max_pixels=STORED_PIXELS, mirrored=mirrored)
    faces = analyse_frame(models, jpeg, hints).faces
    frame = JpegFrame(jpeg, STORED_PIXELS)
    if landmarks:
        faces = tuple(_with_landmarks(models, frame, face) for face in faces)
    size = round(frame.width * factor), round(frame.height * factor)
    shown = tuple(_enlarged(face, factor, *size) for face in faces)
    return Still(*size, shown, _preview(frame) if preview else None)


def _preview(frame: JpegFrame) -> bytes:
    scale = min(1.0, PREVIEW_SIDE / max(frame.width, frame.height))
    size = max(1, round(frame.width * scale)), max(1, round(frame.height * scale))
    small = cv2.resize(frame.rgb(scale), size, interpolation=cv2.INTER_AREA)
    quality = [cv2.IMWRITE_JPEG_QUALITY, PREVIEW_QUALITY]
    return cv2.imencode(".jpg", cv2.cvtColor(small, cv2.COLOR_RGB2BGR), quality)[1].tobytes()


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
