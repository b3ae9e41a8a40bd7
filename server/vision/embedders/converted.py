"""A network converted for onnxruntime, used where it demonstrably gives what the original gives.

docs/adr/0007-onnxruntime.md tells why. onnx and onnxruntime are imported only when they are needed.
"""

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

Chips: TypeAlias = NDArray[np.uint8]
"""uint8[n, side, side, 3], RGB: n faces, aligned as the network wants them; n may be 0."""
Embeddings: TypeAlias = NDArray[np.float32]
"""float32[n, values], one row for each chip."""

TOLERANCE = 1e-5
"""Largest difference from the original in any value of an embedding: about 20 times what rounding makes."""
_REFERENCE = "doorward.reference"


class Embedder(Protocol):
    """Turns faces into embeddings. Not to be shared between threads."""

    def __call__(self, chips: Chips) -> Embeddings:
        """Embed these chips; the work grows with their number."""
        ...


class SelfCheckError(Exception):
    """The faster network does not give what the original gives."""


@dataclass(frozen=True)
class Source:
    """Where a converted network comes from. `name`: of what runs the original, for the log. `side`: of its
    chips. `original`: loads it. `convert`: the ONNX model, which carries the metadata that it is given."""

    name: str
    side: int
    original: Callable[[], Embedder]
    convert: Callable[[Mapping[str, str]], bytes]


class OnnxEmbedder:
    """A converted network on one thread of onnxruntime, checked against the original's embedding of `probe`.

    `model`: its bytes, which stay in memory, or their file. Raises ImportError without onnxruntime,
    SelfCheckError, and onnxruntime's own errors for a bad model.
    """

    def __init__(self, model: bytes | Path) -> None:
        self._session = open_session(model)
        self._side = self._session.get_inputs()[0].shape[1]
        self._values = self._session.get_outputs()[0].shape[1]
        reference = self._session.get_modelmeta().custom_metadata_map[_REFERENCE]
        self._check(np.frombuffer(bytes.fromhex(reference), dtype="<f4"))

    def __call__(self, chips: Chips) -> Embeddings:
        if len(chips) == 0:
            return np.empty((0, self._values), dtype=np.float32)
        embeddings: Embeddings
        (embeddings,) = self._session.run([OUTPUT], {INPUT: chips})
        return embeddings

    def _check(self, reference: NDArray[np.float32]) -> None:
        found = self(probe(self._side)[np.newaxis])
        if found.shape != (1, *reference.shape):
            raise SelfCheckError(f"embeddings of shape {found.shape}, a reference of {reference.shape}")
        difference = float(np.abs(found[0] - reference).max())
        if not difference <= TOLERANCE:
            raise SelfCheckError(f"a difference of {difference:.1e}; at most {TOLERANCE:.0e} is accepted")


def load_fastest(source: Source, path: Path) -> Embedder:
    """The converted network if it can be had and agrees with the original, else that; the log says why.

    `path`: where it is kept, with the original's embedding of the probe, so that the original is loaded only
    for a conversion. Whoever can write there can choose who is recognised: it needs the same protection as
    the program. Several processes may share it. Raises what `source.original` raises.
    """
    try:
        load_onnxruntime()
        return OnnxEmbedder(path) if intact(path) else _converted(source, path)
    except ImportError as error:
        log.info("faces are embedded by %s, as the faster onnxruntime cannot be used: %s", source.name, error)
    except SelfCheckError as error:
        log.error("faces are embedded by %s, as onnxruntime does not agree with it: %s", source.name, error)
    except Exception:
        log.exception("faces are embedded by %s, as onnxruntime fails", source.name)
    return source.original()


def checkable_model(source: Source) -> bytes:
    """The ONNX model, which carries the original's embedding of the probe."""
    (reference,) = source.original()(probe(source.side)[np.newaxis])
    return source.convert({_REFERENCE: reference.astype("<f4").tobytes().hex()})


def probe(side: int) -> NDArray[np.uint8]:
    """The chip of the self-check, uint8[side, side, 3]: coarse and fine texture, the same on every machine.

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


def _converted(source: Source, path: Path) -> OnnxEmbedder:
    """Convert the network, and keep what passed the self-check."""
    model = checkable_model(source)
    embedder = OnnxEmbedder(model)
    store(path, model)
    return embedder
