"""Plugged-in models: which are refused, and what the others are shown."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from server.vision.antispoof import Antispoof, AntispoofError, around, probabilities
from wire import Box

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

BOX = Box(100, 160, 160, 100)
IR_VERSION, OPSET = 8, 17


def model(
    shape: tuple[object, ...] = (1, 3, 20, 10),
    classes: int = 3,
    weights: object = None,
    outputs: int = 1,
    kind: int = onnx.TensorProto.FLOAT,
) -> bytes:
    """Means of the three planes times `weights`, float32[3, classes]."""
    helper = onnx.helper
    planes = shape[1] if isinstance(shape[1], int) else 3
    by = np.zeros((planes, classes), np.float32) if weights is None else np.asarray(weights, np.float32)
    picture = helper.make_tensor_value_info("picture", kind, shape)
    values = [helper.make_tensor_value_info(f"out{n}", onnx.TensorProto.FLOAT, None) for n in range(outputs)]
    nodes = [
        helper.make_node("Cast", ["picture"], ["float"], to=onnx.TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["float"], ["mean"], axes=[2, 3], keepdims=0),
        *(helper.make_node("MatMul", ["mean", "weights"], [f"out{n}"]) for n in range(outputs)),
    ]
    weighed = onnx.numpy_helper.from_array(by, "weights")
    graph = helper.make_graph(nodes, "antispoof", [picture], values, [weighed])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    return bytes(made.SerializeToString())


def written(folder: Path, content: bytes) -> tuple[Path, str]:
    path = folder / "model.onnx"
    path.write_bytes(content)
    return path, hashlib.sha256(content).hexdigest()


def picture(red: int, green: int, blue: int) -> NDArray[Any]:
    return np.full((240, 320, 3), (red, green, blue), np.uint8)


def test_the_score_is_the_probability_of_class_one(tmp_path: Path) -> None:
    equal = Antispoof(*written(tmp_path, model()))
    assert equal.score(picture(1, 2, 3), BOX) == pytest.approx(1 / 3)


def test_pictures_are_shown_as_bgr_from_0_to_255(tmp_path: Path) -> None:
    blue = np.zeros((3, 3))
    blue[0, 1] = 0.01
    judge = Antispoof(*written(tmp_path, model(weights=blue)))
    assert judge.score(picture(255, 255, 0), BOX) == pytest.approx(1 / 3)
    assert judge.score(picture(0, 0, 200), BOX) == pytest.approx(np.exp(2) / (np.exp(2) + 2), rel=1e-3)


def test_probabilities_are_taken_as_they_are() -> None:
    assert probabilities(np.array([0.2, 0.7, 0.1])).tolist() == [0.2, 0.7, 0.1]
    assert probabilities(np.array([0.0, 1000.0])) == pytest.approx([0.0, 1.0])
    assert probabilities(np.array([-1.0, 2.0])).sum() == pytest.approx(1)


def test_the_face_is_shown_with_what_is_around_it() -> None:
    whole = np.arange(240 * 320 * 3, dtype=np.uint32).reshape(240, 320, 3).astype(np.uint8)
    middle = around(whole, Box(100, 180, 140, 140))
    assert middle.shape == (108, 108, 3)
    assert np.array_equal(middle, whole[66:174, 106:214])


@pytest.mark.parametrize("box", [Box(0, 40, 40, 0), Box(200, 320, 240, 280)])
def test_at_the_edge_it_is_shifted(box: Box) -> None:
    assert around(picture(0, 0, 0), box).shape == (108, 108, 3)


def test_a_face_as_large_as_the_picture_is_shown_with_less() -> None:
    assert around(picture(0, 0, 0), Box(0, 280, 240, 40)).shape == (240, 240, 3)


def test_another_file_is_refused_before_it_is_read_as_a_model(tmp_path: Path) -> None:
    path, _ = written(tmp_path, b"no model at all")
    with pytest.raises(AntispoofError, match="sha256"):
        Antispoof(path, "0" * 64)


def test_the_digest_may_be_in_capitals(tmp_path: Path) -> None:
    path, digest = written(tmp_path, model())
    Antispoof(path, digest.upper())


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(AntispoofError, match="cannot be read"):
        Antispoof(tmp_path / "none.onnx", "0" * 64)


def test_what_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(AntispoofError, match="not an ONNX model"):
        Antispoof(*written(tmp_path, b"no model at all"))


@pytest.mark.parametrize(
    "content",
    [
        model(shape=(1, 1, 20, 10)),
        model(shape=(2, 3, 20, 10)),
        model(shape=(1, 3, "height", "width")),
        model(shape=(1, 20, 10, 3)),
        model(kind=onnx.TensorProto.UINT8),
    ],
    ids=["gray", "batch", "open", "channels last", "bytes"],
)
def test_inputs_that_do_not_fit(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(AntispoofError, match="takes"):
        Antispoof(*written(tmp_path, content))


@pytest.mark.parametrize("content", [model(outputs=2), model(classes=1)], ids=["two", "one class"])
def test_outputs_that_do_not_fit(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(AntispoofError, match="gives"):
        Antispoof(*written(tmp_path, content))


def test_any_number_of_faces_at_a_time_will_do(tmp_path: Path) -> None:
    Antispoof(*written(tmp_path, model(shape=("n", 3, 20, 10))))
