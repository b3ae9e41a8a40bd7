"""YuNet's network as it is shipped, an ONNX file with weights in blocks of int8, rewritten for onnxruntime.

All weights become float32, and the four narrow branches that find the values of a cell become one: this alone
saves a fifth of the time. Needs the `onnx` package, imported only for that.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from server.vision.embedders.onnx_graph import OUTPUT, Graph, UnsupportedNetworkError
from server.vision.embedders.shipped_network import Shipped, attributes, read_shipped
from server.vision.yunet_cells import LIKELIHOODS, PARTS, STRIDES, VALUES


def onnx_model(content: bytes, metadata: Mapping[str, str]) -> bytes:
    """The network as a serialised ONNX model that carries `metadata` as its metadata properties.

    `content`: the file as it is shipped. Input `pictures`: uint8[n, rows, columns, 3], RGB, whose sides are
    multiples of 32. Output `values`: float32[n, cells, 16], as `yunet_cells` describes them. Raises
    UnsupportedNetworkError, and ImportError without onnx.
    """
    shipped = read_shipped(content)
    heads = [[_branch(shipped, part, stride) for part in PARTS] for stride in STRIDES]
    branched = {node.output[0] for branches in heads for branch in branches for node in branch}
    writer = _Writer(shipped)
    for node in shipped.nodes:
        if node.output[0] not in branched:
            writer.copy(node)
    writer.finish([writer.head(branches) for branches in heads])
    return writer.graph.serialised(("rows", "columns"), ("cells", VALUES), metadata)


def _branch(shipped: Shipped, part: str, stride: int) -> list[Any]:
    """The nodes that find a part of the values of cells of one size, from the cells' features on."""
    kinds = ["Reshape", "Transpose", "Conv", "Conv"]
    if part in LIKELIHOODS:
        kinds.insert(0, "Sigmoid")
    makers = {node.output[0]: node for node in shipped.nodes}
    branch: list[Any] = []
    name = f"{part}_{stride}"
    for kind in kinds:
        node = makers.get(name)
        if node is None or node.op_type != kind:
            raise UnsupportedNetworkError(f"{part}_{stride}: {name} does not come from {kind}")
        branch.insert(0, node)
        name = node.input[0]
    return branch


class _Writer:
    """The graph so far."""

    def __init__(self, shipped: Shipped) -> None:
        picture, filters = shipped.nodes[0].input[:2]
        self.graph = Graph()
        self._names = {picture: self.graph.planes()}
        self._weights = {**shipped.weights, filters: shipped.weights[filters][:, ::-1]}  # it takes BGR

    def copy(self, node: Any) -> None:
        """Add a node as it is."""
        inputs = [self._names.get(name) or self.graph.constant(self._weights[name]) for name in node.input]
        self._names[node.output[0]] = self.graph.call(node.op_type, *inputs, **attributes(node))

    def head(self, branches: Sequence[Sequence[Any]]) -> str:
        """Add the branches of cells of one size; returns the name of float32[n, cells, 16]."""
        first, second = ([branch[at] for branch in branches] for at in (0, 1))
        found = self._convolve(self._names[first[0].input[0]], first)
        found = self._convolve(found, second, group=VALUES, pads=[1] * 4)
        rows = self.graph.call("Transpose", found, perm=[0, 2, 3, 1])
        return self.graph.call("Reshape", rows, self._whole_numbers(0, -1, VALUES))

    def finish(self, heads: Sequence[str]) -> None:
        """Add what is done with the cells of all sizes. `heads`: their names."""
        cells = self.graph.call("Concat", *heads, axis=1)
        likelihoods = self.graph.call("Sigmoid", self._part(cells, 0, len(LIKELIHOODS)))
        others = self._part(cells, len(LIKELIHOODS), VALUES)
        self.graph.call("Concat", likelihoods, others, axis=2, result=OUTPUT)

    def _convolve(self, x: str, nodes: Sequence[Any], **options: Any) -> str:
        """Add convolutions as one, whose results lie side by side."""
        filters, biases = (np.concatenate([self._weights[node.input[at]] for node in nodes]) for at in (1, 2))
        return self.graph.call(
            "Conv", x, self.graph.constant(filters), self.graph.constant(biases), **options
        )

    def _part(self, cells: str, start: int, end: int) -> str:
        """The values of each cell from `start` to `end`."""
        places = [self._whole_numbers(place) for place in (start, end, 2)]
        return self.graph.call("Slice", cells, *places)

    def _whole_numbers(self, *numbers: int) -> str:
        return self.graph.constant(np.array(numbers, np.int64))
