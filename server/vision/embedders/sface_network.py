"""SFace's network as it is shipped, an ONNX file with weights in blocks of int8, rewritten for onnxruntime.

All weights become float32, normalisations are folded into the convolutions, and the activations become what
onnxruntime runs without turning the layout of its data there and back: this alone saves 4 tenths of the time.
Needs the `onnx` package, imported only for that.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from server.vision.embedders.onnx_graph import OUTPUT, Graph, UnsupportedNetworkError
from server.vision.embedders.shipped_network import Array, attribute, read_shipped

SIDE = 112
"""Of the network's input, in pixels."""


def onnx_model(content: bytes, metadata: Mapping[str, str]) -> bytes:
    """The network as a serialised ONNX model that carries `metadata` as its metadata properties.

    `content`: the file as it is shipped. Input `pictures`: uint8[n, 112, 112, 3], RGB. Output `values`:
    float32[n, 128], of length 1. Raises UnsupportedNetworkError, and ImportError without onnx.
    """
    shipped = read_shipped(content)
    writer = _Writer()
    for step in _steps(shipped.nodes, shipped.weights):
        writer.write(step)
    writer.graph.call("LpNormalization", writer.x, result=OUTPUT, axis=1, p=2)
    return writer.graph.serialised((SIDE, SIDE), (writer.channels,), metadata)


class _Affine(NamedTuple):
    """x * scale + shift, both float64[channels]."""

    scale: Array
    shift: Array

    def after(self, first: "_Affine") -> "_Affine":
        """`first`, then this one."""
        return _Affine(first.scale * self.scale, first.shift * self.scale + self.shift)


class _Step(NamedTuple):
    """A node, its weights, and the normalisation of what a convolution or the dense layer gives."""

    node: Any
    weights: list[Array]
    normalised: _Affine | None


def _steps(nodes: Sequence[Any], weights: Mapping[str, Array]) -> list[_Step]:
    """The nodes in order, without those that do nothing once the network is trained."""
    steps: list[_Step] = []
    for node in nodes:
        if node.op_type in ("Constant", "Dropout", "Flatten"):
            continue
        arrays = [weights[name].astype(np.float64) for name in node.input[1:]]
        if node.op_type != "BatchNormalization":
            steps.append(_Step(node, arrays, None))
        elif steps and steps[-1].node.op_type in ("Conv", "Gemm"):
            steps[-1] = steps[-1]._replace(normalised=_normalisation(node, *arrays))
        else:
            steps.append(_Step(node, arrays, _normalisation(node, *arrays)))
    return steps


def _normalisation(node: Any, gamma: Array, beta: Array, mean: Array, variance: Array) -> _Affine:
    scale = gamma / np.sqrt(variance + attribute(node, "epsilon"))
    return _Affine(scale, beta - mean * scale)


class _Writer:
    """The graph so far. `x` names its last value; what the network has at that place is `owed` of it, which
    the next layer with weights makes good."""

    def __init__(self) -> None:
        self.graph = Graph()
        self.x = self.graph.planes()
        self.channels = 3
        self._owed = _nothing(self.channels)

    def write(self, step: _Step) -> None:
        """Add a node. Raises UnsupportedNetworkError."""
        match step.node.op_type:
            case "Sub":
                self.x = self.graph.call("Sub", self.x, self._float(*step.weights))  # before the padding
            case "Mul":
                self._owed = _Affine(step.weights[0], np.zeros(1)).after(self._owed)
            case "Conv" if step.normalised is not None:
                self._convolve(step.node, step.weights[0], step.normalised)
            case "PRelu":
                self._activate(step.weights[0].reshape(-1))
            case "BatchNormalization" if step.normalised is not None:
                self._owed = step.normalised.after(self._owed)
            case "Gemm" if step.normalised is not None:
                self._multiply(step.weights[0], step.weights[1], step.normalised)
            case other:
                raise UnsupportedNetworkError(f"{other} is unknown, or not normalised")

    def _convolve(self, node: Any, filters: Array, normalised: _Affine) -> None:
        if self._owed.shift.any():
            raise UnsupportedNetworkError("an offset in front of a padded convolution")
        groups = attribute(node, "group")
        inputs = self._owed.scale.reshape(groups, 1, -1, 1, 1)
        outputs = normalised.scale.reshape(groups, -1, 1, 1, 1)
        scaled = filters.reshape(groups, -1, *filters.shape[1:]) * inputs * outputs
        self.x = self.graph.call(
            "Conv",
            self.x,
            self._float(scaled.reshape(filters.shape)),
            self._float(normalised.shift),
            group=groups,
            **{name: attribute(node, name) for name in ("kernel_shape", "pads", "strides")},
        )
        self._settle(len(filters))

    def _activate(self, slopes: Array) -> None:
        """x where it is positive, else x * a, which is (relu(x) + x * a / (1 - a)) * (1 - a)."""
        if (slopes == 1).any():
            raise UnsupportedNetworkError("a slope of 1")
        factors = (slopes / (1 - slopes)).reshape(-1, 1, 1, 1)
        sloped = self.graph.call(
            "Conv", self.x, self._float(factors), group=self.channels, kernel_shape=[1, 1]
        )
        self.x = self.graph.call("Add", sloped, self.graph.call("Relu", self.x))
        self._owed = _Affine(1 - slopes, np.zeros(self.channels))

    def _multiply(self, weights: Array, bias: Array, normalised: _Affine) -> None:
        """`weights`: float64[outputs, channels * rows * columns]."""
        each = weights.reshape(len(weights), self.channels, -1)
        offset = np.einsum("ocp,c->o", each, self._owed.shift)
        scaled = each * self._owed.scale[:, None] * normalised.scale[:, None, None]
        self.x = self.graph.call(
            "Gemm",
            self.graph.call("Flatten", self.x),
            self._float(scaled.reshape(weights.shape).T),
            self._float((bias + offset) * normalised.scale + normalised.shift),
        )
        self._settle(len(weights))

    def _settle(self, channels: int) -> None:
        self.channels = channels
        self._owed = _nothing(channels)

    def _float(self, values: Array) -> str:
        return self.graph.constant(values.astype(np.float32))


def _nothing(channels: int) -> _Affine:
    return _Affine(np.ones(channels), np.zeros(channels))
