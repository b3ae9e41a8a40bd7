"""dlib's serialised face network, read without dlib: bytes in, a `Network` out.

The format is that of dlib's `serialize.h`, `cuda/tensor.h`, `dnn/core.h` and `dnn/layers.h`. A file tells its
structure first, outermost layer first, then what each layer holds, innermost layer first.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NoReturn, TypeAlias

import numpy as np
from numpy.typing import NDArray

Weights: TypeAlias = NDArray[np.float32]


class WeightsError(ValueError):
    """The bytes are not the serialised network we know; the message says where and why."""


@dataclass(frozen=True, eq=False)
class Convolution:
    """`filters`: float32[out, in, rows, columns], correlated; `bias`: float32[out]; zeros as padding."""

    filters: Weights
    bias: Weights
    stride: tuple[int, int]
    padding: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Affine:
    """x * gamma + beta, both float32[channels]: what remains of batch normalisation after training."""

    gamma: Weights
    beta: Weights


@dataclass(frozen=True)
class Relu:
    """max(x, 0)."""


@dataclass(frozen=True)
class Pool:
    """Maximum or mean of each window of (rows, columns); the window (0, 0) is the whole plane."""

    maximum: bool
    window: tuple[int, int]
    stride: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Dense:
    """x @ weights, which are float32[in, out]; no bias."""

    weights: Weights


@dataclass(frozen=True)
class Keep:
    """Put x aside. dlib: tag1."""


@dataclass(frozen=True)
class Swap:
    """Exchange x for what was put aside. dlib: skip1 on tag2."""


@dataclass(frozen=True)
class AddKept:
    """Add what was put aside, zeros appended to whichever is smaller in a dimension. dlib: add_prev."""


Layer: TypeAlias = Convolution | Affine | Relu | Pool | Dense | Keep | Swap | AddKept


@dataclass(frozen=True, eq=False)
class Network:
    """What to do to an RGB picture of `size` (rows, columns): (x - mean) / 256, then the layers in order."""

    mean: tuple[float, float, float]
    size: tuple[int, int]
    layers: tuple[Layer, ...]


def parse_network(data: bytes) -> Network:
    """Parse the content of dlib_face_recognition_resnet_model_v1.dat, or another of the same layer types.

    The arrays are read-only views of `data`. Raises WeightsError: an unknown version or layer, a file that
    ends early or late, sizes that contradict each other, weights that are no finite numbers.
    """
    reader = _Reader(data)
    _skip_loss(reader)
    structure = _structure(reader)
    mean, size = _input(reader)
    layers: list[Layer] = []
    for place, step in enumerate(structure):
        layers.append(_layer(reader, innermost=place == 0) if step is None else step)
    reader.end()
    return Network(mean, size, tuple(layers))


class _Reader:
    """Takes one value after the other off the bytes. Every method raises WeightsError."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def fail(self, why: str) -> NoReturn:
        raise WeightsError(f"not the face network's weights: before byte {self._at}, {why}")

    def expect(self, what: str, wanted: Any, found: Any) -> None:
        if found != wanted:
            self.fail(f"{what} is {found!r} instead of {wanted!r}")

    def end(self) -> None:
        self.expect("the end of the file", len(self._data), self._at)

    def raw(self, count: int) -> bytes:
        left = len(self._data) - self._at
        if count > left:
            self.fail(f"the file is truncated: {count} bytes wanted, {left} left")
        self._at += count
        return self._data[self._at - count : self._at]

    def integer(self) -> int:
        """A byte with the sign (bit 7) and the number of bytes that follow, lowest first."""
        control = self.raw(1)[0]
        count = control & 0x7F
        if not 1 <= count <= 8:
            self.fail(f"{control:#04x} does not start an integer")
        magnitude = int.from_bytes(self.raw(count), "little")
        return -magnitude if control & 0x80 else magnitude

    def naturals(self, count: int) -> tuple[int, ...]:
        numbers = tuple(self.integer() for _ in range(count))
        if min(numbers) < 0:
            self.fail(f"a size of {numbers} is negative")
        return numbers

    def pair(self) -> tuple[int, int]:
        rows, columns = self.naturals(2)
        return rows, columns

    def real(self) -> float:
        """A mantissa and its binary exponent, which is 32000 and more for infinities and NaN."""
        mantissa, exponent = self.integer(), self.integer()
        try:
            return math.ldexp(mantissa, exponent)
        except OverflowError:
            self.fail(f"{mantissa} * 2 ** {exponent} is no finite number")

    def reals(self, count: int) -> tuple[float, ...]:
        return tuple(self.real() for _ in range(count))

    def flags(self, count: int) -> None:
        letters = self.raw(count)
        if letters.strip(b"01"):
            self.fail(f"{letters!r} are no booleans")

    def text(self) -> str:
        (length,) = self.naturals(1)
        return self.raw(length).decode("ascii", "backslashreplace")

    def tensor(self) -> Weights:
        """float32, flat."""
        self.expect("a tensor's version", 2, self.integer())
        values = np.frombuffer(self.raw(4 * math.prod(self.naturals(4))), "<f4")
        if not np.isfinite(values).all():
            self.fail("a weight is no finite number")
        return values

    def parts(self, values: Weights) -> tuple[Weights, Weights]:
        """The shapes of the two parts that a tensor consists of; returns the parts in these shapes."""
        shapes = []
        for _ in range(2):
            self.expect("a part's version", 1, self.integer())
            shapes.append(self.naturals(4))
        cut = math.prod(shapes[0])
        self.expect("the size of both parts", values.size, cut + math.prod(shapes[1]))
        return values[:cut].reshape(shapes[0]), values[cut:].reshape(shapes[1])


def _skip_loss(reader: _Reader) -> None:
    reader.expect("the loss layer's version", 1, reader.integer())
    reader.expect("the loss", "loss_metric_2", reader.text())
    reader.reals(2)  # margin and threshold, for training


def _structure(reader: _Reader) -> list[Keep | Swap | None]:
    """The layers, innermost first; None stands for one that is described later, tags and skips are not.

    Both of those look the same in the file. In a residual block there is one alone, tag1; in one that halves
    the picture there is also a pair, skip1 on tag2.
    """
    tag, layer, innermost = 1, 2, 3
    versions = [reader.integer()]
    while versions[-1] in (tag, layer):
        versions.append(reader.integer())
    reader.expect("the innermost layer's version", innermost, versions[-1])
    steps: list[Keep | Swap | None] = []
    for are_tags, run in groupby(reversed(versions), lambda version: version == tag):
        count = len(list(run))
        if not are_tags:
            steps += [None] * count
        elif count <= 2:
            steps.append(Keep() if count == 1 else Swap())
        else:
            reader.fail(f"{count} tags in a row are unknown")
    return steps


def _input(reader: _Reader) -> tuple[tuple[float, float, float], tuple[int, int]]:
    reader.expect("the input layer", "input_rgb_image_sized", reader.text())
    return (reader.real(), reader.real(), reader.real()), reader.pair()


def _layer(reader: _Reader, innermost: bool) -> Layer:
    name = reader.text()
    if name not in _LAYERS:
        reader.fail(f"the layer {name[:20]!r} is unknown")
    layer = _LAYERS[name](reader)
    reader.flags(3)
    for _ in range(3):
        reader.expect("the size of a tensor for training", 0, reader.tensor().size)
    if innermost:
        reader.expect("the number of pictures made of one", 1, reader.integer())
    return layer


def _convolution(reader: _Reader) -> Convolution:
    values = reader.tensor()
    (count,) = reader.naturals(1)
    window, stride, padding = reader.pair(), reader.pair(), reader.pair()
    filters, bias = reader.parts(values)
    reader.expect("the number and size of the filters", (count, *window), (len(filters), *filters.shape[2:]))
    reader.expect("the shape of the biases", (1, count, 1, 1), bias.shape)
    reader.reals(4)  # learning rates and weight decays, for training
    return Convolution(filters, bias.reshape(-1), stride, padding)


def _affine(reader: _Reader) -> Affine:
    gamma, beta = reader.parts(reader.tensor())
    reader.expect("the shape of gamma", (1, gamma.size, 1, 1), gamma.shape)
    reader.expect("the shape of beta", gamma.shape, beta.shape)
    reader.expect("the mode, 0 for one gamma per channel,", 0, reader.integer())
    return Affine(gamma.reshape(-1), beta.reshape(-1))


def _pool(reader: _Reader, maximum: bool) -> Pool:
    window, stride, padding = reader.pair(), reader.pair(), reader.pair()
    reader.expect("the padding of a pool", (0, 0), padding)
    return Pool(maximum, window, stride)


def _dense(reader: _Reader) -> Dense:
    outputs, inputs = reader.pair()
    weights, bias = reader.parts(reader.tensor())
    reader.expect("the shape of the dense layer", (inputs, outputs, 1, 1), weights.shape)
    reader.expect("the number of its biases", 0, bias.size)
    reader.expect("its mode, 1 for no bias,", 1, reader.integer())
    reader.reals(4)  # learning rates and weight decays, for training
    return Dense(weights.reshape(inputs, outputs))


_LAYERS: dict[str, Callable[[_Reader], Layer]] = {
    "con_4": _convolution,
    "affine_": _affine,
    "relu_": lambda _: Relu(),
    "max_pool_2": lambda reader: _pool(reader, maximum=True),
    "avg_pool_2": lambda reader: _pool(reader, maximum=False),
    "add_prev_": lambda _: AddKept(),
    "fc_2": _dense,
}
