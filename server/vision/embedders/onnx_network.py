"""dlib's face network as an ONNX model.

Affine layers and the normalisation of the pixels are folded into the convolutions. Needs the `onnx` package,
which is imported only when a model is made.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from server.vision.embedders.dlib_weights import (
    AddKept,
    Affine,
    Convolution,
    Dense,
    Keep,
    Network,
    Pool,
    Relu,
    Swap,
)
from server.vision.embedders.onnx_graph import OUTPUT, Graph, UnsupportedNetworkError

_PIXEL_SCALE = 256
"""dlib's `input_rgb_image_sized` divides by it."""

_Folded: TypeAlias = Convolution | Relu | Pool | Dense | Keep | Swap | AddKept
Shape: TypeAlias = tuple[int, ...]
"""(channels, rows, columns), or (values,) after the dense layer; the pictures are not counted."""


def onnx_model(network: Network, metadata: Mapping[str, str]) -> bytes:
    """The network as a serialised ONNX model that carries `metadata` as its metadata properties.

    Input `pictures`: uint8[n, rows, columns, 3], RGB. Output `values`: float32[n, values], not normalised.
    Raises UnsupportedNetworkError, and ImportError without onnx.
    """
    graph = Graph()
    x = _Value(graph.planes(), (3, *network.size))
    kept: _Value | None = None
    for layer in _folded(network):
        match layer:
            case Keep():
                kept = x
            case Swap():
                x, kept = _needed(kept), x
            case AddKept():
                x = _add(graph, x, _needed(kept))
            case _:
                x = _apply(graph, layer, x)
    graph.call("Identity", x.name, result=OUTPUT)
    return graph.serialised(network.size, x.shape, metadata)


@dataclass(frozen=True)
class _Value:
    name: str
    shape: Shape


def _needed(kept: _Value | None) -> _Value:
    if kept is None:
        raise UnsupportedNetworkError("nothing was put aside before it is used")
    return kept


def _folded(network: Network) -> list[_Folded]:
    """The layers without Affine, for pixels from 0 to 255."""
    layers: list[_Folded] = []
    for layer in network.layers:
        if not isinstance(layer, Affine):
            layers.append(layer)
        elif layers and isinstance(layers[-1], Convolution):
            layers[-1] = _scaled(layers[-1], layer)
        else:
            raise UnsupportedNetworkError("an affine layer does not follow a convolution")
    if not layers or not isinstance(layers[0], Convolution):
        raise UnsupportedNetworkError("the first layer is no convolution")
    layers[0] = _on_pixels(layers[0], network.mean)
    return layers


def _scaled(convolution: Convolution, affine: Affine) -> Convolution:
    if affine.gamma.shape != convolution.bias.shape:
        raise UnsupportedNetworkError("an affine layer and its convolution differ in size")
    gamma = affine.gamma.astype(np.float64)
    filters = convolution.filters * gamma[:, None, None, None]
    return _with(convolution, filters, convolution.bias * gamma + affine.beta)


def _on_pixels(convolution: Convolution, mean: tuple[float, float, float]) -> Convolution:
    """The convolution of (x - mean) / 256 as one of x; with padding it would not be one at the edges."""
    if convolution.padding != (0, 0) or convolution.filters.shape[1] != len(mean):
        raise UnsupportedNetworkError("the first convolution is padded or does not take RGB")
    filters = convolution.filters.astype(np.float64) / _PIXEL_SCALE
    return _with(convolution, filters, convolution.bias - np.einsum("oirc,i->o", filters, np.array(mean)))


def _with(convolution: Convolution, filters: NDArray[Any], bias: NDArray[Any]) -> Convolution:
    return replace(convolution, filters=filters.astype(np.float32), bias=bias.astype(np.float32))


def _apply(graph: Graph, layer: Convolution | Relu | Pool | Dense, x: _Value) -> _Value:
    match layer:
        case Convolution():
            return _convolve(graph, layer, x)
        case Relu():
            return _Value(graph.call("Relu", x.name), x.shape)
        case Pool():
            return _pool(graph, layer, x)
        case Dense():
            return _multiply(graph, layer, x)


def _slid(size: Shape, window: Shape, stride: Shape, padding: Shape) -> Shape:
    """How many whole windows fit, (rows, columns)."""
    fits = (np.array(size) + 2 * np.array(padding) - window) // stride + 1
    if fits.min() < 1:
        raise UnsupportedNetworkError(f"a window of {window} does not fit into {size}")
    return tuple(fits.tolist())


def _convolve(graph: Graph, layer: Convolution, x: _Value) -> _Value:
    outputs, inputs, rows, columns = layer.filters.shape
    if (inputs,) != x.shape[:1]:
        raise UnsupportedNetworkError(f"{inputs} channels are convolved, there are {x.shape}")
    name = graph.call(
        "Conv",
        x.name,
        graph.constant(layer.filters),
        graph.constant(layer.bias),
        kernel_shape=[rows, columns],
        strides=layer.stride,
        pads=layer.padding * 2,
    )
    return _Value(name, (outputs, *_slid(x.shape[1:], (rows, columns), layer.stride, layer.padding)))


def _pool(graph: Graph, layer: Pool, x: _Value) -> _Value:
    if layer.window == (0, 0):
        operator = "GlobalMaxPool" if layer.maximum else "GlobalAveragePool"
        return _Value(graph.call(operator, x.name), (x.shape[0], 1, 1))
    operator = "MaxPool" if layer.maximum else "AveragePool"
    name = graph.call(operator, x.name, kernel_shape=layer.window, strides=layer.stride)
    return _Value(name, (x.shape[0], *_slid(x.shape[1:], layer.window, layer.stride, (0, 0))))


def _add(graph: Graph, x: _Value, kept: _Value) -> _Value:
    shape = tuple(np.maximum(x.shape, kept.shape).tolist())
    return _Value(graph.call("Add", _padded(graph, x, shape), _padded(graph, kept, shape)), shape)


def _padded(graph: Graph, x: _Value, shape: Shape) -> str:
    missing = np.subtract(shape, x.shape)
    if not missing.any():
        return x.name
    pads = np.array([0, 0, 0, 0, 0, *missing], dtype=np.int64)
    return graph.call("Pad", x.name, graph.constant(pads))


def _multiply(graph: Graph, layer: Dense, x: _Value) -> _Value:
    inputs, outputs = layer.weights.shape
    if inputs != np.prod(x.shape):
        raise UnsupportedNetworkError(f"the dense layer takes {inputs} values, there are {x.shape}")
    flat = graph.call("Flatten", x.name)
    return _Value(graph.call("MatMul", flat, graph.constant(layer.weights)), (outputs,))
