"""What liveness is judged by: the points of a face, and the opinion of a plugged-in model."""

import logging
from dataclasses import replace
from pathlib import Path

from server.access.seen import LandmarkModel, Landmarks
from server.vision.antispoof import Antispoof
from server.vision.landmarks import SIDE, Landmarker
from server.vision.mesh import ENLARGED, Mesh
from server.vision.mesh_network import SIDE as MESH_SIDE
from server.vision.picture import JpegFrame
from server.weights import MESH, WeightsError, read_weights
from wire import Box

log = logging.getLogger(__name__)


class LivenessModels:
    """The models that only liveness needs, loaded by `load` or when they are first wanted: dlib's points take
    100 MB and half a second, the mesh 15 MB. Not to be shared between threads."""

    def __init__(self, landmarks: LandmarkModel, weights: Path, antispoof: tuple[Path, str] | None) -> None:
        """`weights`: folder in which weights may lie. `antispoof`: an ONNX file and the sha256 that it must
        have."""
        self._wanted = landmarks
        self._weights = weights
        self._antispoof = antispoof
        self._loaded: _Loaded | None = None

    def load(self) -> None:
        """Raises RuntimeError, ImportError or AntispoofError: what cannot be used, and why."""
        if self._loaded is None:
            mesh = self._mesh() if self._wanted is LandmarkModel.MESH else None
            self._loaded = _Loaded(mesh, self._antispoof)

    def landmarks(self, frame: JpegFrame, box: Box) -> Landmarks:
        """The points of the face in `box`. Raises what `load` does, and PictureError."""
        self.load()
        assert self._loaded is not None
        return self._loaded.landmarks(frame, box)

    def _mesh(self) -> Mesh | None:
        """None, and a warning, without its weights."""
        try:
            return Mesh(read_weights(MESH, self._weights))
        except WeightsError as error:
            log.warning(
                "%s. Until then liveness goes by dlib's 68 points, whose weights exclude commercial use",
                error,
            )
            return None


class _Loaded:
    def __init__(self, mesh: Mesh | None, antispoof: tuple[Path, str] | None) -> None:
        self._finder = mesh or Landmarker()
        self._side = SIDE if mesh is None else MESH_SIDE / ENLARGED
        self._antispoof = Antispoof(*antispoof) if antispoof else None

    def landmarks(self, frame: JpegFrame, box: Box) -> Landmarks:
        view = frame.gray(min(1.0, self._side / max(box.width, box.height, 1)))
        found = self._finder.find(view, box)
        if self._antispoof is None:
            return found
        return replace(found, antispoof=self._antispoof.score(frame.rgb(), box))
