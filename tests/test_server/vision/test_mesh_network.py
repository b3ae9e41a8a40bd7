"""The face mesh by LiteRT and by OpenCV: both give the same, and OpenCV looks where LiteRT cannot."""

import logging
import os
import subprocess
import sys
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest

from server.vision import mesh_network
from server.vision.mesh import ENLARGED
from server.vision.mesh_network import SIDE, Face, LiteRtNetwork, Look, OpenCvNetwork, load_mesh_network
from server.weights import MESH, WeightsError, read_weights
from tests.test_server.vision.test_landmarks import found, portrait, view_of

ROOT = Path(__file__).resolve().parents[3]
needs_litert = pytest.mark.skipif(not find_spec("ai_edge_litert"), reason="LiteRT has no wheels here")


@lru_cache
def model() -> bytes:
    try:
        return read_weights(MESH, ROOT / "models")
    except WeightsError as error:
        pytest.skip(str(error))


@lru_cache
def reference() -> OpenCvNetwork:
    return OpenCvNetwork(model())


@lru_cache
def face() -> Face:
    """A real one, as the network wants it."""
    view = view_of(portrait())
    box = found(view)
    middle = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    side = round(ENLARGED * box.width)
    seen = cv2.getRectSubPix(view.pixels, (side, side), middle)
    return np.asarray(cv2.resize(seen, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)


def assert_looks_as_opencv(look: Look) -> None:
    (points, presence), (expected, expected_presence) = look, reference()(face())
    assert points.dtype == np.float64 and points.shape == (468, 2)
    np.testing.assert_allclose(points, expected, rtol=0, atol=1e-3)
    assert presence == pytest.approx(expected_presence, abs=1e-3) and presence > 10


@needs_litert
def test_litert_looks_and_gives_what_opencv_gives(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        network = load_mesh_network(model())
    assert isinstance(network, LiteRtNetwork) and not caplog.records
    assert_looks_as_opencv(network(face()))


def test_opencv_looks_where_litert_is_missing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "ai_edge_litert", None)
    monkeypatch.delitem(sys.modules, "ai_edge_litert.interpreter", raising=False)
    with caplog.at_level(logging.INFO):
        network = load_mesh_network(model())
    assert isinstance(network, OpenCvNetwork)
    assert_looks_as_opencv(network(face()))
    assert [record.levelname for record in caplog.records] == ["INFO"]
    for told in ("run by OpenCV", "twice as long", "LiteRT cannot be used", "ai_edge_litert"):
        assert told in caplog.text


class Failing:
    """A LiteRT that cannot use the processor."""

    def __init__(self, model_content: bytes, num_threads: int) -> None:
        assert model_content == model() and num_threads == 1
        raise RuntimeError("illegal instruction")


def test_opencv_looks_where_litert_fails(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    interpreter = ModuleType("ai_edge_litert.interpreter")
    monkeypatch.setattr(interpreter, "Interpreter", Failing, raising=False)
    monkeypatch.setitem(sys.modules, "ai_edge_litert", ModuleType("ai_edge_litert"))
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", interpreter)
    network = load_mesh_network(model())
    assert isinstance(network, OpenCvNetwork)
    assert_looks_as_opencv(network(face()))
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "LiteRT fails" in caplog.text and "illegal instruction" in caplog.text


class Biased:
    """OpenCV's network, but for the `wrong` coordinate of one point and the `unsure` log odds."""

    def __init__(self, wrong: float, unsure: float) -> None:
        self.wrong, self.unsure = wrong, unsure

    def __call__(self, face: Face) -> Look:
        points, presence = reference()(face)
        points[467, 1] += self.wrong
        return points, presence + self.unsure


@pytest.mark.parametrize(("wrong", "unsure"), [(0.002, 0), (np.nan, 0), (0, -0.002), (0, np.nan)])
def test_opencv_looks_where_litert_disagrees(
    wrong: float, unsure: float, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(mesh_network, "LiteRtNetwork", lambda model: Biased(wrong, unsure))
    network = load_mesh_network(model())
    assert isinstance(network, OpenCvNetwork)
    assert_looks_as_opencv(network(face()))
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "does not agree" in caplog.text


def test_what_rounding_makes_is_no_disagreement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mesh_network, "LiteRtNetwork", lambda model: Biased(0.0005, 0.0005))
    assert isinstance(load_mesh_network(model()), Biased)


LOADING = """
import sys
from pathlib import Path
from server.vision.mesh_network import LiteRtNetwork, load_mesh_network

assert isinstance(load_mesh_network(Path(sys.argv[1]).read_bytes()), LiteRtNetwork)
"""
CHATTER = "INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n"
"""What README.md calls harmless."""


@needs_litert
def test_litert_prints_no_more_than_is_known_and_leaves_nothing_at_home(tmp_path: Path) -> None:
    home, weights = tmp_path / "home", tmp_path / "weights"
    home.mkdir()
    weights.write_bytes(model())
    plain = {key: value for key, value in os.environ.items() if not key.startswith(("XDG_", "COVERAGE"))}
    command = [sys.executable, "-c", LOADING, str(weights)]
    done = subprocess.run(
        command, cwd=ROOT, env={**plain, "HOME": str(home)}, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, "") and done.stderr in ("", CHATTER)
    assert not list(home.iterdir())
