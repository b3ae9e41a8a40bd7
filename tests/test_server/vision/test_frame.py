"""One frame in a worker, on real faces: followed, searched where it is due, embedded when it matters."""

import math
from dataclasses import replace

import cv2
import numpy as np
import pytest

from client.camera.simulated import EMPTY_SECONDS, HEIGHT, WIDTH, frame_at
from server.access.matching.recogniser import SFACE
from server.access.seen import Analysis, Face, Followed, Hints, PictureError, Scan
from server.vision.boxes import overlap
from server.vision.frame import analyse_frame
from server.vision.hog import HogDetector
from server.vision.models import Models
from server.vision.picture import Picture
from tests.support.photos import photo
from tests.support.visits import empty_scene, encoded, side_by_side
from wire import Box

EVERYWHERE, CHANGED, NOWHERE = Scan.EVERYWHERE, Scan.CHANGED, Scan.NOWHERE
FAR_LEFT = Box(0, 100, 100, 0)


def frame(name: str, seconds: float = 0.0) -> bytes:
    """The sample person at the simulated door."""
    picture = cv2.imread(str(photo(name)))
    assert picture is not None
    return encoded(frame_at(picture, EMPTY_SECONDS + 1 + seconds))


def hints(
    *followed: Followed, scan: Scan = NOWHERE, rescan: bool = False, scene: bytes | None = b"", faces: int = 4
) -> Hints:
    return Hints(48, faces, 10**6, followed, scan, rescan, scene)


def follow(
    face: Face, *, reach: float = 0.3, lost: bool = False, quality: float = math.inf, box: Box | None = None
) -> Followed:
    return Followed(box or face.box, face.patch, reach, lost, quality)


@pytest.fixture(scope="module", params=["yunet", "hog"])
def models(request: pytest.FixtureRequest, models: Models) -> Models:
    """With each of the detectors."""
    return models if request.param == "yunet" else replace(models, detector=HogDetector())


@pytest.fixture(scope="module")
def first(models: Models) -> Analysis:
    """The first frame that a terminal sends: Barack Obama."""
    return analyse_frame(models, frame("obama2"), hints(scene=None))


def test_the_first_frame_is_searched_everywhere_and_its_face_embedded(first: Analysis) -> None:
    (face,) = first.faces
    assert (first.width, first.height, first.scanned) == (WIDTH, HEIGHT, EVERYWHERE)
    assert face.followed is None and face.embedding is not None and face.embedding.shape == (128,)
    assert face.quality > 0 and len(face.patch) == 256 and first.scene


def test_a_followed_face_is_found_without_a_search_and_not_embedded(models: Models, first: Analysis) -> None:
    next_ = analyse_frame(models, frame("obama2", 1 / 30), hints(follow(first.faces[0]), scene=first.scene))
    (face,) = next_.faces
    assert (face.followed, face.embedding, next_.scanned) == (0, None, NOWHERE)
    assert overlap(face.box, first.faces[0].box) > 0.5
    assert next_.scene == first.scene


@pytest.mark.parametrize(("quality", "embedded"), [(0.0, True), (10**6, False)])
def test_a_followed_face_is_embedded_when_it_is_good_enough_to_see(
    models: Models, first: Analysis, quality: float, embedded: bool
) -> None:
    wanted = follow(first.faces[0], quality=quality)
    (face,) = analyse_frame(models, frame("obama2", 1 / 30), hints(wanted, scene=first.scene)).faces
    assert face.followed == 0 and (face.embedding is not None) == embedded


def test_somebody_else_in_the_same_place_is_embedded_at_once(models: Models, first: Analysis) -> None:
    """The cut that must not hand an identity on."""
    (obama,) = first.faces
    (biden,) = analyse_frame(models, frame("biden"), hints(scene=None)).faces
    at_the_same_place = placed("biden", biden.box, obama.box)
    (face,) = analyse_frame(models, at_the_same_place, hints(follow(obama), scene=first.scene)).faces
    assert overlap(face.box, obama.box) > 0.5, "the other face must be where the first one was"
    assert face.embedding is not None and obama.embedding is not None and biden.embedding is not None
    assert np.linalg.norm(face.embedding - biden.embedding) < 0.4
    assert np.linalg.norm(face.embedding - obama.embedding) > 0.6


def placed(name: str, box: Box, target: Box) -> bytes:
    """The person's frame moved and scaled so that the face at `box` comes to lie at `target`."""
    picture = cv2.imdecode(np.frombuffer(frame(name), np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    scale = target.width / box.width
    move = np.array(
        [
            [scale, 0, target.left - scale * box.left],
            [0, scale, target.top - scale * box.top],
        ]
    )
    return encoded(cv2.warpAffine(picture, move, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE))


def test_a_face_that_jumped_or_was_lost_is_embedded(models: Models, first: Analysis) -> None:
    (obama,) = first.faces
    beside = Box(obama.box.top, obama.box.right + 60, obama.box.bottom, obama.box.left + 60)
    for wanted in (follow(obama, box=beside, reach=0.8), follow(obama, lost=True)):
        (face,) = analyse_frame(models, frame("obama2"), hints(wanted, scene=first.scene)).faces
        assert face.followed == 0 and face.embedding is not None


def test_a_doubtful_face_that_may_not_be_embedded_continues_nobody(models: Models, first: Analysis) -> None:
    wanted = follow(first.faces[0], lost=True)
    (face,) = analyse_frame(models, frame("obama2"), hints(wanted, scene=first.scene, faces=0)).faces
    assert (face.followed, face.embedding) == (None, None)


def test_when_a_face_gets_lost_everything_is_searched_at_once(models: Models, first: Analysis) -> None:
    elsewhere = follow(first.faces[0], box=FAR_LEFT)
    searched = analyse_frame(models, frame("obama2"), hints(elsewhere, rescan=True, scene=first.scene))
    (face,) = searched.faces
    assert searched.scanned is EVERYWHERE
    assert face.followed is None and face.embedding is not None


def test_a_face_lost_before_is_only_looked_for_near_its_place(models: Models, first: Analysis) -> None:
    lost = follow(first.faces[0], box=FAR_LEFT, lost=True)
    searched = analyse_frame(models, frame("obama2"), hints(lost, rescan=True, scene=first.scene))
    assert (searched.faces, searched.scanned) == ((), NOWHERE)


def test_where_nothing_has_changed_nothing_is_searched(models: Models) -> None:
    before = analyse_frame(models, empty_scene(), hints(scene=None))
    after = analyse_frame(models, empty_scene(), hints(scan=CHANGED, scene=before.scene))
    assert (after.faces, after.scanned, after.scene) == ((), NOWHERE, before.scene)


def test_a_visitor_in_an_empty_scene_is_found_by_the_change(models: Models) -> None:
    before = analyse_frame(models, empty_scene(), hints(scene=None))
    after = analyse_frame(models, frame("biden"), hints(scan=CHANGED, scene=before.scene))
    assert len(after.faces) == 1 and after.scanned is CHANGED and after.scene != before.scene


def test_a_newcomer_beside_a_followed_face_is_found_by_the_change(models: Models) -> None:
    both = cv2.imdecode(np.frombuffer(side_by_side("obama", "biden"), np.uint8), cv2.IMREAD_COLOR)
    assert both is not None
    alone = both.copy()
    alone[:, WIDTH // 2 :] = 127
    before = analyse_frame(models, encoded(alone), hints(scene=None))
    (obama,) = before.faces
    unseen = analyse_frame(models, encoded(both), hints(follow(obama), scene=before.scene))
    assert len(unseen.faces) == 1
    seen = analyse_frame(models, encoded(both), hints(follow(obama), scan=CHANGED, scene=before.scene))
    assert seen.scanned is CHANGED and len(seen.faces) == 2
    (newcomer,) = [face for face in seen.faces if face.followed is None]
    assert newcomer.box.left > WIDTH // 2 and newcomer.embedding is not None


def test_two_faces_are_not_taken_for_one_another(models: Models) -> None:
    both = side_by_side("obama", "biden")
    faces = analyse_frame(models, both, hints(scene=None)).faces
    assert len(faces) == 2
    wanted = [follow(face, quality=0.0) for face in reversed(faces)]
    again = analyse_frame(models, both, hints(*wanted, scene=b"")).faces
    for face in again:
        assert face.followed is not None and face.embedding is not None
        before = faces[1 - face.followed].embedding
        assert before is not None and np.linalg.norm(face.embedding - before) < SFACE.steady_face / 2


def test_only_the_largest_faces_are_embedded(models: Models) -> None:
    faces = analyse_frame(models, side_by_side("obama", "biden"), hints(scene=None, faces=1)).faces
    assert [face.embedding is not None for face in faces] == [True, False]
    assert faces[0].box.area >= faces[1].box.area


def test_a_scene_of_another_frame_size_means_nothing(models: Models, first: Analysis) -> None:
    picture = cv2.imdecode(np.frombuffer(frame("obama2"), np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    smaller = encoded(cv2.resize(picture, (480, 360)))
    assert analyse_frame(models, smaller, hints(scene=first.scene)).scanned is EVERYWHERE


@pytest.mark.parametrize("cut", [0.1, 0.5, 0.95])
def test_a_truncated_frame_is_refused_even_where_nothing_is_searched(
    models: Models, first: Analysis, cut: float
) -> None:
    whole = frame("obama2")
    with pytest.raises(PictureError):
        analyse_frame(models, whole[: int(len(whole) * cut)], hints(scene=first.scene))


def test_followed_boxes_outside_the_frame_do_no_harm(models: Models, first: Analysis) -> None:
    (face,) = first.faces
    boxes = (Box(470, 700, 560, 610), Box(0, 1, 1, 0), Box(0, WIDTH * 3, HEIGHT * 3, 0))
    wanted = [follow(face, box=box) for box in boxes]
    assert analyse_frame(models, frame("obama2"), hints(*wanted, scene=first.scene)).width == WIDTH


def stay(face: Face) -> Followed:
    return Followed(face.box, face.patch, 0.3, False, math.inf, stay=True)


def test_a_face_that_has_not_moved_is_not_detected_again(models: Models, first: Analysis) -> None:
    (before,) = first.faces
    (face,) = analyse_frame(models, frame("obama2", 0.001), hints(stay(before), scene=first.scene)).faces
    assert (face.box, face.patch, face.detected) == (before.box, before.patch, False)
    assert (face.followed, face.embedding) == (0, None)


@pytest.mark.parametrize("now", [frame("obama2", 1.0), empty_scene(), frame("biden")])
def test_a_face_that_looks_otherwise_is(models: Models, first: Analysis, now: bytes) -> None:
    faces = analyse_frame(models, now, hints(stay(first.faces[0]), scene=first.scene)).faces
    assert all(face.detected for face in faces)


def test_one_stays_while_the_other_moves(models: Models) -> None:
    """Each face is found once, whichever way."""
    both = side_by_side("obama", "biden")
    faces = analyse_frame(models, both, hints(scene=None)).faces
    wanted = [stay(faces[0]), follow(faces[1])]
    again = analyse_frame(models, both, hints(*wanted, scene=b"")).faces
    assert [(face.followed, face.detected) for face in again] == [(0, False), (1, True)]


@pytest.mark.parametrize("size", [(1, 1), (80, 60), (1280, 960), (480, 640)])
def test_a_frame_of_another_size_is_a_new_view(
    models: Models, first: Analysis, size: tuple[int, int]
) -> None:
    picture = cv2.imdecode(np.frombuffer(frame("obama2"), np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    other = encoded(cv2.resize(picture, size))
    followed = (stay(first.faces[0]), follow(first.faces[0]))
    wanted = Hints(48, 4, 10**7, followed, NOWHERE, False, first.scene, (WIDTH, HEIGHT))
    seen = analyse_frame(models, other, wanted)
    assert (seen.width, seen.height, seen.scanned) == (*size, EVERYWHERE)
    assert all(face.followed is None and face.embedding is not None for face in seen.faces)


def test_places_outside_the_frame_are_like_nothing(models: Models, first: Analysis) -> None:
    tiny = encoded(np.full((4, 4, 3), 200, np.uint8))
    assert analyse_frame(models, tiny, hints(stay(first.faces[0]), scene=b"")).faces == ()


def test_in_a_crowd_who_has_waited_longest_is_embedded_before_who_is_largest(models: Models) -> None:
    both = side_by_side("obama", "biden")
    large, small = analyse_frame(models, both, hints(scene=None)).faces
    wanted = [follow(large, quality=1.0), follow(small, quality=0.0)]
    faces = analyse_frame(models, both, hints(*wanted, scene=b"", faces=1)).faces
    assert [face.embedding is not None for face in faces] == [False, True]


class Searched:
    """Stands in for dlib's detector and keeps the sizes of the pictures that it is given."""

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def run(self, picture: Picture, upsample: int, least_score: float) -> tuple[list[object], ...]:
        self.shapes.append(picture.shape)
        return [], [], []


@pytest.mark.parametrize("box", [Box(100, 1, 300, 0), Box(479, 400, 480, 200), Box(0, 640, 3, 400)])
def test_a_face_cut_off_by_the_edge_is_not_blown_up(models: Models, first: Analysis, box: Box) -> None:
    """dlib overruns its memory on pictures that are extremely long."""
    searched = Searched()
    wanted = hints(follow(first.faces[0], box=box, reach=0.8), scene=first.scene)
    analyse_frame(replace(models, detector=HogDetector(searched)), frame("obama2"), wanted)
    assert all(max(shape) < 300 for shape in searched.shapes)
