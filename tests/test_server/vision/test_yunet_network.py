"""YuNet's network as converted for onnxruntime: checked, kept, and OpenCV in its place where it cannot be."""

import hashlib
import logging
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from server.vision import yunet
from server.vision.embedders import converted
from server.vision.embedders.converted import TOLERANCE, OnnxNetwork, SelfCheckError, checkable_model
from server.vision.embedders.onnx_graph import UnsupportedNetworkError
from server.vision.models import load_models
from server.vision.sface_recognition import SfaceRecognition
from server.vision.yunet import OpenCvYunet, Yunet, load_yunet
from server.vision.yunet_detector import YunetDetector
from server.vision.yunet_network import onnx_model
from server.weights import YUNET, read_weights
from tests.support.onnx_files import edited, renamed

pytestmark = pytest.mark.skipif(
    not (find_spec("onnx") and find_spec("onnxruntime")), reason="onnxruntime has no wheels here"
)
WEIGHTS = read_weights(YUNET, Path("models"))


@lru_cache
def opencv() -> OpenCvYunet:
    return OpenCvYunet(WEIGHTS)


def model(content: bytes) -> bytes:
    """The weights converted, with what OpenCV gives for those that have not been changed."""
    return checkable_model(
        replace(yunet.source(WEIGHTS), original=opencv, convert=partial(onnx_model, content))
    )


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The only file of a cache that was filled by converting the weights."""
    folder = tmp_path_factory.mktemp("converted") / "deep"
    assert network(load_yunet(WEIGHTS, folder)) is OnnxNetwork
    (path,) = folder.iterdir()
    return path


@pytest.fixture
def cached(tmp_path: Path, filled: Path) -> Path:
    """The file in the folder `tmp_path` of a filled cache."""
    path = tmp_path / filled.name
    path.write_bytes(filled.read_bytes())
    return path


@pytest.fixture
def conversions(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Grows with each conversion."""
    made: list[bytes] = []

    def counted(content: bytes, metadata: dict[str, str]) -> bytes:
        made.append(content)
        return onnx_model(content, metadata)

    monkeypatch.setattr(yunet, "onnx_model", counted)
    return made


@pytest.fixture(autouse=True)
def _all_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "server.vision")


def network(loaded: Yunet) -> type:
    return type(loaded._network)


def pictures(rows: int, columns: int) -> NDArray[np.uint8]:
    return np.random.default_rng(rows).integers(0, 256, (1, rows, columns, 3), np.uint8)


@pytest.mark.parametrize("size", [(64, 64), (96, 96), (64, 160), (256, 320)])
def test_cells_of_any_size_of_picture_are_those_of_opencv(size: tuple[int, int], filled: Path) -> None:
    seen = pictures(*size)
    found, wanted = OnnxNetwork(filled)(seen), opencv()(seen)
    assert found.shape == wanted.shape == (1, size[0] * size[1] * 21 // 1024, 16)
    assert found.dtype == wanted.dtype == np.float32
    np.testing.assert_allclose(found, wanted, atol=TOLERANCE)


def test_several_pictures_are_looked_at_as_one_by_one(filled: Path) -> None:
    seen = np.concatenate([pictures(64, 64), 255 - pictures(64, 64)])
    for look in (OnnxNetwork(filled), opencv()):
        np.testing.assert_allclose(look(seen), np.concatenate([look(seen[:1]), look(seen[1:])]), atol=1e-5)


def constants() -> list[str]:
    """All that are not quantised, the scales of those that are among them."""
    import onnx

    graph = onnx.load_model_from_string(WEIGHTS).graph
    return [
        each.name
        for each in graph.initializer
        if each.data_type == onnx.TensorProto.FLOAT and np.prod(each.dims) > 0
    ]


def with_other(name: str) -> Callable[[Any], None]:
    """Change an array by 1 %, or by 0.01 where that may be nothing."""

    def edit(graph: Any) -> None:
        from onnx import numpy_helper

        (array,) = (each for each in graph.initializer if each.name == name)
        values = numpy_helper.to_array(array)
        other = values + 0.01 if name.endswith("bias") else values * 1.01
        array.CopyFrom(numpy_helper.from_array(other.astype(np.float32), name))

    return edit


def test_the_self_check_notices_another_constant() -> None:
    names = constants()
    assert len(names) > 100
    for name in names:
        changed = model(edited(WEIGHTS, with_other(name)))
        with pytest.raises(SelfCheckError):
            OnnxNetwork(changed)


@pytest.mark.parametrize("kind", ["Sigmoid", "Transpose"])
def test_what_cannot_be_converted_is_refused(kind: str) -> None:
    with pytest.raises(UnsupportedNetworkError, match=f"does not come from {kind}"):
        onnx_model(edited(WEIGHTS, renamed(kind)), {})


def test_a_kept_conversion_is_used_without_opencvs_network_or_onnx(
    cached: Path, conversions: list[bytes], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(yunet, "OpenCvYunet", None)
    monkeypatch.setitem(sys.modules, "onnx", None)
    assert network(load_yunet(WEIGHTS, cached.parent)) is OnnxNetwork
    assert not conversions and not caplog.records


def test_it_is_kept_beside_the_others_under_its_own_hash(filled: Path) -> None:
    assert filled.name.startswith(hashlib.sha256(WEIGHTS).hexdigest())


@pytest.mark.parametrize("place", [0, 100_000, -1])
def test_a_damaged_cache_is_made_anew(
    place: int, cached: Path, conversions: list[bytes], caplog: pytest.LogCaptureFixture
) -> None:
    intact = cached.read_bytes()
    damaged = bytearray(intact)
    damaged[place] ^= 1
    cached.write_bytes(damaged)
    assert network(load_yunet(WEIGHTS, cached.parent)) is OnnxNetwork
    assert len(conversions) == 1
    assert cached.read_bytes() == intact
    assert "is damaged" in caplog.text


@pytest.mark.parametrize("missing", ["onnx", "onnxruntime"])
def test_opencv_finds_faces_where_onnx_is_missing(
    missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    assert network(load_yunet(WEIGHTS, tmp_path)) is OpenCvYunet
    assert [record.levelname for record in caplog.records] == ["INFO"]
    assert missing in caplog.text and "faces are found by OpenCV" in caplog.text
    assert not list(tmp_path.iterdir())


def test_opencv_finds_faces_where_onnxruntime_fails(
    cached: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def failing(model: bytes | Path) -> None:
        raise RuntimeError("illegal instruction")

    monkeypatch.setattr(converted, "open_session", failing)
    assert network(load_yunet(WEIGHTS, cached.parent)) is OpenCvYunet
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "illegal instruction" in caplog.text


def test_opencv_finds_faces_where_the_conversion_does_not_agree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    changed = edited(WEIGHTS, with_other("bbox_head.multi_level_kps.0.conv2.weight_scales"))
    monkeypatch.setattr(yunet, "onnx_model", lambda content, metadata: onnx_model(changed, metadata))
    assert network(load_yunet(WEIGHTS, tmp_path)) is OpenCvYunet
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "does not agree" in caplog.text
    assert not list(tmp_path.iterdir())


def test_a_worker_has_the_network_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What is wrong with it is told once."""
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    worker = load_models(tmp_path)
    assert isinstance(worker.detector, YunetDetector) and isinstance(worker.recognition, SfaceRecognition)
    assert worker.detector._yunet is worker.recognition._yunet
    told = [record.getMessage().split(" by ")[0] for record in caplog.records]
    assert sorted(told) == ["faces are embedded", "faces are found"]
