"""Landmarks of real faces, and where heads are turned."""

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from server.access.liveness.passive import Passive
from server.access.liveness.sightings import Sighting
from server.access.seen import Landmarks
from server.vision.hog import HogDetector
from server.vision.landmarks import HEAD, POSE_POINTS, Landmarker, pose
from server.vision.picture import GrayView
from tests.support.heads import rotation
from tests.support.photos import DATA, photo
from wire import Box

TURNING = DATA / "stream" / "webcam_turning.mp4"
"""A man who turns his head from second 18 to second 26, and moves it before."""
TURNS_FROM, TURNS_FOR = 18.0, 7.0
EVERY = 3
"""Of 25 frames a second."""


@lru_cache
def detector() -> HogDetector:
    return HogDetector()


@lru_cache
def landmarker() -> Landmarker:
    return Landmarker()


def view_of(picture: NDArray[Any]) -> GrayView:
    gray = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)
    return GrayView(gray, gray.shape[1], gray.shape[0])


def found(view: GrayView, least: int = 80) -> Box:
    """The largest face."""
    boxes = detector().photo(np.asarray(cv2.cvtColor(view.pixels, cv2.COLOR_GRAY2RGB), np.uint8), least)
    return max(boxes, key=lambda box: box.area)


def landmarks_of(picture: NDArray[Any]) -> Landmarks:
    view = view_of(picture)
    return landmarker().find(view, found(view))


@lru_cache
def portrait() -> NDArray[Any]:
    picture = cv2.imread(str(photo("obama")))
    assert picture is not None
    return cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)


@pytest.mark.parametrize("yaw", [-35.0, -10.0, 0.0, 25.0])
@pytest.mark.parametrize("pitch", [-15.0, 0.0, 20.0])
@pytest.mark.parametrize("roll", [-20.0, 0.0, 10.0])
@pytest.mark.parametrize("across", [-15.0, 0.0])
def test_the_pose_is_found_from_the_points(yaw: float, pitch: float, roll: float, across: float) -> None:
    """Seen along the line to the face, wherever it is in the frame."""
    place = np.array([across, 4.0, 60.0])
    ahead = place / np.linalg.norm(place)
    axis = np.array([-ahead[1], ahead[0], 0.0])
    angle = np.arccos(ahead[2])
    facing = cv2.Rodrigues(axis / np.linalg.norm(axis) * angle)[0]
    seen = HEAD @ (facing @ rotation(yaw, pitch, roll)).T + place
    points = np.zeros((68, 2), np.float32)
    points[list(POSE_POINTS)] = 640 * seen[:, :2] / seen[:, 2:] + (320, 240)
    assert pose(points, 640, 480) == pytest.approx((yaw, pitch, roll), abs=0.1)


def test_points_lie_where_they_belong() -> None:
    points = landmarks_of(portrait()).points
    assert points.dtype == np.float32 and points.shape == (68, 2)
    right_eye, left_eye = points[36:42].mean(axis=0), points[42:48].mean(axis=0)
    nose, mouth, chin = points[30], points[48:68].mean(axis=0), points[8]
    assert right_eye[0] < nose[0] < left_eye[0]
    assert right_eye[1] < nose[1] < mouth[1] < chin[1]


def test_a_mirrored_face_is_turned_to_the_other_side() -> None:
    plain, mirrored = landmarks_of(portrait()), landmarks_of(cv2.flip(portrait(), 1))
    assert mirrored.pose.yaw == pytest.approx(-plain.pose.yaw, abs=3)
    assert mirrored.pose.roll == pytest.approx(-plain.pose.roll, abs=3)


@pytest.mark.parametrize("degrees", [-15, 15])
def test_roll_is_positive_to_the_left_shoulder(degrees: int) -> None:
    """Which is on the right of the picture."""
    height, width = portrait().shape[:2]
    turned = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1.0)
    rolled = landmarks_of(cv2.warpAffine(portrait(), turned, (width, height)))
    assert rolled.pose.roll - landmarks_of(portrait()).pose.roll == pytest.approx(degrees, abs=3)


def test_the_box_may_be_somewhat_off() -> None:
    view = view_of(portrait())
    box = found(view)
    off = round(0.06 * box.width)
    moved = Box(box.top + off, box.right + off, box.bottom + off, box.left + off)
    one, other = landmarker().find(view, box), landmarker().find(view, moved)
    apart = np.linalg.norm(one.points[36:48] - other.points[36:48], axis=1)
    assert apart.mean() < 0.01 * box.width


def test_a_smaller_view_gives_the_same_points() -> None:
    whole = view_of(portrait())
    half = cv2.resize(whole.pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    small = GrayView(np.asarray(half, np.uint8), whole.width, whole.height)
    box = found(whole)
    one, other = landmarker().find(whole, box), landmarker().find(small, box)
    assert np.linalg.norm(one.points[17:] - other.points[17:], axis=1).mean() < 0.02 * box.width


def test_a_face_at_the_edge_of_the_frame_does_no_harm() -> None:
    view = view_of(portrait())
    for box in (Box(0, 60, 60, 0), Box(view.height - 1, view.width, view.height, view.width - 1)):
        assert np.isfinite(landmarker().find(view, box).points).all()


def frames() -> list[NDArray[Any]]:
    if not TURNING.exists():
        pytest.skip("needs the shared videos")
    video = cv2.VideoCapture(str(TURNING))
    video.set(cv2.CAP_PROP_POS_FRAMES, round(TURNS_FROM * 25))
    read = [video.read()[1] for _ in range(round(TURNS_FOR * 25))]
    return read[::EVERY]


def test_a_man_at_a_webcam_is_live() -> None:
    proof = Passive()
    live = False
    for index, frame in enumerate(frames()):
        view = view_of(frame)
        proof.see(Sighting.take(index * EVERY / 25, landmarker().find(view, found(view, 70))))
        live = live or proof.live
    assert live


def test_his_photo_moved_about_is_not() -> None:
    still = frames()[0]
    height, width = still.shape[:2]
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    random, proof = np.random.default_rng(0), Passive()
    for index in range(60):
        at = index * EVERY / 25
        lean = 0.12 * width * np.sin(1.5 * at)
        tilted = corners + np.array([(lean, lean / 2), (0, -lean / 2), (0, lean / 2), (lean, -lean / 2)])
        moved = cv2.getPerspectiveTransform(corners, (tilted + 6 * np.sin(at)).astype(np.float32))
        picture = cv2.warpPerspective(still, moved, (width, height)) + random.normal(0, 2, still.shape)
        view = view_of(np.clip(picture, 0, 255).astype(np.uint8))
        proof.see(Sighting.take(at, landmarker().find(view, found(view, 70))))
        assert not proof.live
