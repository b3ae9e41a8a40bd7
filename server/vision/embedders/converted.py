"""A network converted for onnxruntime, used where it demonstrably gives what the original gives.

docs/adr/0007-onnxruntime.md tells why. onnx and onnxruntime are imported only when they are needed.
"""

import hashlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from server.vision.embedders.onnx_graph import INPUT, OUTPUT
from server.vision.embedders.onnx_session import load_onnxruntime, open_session
from server.vision.embedders.sealed_file import intact, store

log = logging.getLogger(__name__)

Pictures: TypeAlias = NDArray[np.uint8]
"""uint8[n, rows, columns, 3], RGB, in the sizes that the network takes; n may be 0."""
Values: TypeAlias = NDArray[np.float32]
"""float32[n, ...]: what a network gives for each picture."""

TOLERANCE = 1e-5
"""Largest difference from the original in any value: 8 times what rounding makes, or more."""
PROBE_SIDE = 96
"""Of the self-check's picture, where the network takes any size."""
_REFERENCE = "doorward.reference"


class Network(Protocol):
    """Turns pictures into values. Not to be shared between threads."""

    def __call__(self, pictures: Pictures) -> Values:
        """What it gives for these pictures; the work grows with their number."""
        ...


class SelfCheckError(Exception):
    """The faster network does not give what the original gives."""


@dataclass(frozen=True)
class Source:
    """Where a converted network comes from. `task`: what it does, and `name`: of what runs the original, both
    for the log. `original`: loads it. `convert`: the ONNX model, which carries the metadata that it is given.
    `side`: of its pictures."""

    task: str
    name: str
    original: Callable[[], Network]
    convert: Callable[[Mapping[str, str]], bytes]
    side: int = PROBE_SIDE


class OnnxNetwork:
    """A converted network on one thread of onnxruntime, checked against what the original gives for `probe`.

    `model`: its bytes, which stay in memory, or their file. Raises ImportError without onnxruntime,
    SelfCheckError, and onnxruntime's own errors for a bad model.
    """

    def __init__(self, model: bytes | Path) -> None:
        self._session = open_session(model)
        reference = self._session.get_modelmeta().custom_metadata_map[_REFERENCE]
        self._check(np.frombuffer(bytes.fromhex(reference), dtype="<f4"))

    def __call__(self, pictures: Pictures) -> Values:
        values: Values
        (values,) = self._session.run([OUTPUT], {INPUT: pictures})
        return values

    def _check(self, reference: NDArray[np.float32]) -> None:
        rows = self._session.get_inputs()[0].shape[1]
        side = rows if isinstance(rows, int) else PROBE_SIDE
        found = self(probe(side)[np.newaxis])
        if found.size != reference.size:
            raise SelfCheckError(f"values of shape {found.shape}, a reference of {reference.size}")
        difference = float(np.abs(found.ravel() - reference).max())
        if not difference <= TOLERANCE:
            raise SelfCheckError(f"a difference of {difference:.1e}; at most {TOLERANCE:.0e} is accepted")


def load_fastest(source: Source, path: Path) -> Network:
    """The converted network if it can be had and agrees with the original, else that; the log says why.

    `path`: where it is kept, with what the original gives for the probe, so that the original is loaded only
    for a conversion. Whoever can write there can choose who is recognised: it needs the same protection as
    the program. Several processes may share it. Raises what `source.original` raises.
    """
    task, name = source.task, source.name
    try:
        load_onnxruntime()
        return OnnxNetwork(path) if intact(path) else _converted(source, path)
    except ImportError as error:
        log.info("%s by %s, as the faster onnxruntime cannot be used: %s", task, name, error)
    except SelfCheckError as error:
        log.error("%s by %s, as onnxruntime does not agree with it: %s", task, name, error)
    except Exception:
        log.exception("%s by %s, as onnxruntime fails", task, name)
    return source.original()


def file_name(weights: bytes, version: int) -> str:
    """Where the converted network is kept: in another file for other weights, and for another `version` of
    their conversion."""
    return f"{hashlib.sha256(weights).hexdigest()}.{version}.onnx"


def checkable_model(source: Source) -> bytes:
    """The ONNX model, which carries what the original gives for the probe."""
    reference = source.original()(probe(source.side)[np.newaxis])
    return source.convert({_REFERENCE: reference.astype("<f4").tobytes().hex()})


def probe(side: int) -> NDArray[np.uint8]:
    """The self-check's picture, uint8[side, side, 3]: coarse and fine texture, the same on every machine.

    Its pixels are means of hashes of their places, on grids of 1, 3, 9 and 27 pixels.
    """
    row, column, channel = (np.arange(n, dtype=np.uint32) for n in (side, side, 3))
    total = np.zeros((side, side, 3), dtype=np.uint32)
    for grid in np.array([1, 3, 9, 27], dtype=np.uint32):
        rows, columns = (row // grid)[:, None, None], (column // grid)[None, :, None]
        mixed = rows * np.uint32(73856093) ^ columns * np.uint32(19349663)
        mixed = mixed ^ (channel + grid) * np.uint32(83492791)
        mixed = (mixed ^ mixed >> 13) * np.uint32(1540483477)
        total += (mixed ^ mixed >> 15) & 255
    return (total // 4).astype(np.uint8)


def _converted(source: Source, path: Path) -> OnnxNetwork:
    """Convert the network, and keep what passed the self-check."""
    model = checkable_model(source)
    network = OnnxNetwork(model)
    store(path, model)
    return network
