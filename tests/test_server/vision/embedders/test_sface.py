"""SFace's converted network against OpenCV: on real faces, with any weight altered, from whatever cache."""

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
from PIL import Image

from server.vision.alignment import align
from server.vision.embedders import converted, sface
from server.vision.embedders.converted import OnnxNetwork, SelfCheckError, checkable_model, probe
from server.vision.embedders.onnx_graph import UnsupportedNetworkError
from server.vision.embedders.sface import OpenCvEmbedder, load_embedder
from server.vision.embedders.sface_network import SIDE, onnx_model
from server.vision.picture import Picture
from server.vision.yunet import load_yunet
from server.weights import SFACE, YUNET, read_weights
from tests.support.onnx_files import edited, renamed
from tests.support.photos import DATA, MODEL_CACHE, photo

pytestmark = pytest.mark.skipif(
    not (find_spec("onnx") and find_spec("onnxruntime")), reason="onnxruntime has no wheels here"
)
WEIGHTS = read_weights(SFACE, Path("models"))
SAMPLES = ("obama", "obama2", "obama3", "biden")
ACTIVE = 5
"""A filter that matters to the probe in every layer."""


@lru_cache
def opencv() -> OpenCvEmbedder:
    return OpenCvEmbedder(WEIGHTS)


@lru_cache
def reference() -> NDArray[np.float32]:
    row: NDArray[np.float32] = opencv()(chip())[0]
    return row


@lru_cache
def quick() -> OnnxNetwork:
    return OnnxNetwork(model(WEIGHTS))


def model(content: bytes) -> bytes:
    """The weights converted, with OpenCV's embedding of those that have not been changed."""
    return checkable_model(
        replace(sface.source(WEIGHTS), original=opencv, convert=partial(onnx_model, content))
    )


def chip() -> Picture:
    """The probe, as a batch of one."""
    return probe(SIDE)[np.newaxis]


@pytest.fixture(scope="module")
def chips() -> Picture:
    """The faces of the samples and of some other people, uint8[n, 112, 112, 3]."""
    yunet = load_yunet(read_weights(YUNET, Path("models")), MODEL_CACHE)
    paths = [photo(name) for name in SAMPLES] + sorted(DATA.glob("lfw10/*/*_0001.jpg"))
    pictures = [np.asarray(Image.open(path).convert("RGB")) for path in paths]
    return np.stack([align(picture, yunet.detect(picture)[0].points) for picture in pictures])


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The only file of a cache that was filled by converting the weights."""
    folder = tmp_path_factory.mktemp("converted") / "deep"
    assert isinstance(load_embedder(WEIGHTS, folder), OnnxNetwork)
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

    monkeypatch.setattr(sface, "onnx_model", counted)
    return made


@pytest.fixture(autouse=True)
def _all_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "server.vision.embedders")


def test_real_faces_are_embedded_as_opencv_does_it(chips: Picture) -> None:
    wanted, found = opencv()(chips), quick()(chips)
    assert len(chips) >= len(SAMPLES)
    assert found.shape == (len(chips), 128) and found.dtype == wanted.dtype == np.float32
    assert np.abs(found - wanted).max() < converted.TOLERANCE
    assert (found * wanted).sum(axis=1).min() > 0.9999
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)


def test_one_person_is_nearer_to_himself_than_to_another(chips: Picture) -> None:
    likeness = quick()(chips[: len(SAMPLES)]) @ quick()(chips[: len(SAMPLES)]).T
    assert likeness[:3, :3].min() > 0.5 and likeness[:3, 3].max() < 0.3


def test_a_chip_is_embedded_alike_alone_and_among_others(chips: Picture) -> None:
    together = quick()(chips[:3])
    alone = np.concatenate([quick()(chips[at : at + 1]) for at in range(3)])
    np.testing.assert_allclose(together, alone, atol=1e-6)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_both_embed_any_number_of_chips(count: int) -> None:
    several = np.repeat(chip(), count, axis=0)
    for embed in (quick(), opencv()):
        found = embed(several)
        assert found.shape == (count, 128) and found.dtype == np.float32
        np.testing.assert_allclose(found, np.repeat(reference()[np.newaxis], count, axis=0), atol=1e-5)


def test_extreme_chips_are_embedded_as_opencv_does_it() -> None:
    colours = [(0, 0, 0), (255, 255, 255), (255, 0, 0), (0, 255, 0), (0, 0, 255)]
    flat = np.stack([np.full((SIDE, SIDE, 3), colour, np.uint8) for colour in colours])
    assert np.abs(quick()(flat) - opencv()(flat)).max() < converted.TOLERANCE


def with_other(name: str) -> Callable[[Any], None]:
    """Change one value of an array, or its values for one filter: a factor by 1 %, a slope by 0.1."""

    def edit(graph: Any) -> None:
        from onnx import numpy_helper

        (array,) = (each for each in graph.initializer if each.name == name)
        values = numpy_helper.to_array(array).copy()
        values[min(ACTIVE, len(values) - 1)] *= 1.01
        if name.endswith("relu_gamma"):
            values[ACTIVE] += 0.1
        array.CopyFrom(numpy_helper.from_array(values, name))

    return edit


LAYERS = [f"conv_{number}{kind}" for number in range(1, 15) for kind in ("_dw", "")][1:]
WHOLE = ["scalar_op1", "scalar_op2", "bn1_gamma", "pre_fc1_weight_scales", "fc1_gamma", "fc1_moving_mean"]


@pytest.mark.parametrize(
    "name",
    [f"{layer}_{part}" for layer in LAYERS for part in ("conv2d_weight_scales", "relu_gamma")] + WHOLE,
)
def test_the_self_check_notices_another_weight(name: str) -> None:
    with pytest.raises(SelfCheckError):
        OnnxNetwork(model(edited(WEIGHTS, with_other(name))))


def without(kind: str) -> Callable[[Any], None]:
    """Leave out the first node of a kind, joining what is before and behind."""

    def edit(graph: Any) -> None:
        node = next(each for each in graph.node if each.op_type == kind)
        for other in graph.node:
            other.input[:] = [node.input[0] if name == node.output[0] else name for name in other.input]
        graph.node.remove(node)

    return edit


def with_slope_one(graph: Any) -> None:
    from onnx import numpy_helper

    (array,) = (each for each in graph.initializer if each.name == "conv_3_relu_gamma")
    array.CopyFrom(numpy_helper.from_array(np.ones((128, 1, 1), np.float32), array.name))


def with_offset(graph: Any) -> None:
    """A normalisation behind an activation that a padded convolution follows."""
    from onnx import helper

    inputs = ["conv_1_relu", *(f"conv_1_batchnorm_{part}" for part in ("gamma", "beta")), *MOVING]
    at = next(place for place, node in enumerate(graph.node) if node.output[0] == "conv_1_relu")
    graph.node[at + 1].input[0] = "offset"
    graph.node.insert(at + 1, helper.make_node("BatchNormalization", inputs, ["offset"], epsilon=1e-3))


MOVING = ("conv_1_batchnorm_moving_mean", "conv_1_batchnorm_moving_var")


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (renamed("PRelu"), "Softsign is unknown"),
        (without("BatchNormalization"), "Conv is unknown, or not normalised"),
        (with_slope_one, "a slope of 1"),
        (with_offset, "in front of a padded"),
    ],
)
def test_what_cannot_be_converted_is_refused(edit: Callable[[Any], None], reason: str) -> None:
    with pytest.raises(UnsupportedNetworkError, match=reason):
        onnx_model(edited(WEIGHTS, edit), {})


def test_a_kept_conversion_is_used_without_opencvs_network_or_onnx(
    cached: Path, conversions: list[bytes], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    wanted = reference()
    monkeypatch.setattr(sface, "OpenCvEmbedder", None)
    monkeypatch.setitem(sys.modules, "onnx", None)
    embed = load_embedder(WEIGHTS, cached.parent)
    assert isinstance(embed, OnnxNetwork)
    np.testing.assert_allclose(embed(chip())[0], wanted, atol=converted.TOLERANCE)
    assert not conversions and not caplog.records


def test_it_is_kept_beside_dlibs_under_its_own_hash(filled: Path) -> None:
    assert filled.name.startswith(hashlib.sha256(WEIGHTS).hexdigest())


@pytest.mark.parametrize("place", [0, 20_000_000, -1])
def test_a_damaged_cache_is_made_anew(
    place: int, cached: Path, conversions: list[bytes], caplog: pytest.LogCaptureFixture
) -> None:
    intact = cached.read_bytes()
    damaged = bytearray(intact)
    damaged[place] ^= 1
    cached.write_bytes(damaged)
    assert isinstance(load_embedder(WEIGHTS, cached.parent), OnnxNetwork)
    assert len(conversions) == 1
    assert cached.read_bytes() == intact
    assert "is damaged" in caplog.text


@pytest.mark.parametrize("missing", ["onnx", "onnxruntime"])
def test_opencv_embeds_where_onnx_is_missing(
    missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    embed = load_embedder(WEIGHTS, tmp_path)
    assert isinstance(embed, OpenCvEmbedder)
    np.testing.assert_array_equal(embed(chip())[0], reference())
    assert [record.levelname for record in caplog.records] == ["INFO"]
    assert missing in caplog.text and "OpenCV, which takes twice as long" in caplog.text
    assert not list(tmp_path.iterdir())


def test_opencv_embeds_where_a_conversion_fails_the_self_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    changed = edited(WEIGHTS, with_other("conv_14_conv2d_weight_scales"))
    monkeypatch.setattr(sface, "onnx_model", lambda content, metadata: onnx_model(changed, metadata))
    assert isinstance(load_embedder(WEIGHTS, tmp_path), OpenCvEmbedder)
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "does not agree" in caplog.text
    assert not list(tmp_path.iterdir())
