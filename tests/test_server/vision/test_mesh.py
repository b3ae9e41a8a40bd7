"""The points of MediaPipe's mesh, on real faces, and what takes their place without its weights."""

import logging
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from server.access.seen import TEXTURE_SIDE, LandmarkModel, Landmarks
from server.vision.liveness_models import LivenessModels
from server.vision.mesh import Mesh
from server.vision.picture import JpegFrame
from server.weights import MESH, Weights, WeightsError, read_weights
from tests.test_server.vision.test_landmarks import found, landmarks_of, portrait, view_of
from wire import Box


@lru_cache
def mesh() -> Mesh:
    try:
        return Mesh(read_weights(MESH, Path("models")))
    except WeightsError as error:
        pytest.skip(str(error))


def mesh_of(picture: NDArray[Any]) -> Landmarks:
    view = view_of(picture)
    return mesh().find(view, found(view))


def test_its_points_are_those_of_dlib() -> None:
    """Within a tenth of the distance between the eyes; the jaw, which neither knows well, apart."""
    mine, others = mesh_of(portrait()).points, landmarks_of(portrait()).points
    assert mine.dtype == np.float32 and mine.shape == (68, 2)
    between = np.linalg.norm(others[36:42].mean(axis=0) - others[42:48].mean(axis=0))
    assert np.linalg.norm(mine[17:] - others[17:], axis=1).mean() < 0.1 * between


def test_it_tells_a_face_from_a_wall() -> None:
    wall = np.full((200, 200, 3), 90, np.uint8)
    nothing = mesh().find(view_of(wall), Box(50, 150, 150, 50)).presence
    face = mesh_of(portrait()).presence
    assert face is not None and nothing is not None and face > 10 > nothing


@pytest.mark.parametrize("degrees", [-30, 20])
def test_a_tilted_face_is_seen_upright(degrees: int) -> None:
    """The second look is tilted as the face is: its points are those of the upright face, turned."""
    view = view_of(portrait())
    box = found(view)
    middle = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    turn = cv2.getRotationMatrix2D(middle, -degrees, 1.0)
    plain = mesh().find(view, box)
    tilted = mesh().find(view_of(cv2.warpAffine(portrait(), turn, (view.width, view.height))), box)
    expected = plain.points @ turn[:, :2].T + turn[:, 2]
    between = np.linalg.norm(plain.points[36] - plain.points[45])
    assert np.linalg.norm(tilted.points[17:] - expected[17:], axis=1).mean() < 0.05 * between
    assert tilted.pose.roll - plain.pose.roll == pytest.approx(degrees, abs=3)


def test_the_box_may_be_off() -> None:
    view = view_of(portrait())
    box = found(view)
    off = round(0.1 * box.width)
    moved = Box(box.top + off, box.right + off, box.bottom + off, box.left + off)
    apart = mesh().find(view, box).points - mesh().find(view, moved).points
    assert np.linalg.norm(apart[17:], axis=1).mean() < 0.01 * box.width


def test_a_face_at_the_edge_of_the_frame_does_no_harm() -> None:
    view = view_of(portrait())
    for box in (Box(0, 60, 60, 0), Box(view.height - 1, view.width, view.height, view.width - 1)):
        assert np.isfinite(mesh().find(view, box).points).all()


def test_the_texture_has_the_face_in_its_place() -> None:
    """The same face in another place and of another size gives the same texture."""
    grown = cv2.copyMakeBorder(portrait(), 40, 0, 70, 0, cv2.BORDER_REPLICATE)
    textures = []
    for picture in (portrait(), cv2.resize(grown, None, fx=1.3, fy=1.3)):
        seen = np.frombuffer(mesh_of(picture).texture, np.uint8)
        assert seen.shape == (TEXTURE_SIDE**2,)
        textures.append(seen.astype(float))
    assert np.corrcoef(textures)[0, 1] > 0.95


def test_without_its_weights_dlib_finds_the_points(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    def missing(weights: Weights, folder: Path) -> bytes:
        raise WeightsError(f"{weights.what}: there is none")

    monkeypatch.setattr("server.vision.liveness_models.read_weights", missing)
    models = LivenessModels(LandmarkModel.MESH, tmp_path, None)
    with caplog.at_level(logging.WARNING):
        models.load()
    assert "there is none" in caplog.text and "commercial use" in caplog.text
    jpeg = cv2.imencode(".jpg", portrait())[1].tobytes()
    seen = models.landmarks(JpegFrame(jpeg, 10**7), found(view_of(portrait())))
    assert seen.presence is None and len(seen.texture) == TEXTURE_SIDE**2
