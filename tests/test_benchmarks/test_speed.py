"""What the speed benchmark counts and how it is written down; and that it runs at all."""

import asyncio
import json
import os
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from client.camera.frames import Area, Image
from server.access.liveness.proof import Liveness
from server.access.orders import Roster
from server.settings import Settings
from server.startup.announcements import of_the_start
from server.tokens.accepted import AcceptedTokens
from tests.benchmarks.speed import clips, contenders, loops, people, process_tree, scenes, startup, visitors
from tests.benchmarks.speed.capacity import Load, Series, load_figures
from tests.benchmarks.speed.clips import Clip
from tests.benchmarks.speed.contenders import Pass, spread_evenly
from tests.benchmarks.speed.door_server import DOORWARD, MODES, OFF, BenchmarkError
from tests.benchmarks.speed.load import run
from tests.benchmarks.speed.loops import PlainLoop, QuarterLoop
from tests.benchmarks.speed.machine import Machine, describe
from tests.benchmarks.speed.measures import (
    Names,
    Overlap,
    Percentiles,
    Reported,
    Spot,
    Spread,
    back_and_forth,
    iou,
    matches,
    names,
    overlap,
    slope,
    starved,
)
from tests.benchmarks.speed.plan import FULL, MAIN, NORMAL, QUICK, Window
from tests.benchmarks.speed.process_tree import CpuTime
from tests.benchmarks.speed.race import PLAIN, QUARTER, scene_figures
from tests.benchmarks.speed.report import markdown, number, share, spread, table
from tests.benchmarks.speed.results import Results, as_json, defaults
from tests.benchmarks.speed.scenes import Scene
from tests.benchmarks.speed.startup import Start, last_summary, varied
from tests.benchmarks.speed.terminal import Terminal
from tests.benchmarks.speed.visitors import Visitor
from tests.support.embeddings import gallery, person
from tests.support.fake_server import FakeServer, result
from tests.support.server_process import ROOT
from wire import Box, DecisionNotice, Frame, Message, Verdict

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


def face(left: int, name: str | None = None, size: int = 100) -> Reported:
    return Reported(Box(0, left + size, size, left), name)


def test_overlap_of_boxes() -> None:
    box = Box(0, 100, 100, 0)
    assert iou(box, box) == 1
    assert iou(box, Box(0, 150, 100, 50)) == pytest.approx(1 / 3)
    assert iou(box, Box(0, 200, 100, 100)) == 0  # they touch
    assert iou(box, Box(25, 75, 75, 25)) == pytest.approx(0.25)


def test_each_face_is_found_once_and_by_the_closest_box() -> None:
    assert matches((face(0),), (face(0), face(10))) == 1
    assert matches((face(0), face(30)), (face(15),)) == 1
    # the first is nearer to both, but only one can have it
    assert matches((face(0), face(30)), (face(5), face(60))) == 2
    assert matches((face(0),), (face(50),)) == 0
    assert matches((), (face(0),)) == 0


def test_recall_counts_faces_frame_by_frame() -> None:
    reference = [(face(0), face(300)), (), (face(0),)]
    found = overlap(reference, [(face(0),), (face(9),), (face(0), face(200))])
    assert found == Overlap(wanted=3, found=2, extra=2)
    assert found.recall == pytest.approx(2 / 3)
    assert overlap([()], [()]).recall is None


def test_a_name_is_right_only_where_that_person_stands() -> None:
    left, right = Spot("Ada", Area(0, 0, 0.5, 1)), Spot("Bob", Area(0.5, 0, 1, 1))
    stream = [
        (face(0, "Ada"), face(500, "Bob")),
        (face(0, "Bob"), face(500)),
        (face(500, "Cid"),),
        (face(0, "Ada"),),
    ]
    truth = [(left, right), (left, right), (left, right), ()]
    assert names(stream, truth, 640, 480) == Names(right=2, wrong=3)


def test_the_singer_may_be_named_until_the_cut_and_the_audience_never() -> None:
    *_, singer = scenes._FILMS["stage"]
    assert [spot.name for spot in singer(0) + singer(84) + singer(211)] == [people.MIRANDA] * 3
    assert singer(212) == ()
    *_, stranger = scenes._FILMS["stranger"]
    assert stranger(0) == ()


def test_people_in_a_grid_are_told_apart_by_their_cell() -> None:
    portraits = [people.Portrait(name, Path(), 0, 0, 1) for name in "abcd"]
    cells = scenes._grid(portraits, 2)
    assert cells[1] == Spot("b", Area(left=0.5, top=0, right=1, bottom=0.5))
    assert cells[2] == Spot("c", Area(left=0, top=0.5, right=0.5, bottom=1))


def test_spread_and_percentiles() -> None:
    assert Spread.of([3, 1, 8]) == Spread(3, 1, 8)
    assert Percentiles.of(range(101)) == Percentiles(50, 95, 99)
    assert Percentiles.of([7]) == Percentiles(7, 7, 7)


def test_starved_terminals_get_less_than_half_of_the_middle_one() -> None:
    assert starved([15, 15, 14, 7.6]) == 0
    assert starved([15, 15, 14, 7.0]) == 1
    assert starved([0, 0]) == 2
    assert starved([3]) == 0


def test_memory_of_one_more_terminal() -> None:
    assert slope([1, 2, 4], [100, 103, 109]) == pytest.approx(3)
    assert slope([4], [100]) is None


def test_a_clip_is_played_to_and_fro() -> None:
    assert [back_and_forth(index, 3) for index in range(6)] == [0, 1, 2, 1, 0, 1]
    assert [back_and_forth(index, 1) for index in range(3)] == [0, 0, 0]


def test_timed_frames_are_spread_over_the_scene() -> None:
    assert spread_evenly(100, 4) == [0, 25, 50, 75]
    assert spread_evenly(3, 10) == [0, 1, 2]


def test_every_plan_has_the_same_scenes() -> None:
    assert set(QUICK.windows) == set(NORMAL.windows) == set(FULL.windows) == set(scenes._BUILDERS)
    assert set(MAIN) < set(NORMAL.windows)
    assert 10_000 in FULL.photos and 10_000 not in NORMAL.photos
    assert all(QUICK.windows[key].count < window.count for key, window in NORMAL.windows.items())


def test_the_product_is_measured_as_it_is_shipped_and_off_says_so() -> None:
    assert MODES == {DOORWARD: (), OFF: ("--liveness", "off")}
    assert defaults()["liveness"] == Liveness.PASSIVE.value


def test_simulated_scenes_are_what_a_terminal_would_send() -> None:
    there, missing = scenes.build({"nobody": Window(0, 3), "two": Window(0, 2)})
    assert missing == []
    empty, two = there
    assert (empty.width, empty.height, len(empty.frames), empty.truth) == (640, 480, 3, ((), (), ()))
    assert (empty.arrives, two.arrives) == (None, 0)
    assert len(set(empty.frames)) == 3, "the noise of a camera differs from frame to frame"
    assert [spot.name for spot in two.truth[1]] == [people.OBAMA, people.BIDEN]
    picture = cv2.imdecode(np.frombuffer(two.frames[0], np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None and picture.shape == (480, 640, 3)


def test_scenes_whose_video_is_away_are_left_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(scenes, "DATA", tmp_path)
    there, missing = scenes.build({"stage": Window(0, 3), "nobody": Window(0, 1)})
    assert ([scene.key for scene in there], missing) == (["nobody"], ["Stage, hard cuts"])


def test_without_the_films_rendered_heads_come(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(visitors, "DATA", tmp_path)
    man = visitors.turning()
    assert (man.name, man.looks) == (people.OBAMA, "a rendered head that turns")
    assert [picture.shape for picture in man.play(0, 3)] == [(480, 640, 3)] * 3
    assert not {"Turning Man", "Talking Man"} & set(visitors.enrolled(tmp_path / "stills"))
    assert [len(visitors.turned_by(at)) for at in (0.9, 1.0, 3.0, 9.0)] == [0, 1, 2, 3]


def numbered(first: int, count: int) -> Iterator[Image]:
    """Pictures whose brightness is their number."""
    return (np.full((480, 640, 3), 100 + first + at, np.uint8) for at in range(count))


MAN = Visitor("Ada", "a woman", 30.0, numbered)


def brightness(jpeg: bytes) -> list[int]:
    """At the left, in the middle and at the right of the picture."""
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return [round(float(picture[:, at : at + 16].mean())) for at in (0, 312, 624)]


def test_a_whole_visit_has_an_arrival_and_a_leaving(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visitors, "turning", lambda: MAN)
    ((visit,), _) = scenes.build({"visit": Window(10, 60)})
    assert visit.arrives == 30 + 11  # of the 15 pictures in which she comes
    assert [bool(spots) for spots in visit.truth] == [False] * 30 + [True] * 60 + [False] * 60
    seen = [brightness(jpeg) for jpeg in visit.frames]
    assert max(seen[29]) < 60 and max(seen[90]) < 60, "an empty doorway is dark"
    left, middle, right = seen[visit.arrives]
    assert left < 60 and min(middle, right) > 110, "she is not wholly in before"
    assert min(seen[30 + 20]) > 110 and max(seen[89][:2]) < 60


def test_pictures_of_another_rate_are_the_nearest_in_time() -> None:
    shown = MAN.at_rate(15.0, 5, 4)
    assert [int(picture[0, 0, 0]) - 100 for picture in shown] == [5, 7, 9, 11]


def test_visits_follow_each_other_with_nobody_between_them() -> None:
    clip = clips.visits([MAN, MAN], [0.0, 1.0], 2.0, 15.0)
    assert len(clip.frames) == 4 * (15 + 30 + 15)
    assert [(visit.start, visit.stop) for visit in clip.visits] == [
        (begin + 15 + 6, begin + 15 + 30 - 8) for begin in (0, 60, 120, 180)
    ]
    assert all(min(brightness(clip.frames[visit.start])[1:]) > 90 for visit in clip.visits)
    assert all(max(brightness(clip.frames[begin])) < 60 for begin in (0, 60, 120, 180))


def test_a_clip_without_visits_does_not_jump() -> None:
    assert clips.to_and_fro([b"1", b"2", b"3", b"4"]).frames == [b"1", b"2", b"3", b"4", b"3", b"2"]


def test_photos_made_for_the_start_differ() -> None:
    portrait = np.full((60, 50, 3), 128, np.uint8)
    pictures = [varied(portrait, seed) for seed in range(20)]
    assert len({picture.tobytes() for picture in pictures}) == 20
    assert np.array_equal(pictures[3], varied(portrait, 3))


def test_everybody_is_enrolled_before_anybody_is_twice(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for folder, photos in (("0001", 2), ("0002", 1)):
        (tmp_path / "lfw" / folder).mkdir(parents=True)
        for photo in range(photos):
            picture = np.full((20, 20, 3), 90 + photo, np.uint8)
            cv2.imwrite(str(tmp_path / "lfw" / folder / f"{photo:02}.jpg"), picture)
    monkeypatch.setattr(people, "LFW", tmp_path / "lfw")
    monkeypatch.setattr(startup, "PHOTO_SIDE", 40)
    assert [name for name, _ in people.many()] == ["Person 0001", "Person 0002", "Person 0001"]
    startup.make_photos(tmp_path / "faces", 7)
    made = [path.relative_to(tmp_path / "faces") for path in (tmp_path / "faces").glob("*/*")]
    assert sorted(map(str, made)) == [
        *(f"Person 0001/{index:05}.jpg" for index in (0, 2, 3, 5, 6)),
        *(f"Person 0002/{index:05}.jpg" for index in (1, 4)),
    ]
    assert len({(tmp_path / "faces" / path).read_bytes() for path in made}) == 7


def test_everybody_is_enrolled_once_the_console_accounts_for_all_photos() -> None:
    def told(people: int, refused: int) -> str:
        """What a server says of its start that knows so many people by one photo each."""
        known = gallery({f"Person {at}": person(at) for at in range(people)})
        settings = Settings.model_validate({})
        return of_the_start(settings, Roster(), known, refused, AcceptedTokens(), [].__contains__)[0][1]

    console = [(0.5, "listening on 127.0.0.1:5000, 2 workers"), (1.0, told(2, 0)), (4.0, told(38, 2))]
    assert last_summary(console, 40) == (4.0, 38)
    assert last_summary(console, 41) is None


@linux
def test_cpu_and_memory_of_a_process_and_its_children() -> None:
    script = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'while True: pass'])"
    with subprocess.Popen([sys.executable, "-c", script]) as process:
        try:
            before = process_tree.cpu_time(process.pid)
            deadline = time.monotonic() + 60
            while (used := process_tree.cpu_time(process.pid) - before).workers < 2 * used.parent + 0.3:
                assert time.monotonic() < deadline, "the parent waits, the child works"
                time.sleep(0.02)
            assert used.total == used.parent + used.workers
            memory = process_tree.memory(process.pid)
            assert memory.rss >= memory.pss > 1e6
            assert len(list(process_tree.tree(process.pid))) == 2
        finally:
            for pid in list(process_tree.tree(process.pid)):
                os.kill(pid, 9)
    assert process_tree.cpu_time(process.pid) == CpuTime(0, 0)


def test_figures_of_a_scene() -> None:
    spot = Spot("Ada", Area(0, 0, 1, 1))
    scene = Scene("door", "Door", 30, 640, 480, (b"",) * 3, ((spot,),) * 3)
    reference = {0: (face(0, "Ada"),), 2: (face(0, "Ada"),)}
    bob = (face(0, "Bob"),)
    passes = {
        PLAIN: [Pass(1, CpuTime(0.2, 0), (210,)), Pass(1, CpuTime(0.3, 0), (310,))],
        QUARTER: [Pass(2, CpuTime(0.1, 0), (90,), {0: bob, 2: bob})],
        DOORWARD: [
            Pass(
                frames=3,
                cpu=CpuTime(0.003, 0.027),
                times=(9, 11, 9),
                seen={0: (face(0),), 1: bob, 2: (face(0, "Ada"),)},
                behind=1,
                decision_ms=250,
                verdict="granted",
            ),
            Pass(
                frames=3,
                cpu=CpuTime(0.003, 0.027),
                times=(9, 11, 9),
                seen={0: (), 1: (), 2: (face(0, "Ada"), face(300))},
                decision_ms=200,
            ),
        ],
    }
    figures = scene_figures(scene, reference, passes)
    plain, quarter, ours = figures.contenders
    assert (figures.frames, figures.judged, figures.faces) == (3, 2, 2)
    assert plain.cpu_ms == Spread(250, 200, 300)
    assert (plain.ratio, plain.recall, plain.right, plain.wrong) == (1, 1, 2, 0)
    assert quarter.ratio == pytest.approx(5)
    assert (quarter.recall, quarter.right, quarter.wrong) == (1, 0, 2)
    assert ours.ratio == pytest.approx(25)
    assert ours.fps_per_core == pytest.approx(100)
    assert ours.parent_ms is not None and ours.parent_ms.median == pytest.approx(1)
    assert (ours.recall, ours.extra, ours.right) == (0.75, 0.5, 1)
    assert ours.behind == pytest.approx(1 / 6)
    assert ours.wrong == 1, "also in frames that are not judged"
    assert (ours.decision_ms, ours.verdicts) == (Spread(225, 200, 250), ("granted",))


def test_the_quick_variant_looks_at_every_other_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = []

    def look(loop: object, jpeg: bytes) -> tuple[Reported, ...]:
        looked.append(jpeg)
        return (face(int(jpeg)),)

    monkeypatch.setattr(QuarterLoop, "look", look)
    monkeypatch.setattr(loops, "face_recognition", lambda: None)
    scene = Scene("door", "Door", 30, 640, 480, tuple(b"%d" % at for at in range(8)), ((),) * 8)
    done = contenders.quarter(PlainLoop({}), scene, [0, 3, 5, 6])
    assert looked == [b"0", b"2", b"4", b"6"]
    assert (done.frames, len(done.times)) == (8, 4)
    assert done.seen == {0: (face(0),), 3: (face(2),), 5: (face(4),), 6: (face(6),)}


def load(terminals: int, p95: float = 50.0, starved: int = 0, skipped: float = 0.0) -> Load:
    return Load(
        terminals=terminals,
        fps=15,
        least=14.9,
        most=15,
        times=Percentiles(10, p95, p95),
        skipped=skipped,
        starved=starved,
        lost=0,
        errors=0,
        cpu_percent=30,
        load_percent=5,
        late_ms=1,
        rss_mb=200 + terminals,
        pss_mb=150,
        visits=5,
        granted=4,
        grant_ms=Percentiles(1900, 3100, 3200),
    )


def test_capacity_ends_at_the_first_step_that_is_not_served_well() -> None:
    assert Series("", "", (load(1, skipped=0.049), load(2, skipped=0.051)), None).capacity == 1
    assert Series("", "", (load(1), load(2), load(4, p95=151), load(8)), None).capacity == 2
    assert Series("", "", (load(1, starved=1),), None).capacity == 0


def test_figures_of_a_load() -> None:
    counts = [
        {
            "times": [10.0, 20.0],
            "answered": 2,
            "skipped": 0,
            "late": [0.0, 0.0],
            "errors": 0,
            "grants": [500.0],
        },
        {
            "times": [30.0],
            "answered": 1,
            "skipped": 1,
            "late": [0.0, 0.0],
            "errors": 1,
            "grants": [None, 700.0],
        },
    ]
    measured = {"seconds": 2.0, "cpu_seconds": 0.1, "lost": 0, "terminals": counts}
    figures = load_figures(measured, 15, cpu_seconds=1.0, rss_mb=100, pss_mb=80)
    assert (figures.terminals, figures.least, figures.most, figures.skipped) == (2, 0.5, 1, 0.25)
    assert (figures.cpu_percent, figures.load_percent) == (50, 5)
    assert figures.times.p50 == 20
    assert (figures.visits, figures.granted) == (3, 2)
    assert figures.grant_ms is not None and figures.grant_ms.p50 == 600
    assert not figures.holds  # the server told one of them of an error


def test_numbers_show_the_digits_that_matter() -> None:
    assert [number(value) for value in (0.123, 9.94, 12.34, 99.6, 1234.5)] == [
        "0.12",
        "9.94",
        "12.3",
        "100",
        "1234",
    ]
    assert number(None) == "–"
    assert [share(value) for value in (1, 0.9996, 0.5, 0.0004, 0, None)] == [
        "100 %",
        "100.0 %",
        "50 %",
        "0.0 %",
        "0 %",
        "–",
    ]
    assert spread(Spread(2, 1, 3)) == "2.00 (1.00–3.00)"
    assert spread(Spread(2, 2, 2)) == "2.00"


def test_tables() -> None:
    assert table(("a", "b"), [("1", "2")]) == "| a | b |\n| --- | --: |\n| 1 | 2 |"


def test_the_page_holds_what_was_measured_and_says_what_was_not() -> None:
    scene = Scene("empty", "Nobody", 30, 640, 480, (b"",), ((),))
    one = Pass(1, CpuTime(0.01, 0.01), (20,), {0: ()})
    figures = scene_figures(scene, {0: ()}, {name: [one] for name in (PLAIN, QUARTER, DOORWARD, OFF)})
    results = Results(
        machine=Machine("2026-11-22", "Abacus", 2, 8, "Linux", "3.12", {"numpy": "2.0"}, "abc1234"),
        defaults={"liveness": "passive"},
        kind="normal",
        minutes=0.5,
        others=0.1,
        missing=["Stage"],
        scenes=[figures, replace(figures, key="visit", title="A visit")],
        capacity=[Series("person", "One person", (load(1), load(2, p95=200)), 1.0)],
        startup=[Start(1000, False, 0.5, None, None, 300)],
    )
    page = markdown(results)
    assert "the videos are not there: Stage" in page
    assert "| as shipped | liveness passive |" in page
    used, others = page.index("## As it is used"), page.index("## Other scenes")
    assert used < page.index("| A visit, 640x480, 1 frames | plain loop | 20.0 | 1.00 | 50.0 |") < others
    assert others < page.index("| Nobody, 640x480, 1 frames | plain loop | 20.0 | 1.00 | 50.0 |")
    assert "|  | **Doorward** |" in page and "|  | Doorward, liveness off |" in page
    assert "| 1 | 5 | 4 | 1900 | 3100 | 3200 |" in page
    assert "one person: 1 terminals" in page.lower()
    assert "| 2 | 14.9–15.0 | 10.0 | 200 | 200 | 0 % | no |" in page
    assert "| 1,000 | new | 0.50 | – | – | 300 |" in page
    for line in page.splitlines():
        assert not line.startswith("|") or line.endswith("|")
    data = json.loads(as_json(results))
    assert data["capacity"][0]["capacity"] == 1
    assert [row["holds"] for row in data["capacity"][0]["loads"]] == [True, False]
    part = markdown(replace(results, missing=[], scenes=[], capacity=[]))
    assert "## As it is used" not in part and "## Start" in part


def test_a_terminal_matches_each_result_to_its_frame() -> None:
    with FakeServer() as server, Terminal(server.port, "door") as terminal:
        answer, seconds = terminal.show(b"a picture")
        assert (answer.seq, server.frames[0].jpeg, server.hellos[0].terminal) == (1, b"a picture", "door")
        assert seconds > 0
        server.reply = lambda frame: [result(frame.seq - 1)]
        with pytest.raises(BenchmarkError, match="a result for frame 1 where 2 was in flight"):
            terminal.show(b"another")


def test_a_loaded_terminal_counts_what_it_skips(capsys: pytest.CaptureFixture[str]) -> None:
    def slowly(frame: Frame) -> list[Message | bytes]:
        time.sleep(0.1)
        return [result(frame.seq)]

    with FakeServer() as server:
        server.reply = slowly
        options = Namespace(port=server.port, terminals=2, fps=50, settle=0.1, measure=0.5)
        measured: dict[str, Any] = asyncio.run(run(options, Clip([b"one", b"two", b"three"])))
    assert capsys.readouterr().out.split() == ["begin", "end"]
    figures = load_figures(measured, 50, cpu_seconds=0, rss_mb=1, pss_mb=1)
    assert 2 < figures.least <= figures.most <= 10
    assert 0.5 < figures.skipped < 1
    assert (figures.lost, figures.errors) == (0, 0)
    assert figures.times.p50 >= 100


def test_a_visit_counts_when_it_ends_with_the_time_to_its_grant(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The first visitor is let in at the fifth frame, about the second one nothing is decided."""
    frames = [b"%d" % at for at in range(40)]

    def answer(frame: Frame) -> list[Message | bytes]:
        granted = DecisionNotice("1", Verdict.GRANTED, ("Ada",), "recognised") if frame.jpeg == b"6" else None
        return [replace(result(frame.seq), decision=granted)]

    with FakeServer() as server:
        server.reply = answer
        options = Namespace(port=server.port, terminals=1, fps=40, settle=0.05, measure=1.5)
        measured: dict[str, Any] = asyncio.run(run(options, Clip(frames, [range(2, 12), range(20, 30)])))
    assert capsys.readouterr().out.split() == ["begin", "end"]
    ((grant, nothing, *later),) = [counts["grants"] for counts in measured["terminals"]]
    assert 90 <= grant < 300 and nothing is None
    assert len(later) <= 1, "the third one ends after the time is over, or just before"


@linux
def test_the_machine_is_described_without_naming_it() -> None:
    machine = describe()
    assert machine.cores >= 1 and machine.memory_gb > 0 and machine.cpu
    assert os.uname().nodename not in f"{machine.cpu} {machine.system}"


@linux
def test_the_benchmark_runs(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "tests.benchmarks.speed",
        "--quick",
        "--only",
        "scenes",
        "--scene",
        "photo",
    ]
    done = subprocess.run(
        [*command, "--out", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "results.md").read_text(encoding="utf-8") in done.stdout
    (photo,) = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))["scenes"]
    plain, quarter, ours, off = photo["contenders"]
    assert [each["contender"] for each in (plain, quarter, ours, off)] == [PLAIN, QUARTER, DOORWARD, OFF]
    assert photo["faces"] == photo["judged"] > 0
    assert min(ours["recall"], off["recall"]) > 0.8
    assert ours["right"] == ours["wrong"] == off["wrong"] == 0, "a photo is not named before it lives"
    assert off["right"] > 0 and off["verdicts"] == ["granted"]
    assert 0 < ours["parent_ms"]["median"] < ours["cpu_ms"]["median"]
