"""The converted network against dlib: on real faces, with any layer altered, from whatever cache."""

import logging
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from scripts.samples import sample_photos
from server.access.matching.recogniser import Embedding
from server.vision.dlib_recognition import DlibRecognition
from server.vision.embedders import converted as under_test
from server.vision.embedders import resnet
from server.vision.embedders.converted import OnnxNetwork, SelfCheckError, checkable_model, probe
from server.vision.embedders.dlib_weights import (
    AddKept,
    Affine,
    Convolution,
    Dense,
    Layer,
    Network,
    Pool,
    Weights,
    parse_network,
)
from server.vision.embedders.onnx_graph import UnsupportedNetworkError
from server.vision.embedders.onnx_network import onnx_model
from server.vision.embedders.resnet import SIDE, DlibEmbedder, load_embedder
from server.vision.embedders.sealed_file import intact
from server.vision.faces import find_faces
from server.vision.models import load_models
from server.vision.picture import Picture
from server.weights import weights_folder
from tests.support.photos import DATA

pytestmark = pytest.mark.skipif(
    not (find_spec("onnx") and find_spec("onnxruntime")), reason="onnxruntime has no wheels here: dlib embeds"
)
ROOT = Path(__file__).resolve().parents[4]
WEIGHTS = weights_folder() / "dlib_face_recognition_resnet_model_v1.dat"
MIN_FACE = 60
FRAMES = 5
"""How many frames are taken of each video."""
LAYERS = 126
ACTIVE = 5
"""A filter that matters to the probe in every layer. In the last layers some matter to no picture; of the
first eight of each layer, changed by 1 % one by one, the self-check notices 95 in 100."""


@lru_cache
def network() -> Network:
    return parse_network(WEIGHTS.read_bytes())


@lru_cache
def dlib_embedder() -> DlibEmbedder:
    return DlibEmbedder(WEIGHTS)


@lru_cache
def reference() -> Embedding:
    row: Embedding = dlib_embedder()(chip())[0]
    return row


@lru_cache
def converted() -> OnnxNetwork:
    return OnnxNetwork(model(network()))


def model(changed: Network) -> bytes:
    """As it would be converted, with dlib's embedding of what has not been changed."""
    source = replace(resnet.source(WEIGHTS), original=dlib_embedder, convert=partial(onnx_model, changed))
    return checkable_model(source)


def chip() -> Picture:
    """The probe, as a batch of one."""
    return probe(SIDE)[np.newaxis]


def pictures() -> Iterator[Picture]:
    """Real photos and frames, RGB."""
    if not DATA.is_dir():
        paths = list(sample_photos().values())
    else:
        paths = [
            path for folder in ("people", "lfw10", "spoof") for path in sorted(DATA.glob(f"{folder}/**/*.*"))
        ]
    for path in paths:
        photo = cv2.imread(str(path))
        assert photo is not None, path
        yield rgb(photo)
    for path in sorted(DATA.glob("stream/**/*.m*")):
        video = cv2.VideoCapture(str(path))
        count = int(video.get(cv2.CAP_PROP_FRAME_COUNT))
        for place in range(FRAMES):
            video.set(cv2.CAP_PROP_POS_FRAMES, count * place // FRAMES)
            found, frame = video.read()
            if found:
                yield rgb(frame)


def rgb(picture: Any) -> Picture:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), dtype=np.uint8)


@pytest.fixture(scope="module")
def converted_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The only file of a cache that was filled by converting the weights."""
    folder = tmp_path_factory.mktemp("converted")
    load_embedder(WEIGHTS, folder)
    (path,) = folder.iterdir()
    return path


@pytest.fixture(scope="module")
def chips(converted_file: Path) -> Picture:
    """Every face that is found, as uint8[n, 150, 150, 3]."""
    models = load_models(converted_file.parent, recogniser="dlib")
    recognition = models.recognition
    assert isinstance(recognition, DlibRecognition)
    found = [
        recognition.align(picture, box).chip
        for picture in pictures()
        for box in find_faces(models, picture, MIN_FACE)
    ]
    return np.stack(found)


def test_real_faces_are_embedded_as_dlib_does_it(chips: Picture) -> None:
    wanted = dlib_embedder()(chips)
    found = np.concatenate([converted()(chips[start : start + 7]) for start in range(0, len(chips), 7)])
    assert len(chips) >= (120 if DATA.is_dir() else 4)
    assert found.dtype == wanted.dtype == np.float32
    print("largest difference", np.abs(found - wanted).max(), "over", len(chips), "chips")
    assert np.abs(found - wanted).max() < under_test.TOLERANCE <= 1e-4


def test_extreme_chips_are_embedded_as_dlib_does_it() -> None:
    generator = np.random.default_rng(5)
    flat = [np.full((150, 150, 3), value, np.uint8) for value in (0, 255)]
    colours = [np.full((150, 150, 3), colour, np.uint8) for colour in ([255, 0, 0], [0, 255, 0], [0, 0, 255])]
    noise = [generator.integers(0, 256, (150, 150, 3), np.uint8) for _ in range(2)]
    chips = np.stack([*flat, *colours, *noise])
    assert np.abs(converted()(chips) - dlib_embedder()(chips)).max() < under_test.TOLERANCE


@pytest.mark.parametrize("count", [0, 1, 4])
def test_both_embed_any_number_of_chips(count: int) -> None:
    chips = np.repeat(chip(), count, axis=0)
    for embed in (converted(), dlib_embedder()):
        found = embed(chips)
        assert found.shape == (count, 128) and found.dtype == np.float32
        np.testing.assert_allclose(found, np.repeat(reference()[np.newaxis], count, axis=0), atol=1e-6)


def altered(layer: Layer) -> list[Layer]:
    """A layer with one filter or factor changed by 1 %; kinds without weights exchanged or left out."""
    match layer:
        case Convolution(filters):
            return [replace(layer, filters=filters * one_percent(len(filters))[:, None, None, None])]
        case Affine(gamma):
            return [replace(layer, gamma=gamma * one_percent(gamma.size))]
        case Dense(weights):
            return [replace(layer, weights=weights * one_percent(weights.shape[1]))]
        case Pool():
            return [replace(layer, maximum=not layer.maximum)]
        case _:
            return []


def one_percent(count: int) -> Weights:
    """1 for each but one, which is 1.01."""
    factors = np.ones(count, np.float32)
    factors[ACTIVE] = 1.01
    return factors


@pytest.mark.parametrize("place", range(LAYERS))
def test_the_self_check_notices_a_change_in_any_layer(place: int) -> None:
    layers = network().layers
    assert len(layers) == LAYERS
    changed = (*layers[:place], *altered(layers[place]), *layers[place + 1 :])
    with pytest.raises((SelfCheckError, UnsupportedNetworkError)):
        OnnxNetwork(model(replace(network(), layers=changed)))


@pytest.mark.parametrize("number", range(29))
def test_the_self_check_notices_another_offset(number: int) -> None:
    layers = network().layers
    place, layer = [(place, it) for place, it in enumerate(layers) if isinstance(it, Affine)][number]
    beta = layer.beta.copy()
    beta[ACTIVE] += 0.02
    changed = (*layers[:place], replace(layer, beta=beta), *layers[place + 1 :])
    with pytest.raises(SelfCheckError):
        OnnxNetwork(model(replace(network(), layers=changed)))


@pytest.mark.parametrize("channel", range(3))
def test_the_self_check_notices_another_mean(channel: int) -> None:
    red, green, blue = np.array(network().mean) + 0.1 * np.eye(3)[channel]
    with pytest.raises(SelfCheckError):
        OnnxNetwork(model(replace(network(), mean=(red, green, blue))))


@pytest.mark.parametrize(
    ("layers", "reason"),
    [
        ([], "first layer"),
        ([AddKept()], "first layer"),
        ([5], "take RGB"),
        ([0, AddKept()], "nothing was put aside"),
        ([0, 0], "3 channels are convolved"),
        ([0, 40], "differ in size"),
        ([0, 2, 1], "does not follow"),
        ([0, 125], "the dense layer takes 256"),
        ([0, Pool(True, (99, 99), (1, 1))], "does not fit"),
    ],
)
def test_what_cannot_be_converted_is_refused(layers: list[Layer | int], reason: str) -> None:
    """Numbers stand for layers of the real network."""
    chosen = tuple(network().layers[layer] if isinstance(layer, int) else layer for layer in layers)
    with pytest.raises(UnsupportedNetworkError, match=reason):
        onnx_model(replace(network(), layers=chosen), {})


@pytest.fixture(autouse=True)
def _all_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "server.vision.embedders")


@pytest.fixture
def conversions(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Grows with each conversion."""
    made: list[bytes] = []

    def counted(content: bytes) -> Network:
        made.append(content)
        return parse_network(content)

    monkeypatch.setattr(resnet, "parse_network", counted)
    return made


@pytest.fixture
def cached(tmp_path: Path, converted_file: Path) -> Path:
    """The file in the folder `tmp_path` of a filled cache."""
    path = tmp_path / converted_file.name
    path.write_bytes(converted_file.read_bytes())
    return path


def test_a_kept_conversion_is_used_without_dlib_or_onnx(
    cached: Path, conversions: list[bytes], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    wanted = reference()
    monkeypatch.setitem(sys.modules, "dlib", None)
    monkeypatch.setitem(sys.modules, "onnx", None)
    embed = load_embedder(WEIGHTS, cached.parent)
    assert isinstance(embed, OnnxNetwork)
    np.testing.assert_allclose(embed(chip())[0], wanted, atol=under_test.TOLERANCE)
    assert not conversions
    assert not caplog.records


def test_the_first_start_converts_into_a_new_folder(tmp_path: Path, conversions: list[bytes]) -> None:
    folder = tmp_path / "deep" / "cache"
    assert isinstance(load_embedder(WEIGHTS, folder), OnnxNetwork)
    assert isinstance(load_embedder(WEIGHTS, folder), OnnxNetwork)
    assert len(conversions) == 1
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize("place", [0, 1000, 11_000_000, -36, -35, -32, -1])
def test_a_flipped_byte_in_the_cache_is_repaired(
    place: int, cached: Path, conversions: list[bytes], caplog: pytest.LogCaptureFixture
) -> None:
    intact = cached.read_bytes()
    damaged = bytearray(intact)
    damaged[place] ^= 1
    cached.write_bytes(damaged)
    assert isinstance(load_embedder(WEIGHTS, cached.parent), OnnxNetwork)
    assert len(conversions) == 1
    assert cached.read_bytes() == intact
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "is damaged" in caplog.text


@pytest.mark.parametrize("length", [0, 20, 35, 5_000_000, -1])
def test_a_truncated_cache_is_repaired(length: int, cached: Path, conversions: list[bytes]) -> None:
    intact = cached.read_bytes()
    cached.write_bytes(intact[:length])
    assert isinstance(load_embedder(WEIGHTS, cached.parent), OnnxNetwork)
    assert len(conversions) == 1
    assert cached.read_bytes() == intact


def test_other_weights_are_kept_in_another_file(
    cached: Path, conversions: list[bytes], tmp_path: Path
) -> None:
    content = bytearray(WEIGHTS.read_bytes())
    content[1000] ^= 1
    weights = tmp_path / "other.dat"
    weights.write_bytes(content)
    folder = cached.parent
    assert isinstance(load_embedder(weights, folder), OnnxNetwork)
    assert len(conversions) == 1
    assert len(list(folder.glob("*.onnx"))) == 2


def test_a_folder_that_cannot_be_written_costs_only_the_conversion(
    tmp_path: Path, conversions: list[bytes], caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "file"
    file.touch()
    for start in (1, 2):
        assert isinstance(load_embedder(WEIGHTS, file / "cache"), OnnxNetwork)
        assert len(conversions) == start
    assert {record.levelname for record in caplog.records} == {"WARNING"}
    assert "cannot be written" in caplog.text


def test_a_file_that_cannot_be_replaced_leaves_no_litter(
    cached: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cached.unlink()
    cached.mkdir()
    assert isinstance(load_embedder(WEIGHTS, cached.parent), OnnxNetwork)
    assert list(cached.parent.iterdir()) == [cached]
    assert "cannot be written" in caplog.text


@pytest.mark.parametrize("missing", ["onnx", "onnxruntime"])
def test_dlib_embeds_where_onnx_is_missing(
    missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    embed = load_embedder(WEIGHTS, tmp_path)
    assert isinstance(embed, DlibEmbedder)
    np.testing.assert_allclose(embed(chip())[0], reference(), atol=1e-6)
    assert [record.levelname for record in caplog.records] == ["INFO"]
    assert missing in caplog.text
    assert not list(tmp_path.iterdir())


def test_dlib_embeds_where_a_conversion_fails_the_self_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    layers = network().layers
    changed = replace(network(), layers=(*layers[:-1], *altered(layers[-1])))
    monkeypatch.setattr(resnet, "parse_network", lambda content: changed)
    assert isinstance(load_embedder(WEIGHTS, tmp_path), DlibEmbedder)
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "does not agree" in caplog.text
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("wrong", [np.nan, 1.0])
def test_dlib_embeds_where_a_kept_conversion_fails_the_self_check(
    wrong: float, cached: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(OnnxNetwork, "__call__", lambda self, chips: np.full((1, 128), wrong, np.float32))
    assert isinstance(load_embedder(WEIGHTS, cached.parent), DlibEmbedder)
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_dlib_embeds_where_the_output_has_another_shape() -> None:
    layers = (*network().layers[:-1], Dense(np.zeros((256, 64), np.float32)))
    with pytest.raises(SelfCheckError, match="shape"):
        OnnxNetwork(model(replace(network(), layers=layers)))


def test_dlib_embeds_where_onnxruntime_fails(
    cached: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def failing(model: bytes | Path) -> None:
        raise RuntimeError("illegal instruction")

    monkeypatch.setattr(under_test, "open_session", failing)
    assert isinstance(load_embedder(WEIGHTS, cached.parent), DlibEmbedder)
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "illegal instruction" in caplog.text


def test_missing_weights_are_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load_embedder(tmp_path / "weights.dat", tmp_path)


def kind_of_embedder(folder: str) -> str:
    return type(load_embedder(WEIGHTS, Path(folder))).__name__


def test_several_processes_fill_one_cache(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        assert pool.map(kind_of_embedder, [str(tmp_path)] * 3, chunksize=1) == ["OnnxNetwork"] * 3
    (path,) = tmp_path.iterdir()
    assert intact(path)


TRACELESS = """
import sys
from pathlib import Path
from server.vision.dlib_recognition import DlibRecognition
from server.vision.embedders.converted import OnnxNetwork
from server.vision.dlib_recognition import DlibRecognition
from server.vision.embedders.resnet import load_embedder

assert isinstance(load_embedder(Path(sys.argv[1]), Path(sys.argv[2])), OnnxNetwork)
"""


def test_onnxruntime_prints_nothing_and_leaves_no_identifier(cached: Path, tmp_path: Path) -> None:
    """From 1.29 on, an import alone makes an identifier in the home folder and reports it to its maker."""
    home = tmp_path / "home"
    home.mkdir()
    silencers = ("CI", "ORT_", "XDG_", "COVERAGE", "GITHUB_", "TF_BUILD")
    plain = {key: value for key, value in os.environ.items() if not key.startswith(silencers)}
    command = [sys.executable, "-c", TRACELESS, str(WEIGHTS), str(cached.parent)]
    done = subprocess.run(
        command, cwd=ROOT, env={**plain, "HOME": str(home)}, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not list(home.iterdir())
