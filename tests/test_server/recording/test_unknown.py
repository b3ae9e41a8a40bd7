"""Unknown visitors out of recordings: each visit denied as nobody, with its template and its best picture."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from hypothesis import HealthCheck, given, settings

from server.access.matching.grouping import same_faces
from server.access.matching.recogniser import DLIB, SFACE
from server.access.rules import Rules
from server.access.seen import Face
from server.events import DoorClosed, FrameObserved
from server.recording.recorder import Recorder
from server.recording.unknown import UnknownVisit, picture, unknown_visits
from tests.support.embeddings import face, gallery, look, person, shifted, stranger
from tests.support.recorded import START, LiveDoor
from tests.support.rules import rules as rules_with
from tests.test_server.recording.test_rerun import PEOPLE, live, rules, streams
from wire import Verdict

KNOWN = gallery({"Ada": person(0), "Bob": person(1)})
RULES = rules_with()
ADA = face(look(0, 0.25))
ENDLESS = START + timedelta(days=1)


def at_the_left(number: int, way: int = 0) -> Face:
    return face(shifted(stranger(number), 0.2, way))


def at_the_right(number: int, way: int = 0) -> Face:
    return face(shifted(stranger(number), 0.2, way), left=400)


def record(folder: Path, doors: Sequence[LiveDoor], rules: Rules = RULES, pictures: bool = False) -> None:
    """What the doors have seen, one after the other, and their ends."""
    recorder = Recorder.in_folder(folder, pictures)
    for door in doors:
        for frame in door.frames:
            recorder.take(FrameObserved(f"of {door.terminal}", door.terminal, frame, rules))
        recorder.take(DoorClosed(f"of {door.terminal}", door.terminal, door.close(), rules))
    recorder.close()


def shown(door: LiveDoor, faces: Sequence[Face], at: float, frames: int = 12) -> float:
    """The faces for a while, and then nobody."""
    for _ in range(frames):
        door.see(faces, at)
        at += 0.25
    door.see([], at + 2.0)
    return at + 2.25


def read(folder: Path, since: datetime = START, until: datetime = ENDLESS) -> list[UnknownVisit]:
    visits, problems = unknown_visits(folder, DLIB, since, until)
    assert problems == []
    return visits


def test_visits_denied_as_nobody_are_found_with_what_the_visitor_looks_like(tmp_path: Path) -> None:
    door = LiveDoor(RULES, KNOWN)
    at = shown(door, [at_the_left(0), at_the_right(1)], 0.0)
    at = shown(door, [ADA], at)
    shown(door, [at_the_left(2)], at)
    record(tmp_path, [door])
    visits = read(tmp_path)
    denied = [frame for frame in door.frames if frame.decision and frame.decision.verdict is Verdict.DENIED]
    assert [(each.decision, each.moment) for each in visits] == [
        (frame.decision.id, frame.moment) for frame in denied if frame.decision
    ]
    assert {each.terminal for each in visits} == {"door"} and {each.shown for each in visits} == {None}
    nearest = [max(range(3), key=lambda who: float(each.template @ stranger(who))) for each in visits]
    assert sorted(nearest) == [0, 1, 2]


def test_who_comes_back_is_one_group(tmp_path: Path) -> None:
    front, back = LiveDoor(RULES, KNOWN, terminal="front"), LiveDoor(RULES, KNOWN, terminal="back")
    at = shown(front, [at_the_left(0)], 0.0)
    shown(front, [at_the_left(1, way=1)], at)
    shown(back, [at_the_left(0, way=2)], 0.5)
    record(tmp_path, [front, back])
    visits = read(tmp_path)
    groups = same_faces(np.stack([each.template for each in visits]), DLIB)
    assert [[visits[at].terminal for at in group] for group in groups] == [["front", "back"], ["front"]]


def test_who_is_there_when_the_terminal_leaves_is_found_too(tmp_path: Path) -> None:
    door = LiveDoor(RULES, KNOWN)
    for number in range(4):
        door.see([at_the_left(0)], number * 0.25)
    record(tmp_path, [door])
    (visit,) = read(tmp_path)
    assert visit.moment == door.frames[-1].moment and float(visit.template @ stranger(0)) > 0.9


def test_the_best_picture_of_each_is_told_where_pictures_are_kept(tmp_path: Path) -> None:
    door = LiveDoor(RULES, KNOWN)
    for number in range(12):
        left = replace(at_the_left(0), quality=float(number == 7) + 0.5)
        right = replace(at_the_right(1), quality=float(number == 4) + 0.5)
        door.see([left, right], number * 0.25)
        door.frames[-1] = replace(door.frames[-1], jpeg=b"frame %d" % number)
    door.see([], 6.0)
    record(tmp_path, [door], pictures=True)
    found = {}
    for visit in read(tmp_path):
        assert visit.shown is not None
        found[visit.shown.box.left] = picture(visit.shown)
    assert found == {100: b"frame 7", 400: b"frame 4"}
    for visit in read(tmp_path):
        assert visit.shown is not None
        visit.shown.recording.unlink(missing_ok=True)
        assert picture(visit.shown) is None


def test_only_the_span_that_was_asked_for_is_told(tmp_path: Path) -> None:
    door = LiveDoor(RULES, KNOWN)
    at = 0.0
    for number in range(3):
        at = shown(door, [at_the_left(number)], at)
    record(tmp_path, [door])
    first, second, third = read(tmp_path)
    assert [each.decision for each in read(tmp_path, second.moment, third.moment)] == [second.decision]
    assert read(tmp_path, third.moment + timedelta(days=1), ENDLESS + timedelta(days=2)) == []
    assert read(tmp_path, START, first.moment) == []


def test_what_another_recogniser_embedded_is_left_out(tmp_path: Path) -> None:
    door = LiveDoor(RULES, KNOWN)
    shown(door, [at_the_left(0)], 0.0)
    record(tmp_path, [door])
    assert unknown_visits(tmp_path, SFACE, START, ENDLESS) == ([], [])


def test_who_comes_after_frames_that_were_missed_is_not_who_was_there_before(tmp_path: Path) -> None:
    door = LiveDoor(RULES, KNOWN)
    for number in range(12):
        door.see([at_the_left(0)], number * 0.25)
    door.see([], 5.0)
    shown(door, [at_the_left(0)], 5.25)
    recorder = Recorder.in_folder(tmp_path)
    for frame in door.frames[:12]:
        recorder.take(FrameObserved("session", "door", frame, RULES))
    recorder.missed(1)
    for frame in door.frames[13:]:
        recorder.take(FrameObserved("session", "door", frame, RULES))
    recorder.close()
    decided = [frame.decision.id for frame in door.frames if frame.decision]
    assert [each.decision for each in read(tmp_path)] == decided[1:] != []


def test_a_damaged_recording_is_told_and_the_others_are_read(tmp_path: Path) -> None:
    doors = [LiveDoor(RULES, KNOWN, terminal=name) for name in ("front", "back")]
    for door in doors:
        shown(door, [at_the_left(0)], 0.0)
    record(tmp_path, doors)
    (damaged,) = tmp_path.rglob("of front.rec")
    damaged.write_bytes(damaged.read_bytes()[:-300] + bytes(300))
    visits, problems = unknown_visits(tmp_path, DLIB, START, ENDLESS)
    assert [each.terminal for each in visits] == ["back"] and len(problems) == 1


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(streams, rules)
def test_whatever_happens_at_a_door_nobody_else_is_told_of_and_nobody_is_left_out(
    stream: list[tuple[float, list[Face], int, bool]], rules: Rules
) -> None:
    door = LiveDoor(rules, PEOPLE)
    live(stream, door)
    closed = door.close()
    ended = [summary for frame in door.frames for summary in frame.ended] + list(closed.ended)
    unknown = [
        summary.decision
        for summary in ended
        if summary.decision and summary.decision.verdict is Verdict.DENIED and summary.decision.name is None
    ]
    with TemporaryDirectory() as folder:
        recorder = Recorder.in_folder(Path(folder))
        for frame in door.frames:
            recorder.take(FrameObserved("session", "door", frame, rules))
        recorder.take(DoorClosed("session", "door", closed, rules))
        recorder.close()
        visits, problems = unknown_visits(Path(folder), rules.recogniser, START, ENDLESS)
    assert problems == []
    found = {each.decision for each in visits}
    assert found <= {decision.id for decision in unknown}
    assert found >= {decision.id for decision in unknown if decision.distance is not None}
