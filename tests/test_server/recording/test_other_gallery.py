"""Deciding what was recorded with one gallery and with another."""

from datetime import date, timedelta
from pathlib import Path

from server.access.orders import EMPTY
from server.events import DoorClosed, FrameObserved
from server.recording.other_gallery import Comparison, compare_galleries
from server.recording.recorder import Recorder
from tests.support.embeddings import face, gallery, look, person, stranger
from tests.support.recorded import START, LiveDoor
from tests.support.rules import rules
from wire import Verdict

RULES = rules()
OWN = person(0)
WRONG = stranger(5)
WITH = gallery({"Ada": [OWN, WRONG], "Bob": person(1)})
WITHOUT = gallery({"Ada": OWN, "Bob": person(1)})
FIRST_DAY = START.date()


def record(folder: Path, *days: int) -> list[str]:
    """On each of these days Ada comes, who is recognised only without the wrong photo, and Bob; returns the
    ids of what is decided."""
    made = []
    for day in days:
        recorder = Recorder.in_folder(folder)
        door = LiveDoor(RULES, WITH, terminal=f"door{day}")
        for at, who in ((0.0, look(0, 0.2)), (20.0, look(1, 0.2))):
            for number in range(40):
                seen = [face(who)] if number < 25 else []
                frame = door.see(seen, at + number * 0.2, start=START + timedelta(days=day))
                recorder.take(FrameObserved("session", door.terminal, frame, RULES))
                made += [frame.decision.id] if frame.decision else []
        recorder.take(DoorClosed("session", door.terminal, door.close(), RULES))
        recorder.close()
    return made


def compare(folder: Path, since: date = FIRST_DAY, seconds: float = 1000.0) -> Comparison:
    ticks = iter(range(100_000))
    return compare_galleries(
        folder, RULES, EMPTY, (WITH, WITHOUT), since, seconds, clock=lambda: float(next(ticks))
    )


def test_only_visits_that_the_photo_matters_to_are_told(tmp_path: Path) -> None:
    first, _ = record(tmp_path, 0)
    found = compare(tmp_path)
    (changed,) = found.changed
    assert (found.visits, found.since, found.complete) == (2, FIRST_DAY, True)
    assert (changed.decision, changed.terminal) == (first, "door0")
    assert changed.one is not None and changed.other is not None
    assert (changed.one.verdict, changed.other.verdict) == (Verdict.DENIED, Verdict.GRANTED)
    assert changed.other.name == "Ada"


def test_when_the_time_is_up_the_latest_days_are_told(tmp_path: Path) -> None:
    record(tmp_path, 0, 1, 2)
    whole, whole_day = compare(tmp_path), 2 * 66
    assert (whole.visits, whole.since, whole.complete) == (6, FIRST_DAY, True)
    some = compare(tmp_path, seconds=whole_day + 20)
    assert not some.complete and some.since == FIRST_DAY + timedelta(days=2) and some.visits == 2
    part = compare(tmp_path, seconds=whole_day - 20)
    assert not part.complete and (part.visits, part.since) == (1, FIRST_DAY + timedelta(days=2))
    assert len(part.changed) == 1
    none = compare(tmp_path, seconds=3)
    assert not none.complete and none.visits == 0


def test_days_before_are_left_out_and_nothing_is_no_failure(tmp_path: Path) -> None:
    record(tmp_path, 0, 1)
    assert compare(tmp_path, since=FIRST_DAY + timedelta(days=1)).visits == 2
    empty = compare(tmp_path / "none")
    assert (empty.visits, empty.changed, empty.since, empty.complete) == (0, (), None, True)


def test_both_are_decided_under_the_same_rules(tmp_path: Path) -> None:
    record(tmp_path, 0)
    same = compare_galleries(tmp_path, RULES, EMPTY, (WITH, WITH), FIRST_DAY, 1000.0)
    assert same.changed == () and same.visits == 2
