"""What is asked of the next frame: where to look, whom to follow, whom to embed."""

import math
from collections import deque

import pytest

from server.access.attention import (
    DETECT_SECONDS,
    FRESH_SECONDS,
    GOOD_SHARE,
    IDLE_SWEEP_SECONDS,
    LANDMARK_SECONDS,
    LOOK_SECONDS,
    MAX_FOLLOWED,
    MAX_REACH,
    NEWCOMER_SECONDS,
    REACH,
    SEARCH_FRAMES,
    SEARCH_SECONDS,
    SPEED,
    SWEEP_FRAMES,
    SWEEP_SECONDS,
    WAIT_SECONDS,
    Attention,
    Watched,
)
from server.access.evidence import Look
from server.access.matching.recogniser import DLIB
from server.access.seen import Analysis, Face, Hints, Scan
from server.access.tracks import Track
from server.access.visit import Care
from tests.support.embeddings import box, face, gallery, person

WANTED = Hints(min_face=48, max_faces=4, max_pixels=10**6)
STEP = 1 / 32
GATHER, PROVE, VERIFY = Care.GATHER, Care.PROVE, Care.VERIFY
EVERYWHERE, CHANGED, NOWHERE = Scan.EVERYWHERE, Scan.CHANGED, Scan.NOWHERE
ADA = gallery({"Ada": person(0)})


class Terminal:
    """Frames a thirty-second apart, with the tracks that each shows."""

    def __init__(self) -> None:
        self.attention = Attention()
        self.now = 100.0

    def ask(
        self,
        *tracks: tuple[Track, Care] | tuple[Track, Care, bool],
        others: tuple[Face, ...] = (),
        seconds: float = STEP,
    ) -> Hints:
        self.now += seconds
        return self.attention.hints(WANTED, [Watched(*each) for each in tracks], others, self.now)

    def answer(self, hints: Hints, *seen: Track, scene: bytes = b"scene", scan: Scan | None = None) -> None:
        for track in seen:
            track.last_seen = self.now
        done = hints.scan if scan is None else scan
        self.attention.learn(Analysis(640, 480, (), done, scene), self.now)

    def watch(self, *tracks: Track, frames: int, scan: Scan | None = None) -> list[Scan]:
        """The scans asked for while the tracks stay in view."""
        asked = []
        for _ in range(frames):
            hints = self.ask(*((track, VERIFY) for track in tracks))
            asked.append(hints.scan)
            self.answer(hints, *tracks, scan=None if hints.scan is EVERYWHERE else scan)
        return asked


def track(at: float, quality: float = 100.0) -> Track:
    one = Track(1, DLIB, box(), at, at, deque(maxlen=5), at, quality=quality, patch=b"patch")
    one.add(Look.take(at, face(person(0)), ADA))
    return one


@pytest.fixture
def terminal() -> Terminal:
    return Terminal()


def test_the_first_frame_is_searched_everywhere(terminal: Terminal) -> None:
    hints = terminal.ask()
    assert (hints.scan, hints.scene, hints.followed, hints.rescan) == (EVERYWHERE, None, (), True)
    assert (hints.min_face, hints.max_faces, hints.max_pixels) == (48, 4, 10**6)


def test_what_was_seen_there_goes_into_the_next_hints(terminal: Terminal) -> None:
    terminal.answer(terminal.ask(), scene=b"one")
    assert terminal.ask().scene == b"one"


def longest_run(asked: list[Scan], wanted: set[Scan]) -> int:
    """The most frames in a row without one of `wanted`."""
    longest = run = 0
    for scan in asked:
        run = 0 if scan in wanted else run + 1
        longest = max(longest, run)
    return longest


def test_beside_a_followed_face_newcomers_are_looked_for_in_time(terminal: Terminal) -> None:
    asked = terminal.watch(track(100.0), frames=400)
    assert (longest_run(asked, {CHANGED, EVERYWHERE}) + 1) * STEP <= NEWCOMER_SECONDS + STEP
    assert (longest_run(asked, {EVERYWHERE}) + 1) * STEP <= SWEEP_SECONDS + STEP
    assert asked.count(NOWHERE) > 0.8 * len(asked)


def test_an_empty_scene_is_compared_in_every_frame_and_seldom_searched(terminal: Terminal) -> None:
    asked = terminal.watch(frames=1000, scan=NOWHERE)
    assert asked.count(CHANGED) > 0.95 * len(asked)
    assert asked.count(EVERYWHERE) == 1 + math.floor(999 * STEP / IDLE_SWEEP_SECONDS)


def test_while_nobody_is_followed_and_things_move_a_search_is_due_every_tenth_second(
    terminal: Terminal,
) -> None:
    asked = terminal.watch(frames=100)
    assert (longest_run(asked, {CHANGED, EVERYWHERE}) + 1) * STEP <= SEARCH_SECONDS + STEP
    assert asked.count(NOWHERE) > 0.6 * len(asked)


def test_a_lost_face_may_have_everything_searched_but_not_in_every_frame(terminal: Terminal) -> None:
    asked = []
    for _ in range(2 * SWEEP_FRAMES):
        hints = terminal.ask()
        asked.append(hints.rescan)
        terminal.answer(hints, scan=None if hints.scan is EVERYWHERE else NOWHERE)
    assert asked == [True] + [False] * (SWEEP_FRAMES - 1) + [True] * SWEEP_FRAMES


@pytest.mark.parametrize("followed", [True, False])
def test_where_frames_come_late_only_some_are_searched(terminal: Terminal, followed: bool) -> None:
    """A frame in three seconds: every search is due, and would make the next frame later still."""
    tracks = (track(100.0),) if followed else ()
    asked = []
    for _ in range(160):
        hints = terminal.ask(*((one, VERIFY) for one in tracks), seconds=3.0)
        asked.append(hints.scan)
        terminal.answer(hints, *tracks)
    assert asked.count(EVERYWHERE) <= 160 / SWEEP_FRAMES
    assert asked.count(CHANGED) + asked.count(EVERYWHERE) <= 160 / SEARCH_FRAMES + 1


def test_a_sweep_can_be_put_off_and_the_changes_are_searched_instead(terminal: Terminal) -> None:
    terminal.watch(frames=20, scan=NOWHERE)
    later = terminal.now + IDLE_SWEEP_SECONDS
    hints = terminal.attention.hints(WANTED, (), (), later, may_sweep=False)
    assert (hints.scan, hints.rescan) == (CHANGED, False)
    assert terminal.attention.hints(WANTED, (), (), later).scan is EVERYWHERE
    later += IDLE_SWEEP_SECONDS
    assert terminal.attention.hints(WANTED, (), (), later, may_sweep=False).scan is EVERYWHERE


def test_a_track_is_followed_where_it_was_last(terminal: Terminal) -> None:
    ada = track(terminal.now)
    (followed,) = terminal.ask((ada, GATHER)).followed
    assert (followed.box, followed.patch, followed.lost) == (ada.box, b"patch", False)
    assert followed.reach == pytest.approx(REACH + SPEED * STEP)


def test_a_track_that_the_last_frame_did_not_show_is_lost_and_searched_wider(terminal: Terminal) -> None:
    ada = track(terminal.now)
    terminal.answer(terminal.ask((ada, VERIFY)))
    (followed,) = terminal.ask((ada, VERIFY)).followed
    assert followed.lost and followed.reach > REACH + SPEED * STEP
    (followed,) = terminal.ask((ada, VERIFY), seconds=1.0).followed
    assert followed.reach == MAX_REACH


def test_a_track_not_seen_for_a_moment_is_lost_even_if_no_frame_came_between(terminal: Terminal) -> None:
    ada = track(terminal.now)
    terminal.answer(terminal.ask((ada, VERIFY)), ada)
    assert not terminal.ask((ada, VERIFY), seconds=FRESH_SECONDS - 0.01).followed[0].lost
    assert terminal.ask((ada, VERIFY), seconds=STEP).followed[0].lost


@pytest.mark.parametrize("care", list(Care))
def test_the_longer_ago_the_last_look_the_less_is_asked_of_the_next(terminal: Terminal, care: Care) -> None:
    soon, good_enough, due = LOOK_SECONDS[care] - 0.01, LOOK_SECONDS[care] + 0.01, WAIT_SECONDS[care] + 0.01
    asked = [
        Terminal().ask((track(100.0), care), seconds=seconds).followed[0].quality
        for seconds in (soon, good_enough, due)
    ]
    assert asked == pytest.approx([math.inf, GOOD_SHARE * 100, 0.0])


def test_what_is_known_is_looked_at_less_often() -> None:
    assert LOOK_SECONDS[GATHER] < LOOK_SECONDS[PROVE] < LOOK_SECONDS[VERIFY]
    assert WAIT_SECONDS[GATHER] < WAIT_SECONDS[PROVE] < WAIT_SECONDS[VERIFY]


@pytest.mark.parametrize(("care", "mirrored"), [(GATHER, True), (PROVE, False), (VERIFY, False)])
def test_mirror_images_are_for_finding_out_who_it_is(terminal: Terminal, care: Care, mirrored: bool) -> None:
    assert terminal.ask((track(terminal.now), care)).followed[0].mirrored is mirrored


@pytest.mark.parametrize("care", [GATHER, PROVE])
@pytest.mark.parametrize("unproven", [True, False])
def test_landmarks_are_for_proving_that_it_lives(terminal: Terminal, care: Care, unproven: bool) -> None:
    assert terminal.ask((track(terminal.now), care, unproven)).followed[0].landmarks is unproven


def test_landmarks_are_found_ten_times_a_second_and_where_the_face_is_now(terminal: Terminal) -> None:
    ada = track(terminal.now)
    ada.last_detected = ada.last_landmarks = terminal.now
    hint = terminal.ask((ada, PROVE, True)).followed[0]
    assert (hint.landmarks, hint.stay) == (False, True)
    hint = terminal.ask((ada, PROVE, True), seconds=LANDMARK_SECONDS).followed[0]
    assert (hint.landmarks, hint.stay) == (True, False)


def test_a_face_may_stay_undetected_only_for_a_moment_and_while_no_look_is_due(terminal: Terminal) -> None:
    ada = track(terminal.now)
    ada.last_detected = terminal.now
    assert terminal.ask((ada, GATHER)).followed[0].stay
    assert not terminal.ask((ada, GATHER), seconds=LOOK_SECONDS[GATHER]).followed[0].stay, "a look is due"
    ada.last_detected = terminal.now - DETECT_SECONDS
    assert not terminal.ask((ada, VERIFY)).followed[0].stay
    ada.last_detected = terminal.now
    terminal.answer(terminal.ask((ada, VERIFY)))
    assert not terminal.ask((ada, VERIFY)).followed[0].stay, "it is lost"


def test_faces_without_a_track_are_followed_and_embedded_when_there_is_room(terminal: Terminal) -> None:
    ada, other = track(terminal.now), Face(box(left=400), None, patch=b"other")
    _, other_hint = terminal.ask((ada, VERIFY), others=(other,)).followed
    assert (other_hint.box, other_hint.patch, other_hint.quality) == (other.box, b"other", 0.0)
    assert terminal.attention.continued(Face(other.box, None, followed=1)) is None
    assert terminal.attention.continued(Face(ada.box, None, followed=0)) is ada
    assert terminal.attention.continued(Face(ada.box, None)) is None
    assert terminal.attention.continued(Face(ada.box, None, followed=2)) is None


def test_a_crowd_is_followed_in_part_those_just_seen_and_large_first(terminal: Terminal) -> None:
    crowd = [track(terminal.now - at / 100) for at in range(MAX_FOLLOWED + 5)]
    others = (Face(box(left=400), None),)
    assert (
        len(terminal.ask(*((one, VERIFY) for one in reversed(crowd)), others=others).followed) == MAX_FOLLOWED
    )
    newest = [terminal.attention.continued(Face(box(), None, followed=at)) for at in range(MAX_FOLLOWED)]
    assert newest == crowd[:MAX_FOLLOWED]


def test_five_looks_fit_into_the_time_that_evidence_lasts() -> None:
    from server.access.rules import Rules

    assert (Rules().window - 1) * WAIT_SECONDS[Care.VERIFY] < Rules().window_seconds
