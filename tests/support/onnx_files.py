"""ONNX files with something changed."""

from collections.abc import Callable
from typing import Any


def edited(content: bytes, edit: Callable[[Any], None]) -> bytes:
    """The file with its graph changed."""
    import onnx

    model = onnx.load_model_from_string(content)
    edit(model.graph)
    changed: bytes = model.SerializeToString()
    return changed


def renamed(kind: str) -> Callable[[Any], None]:
    """Make the first node of a kind one that no network here has."""

    def edit(graph: Any) -> None:
        next(each for each in graph.node if each.op_type == kind).op_type = "Softsign"

    return edit
