"""Who is who from frame to frame: a track never passes from one face to another."""

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.access.matching.gallery import Gallery
from server.access.matching.recogniser import DLIB, Embedding
from server.access.seen import Face, Flaw
from server.access.tracks import GAP_SECONDS, LOST_SECONDS, MAX_SCALE, REACH, Track, Tracker
from tests.support.embeddings import face, gallery, look, person, shifted, stranger
from tests.support.rules import rules
from wire import Box

PEOPLE = gallery({"Ada": person(0), "Bob": person(1)})
FAR_AWAY = 5000


class Scene:
    """A tracker fed with frames 0.25 s apart."""

    def __init__(self, known: Gallery = PEOPLE) -> None:
        self.tracker = Tracker(window=5, recogniser=DLIB)
        self.now = 0.0
        self.ended: list[Track] = []
        self.gallery = known

    def see(self, *faces: Face, seconds: float = 0.25) -> list[int | None]:
        """The ids of the tracks that the faces got."""
        self.now += seconds
        tracks, ended = self.tracker.update(faces, self.gallery, self.now)
        self.ended += ended
        return [track.id if track else None for track in tracks]


@pytest.fixture
def scene() -> Scene:
    return Scene()


def tall(left: int, top: int, width: int) -> Box:
    return Box(top, left + width, top + width, left)


def test_one_face_is_one_track(scene: Scene) -> None:
    assert [scene.see(face(look(0, 0.2, at))) for at in range(4)] == [[1]] * 4
    (track,) = scene.tracker.tracks
    assert (track.total_looks, track.first_look, track.last_seen) == (4, 0.25, 1.0)


def test_the_same_face_is_known_wherever_it_moved(scene: Scene) -> None:
    """Nearer than SAME_FACE: the place does not matter."""
    assert scene.see(face(person(0))) == [1]
    assert scene.see(face(look(0, 0.4375), left=FAR_AWAY, width=400)) == [1]


@pytest.mark.parametrize(("left", "track"), [(100, 1), (FAR_AWAY, 2)])
def test_a_doubtful_face_is_the_same_only_nearby(scene: Scene, left: int, track: int) -> None:
    scene.see(face(person(0)))
    assert scene.see(face(look(0, 0.5), left=left)) == [track]


def test_same_face_and_other_face_are_where_they_were_measured(scene: Scene) -> None:
    scene.see(face(person(0)))
    assert scene.see(face(look(0, 0.449), left=FAR_AWAY)) == [1]
    scene = Scene()
    scene.see(face(person(0)))
    assert scene.see(face(look(0, 0.451), left=FAR_AWAY)) == [2]
    scene = Scene()
    scene.see(face(person(0)))
    assert scene.see(face(look(0, 0.599))) == [1]
    scene = Scene()
    scene.see(face(person(0)))
    assert scene.see(face(look(0, 0.601))) == [2]


@pytest.mark.parametrize(
    ("after", "track"),
    [
        (tall(100, 100 + round(REACH * 100), 100), 1),
        (tall(100, 101 + round(REACH * 100), 100), 2),
        (tall(100 + round(REACH * 100), 100, 100), 1),
        (tall(99 - round(REACH * 100), 100, 100), 2),
        (tall(190, 220, 100), 1),
        (tall(210, 210, 100), 2),
        (tall(100, 100, round(MAX_SCALE * 100)), 1),
        (tall(100, 100, round(MAX_SCALE * 100) + 1), 2),
        (tall(100, 100, 50), 1),
        (tall(100, 100, 49), 2),
    ],
)
def test_a_doubtful_face_may_move_and_grow_so_far(scene: Scene, after: Box, track: int) -> None:
    scene.see(Face(tall(100, 100, 100), person(0)))
    assert scene.see(Face(after, look(0, 0.5))) == [track]


def test_a_doubtful_face_is_followed_step_by_step(scene: Scene) -> None:
    scene.see(face(person(0), left=100))
    assert scene.see(face(look(0, 0.5), left=200)) == [1]
    assert scene.see(face(look(0, 0.8), left=320)) == [1]


def test_a_box_without_width_is_no_error(scene: Scene) -> None:
    scene.see(Face(Box(5, 5, 5, 5), person(0)))
    assert scene.see(Face(Box(5, 5, 5, 5), look(0, 0.5))) == [1]


def test_somebody_else_in_the_same_box_is_a_new_track(scene: Scene) -> None:
    assert scene.see(face(person(0))) == [1]
    assert scene.see(face(person(1))) == [2]
    assert [track.total_looks for track in scene.tracker.tracks] == [1, 1]


def test_two_faces_that_cross_keep_their_tracks(scene: Scene) -> None:
    assert scene.see(face(person(0), left=0), face(person(1), left=300)) == [1, 2]
    assert scene.see(face(person(0), left=300), face(person(1), left=0)) == [1, 2]
    assert scene.see(face(person(1), left=300), face(person(0), left=0)) == [2, 1]


def test_the_nearest_embedding_gets_the_track(scene: Scene) -> None:
    scene.see(face(person(0)))
    assert scene.see(face(look(0, 0.375)), face(look(0, 0.125))) == [2, 1]


def test_a_face_gets_one_track_and_a_track_one_face(scene: Scene) -> None:
    scene.see(face(person(0)), face(look(0, 0.25)))
    assert scene.see(face(look(0, 0.0625))) == [1]
    assert scene.see(face(look(0, 0.1875))) == [2]
    assert [track.total_looks for track in scene.tracker.tracks] == [2, 2]


def test_a_face_without_embedding_has_no_track(scene: Scene) -> None:
    assert scene.see(face(person(0)), face(None)) == [1, None]
    assert scene.see(face(None)) == [None]
    assert len(scene.tracker.tracks) == 1


@pytest.mark.parametrize(("away", "track"), [(LOST_SECONDS, 1), (LOST_SECONDS + 0.25, 2)])
def test_a_face_that_comes_back_in_time_goes_on(scene: Scene, away: float, track: int) -> None:
    scene.see(face(person(0)))
    scene.see(seconds=away)
    assert scene.see(face(person(0))) == [track]
    assert [ended.id for ended in scene.ended] == list(range(1, track))


@pytest.mark.parametrize(("gap", "track"), [(GAP_SECONDS, 1), (GAP_SECONDS + 0.25, 2)])
def test_a_face_goes_on_over_a_gap_between_frames(scene: Scene, gap: float, track: int) -> None:
    scene.see(face(person(0)))
    assert scene.see(face(person(0)), seconds=gap) == [track]


def test_empty_frames_do_not_keep_a_track_alive(scene: Scene) -> None:
    scene.see(face(person(0)))
    for _ in range(9):
        scene.see()
    assert [track.id for track in scene.ended] == [1] and not scene.tracker.tracks


def test_a_track_keeps_the_newest_looks_and_counts_all(scene: Scene) -> None:
    for at in range(8):
        scene.see(face(look(0, 0.125 * (at > 2), direction=at)))
    (track,) = scene.tracker.tracks
    assert [look_.at for look_ in track.looks] == [1.0, 1.25, 1.5, 1.75, 2.0]
    assert track.total_looks == 8


def test_a_track_is_compared_by_the_mean_of_its_newest_looks(scene: Scene) -> None:
    for _ in range(7):
        scene.see(face(person(0)))
    scene.see(face(look(0, 0.5)))
    (track,) = scene.tracker.tracks
    assert track.distance(person(0)) == pytest.approx(0.1)


def test_a_track_without_looks_is_like_nobody() -> None:
    empty = Track(1, DLIB, Box(0, 1, 1, 0), 0.0, 0.0, deque(), 0.0)
    assert empty.distance(person(0)) == float("inf")


def test_another_gallery_is_held_against_old_looks_too(scene: Scene) -> None:
    for _ in range(4):
        scene.see(face(person(0)))
    scene.gallery = gallery({"Bob": person(1)}, version=2)
    scene.see()
    (track,) = scene.tracker.tracks
    assert {look_.match.name for look_ in track.looks if look_.match} == {"Bob"}
    assert track.looks.maxlen == 5


def owners(scene: Scene) -> list[set[int]]:
    """Whom the looks of each track show, by the axis that is longest."""
    return [{int(np.argmax(look_.embedding)) for look_ in track.looks} for track in scene.tracker.tracks]


two_strangers = st.lists(
    st.tuples(
        st.integers(0, 1), st.floats(0, 0.375, width=32), st.integers(0, 3), st.sampled_from([100, 180])
    ),
    min_size=1,
    max_size=12,
)


def seen(who: int, distance: float, direction: int) -> Embedding:
    return shifted(stranger(who), distance, direction)


@given(two_strangers)
def test_two_people_never_share_a_track(sightings: Sequence[tuple[int, float, int, int]]) -> None:
    scene = Scene()
    for who, distance, direction, left in sightings:
        scene.see(face(seen(who, distance, direction), left=left))
        assert all(len(people) == 1 for people in owners(scene))


@given(two_strangers, st.randoms(use_true_random=False))
def test_no_order_of_faces_makes_two_people_one(
    sightings: Sequence[tuple[int, float, int, int]], random: Random
) -> None:
    scene = Scene()
    for who, distance, direction, left in sightings:
        both = [
            face(seen(who, distance, direction), left=left),
            face(seen(1 - who, distance, direction + 4), left=left),
        ]
        random.shuffle(both)
        assert len(set(scene.see(*both))) == 2
        assert all(len(people) == 1 for people in owners(scene))


@given(two_strangers)
def test_ids_are_never_used_again(sightings: Sequence[tuple[int, float, int, int]]) -> None:
    scene = Scene()
    alive: set[int] = set()
    gone: set[int] = set()
    for who, distance, direction, left in sightings:
        scene.see(face(seen(who, distance, direction), left=left), seconds=0.9)
        gone |= {track.id for track in scene.ended}
        alive = {track.id for track in scene.tracker.tracks}
        assert not alive & gone


def test_a_standing_is_that_of_the_looks(scene: Scene) -> None:
    for _ in range(3):
        scene.see(face(person(0)))
    (track,) = scene.tracker.tracks
    assert track.recognise(scene.now, PEOPLE, rules()).name == "Ada"
    assert track.recognise(scene.now + 5.1, PEOPLE, rules()).name is None


@pytest.mark.parametrize(
    ("flaw", "distance", "name"),
    [
        (None, 0.41, "Ada"),
        (None, 0.43, None),
        (Flaw.LOOKING_AWAY, 0.41, "Ada"),
        (Flaw.LOOKING_AWAY, 0.43, None),
        (Flaw.TOO_BLURRED, 0.0, None),
    ],
)
def test_a_name_is_told_only_while_the_newest_look_is_surely_of_the_same_face(
    scene: Scene, flaw: Flaw | None, distance: float, name: str | None
) -> None:
    for _ in range(3):
        scene.see(face(person(0)))
    scene.see(replace(face(look(0, distance)), flaw=flaw))
    (track,) = scene.tracker.tracks
    assert track.recognise(scene.now, PEOPLE, rules()).name == name


@pytest.mark.parametrize("flaw", [None, Flaw.LOOKING_AWAY])
def test_a_name_is_told_again_once_a_look_fits_again(scene: Scene, flaw: Flaw | None) -> None:
    for _ in range(3):
        scene.see(face(person(0)))
    scene.see(replace(face(look(0, 0.5)), flaw=Flaw.LOOKING_AWAY))
    scene.see(replace(face(person(0)), flaw=flaw))
    (track,) = scene.tracker.tracks
    assert track.recognise(scene.now, PEOPLE, rules()).name == "Ada"


@pytest.mark.parametrize(("distance", "broken"), [(0.41, False), (0.43, True)])
def test_the_first_clear_look_must_fit_those_before_in_which_the_face_was_turned_away(
    scene: Scene, distance: float, broken: bool
) -> None:
    """Else what was proven of whoever was turned away would be proven of whoever looks ahead."""
    for _ in range(3):
        scene.see(replace(face(look(0, distance)), flaw=Flaw.LOOKING_AWAY))
    (track,) = scene.tracker.tracks
    began = track.unbroken_since
    assert scene.see(face(person(0))) == [track.id]
    assert (track.unbroken_since != began) is broken


class Continuing(Scene):
    """Faces whose `followed` is the id of the track that their place continues."""

    def see(self, *faces: Face, seconds: float = 0.25) -> list[int | None]:
        self.now += seconds
        tracks, ended = self.tracker.update(faces, self.gallery, self.now, self._continued)
        self.ended += ended
        return [track.id if track else None for track in tracks]

    def _continued(self, seen: Face) -> Track | None:
        return next((track for track in self.tracker.tracks if track.id == seen.followed), None)


def unlooked(track_id: int | None, left: int = 100, quality: float = 1.0) -> Face:
    """A face that was followed and not embedded."""
    box = face(None, left).box
    return Face(box, None, track_id, b"now", quality)


def test_a_followed_face_stays_in_its_track_without_a_look() -> None:
    scene = Continuing()
    scene.see(face(person(0)))
    assert scene.see(unlooked(1, left=120)) == [1]
    (track,) = scene.tracker.tracks
    assert (track.total_looks, track.last_look, track.last_seen) == (1, 0.25, 0.5)
    assert (track.box.left, track.patch) == (120, b"now")


def test_a_face_that_follows_nobody_has_no_track_before_it_is_looked_at() -> None:
    scene = Continuing()
    assert scene.see(unlooked(None)) == [None]
    assert scene.see(unlooked(7)) == [None]
    assert scene.tracker.tracks == []


def test_a_look_outweighs_a_place() -> None:
    """The embedded face takes its track back from one that only stands where it was."""
    scene = Continuing()
    scene.see(face(person(0)))
    assert scene.see(unlooked(1), face(person(0), left=FAR_AWAY)) == [None, 1]


def test_a_followed_face_that_turns_out_to_be_somebody_else_starts_a_track() -> None:
    scene = Continuing()
    scene.see(face(person(0)))
    other = face(person(1))
    assert scene.see(Face(other.box, other.embedding, 1)) == [2]
    assert [track.total_looks for track in scene.tracker.tracks] == [1, 1]


def test_a_track_that_is_only_followed_does_not_end() -> None:
    scene = Continuing()
    scene.see(face(person(0)))
    for _ in range(20):
        assert scene.see(unlooked(1)) == [1]
    assert not scene.ended
    scene.see(seconds=LOST_SECONDS + 0.25)
    assert [track.id for track in scene.ended] == [1]


def test_the_best_view_of_a_face_is_remembered_for_a_while() -> None:
    scene = Continuing()
    scene.see(face(person(0)))
    scene.see(unlooked(1, quality=100.0))
    scene.see(unlooked(1, quality=10.0))
    (track,) = scene.tracker.tracks
    assert track.quality == pytest.approx(98.0)


def test_who_a_track_is_is_compared_again_only_when_something_has_changed() -> None:
    scene = Continuing()
    scene.see(face(person(0)))
    (track,) = scene.tracker.tracks
    compared = track.recognise(scene.now, scene.gallery, rules()).match
    scene.see(unlooked(1))
    assert track.recognise(scene.now, scene.gallery, rules()).match is compared
    scene.see(face(look(0, 0.25)))
    assert track.recognise(scene.now, scene.gallery, rules()).match is not compared
    scene.gallery = gallery({"Bob": person(1)}, version=2)
    scene.see(unlooked(1))
    match = track.recognise(scene.now, scene.gallery, rules()).match
    assert match is not None and match.name == "Bob"


def test_a_face_that_was_not_detected_again_stays_where_it_was() -> None:
    scene = Continuing()
    scene.see(face(person(0)))
    moved = Face(face(None, 300).box, None, 1, b"other", 50.0, detected=False)
    assert scene.see(moved) == [1]
    (track,) = scene.tracker.tracks
    assert (track.box.left, track.patch, track.quality) == (100, b"", 0.0)
    assert (track.last_seen, track.last_detected) == (0.5, 0.25)
