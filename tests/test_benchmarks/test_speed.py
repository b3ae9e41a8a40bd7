"""What the speed benchmark counts and how it is written down; and that it runs at all."""

import asyncio
import json
import os
import subprocess
import sys
import time
from argparse import Namespace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from client.camera.frames import Area
from tests.benchmarks.speed import people, process_tree, scenes
from tests.benchmarks.speed.capacity import Load, Series, load_figures
from tests.benchmarks.speed.contenders import Pass, spread_evenly
from tests.benchmarks.speed.door_server import BenchmarkError
from tests.benchmarks.speed.load import run
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
from tests.benchmarks.speed.plan import FULL, NORMAL, QUICK, Window
from tests.benchmarks.speed.process_tree import CpuTime
from tests.benchmarks.speed.race import DOORWARD, PLAIN, QUARTER, scene_figures
from tests.benchmarks.speed.report import markdown, number, share, spread, table
from tests.benchmarks.speed.results import Results, as_json
from tests.benchmarks.speed.scenes import Scene
from tests.benchmarks.speed.startup import Start, last_summary, varied
from tests.benchmarks.speed.terminal import Terminal
from tests.support.fake_server import FakeServer, result
from tests.support.server_process import ROOT
from wire import Box, Frame, Message

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
    singer = scenes._VIDEOS["hamilton"].truth
    assert [spot.name for spot in singer(0) + singer(84) + singer(211)] == [people.MIRANDA] * 3
    assert singer(212) == ()
    assert scenes._VIDEOS["talking"].truth(0) == ()


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
    assert set(QUICK.windows) == set(NORMAL.windows) == set(FULL.windows)
    assert 10_000 in FULL.photos and 10_000 not in NORMAL.photos
    assert all(QUICK.windows[key].count < window.count for key, window in NORMAL.windows.items())


def test_simulated_scenes_are_what_a_terminal_would_send() -> None:
    there, missing = scenes.build({"empty": Window(0, 3), "two": Window(0, 2)})
    assert missing == []
    empty, two = there
    assert (empty.width, empty.height, len(empty.frames), empty.truth) == (640, 480, 3, ((), (), ()))
    assert len(set(empty.frames)) == 3, "the noise of a camera differs from frame to frame"
    assert [spot.name for spot in two.truth[1]] == [people.OBAMA, people.BIDEN]
    picture = cv2.imdecode(np.frombuffer(two.frames[0], np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None and picture.shape == (480, 640, 3)


def test_scenes_whose_video_is_away_are_left_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(scenes, "DATA", tmp_path)
    there, missing = scenes.build({"talking": Window(0, 3), "empty": Window(0, 1)})
    assert ([scene.key for scene in there], missing) == (["empty"], ["Talking"])


def test_photos_made_for_the_start_differ() -> None:
    portrait = np.full((60, 50, 3), 128, np.uint8)
    pictures = [varied(portrait, seed) for seed in range(20)]
    assert len({picture.tobytes() for picture in pictures}) == 20
    assert np.array_equal(pictures[3], varied(portrait, 3))


def test_everybody_is_enrolled_once_the_console_accounts_for_all_photos() -> None:
    console = [
        (0.5, "listening on 127.0.0.1:5000, 2 workers"),
        (1.0, "enrolled: 2 people by 10 photos; 0 rejected"),
        (4.0, "enrolled: 6 people by 38 photos; 2 rejected"),
    ]
    assert last_summary(console, 40) == (4.0, 38)
    assert last_summary(console, 41) is None


@linux
def test_cpu_and_memory_of_a_process_and_its_children() -> None:
    script = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'while True: pass'])"
    with subprocess.Popen([sys.executable, "-c", script]) as process:
        try:
            before = process_tree.cpu_time(process.pid)
            deadline = time.monotonic() + 10
            while (used := process_tree.cpu_time(process.pid) - before).workers < 0.3:
                assert time.monotonic() < deadline
                time.sleep(0.02)
            assert used.parent < 0.3
            assert used.total == used.parent + used.workers
            memory = process_tree.memory(process.pid)
            assert memory.rss >= memory.pss > 1e6
            (child,) = [pid for pid in process_tree.tree(process.pid) if pid != process.pid]
        finally:
            os.kill(child, 9)
            process.kill()
    assert process_tree.cpu_time(process.pid) == CpuTime(0, 0)


def test_figures_of_a_scene() -> None:
    spot = Spot("Ada", Area(0, 0, 1, 1))
    scene = Scene("door", "Door", 30, 640, 480, (b"", b""), ((spot,), (spot,)))
    reference = [(face(0, "Ada"),), (face(0, "Ada"),)]
    passes = {
        PLAIN: [Pass(1, CpuTime(0.2, 0), (210,)), Pass(1, CpuTime(0.3, 0), (310,))],
        QUARTER: [Pass(2, CpuTime(0.1, 0), (90,), ((face(0, "Bob"),), (face(0, "Bob"),)))],
        DOORWARD: [
            Pass(2, CpuTime(0.002, 0.018), (9, 11), ((face(0),), (face(0, "Ada"),)), 1, 250, "granted"),
            Pass(2, CpuTime(0.002, 0.018), (9, 11), ((), (face(0, "Ada"), face(300))), 0, 200),
        ],
    }
    plain, quarter, ours = scene_figures(scene, reference, passes).contenders
    assert plain.cpu_ms == Spread(250, 200, 300)
    assert (plain.ratio, plain.recall, plain.right, plain.wrong) == (1, 1, 2, 0)
    assert quarter.ratio == pytest.approx(5)
    assert (quarter.recall, quarter.right, quarter.wrong) == (1, 0, 2)
    assert ours.ratio == pytest.approx(25)
    assert ours.fps_per_core == pytest.approx(100)
    assert ours.parent_ms is not None and ours.parent_ms.median == pytest.approx(1)
    assert (ours.recall, ours.extra, ours.right, ours.behind) == (0.75, 0.5, 1, 0.25)
    assert (ours.decision_ms, ours.verdicts) == (Spread(225, 200, 250), ("granted",))


def load(terminals: int, p95: float = 50.0, starved: int = 0) -> Load:
    times = Percentiles(10, p95, p95)
    return Load(terminals, 15, 14.9, 15, times, 0.0, starved, 0, 0, 30, 5, 1, 200 + terminals, 150)


def test_capacity_ends_at_the_first_step_that_is_not_served_well() -> None:
    assert Series("", "", (load(1), load(2), load(4, p95=151), load(8)), None).capacity == 2
    assert Series("", "", (load(1, starved=1),), None).capacity == 0


def test_figures_of_a_load() -> None:
    counts = [
        {"times": [10.0, 20.0], "answered": 2, "skipped": 0, "late": [0.0, 0.0], "errors": 0},
        {"times": [30.0], "answered": 1, "skipped": 1, "late": [0.0, 0.0], "errors": 1},
    ]
    measured = {"seconds": 2.0, "cpu_seconds": 0.1, "lost": 0, "terminals": counts}
    figures = load_figures(measured, 15, cpu_seconds=1.0, rss_mb=100, pss_mb=80)
    assert (figures.terminals, figures.least, figures.most, figures.skipped) == (2, 0.5, 1, 0.25)
    assert (figures.cpu_percent, figures.load_percent) == (50, 5)
    assert figures.times.p50 == 20
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
    one = Pass(1, CpuTime(0.01, 0.01), (20,), ((),))
    figures = scene_figures(scene, [()], {name: [one] for name in (PLAIN, QUARTER, DOORWARD)})
    results = Results(
        machine=Machine("2026-11-22", "Abacus", 2, 8, "Linux", "3.12", {"numpy": "2.0"}, "abc1234"),
        kind="normal",
        rounds=1,
        minutes=0.5,
        others=0.1,
        missing=["Talking"],
        scenes=[figures],
        capacity=[Series("person", "One person", (load(1), load(2, p95=200)), 1.0)],
        startup=[Start(1000, False, 0.5, None, None, 300)],
    )
    page = markdown(results)
    assert "the videos are not there: Talking" in page
    assert "| Nobody, 640x480, 1 frames | plain loop | 20.0 | 1.00 | 50.0 |" in page
    assert "one person: 1 terminals" in page.lower()
    assert "| 2 | 14.9–15.0 | 10.0 | 200 | 200 | 0 % | no |" in page
    assert "| 1,000 | new | 0.50 | – | – | 300 |" in page
    for line in page.splitlines():
        assert not line.startswith("|") or line.endswith("|")
    data = json.loads(as_json(results))
    assert data["capacity"][0]["capacity"] == 1
    assert [row["holds"] for row in data["capacity"][0]["loads"]] == [True, False]
    part = markdown(Results(results.machine, "quick", 1, 0.5, 0.1, [], [], [], results.startup))
    assert "## Per frame" not in part and "## Start" in part


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
        measured: dict[str, Any] = asyncio.run(run(options, [b"one", b"two", b"three"]))
    assert capsys.readouterr().out.split() == ["begin", "end"]
    figures = load_figures(measured, 50, cpu_seconds=0, rss_mb=1, pss_mb=1)
    assert 2 < figures.least <= figures.most <= 10
    assert 0.5 < figures.skipped < 1
    assert (figures.lost, figures.errors) == (0, 0)
    assert figures.times.p50 >= 100


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
        "door",
    ]
    done = subprocess.run(
        [*command, "--out", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "results.md").read_text(encoding="utf-8") in done.stdout
    (door,) = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))["scenes"]
    plain, quarter, ours = door["contenders"]
    assert [each["contender"] for each in (plain, quarter, ours)] == [PLAIN, QUARTER, DOORWARD]
    assert door["faces"] == door["frames"]
    assert ours["recall"] > 0.8
    assert ours["wrong"] == 0
    assert 0 < ours["parent_ms"]["median"] < ours["cpu_ms"]["median"]
