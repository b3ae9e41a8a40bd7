"""The network of MediaPipe's face mesh, run by LiteRT where that demonstrably gives what OpenCV gives.

docs/adr/0016-face-mesh.md tells why. LiteRT is imported only when the network is loaded.
"""

import logging
from collections.abc import Iterable
from typing import Any, Protocol, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from server.vision.embedders.converted import SelfCheckError, probe

log = logging.getLogger(__name__)

Face: TypeAlias = NDArray[np.uint8]
"""uint8[192, 192], gray: a face, upright and in the middle."""
Look: TypeAlias = tuple[NDArray[np.float64], float]
"""float64[468, 2], the points in pixels of the picture, and the log odds that there is a face."""

SIDE = 192
"""Of the network's picture, pixels."""
VERTICES = 468
TOLERANCE = 1e-3
"""Largest difference from OpenCV in a coordinate, and in the log odds: ten times what rounding makes of the
probe, a twenty-fifth of what weights of half precision make, and a fiftieth of what the points of a face that
keeps still jitter by."""


class MeshNetwork(Protocol):
    """Looks at one face. Not to be shared between threads."""

    def __call__(self, face: Face) -> Look:
        """The points of this face."""
        ...


class OpenCvNetwork:
    """The reference. Raises cv2.error for what is no network."""

    def __init__(self, model: bytes) -> None:
        self._net = cv2.dnn.readNetFromTFLite(np.frombuffer(model, np.uint8))
        self._outputs = self._net.getUnconnectedOutLayersNames()

    def __call__(self, face: Face) -> Look:
        plane = face.astype(np.float32) / 255
        self._net.setInput(np.broadcast_to(plane, (1, 3, SIDE, SIDE)).copy())
        return _look(self._net.forward(self._outputs))


class LiteRtNetwork:
    """The same on one thread of LiteRT. Raises ImportError without it, and its own errors for a bad model."""

    def __init__(self, model: bytes) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self._interpreter = Interpreter(model_content=model, num_threads=1)
        self._interpreter.allocate_tensors()
        (given,) = self._interpreter.get_input_details()
        self._input = given["index"]
        self._outputs = [found["index"] for found in self._interpreter.get_output_details()]

    def __call__(self, face: Face) -> Look:
        plane = face.astype(np.float32) / 255
        self._interpreter.set_tensor(self._input, cv2.cvtColor(plane, cv2.COLOR_GRAY2RGB)[np.newaxis])
        self._interpreter.invoke()
        return _look([self._interpreter.get_tensor(output) for output in self._outputs])


def load_mesh_network(model: bytes) -> MeshNetwork:
    """LiteRT if it can be had and agrees with OpenCV, else that; the log says why.

    `model`: the content of `weights.MESH`. Raises what OpenCvNetwork raises.
    """
    reference = OpenCvNetwork(model)
    slow = "the face mesh is run by OpenCV, which takes more than twice as long, as"
    try:
        network = LiteRtNetwork(model)
        _check(network, reference)
        return network
    except ImportError as error:
        log.info("%s LiteRT cannot be used: %s", slow, error)
    except SelfCheckError as error:
        log.error("%s LiteRT does not agree with it: %s", slow, error)
    except Exception:
        log.exception("%s LiteRT fails", slow)
    return reference


def _check(network: MeshNetwork, reference: MeshNetwork) -> None:
    """Raises SelfCheckError."""
    face = probe(SIDE)[:, :, 0]
    (points, presence), (expected, expected_presence) = network(face), reference(face)
    apart = np.append(points - expected, presence - expected_presence)
    difference = float(np.abs(apart).max())
    if not difference <= TOLERANCE:
        raise SelfCheckError(f"a difference of {difference:.1e}; at most {TOLERANCE:.0e} is accepted")


def _look(outputs: Iterable[NDArray[Any]]) -> Look:
    """Both outputs, which are told apart by their size; the depth of the points is dropped."""
    found = {values.size: values.ravel() for values in outputs}
    points = found[3 * VERTICES].reshape(VERTICES, 3)[:, :2].astype(np.float64)
    return points, float(found[1][0])
