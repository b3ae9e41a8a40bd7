"""The spoof kit: its geometry, its attacks, its bounds, its command."""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from server.access.liveness.challenge import Extent
from tests.benchmarks.spoof import plan, sighting, sources, trial
from tests.benchmarks.spoof.__main__ import main
from tests.benchmarks.spoof.bounds import bounds
from tests.benchmarks.spoof.evaluate import Result, evaluated
from tests.benchmarks.spoof.geometry import Bend, Camera, Pose, looked_at, seen
from tests.benchmarks.spoof.head import POINTS
from tests.benchmarks.spoof.motion import Asked
from tests.benchmarks.spoof.plan import RENDERED, Case
from tests.benchmarks.spoof.portrait import Clip, Portrait, SourceError, face_points, portrait
from tests.benchmarks.spoof.real import Repeated
from tests.benchmarks.spoof.report import written
from tests.benchmarks.spoof.sighting import RATE, Sighting, Watcher, sight
from tests.benchmarks.spoof.species import (
    Attack,
    Manner,
    Species,
    attack,
    can_visit,
    manners,
    rendered_person,
)
from tests.benchmarks.spoof.trial import Verdict, challenge, passive
from tests.support.photos import DATA, photo
from wire import Box
from wire.reasons import Prompt

CAMERA = Camera()
SQUARE = np.array([(x, y) for x in (-60.0, -20.0, 30.0, 60.0) for y in (-70.0, -10.0, 40.0, 80.0)])
angles = st.floats(-45, 45)
poses = st.builds(Pose, st.floats(-60, 60), st.floats(-60, 60), st.floats(400, 900), angles, angles, angles)
REPLAYS = (Species.REPLAY, Species.REPLAY_TILTED, Species.REPLAY_TURNING)


@lru_cache
def face() -> Portrait:
    return portrait(photo("obama"))


@lru_cache
def film() -> Clip:
    """Two seconds of a camera that passes a face."""
    picture = cv2.resize(face().picture, (360, 360))
    moved = [
        cv2.warpAffine(picture, np.array([[1, 0, at], [0, 1, 0]], float), (360, 360)) for at in range(20)
    ]
    return Clip(tuple(np.asarray(frame, np.uint8) for frame in moved), 10.0)


def made(species: Species, seed: int = 1) -> Attack:
    source = film() if species in REPLAYS else face()
    other = film() if "person" in species.value else portrait(photo("biden"))
    return attack(species, seed, source, other)


def decoded(jpeg: bytes | None) -> NDArray[np.uint8]:
    assert jpeg is not None
    return np.asarray(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR), np.uint8)


def misfit(before: NDArray[np.float64], after: NDArray[np.float64]) -> float:
    """How far, in pixels, the best homography leaves the points from where they are."""
    homography, _ = cv2.findHomography(before, after)
    found = cv2.perspectiveTransform(before[None], homography)[0]
    return float(np.linalg.norm(found - after, axis=1).max())


@given(poses, poses)
def test_two_views_of_a_flat_print_are_a_homography_apart(one: Pose, other: Pose) -> None:
    assert misfit(seen(CAMERA, one, Bend(), SQUARE), seen(CAMERA, other, Bend(), SQUARE)) < 1e-3


def test_two_views_of_a_bent_print_are_not() -> None:
    bend = Bend(1 / 90)
    one, other = seen(CAMERA, Pose(yaw=-20), bend, SQUARE), seen(CAMERA, Pose(yaw=20), bend, SQUARE)
    assert misfit(one, other) > 2


@given(poses, st.floats(-1 / 150, 1 / 150), st.floats(-90, 90))
def test_what_a_pixel_shows_is_seen_at_that_pixel(pose: Pose, curvature: float, axis: float) -> None:
    bend = Bend(curvature if abs(curvature) > 1e-5 else 0.0, axis)
    place = np.round(seen(CAMERA, pose, bend, np.zeros((1, 2)))[0]).astype(int)
    left, top = place.tolist()
    shown = looked_at(CAMERA, pose, bend, (left, top, left + 1, top + 1)).reshape(1, 2).astype(float)
    assert np.abs(seen(CAMERA, pose, bend, shown) - place).max() < 0.05
    assert np.abs(shown).max() < 6  # the printed side, not the far side of the cylinder


def test_a_print_is_turned_to_the_own_left_when_its_right_edge_is_farther_away() -> None:
    left, right = seen(CAMERA, Pose(yaw=30), Bend(), np.array([(-50.0, 0.0), (50.0, 0.0)])) - [319.5, 239.5]
    assert abs(right[0]) < abs(left[0])
    up, down = seen(CAMERA, Pose(pitch=30), Bend(), np.array([(0.0, -50.0), (0.0, 50.0)])) - [319.5, 239.5]
    assert abs(up[1]) < abs(down[1])


def test_a_positive_bend_bulges_towards_the_camera() -> None:
    edge = np.array([(60.0, 0.0)])
    assert Bend(1 / 100).rolled(edge)[0, 2] > 0 > Bend(-1 / 100).rolled(edge)[0, 2]


def test_the_head_is_symmetrical_and_its_nose_stands_out() -> None:
    mirrored = POINTS[[*range(16, -1, -1)]] * [-1, 1, 1]
    assert np.allclose(mirrored, POINTS[:17], atol=0.02)
    assert POINTS[:, 2].argmax() in (29, 30)


@pytest.mark.parametrize("species", list(Species))
def test_the_face_is_found_in_every_attack_and_the_same_seed_gives_the_same_frame(species: Species) -> None:
    one, again, other = made(species), made(species), made(species, 2)
    for at in (0.0, 7.0):
        assert face_points(decoded(one.jpeg(at))) is not None
    assert one.jpeg(7.0) == again.jpeg(7.0)
    assert one.jpeg(7.0) != other.jpeg(7.0)


def width_share(frame: NDArray[np.uint8]) -> float:
    """Width of the face from ear to ear over the height from brow to chin."""
    points = face_points(frame)
    assert points is not None
    return float(np.ptp(points[:17, 0]) / np.ptp(points[:, 1]))


@pytest.mark.parametrize("species", [Species.PRINT_HELD, Species.PRINT_BENT, Species.SCREEN_PHOTO])
def test_an_attacker_turns_what_he_holds_a_moment_after_he_is_asked(species: Species) -> None:
    stream, asked = made(species), [Asked(Prompt.TURN_LEFT, 1.0)]
    assert stream.jpeg(1.3, asked) == stream.jpeg(1.3)
    if species is not Species.PRINT_BENT:
        assert width_share(decoded(stream.jpeg(3.0, asked))) < 0.95 * width_share(decoded(stream.jpeg(3.0)))
    assert stream.jpeg(3.0, asked) != stream.jpeg(3.0)


def test_a_replay_knows_nothing_of_what_is_asked() -> None:
    asked = [Asked(Prompt.TURN_LEFT, 1.0)]
    assert made(Species.REPLAY).jpeg(3.0, asked) == made(Species.REPLAY).jpeg(3.0)
    assert made(Species.REPLAY_TILTED).jpeg(3.0, asked) != made(Species.REPLAY_TILTED).jpeg(3.0)


def openness(frame: NDArray[np.uint8]) -> float:
    points = face_points(frame)
    assert points is not None
    return float(
        np.mean([np.ptp(points[eye, 1]) / np.ptp(points[eye, 0]) for eye in (slice(36, 42), slice(42, 48))])
    )


def test_eyes_behind_a_mask_blink_when_they_are_asked_to() -> None:
    stream, asked = made(Species.EYES_CUT_OUT), [Asked(Prompt.BLINK, 0.4)]
    assert openness(decoded(stream.jpeg(1.03, asked))) < openness(decoded(stream.jpeg(0.7, asked)))


def test_a_rendered_head_turns_its_nose_to_the_asked_side() -> None:
    stream = rendered_person(1, face())

    def nose(asked: Sequence[Asked]) -> float:
        points = face_points(stream.frame(4.0, asked))
        assert points is not None
        return float((points[30, 0] - points[36:48, 0].mean()) / np.ptp(points[36:48, 0]))

    right, left = nose([Asked(Prompt.TURN_RIGHT, 1.0)]), nose([Asked(Prompt.TURN_LEFT, 1.0)])
    assert right < nose([]) - 0.1 and left > nose([]) + 0.1


@pytest.mark.parametrize("manner", list(Manner))
def test_every_manner_ends_at_what_was_asked(manner: Manner) -> None:
    """And whoever goes astray begins at the other side."""
    obedience = manners(np.random.default_rng(1))[manner]
    asked = [Asked(Prompt.TURN_LEFT, 1.0)]
    yaws = [float(obedience.at(float(time), asked)[0]) for time in np.arange(1.0, 6.0, 0.1)]
    assert yaws[0] == 0 and yaws[-1] == obedience.angle >= 18
    assert (min(yaws) < -5) is (manner is Manner.ASTRAY)
    back = [*asked, Asked(Prompt.LOOK_AT_CAMERA, 1.2)]
    assert obedience.at(6.0, back)[0] == 0


def test_a_rendered_head_opens_its_mouth_when_it_is_asked_to() -> None:
    def gape(asked: Sequence[Asked]) -> float:
        points = face_points(stream.frame(4.0, asked))
        assert points is not None
        return float((points[66, 1] - points[62, 1]) / np.ptp(points[48:55, 0]))

    shut = portrait(photo("biden"))
    assert can_visit(shut) and not can_visit(face()), "he smiles with his teeth bared"
    stream = rendered_person(1, shut)
    assert gape([Asked(Prompt.OPEN_MOUTH, 1.0)]) > gape([]) + 0.1


def test_visitors_are_of_other_people_than_those_tuned_on() -> None:
    tuning, test = (sources.visitors(half) for half in (sources.TUNING, sources.TEST))
    people = [{path.parent.name for path in paths} for paths in (tuning, test)]
    assert not people[0] & people[1]


def test_swaps_need_somebody_to_swap_and_replays_a_video() -> None:
    for species, source, other in (
        (Species.SWAP_PHOTOS, face(), None),
        (Species.SWAP_PHOTO_PERSON, face(), face()),
        (Species.REPLAY, face(), None),
    ):
        with pytest.raises(SourceError):
            attack(species, 1, source, other)


@pytest.mark.parametrize(
    ("hits", "trials", "lower", "upper"),
    [
        (0, 10, 0.0, 0.30849710),
        (10, 10, 0.69150290, 1.0),
        (3, 10, 0.06673951, 0.65245285),
        (1, 2, 0.01257912, 0.98742088),
        (0, 300, 0.0, 1 - 0.025 ** (1 / 300)),
        (0, 0, 0.0, 1.0),
    ],
)
def test_exact_bounds(hits: int, trials: int, lower: float, upper: float) -> None:
    assert bounds(hits, trials) == pytest.approx((lower, upper), abs=1e-7)


@given(st.integers(0, 80), st.integers(0, 80))
def test_bounds_enclose_what_was_seen_and_mirror(hits: int, misses: int) -> None:
    lower, upper = bounds(hits, hits + misses)
    assert lower <= hits / max(1, hits + misses) <= upper or hits + misses == 0
    assert bounds(misses, hits + misses) == pytest.approx((1 - upper, 1 - lower), abs=1e-9)


@pytest.mark.parametrize(("hits", "trials"), [(-1, 3), (4, 3)])
def test_impossible_counts(hits: int, trials: int) -> None:
    with pytest.raises(ValueError, match="no counts"):
        bounds(hits, trials)


def test_nobody_is_in_both_halves() -> None:
    assert not set(sources.PEOPLE[sources.TUNING]) & set(sources.PEOPLE[sources.TEST])
    people = [{each.person for each in sources.footage(half)} for half in (sources.TUNING, sources.TEST)]
    assert not people[0] & people[1]


@pytest.mark.skipif(not DATA.is_dir(), reason="the photos are not beside this checkout")
def test_the_plan_holds_enough_prints_of_test_people_only() -> None:
    every = plan.cases(quick=False)
    flat = [case for case in every if case.kind in plan.PRINTS]
    assert len(flat) >= 300 and {case.half for case in flat} == {sources.TEST}
    assert len({case.key for case in every}) == len(every)
    assert {case.kind for case in plan.cases(quick=True)} == {case.kind for case in every}


class Faces(Watcher):
    """A watcher of something that is not there: a face without landmarks, of a track that began `since`."""

    def __init__(self, tracks: Sequence[float | None]) -> None:
        self._tracks = tracks
        self.asked: set[tuple[Prompt, ...]] = set()

    def over(self, index: int, before: Sighting | None, asked: tuple[Asked, ...]) -> bool:
        return index >= len(self._tracks)

    def see(self, index: int, before: Sighting | None, asked: tuple[Asked, ...]) -> Sighting | None:
        self.asked.add(tuple(each.prompt for each in asked))
        since = self._tracks[index]
        box = Box(top=0, right=9, bottom=9, left=0)
        return None if since is None else Sighting(index / RATE, since, box, b"", None, None, None)


def test_nothing_is_accepted_without_landmarks_and_a_broken_track_ends_a_challenge() -> None:
    assert not passive(Faces([0.0] * 30)).accepted
    whole, broken = Faces([0.0] * 200), Faces([0.0] * 20 + [2.0] * 200)
    ends = [challenge(faces, 1, Extent.WHOLE).seconds for faces in (whole, broken)]
    assert ends[0] > ends[1] == pytest.approx(2.0)
    assert (Prompt.LOOK_AT_CAMERA,) in broken.asked


def test_a_print_is_followed_and_is_neither_live_nor_turned_far_enough(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(trial, "PASSIVE_SECONDS", 3.0)
    watcher = Watcher(made(Species.PRINT_TILTED), "never kept")
    assert not passive(watcher).accepted
    assert not any(challenge(watcher, 3, extent).accepted for extent in Extent)


def test_another_face_in_the_same_place_is_another_track() -> None:
    obama, biden = (attack(Species.PRINT_HELD, 1, portrait(photo(name))) for name in ("obama", "biden"))
    first = sight(obama.jpeg(0.0), 0.0, None)
    same, other = sight(obama.jpeg(0.1), 0.1, first), sight(biden.jpeg(0.1), 0.1, first)
    assert first is not None and same is not None and other is not None
    assert same.since == 0.0 and same.landmarks is not None
    assert other.since == 0.1


def test_what_was_seen_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sighting, "CACHE", tmp_path / "cache")
    stream = made(Species.PRINT_HELD)
    first = Watcher(stream, "test kept")
    first.see(0, None, ())
    first.keep()

    class Nothing:
        def jpeg(self, at: float, asked: Sequence[Asked] = ()) -> bytes | None:
            return None

    assert Watcher(Nothing(), "test kept").see(0, None, ()) is not None
    assert Watcher(Nothing(), "test other").over(0, None, ())


def test_real_footage_comes_to_the_whole_door_there_and_back() -> None:
    clips = [case for case in plan.cases(quick=False) if case.kind == plan.CLIP]
    assert {(case.rate, case.backward) for case in clips} == set(
        itertools.product(plan.CLIP_RATES, (False, True))
    )
    case = next(case for case in clips if case.person == "signer-5" and case.rate == 10)
    shown = plan.stream(case)
    assert isinstance(shown, Repeated)
    last = len(shown.piece.frames) - 1
    assert shown.jpeg((last + 3) / shown.piece.rate) == shown.jpeg((last - 3) / shown.piece.rate)
    backward = plan.stream(replace(case, backward=True))
    assert backward.jpeg(0.0) == shown.jpeg(last / shown.piece.rate)
    (result,) = evaluated([case])
    assert result.passive is not None and result.passive.accepted and 1 < result.passive.seconds < 3


def test_the_report(tmp_path: Path) -> None:
    def case(kind: str, person: str) -> Case:
        return Case(kind, sources.TEST, person, Path("p/x.jpg"), 1)

    yes, no = Verdict(True, 2.0, ("blink",)), Verdict(False, 8.0)
    results = [Result(case(Species.PRINT_HELD, name), no, no, no) for name in "abc"]
    results += [Result(case(Species.PRINT_BENT, "a"), no, no, yes), Result(case(RENDERED, "a"), yes, yes, no)]
    results += [Result(Case(plan.REAL, sources.TUNING, "b", Path("v.mp4"), 0, end=20.0), yes, None, None)]
    results += [
        Result(Case(plan.CLIP, sources.TEST, "w", Path("v.mp4"), 0, rate=rate), seen, None, None)
        for rate, seen in ((10.0, no), (15.0, yes), (15.0, no), (30.0, yes))
    ]
    written(results, tmp_path / "docs", "the command")
    text = (tmp_path / "docs" / "results.md").read_text()
    assert "`the command`" in text
    assert "| **flat prints together** | 3 | 0 of 3 " in text
    none = "0 of 3 (0.0 to 70.8 %)"
    assert f"| print, held | 3 | {none} | {none} | {none} |" in text
    none, all_ = "0 of 1 (0.0 to 97.5 %)", "1 of 1 (2.5 to 100.0 %)"
    assert f"| print, bent | 1 | {none} | {none} | {all_} |" in text
    assert f"| 8 s of real footage, tuning | {all_} (2.0, 2.0 s) | not tried | not tried |" in text
    assert f"| of them: calm | {all_} (2.0, 2.0 s) | {all_} (2.0, 2.0 s) | {none} |" in text
    assert "| w | test | 0 of 1 | 1 of 2 (2.0, 2.0 s) | 1 of 1 (2.0, 2.0 s) |" in text
    numbers = (tmp_path / "docs" / "results.json").read_text()
    assert '"kind": "print_bent"' in numbers


def test_an_attack_can_be_written_as_a_video(tmp_path: Path) -> None:
    out = tmp_path / "attack.mp4"
    assert main(["make", "print_bent", str(photo("obama")), str(out)]) == 0
    video = cv2.VideoCapture(str(out))
    assert video.get(cv2.CAP_PROP_FRAME_COUNT) == 120 and video.get(cv2.CAP_PROP_FPS) == 15
    assert (video.get(cv2.CAP_PROP_FRAME_WIDTH), video.get(cv2.CAP_PROP_FRAME_HEIGHT)) == (640, 480)


def test_without_the_data_one_line_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tests.support.photos.DATA", tmp_path / "nowhere")
    assert main(["--folder", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "not part of the repository" in said and said.count("\n") == 1 and not any(tmp_path.iterdir())


def test_what_cannot_be_made_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text, empty, plain = tmp_path / "text.jpg", tmp_path / "empty.mp4", tmp_path / "plain.png"
    text.write_text("no photo")
    empty.write_bytes(b"")
    cv2.imwrite(str(plain), np.full((200, 200, 3), 128, np.uint8))
    good, out = str(photo("obama")), str(tmp_path / "out.mp4")
    for arguments, complaint in (
        (["print_held", str(tmp_path / "missing.jpg"), out], "does not exist"),
        (["print_held", str(text), out], "not a photo"),
        (["print_held", str(plain), out], "no face"),
        (["replay", str(empty), out], "not a video"),
        (["replay", good, out], "made of a video"),
        (["swap_photos", good, out], "needs two sources"),
        (["print_held", good, str(tmp_path / "nowhere" / "out.mp4")], "cannot be written"),
    ):
        assert main(["make", *arguments]) == 1
        assert complaint in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["make", "hologram", good, out])
