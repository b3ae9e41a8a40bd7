"""A network as OpenCV Zoo ships it: ONNX with weights in blocks of int8, which onnxruntime refuses.

Needs the `onnx` package, imported only here.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]


class Shipped(NamedTuple):
    """`nodes`: in order, without those that only unfold weights. `weights`: all constants by name, those that
    were in blocks as float32."""

    nodes: list[Any]
    weights: Mapping[str, Array]


def read_shipped(content: bytes) -> Shipped:
    """`content`: of the file. Raises ImportError without onnx."""
    import onnx

    graph = onnx.load_model_from_string(content).graph
    weights = _weights(graph)
    return Shipped([node for node in graph.node if node.output[0] not in weights], weights)


def attributes(node: Any) -> dict[str, Any]:
    from onnx import helper

    return {each.name: helper.get_attribute_value(each) for each in node.attribute}


def attribute(node: Any, name: str) -> Any:
    """Raises ValueError when the node has no such attribute."""
    from onnx import helper

    return helper.get_node_attr_value(node, name)


def _weights(graph: Any) -> dict[str, Array]:
    from onnx import numpy_helper

    weights = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
    for node in graph.node:
        if node.op_type == "DequantizeLinear":
            weights[node.output[0]] = _dequantised(node, *(weights[name] for name in node.input))
        elif node.op_type == "Reshape" and node.input[0] in weights:
            weights[node.output[0]] = weights[node.input[0]].reshape(weights[node.input[1]])
    return weights


def _dequantised(node: Any, quantised: Array, scales: Array, zeros: Array) -> NDArray[np.float32]:
    """Along `axis` each block of `block_size` values, the last may be shorter, has a scale and a zero."""
    axis, size = attribute(node, "axis"), attribute(node, "block_size")
    block = np.arange(quantised.shape[axis]) // size
    difference = quantised.astype(np.float32) - np.take(zeros, block, axis).astype(np.float32)
    values: NDArray[np.float32] = difference * np.take(scales, block, axis)
    return values
