"""Deciding a folder of recordings again, a stretch at a time."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import count
from pathlib import Path

from server.access.liveness.proof import Liveness
from server.access.matching.recogniser import DLIB
from server.access.orders import EMPTY
from server.access.rules import Rules
from server.access.seen import Face
from server.events import DoorClosed, FrameObserved
from server.recording.recorder import Recorder
from server.recording.replaying import Replay, choose
from tests.support.embeddings import box, gallery, look, person
from tests.support.recorded import START, LiveDoor

RULES = Rules(recogniser=DLIB, liveness=Liveness.OFF, threshold=0.3)
PEOPLE = gallery({"Ada": person(0)})
ADA = Face(box(), look(0, 0.24))


def record(folder: Path, terminal: str = "front", rules: Rules = RULES, days: int = 0) -> None:
    """Ada comes twice; the second time other rules hold."""
    recorder = Recorder.in_folder(folder)
    door = LiveDoor(rules, PEOPLE, terminal=terminal)
    for number in range(80):
        there = number % 40 < 25
        frame = door.see([ADA] if there else [], number * 0.2, start=START + timedelta(days=days))
        held = rules if number < 40 else replace(rules, margin=0.2)
        recorder.take(FrameObserved(terminal, terminal, frame, held))
    recorder.take(DoorClosed(terminal, terminal, door.close(), rules))
    recorder.close()


def test_recordings_are_chosen_by_recogniser_day_and_terminal(tmp_path: Path) -> None:
    record(tmp_path)
    record(tmp_path, "back", days=2)
    record(tmp_path, "side", replace(RULES, recogniser=replace(DLIB, name="sface")))
    (tmp_path / "2026-11-22" / "note.rec").write_text("")
    chosen = choose(tmp_path, "dlib")
    assert chosen.terminals == ("back", "front")
    assert {recording.header.terminal for recording in chosen.wanted} == {"back", "front"}
    assert len(chosen.problems) == 3
    assert sum("recorded with sface" in problem for problem in chosen.problems) == 2
    assert {each.header.terminal for each in choose(tmp_path, "dlib", date(2026, 11, 23)).wanted} == {"back"}
    assert {each.header.terminal for each in choose(tmp_path, "dlib", terminals={"front"}).wanted} == {
        "front"
    }
    assert choose(tmp_path, "dlib", terminals=set()).wanted == ()


def test_it_goes_on_where_it_stopped_and_comes_to_the_same(tmp_path: Path) -> None:
    record(tmp_path)
    recordings = choose(tmp_path, "dlib").wanted
    stricter = replace(RULES, threshold=0.2)
    at_once = Replay(recordings, stricter, PEOPLE, EMPTY)
    assert at_once.go_on()
    ticks = count()
    stepwise = Replay(recordings, stricter, PEOPLE, EMPTY, clock=lambda: next(ticks))
    progress = []
    while not stepwise.go_on(10):
        progress.append((stepwise.counted, stepwise.entries, stepwise.decided))
    assert len(progress) > 5 and progress == sorted(progress, key=lambda at: (at[0], at[2]))
    assert progress[0][1] is None and progress[-1][1] == stepwise.entries == stepwise.decided
    assert stepwise.compared == at_once.compared and len(at_once.compared) == 2
    assert all(each.changed for each in at_once.compared)
    assert stepwise.notes.other_rules(stricter) == [
        ("threshold", ["0.3"], "0.2"),
        ("margin", ["0.2"], "None"),
    ]


def test_what_can_be_read_only_in_part_is_told(tmp_path: Path) -> None:
    record(tmp_path)
    path = next(tmp_path.rglob("front-1.rec"))
    with path.open("ab") as file:
        file.write(b"\xff" * 10)
    replay = Replay(choose(tmp_path, "dlib").wanted, RULES, PEOPLE, EMPTY)
    assert replay.problems() == []
    replay.go_on()
    (problem,) = replay.problems()
    assert problem.startswith(f"{path}: ")
