"""What liveness is judged by: the 68 points of a face, and the opinion of a plugged-in model."""

from dataclasses import replace
from pathlib import Path

from server.access.seen import Landmarks
from server.vision.antispoof import Antispoof
from server.vision.landmarks import SIDE, Landmarker
from server.vision.picture import JpegFrame
from wire import Box


class LivenessModels:
    """The models that only liveness needs, loaded by `load` or when they are first wanted: they take 100 MB
    and half a second. Not to be shared between threads."""

    def __init__(self, antispoof: tuple[Path, str] | None) -> None:
        """`antispoof`: an ONNX file and the sha256 that it must have."""
        self._antispoof = antispoof
        self._loaded: _Loaded | None = None

    def load(self) -> None:
        """Raises RuntimeError, ImportError or AntispoofError: what cannot be used, and why."""
        if self._loaded is None:
            self._loaded = _Loaded(self._antispoof)

    def landmarks(self, frame: JpegFrame, box: Box) -> Landmarks:
        """The points of the face in `box`. Raises what `load` does, and PictureError."""
        self.load()
        assert self._loaded is not None
        return self._loaded.landmarks(frame, box)


class _Loaded:
    def __init__(self, antispoof: tuple[Path, str] | None) -> None:
        self._landmarker = Landmarker()
        self._antispoof = Antispoof(*antispoof) if antispoof else None

    def landmarks(self, frame: JpegFrame, box: Box) -> Landmarks:
        found = self._landmarker.find(frame.gray(min(1.0, SIDE / max(box.width, box.height, 1))), box)
        if self._antispoof is None:
            return found
        return replace(found, antispoof=self._antispoof.score(frame.rgb(), box))
