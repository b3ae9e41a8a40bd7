"""A plugged-in model's opinion on whether a face is real.

None is shipped. Supported is what the models of Silent-Face-Anti-Spoofing (MiniFASNet) and most others made
like them take and give:

- one input, float32[1, 3, height, width]: the face and what is around it, `ENLARGED` times its box, BGR, from
  0 to 255. Its height and width are read from the model; the number of faces may be left open;
- one output, float32[1, n] with n at least 2: a value for each class, class 1 being a real face; either
  probabilities, or values that a softmax turns into probabilities.
"""

import hashlib
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from server.vision.embedders.onnx_session import open_session
from server.vision.picture import Picture
from wire import Box

ENLARGED = 2.7
"""Sides of the face's box: MiniFASNetV2's `2.7_80x80`."""
REAL = 1
"""The class of a real face."""
FLOAT = "tensor(float)"


class AntispoofError(RuntimeError):
    """The model cannot be used. The message says why."""


class Antispoof:
    """One model on one thread of onnxruntime. Not to be shared between threads."""

    def __init__(self, path: Path, sha256: str) -> None:
        """`sha256`: what the file must have, in hexadecimal digits; nothing else in it is looked at before.

        Raises AntispoofError.
        """
        model = _verified(path, sha256)
        try:
            self._session = open_session(model)
        except ImportError as error:
            raise AntispoofError(f"{path} needs onnxruntime, which cannot be imported: {error}") from error
        except Exception as error:  # onnxruntime raises many kinds on what is no model
            raise AntispoofError(f"{path} is not an ONNX model that onnxruntime can run: {error}") from error
        self._input, self._height, self._width = self._checked_input(path)
        self._check_output(path)

    def score(self, picture: Picture, box: Box) -> float:
        """Probability that the face in `box` (pixels of the picture) is real, 0 to 1."""
        face = cv2.resize(around(picture, box), (self._width, self._height), interpolation=cv2.INTER_LINEAR)
        planes = np.ascontiguousarray(face[:, :, ::-1].transpose(2, 0, 1)[np.newaxis], np.float32)
        (values,) = self._session.run(None, {self._input: planes})
        return float(probabilities(np.asarray(values, np.float64).ravel())[REAL])

    def _checked_input(self, path: Path) -> tuple[str, int, int]:
        """Name of the input, and its height and width."""
        inputs = self._session.get_inputs()
        if len(inputs) != 1:
            raise AntispoofError(f"{path} has {len(inputs)} inputs; one picture is all that it can be given")
        name, shape, kind = inputs[0].name, list(inputs[0].shape), inputs[0].type
        pinned = [side for side in shape[-2:] if isinstance(side, int) and side > 0]
        single = len(shape) == 4 and (shape[0] == 1 or not isinstance(shape[0], int))
        if kind != FLOAT or not single or shape[1] != 3 or len(pinned) != 2:
            raise AntispoofError(f"{path} takes {kind} {shape}; float32 [1, 3, height, width] can be given")
        return name, pinned[0], pinned[1]

    def _check_output(self, path: Path) -> None:
        """That one value for each class comes out, by a run on a grey picture."""
        outputs = self._session.get_outputs()
        if len(outputs) != 1 or outputs[0].type != FLOAT:
            found = ", ".join(f"{each.type} {each.shape}" for each in outputs)
            raise AntispoofError(f"{path} gives {found}; one float32 [1, classes] is understood")
        grey = np.full((1, 3, self._height, self._width), 128, np.float32)
        try:
            (values,) = self._session.run(None, {self._input: grey})
        except Exception as error:
            raise AntispoofError(f"{path} fails on a grey picture: {error}") from error
        if values.ndim != 2 or values.shape[0] != 1 or values.shape[1] <= REAL:
            raise AntispoofError(f"{path} gives {list(values.shape)}; [1, classes], 2 or more, is understood")


def around(picture: Picture, box: Box) -> Picture:
    """The face and what is around it: `ENLARGED` times the box, or less where the picture is too small, and
    shifted to lie inside."""
    height, width = picture.shape[:2]
    factor = min(ENLARGED, height / max(1, box.height), width / max(1, box.width))
    tall, wide = max(1, int(box.height * factor)), max(1, int(box.width * factor))
    top = min(max(0, (box.top + box.bottom - tall) // 2), height - tall)
    left = min(max(0, (box.left + box.right - wide) // 2), width - wide)
    return picture[top : top + tall, left : left + wide]


def probabilities(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """`values`, one for each class, when they are probabilities, otherwise their softmax."""
    if (values >= 0).all() and abs(float(values.sum()) - 1) < 1e-3:
        return values
    powers = np.exp(values - values.max())
    return np.asarray(powers / powers.sum())


def _verified(path: Path, sha256: str) -> bytes:
    """The content of the file. Raises AntispoofError when it is not what was pinned."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise AntispoofError(f"{path} cannot be read: {error}") from error
    found = hashlib.sha256(content).hexdigest()
    if found != sha256.lower():
        raise AntispoofError(f"{path} has sha256 {found}, not {sha256}: it is not the model that was chosen")
    return content
