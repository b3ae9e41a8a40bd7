"""How somebody looked up to a decision, out of recordings."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from server.access.matching.recogniser import SFACE
from server.access.seen import Face
from server.events import DoorClosed, FrameObserved
from server.recording.looks import VisitLook, look_of
from server.recording.recorder import Recorder
from tests.support.embeddings import box, face, gallery, look, person, shifted, stranger
from tests.support.recorded import START, LiveDoor
from tests.support.rules import rules
from wire import Verdict

PEOPLE = gallery({"Ada": person(0), "Bob": person(1)})
RULES = rules()


def shown(door: LiveDoor, *looks: Face, at: float = 0.0, frames: int = 16) -> None:
    """These faces for a while, and then nobody. Picture `n` is the `n`th frame of all; the fifth is the best
    one of each visit."""
    for number in range(frames):
        seen = [replace(each, quality=1.0 + (number == 4)) for each in looks]
        door.see(seen, at + number * 0.25)
        door.frames[-1] = replace(door.frames[-1], jpeg=b"picture %d" % len(door.frames))
    door.see([], at + frames * 0.25 + 2.0)


def record(folder: Path, door: LiveDoor, pictures: bool = True) -> None:
    recorder = Recorder.in_folder(folder, pictures)
    for frame in door.frames:
        recorder.take(FrameObserved("session", door.terminal, frame, RULES))
    recorder.take(DoorClosed("session", door.terminal, door.close(), RULES))
    recorder.close()


def looks(folder: Path, door: LiveDoor) -> Sequence[VisitLook | None]:
    """Of all decisions, in order."""
    made = [(frame.decision, frame.moment) for frame in door.frames if frame.decision is not None]
    return [
        look_of(folder, decision.id, "door", moment + timedelta(seconds=0.2), PEOPLE)
        for decision, moment in made
    ]


def test_a_decision_tells_how_its_face_looked_and_where_it_is_seen_best(tmp_path: Path) -> None:
    door = LiveDoor(RULES, PEOPLE)
    shown(door, face(look(0, 0.2)))
    shown(door, face(stranger(3)), at=20.0)
    record(tmp_path, door)
    ada, unknown = looks(tmp_path, door)
    assert ada is not None and ada.template is not None and unknown is not None
    assert PEOPLE.distance_to("Ada", ada.template) == door.frames[2].decision.distance  # type: ignore[union-attr]
    assert unknown.template is not None and float(unknown.template @ stranger(3)) > 0.99
    assert unknown.shown is not None and unknown.shown.jpeg == b"picture 22"
    assert (unknown.shown.box, unknown.shown.width, unknown.shown.height) == (box(), 640, 480)


def test_of_two_who_come_together_each_decision_tells_of_its_own(tmp_path: Path) -> None:
    door = LiveDoor(RULES, PEOPLE)
    shown(door, face(look(0, 0.2)), face(look(1, 0.3), left=400))
    record(tmp_path, door)
    names = {}
    for found, frame in zip(looks(tmp_path, door), (f for f in door.frames if f.decision), strict=True):
        assert found is not None and found.template is not None and frame.decision is not None
        match = PEOPLE.match(found.template)
        names[frame.decision.name] = match.name if match else None
        assert found.shown is None or found.shown.box.left == (400 if match and match.name == "Bob" else 100)
    assert names == {"Ada": "Ada", "Bob": "Bob"}


def test_a_visit_decided_when_its_terminal_leaves_is_found(tmp_path: Path) -> None:
    door = LiveDoor(RULES, PEOPLE)
    for number in range(4):
        door.see([face(stranger(0))], number * 0.25)
    recorder = Recorder.in_folder(tmp_path, True)
    for frame in door.frames:
        recorder.take(FrameObserved("session", "door", frame, RULES))
    closed = door.close()
    recorder.take(DoorClosed("session", "door", closed, RULES))
    recorder.close()
    (decision,) = closed.decisions
    assert decision.verdict is Verdict.DENIED
    found = look_of(tmp_path, decision.id, "door", closed.moment, PEOPLE)
    assert found is not None and found.template is not None and found.shown is None
    assert float(found.template @ stranger(0)) > 0.99


def test_without_pictures_the_numbers_are_there_and_without_a_recording_nothing(tmp_path: Path) -> None:
    door = LiveDoor(RULES, PEOPLE)
    shown(door, face(shifted(stranger(0), 0.2)))
    (frame,) = (frame for frame in door.frames if frame.decision)
    assert frame.decision is not None
    asked = (frame.decision.id, "door", frame.moment, PEOPLE)
    assert look_of(tmp_path, *asked) is None
    record(tmp_path, door, pictures=False)
    found = look_of(tmp_path, *asked)
    assert found is not None and found.template is not None and found.shown is None
    assert look_of(tmp_path, "door-11", *asked[1:]) is None
    assert look_of(tmp_path, asked[0], "another", *asked[2:]) is None
    assert look_of(tmp_path, *asked[:2], START + timedelta(days=3), PEOPLE) is None
    other = replace(PEOPLE, recogniser=SFACE)
    assert look_of(tmp_path, *asked[:3], other) is None


def test_a_damaged_recording_tells_nothing(tmp_path: Path) -> None:
    door = LiveDoor(RULES, PEOPLE)
    shown(door, face(look(0, 0.2)))
    record(tmp_path, door)
    (path,) = tmp_path.rglob("*.rec")
    data = path.read_bytes()
    second = 4 + int.from_bytes(data[:4], "big")
    path.write_bytes(data[:second] + b"\xff\xff\xff\xff" + data[second + 4 :])
    assert looks(tmp_path, door) == [None]
