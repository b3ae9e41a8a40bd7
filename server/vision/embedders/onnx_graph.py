"""The ONNX model of a network for pictures while it is made. Needs the `onnx` package, imported only then."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

INPUT, OUTPUT = "pictures", "values"
OPSET, IR_VERSION = 13, 7
"""Of 2020: all that is needed, and read by every onnxruntime since 1.6."""


class UnsupportedNetworkError(ValueError):
    """The layers are known, but not in this order or with these sizes."""


@dataclass
class Graph:
    """Nodes and constants so far; names are given here. Raises ImportError without onnx."""

    nodes: list[Any] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)

    def call(self, operator: str, *inputs: str, result: str | None = None, **attributes: Any) -> str:
        """Add a node; returns the name of its result."""
        from onnx import helper

        name = result or f"{operator.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], name=name, **attributes))
        return name

    def constant(self, values: NDArray[Any]) -> str:
        """Add an array; returns its name."""
        from onnx import numpy_helper

        name = f"constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def planes(self) -> str:
        """The input as float32[n, 3, rows, columns], 0 to 255."""
        from onnx import TensorProto

        return self.call("Cast", self.call("Transpose", INPUT, perm=[0, 3, 1, 2]), to=TensorProto.FLOAT)

    def serialised(
        self, size: tuple[int | str, ...], shape: tuple[int | str, ...], metadata: Mapping[str, str]
    ) -> bytes:
        """The model that carries `metadata` as its metadata properties.

        Input `pictures`: uint8[n, *size, 3], RGB. Output `values`, the last node's: float32[n, *shape]. Names
        stand for numbers that are known only when it runs.
        """
        from onnx import TensorProto, helper

        pictures = helper.make_tensor_value_info(INPUT, TensorProto.UINT8, ["n", *size, 3])
        values = helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["n", *shape])
        made = helper.make_graph(self.nodes, "network", [pictures], [values], self.constants)
        opset = helper.make_opsetid("", OPSET)
        model = helper.make_model(
            made, producer_name="doorward", opset_imports=[opset], ir_version=IR_VERSION
        )
        helper.set_model_props(model, dict(metadata))
        content: bytes = model.SerializeToString()
        return content
