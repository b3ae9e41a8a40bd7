"""The real program in a process of its own."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from client.screen.banner import BANNER_COLOURS
from tests.support.fake_server import FakeServer, denial, grant, refusal, result, wait_until
from wire import ErrorCode, ErrorMessage, Frame, Message, Prompt, Verdict
from wire.words import Banner

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {
    key: value
    for key, value in os.environ.items()
    if key not in ("DISPLAY", "WAYLAND_DISPLAY", "DOORWARD_TOKEN", "PYTHONUNBUFFERED")
} | {"PYTHONPATH": str(ROOT)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three pictures: 0.3 s at 10 frames a second."""
    path = tmp_path / "pictures"
    path.mkdir()
    for number in range(3):
        cv2.imwrite(str(path / f"{number}.png"), np.full((480, 640, 3), 60 + number, np.uint8))
    return path


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer() as fake:
        yield fake


def command(server: str, source: Path | str, *flags: str) -> list[str]:
    return [sys.executable, "-m", "client", "--server", server, "--source", str(source), *flags]


def finished(
    command: list[str], environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, env=environment or ENVIRONMENT, check=False
    )


def headless(server: FakeServer, source: Path | str, *flags: str) -> subprocess.CompletedProcess[str]:
    return finished(command(server.address, source, "--headless", "--fps", "10", *flags))


@contextmanager
def started(command: list[str]) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_headless_prints_json_lines(server: FakeServer, folder: Path) -> None:
    server.reply = lambda frame: [result(frame.seq, decision=grant() if frame.seq == 1 else None)]
    done = headless(server, folder, "--terminal", "Zoë's door")
    assert done.returncode == 0, done.stderr
    lines: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["type"] for line in lines[:2]] == ["link", "result"]
    assert lines[0]["state"] == "connected"
    first, last = lines[1], lines[-1]
    assert first["seq"] == 1 and last["seq"] == 3, "the last picture is answered, too"
    assert first["verdict"] == "granted"
    assert first["faces"] == [
        {"box": [120, 400, 280, 240], "name": "Ada Lovelace", "distance": 0.31, "verdict": "granted"}
    ]
    assert first["decision"] == {
        "id": "d1",
        "verdict": "granted",
        "names": ["Ada Lovelace"],
        "reason": "match",
        "note": None,
    }
    assert last["decision"] is None and last["prompt"] is None and last["prompt_seconds"] is None
    assert first["timing"] == {"queue_ms": 1.0, "work_ms": 2.0}
    assert first["latency_ms"] > 0
    assert datetime.fromisoformat(first["time"]).tzinfo is not None
    assert {line["terminal"] for line in lines} == {"Zoë's door"}
    assert "connected to" in done.stderr


def test_lines_carry_prompts_and_notes(server: FakeServer, folder: Path) -> None:
    server.reply = lambda frame: [
        result(
            frame.seq,
            Verdict.DENIED,
            decision=denial("expired", "Ask at the desk"),
            prompt=Prompt.TURN_LEFT,
            prompt_seconds=2.5,
        )
    ]
    done = headless(server, folder)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    told = next(line for line in lines if line["type"] == "result")
    assert (told["prompt"], told["prompt_seconds"]) == ("turn_left", 2.5)
    assert (told["decision"]["reason"], told["decision"]["note"]) == ("expired", "Ask at the desk")


def test_errors_and_links_are_lines_too(server: FakeServer, folder: Path) -> None:
    def reply(frame: Frame) -> list[Message]:
        if frame.seq == 1:
            return [ErrorMessage(ErrorCode.BAD_FRAME, "odd", 1)]
        if len(server.hellos) == 1:
            return [ErrorMessage(ErrorCode.INTERNAL, "sorry")]
        return [result(frame.seq)]

    server.reply = reply
    with started(command(server.address, folder, "--headless", "--fps", "10", "--loop")) as process:
        assert process.stdout
        lines: list[dict[str, Any]] = []
        while not any(line["type"] == "result" for line in lines):
            lines.append(json.loads(process.stdout.readline()))
    told = [(line["type"], line.get("state") or line.get("code")) for line in lines]
    assert told == [
        ("link", "connected"),
        ("error", "bad_frame"),
        ("error", "internal"),
        ("link", "lost"),
        ("link", "retrying"),
        ("link", "connected"),
        ("result", None),
    ]


def test_on_grant_and_snapshot(server: FakeServer, folder: Path, tmp_path: Path) -> None:
    log, picture = tmp_path / "log", tmp_path / "decision.png"
    server.reply = lambda frame: [result(frame.seq, decision=grant("the-id"))]
    script = tmp_path / "open.py"
    script.write_text(f"import os; open({str(log)!r}, 'a').write(os.environ['DOORWARD_DECISION_ID'] + '\\n')")
    flags = ["--snapshot", str(picture), "--on-grant", f"{sys.executable} {script}"]
    done = headless(server, folder, *flags)
    assert done.returncode == 0, done.stderr
    assert log.read_text() == "the-id\n"
    drawn = cv2.imread(str(picture))
    assert drawn is not None and drawn.shape == (640, 640, 3)
    assert tuple(drawn[490, 5]) == BANNER_COLOURS[Banner.GRANTED][0]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["decision.png", "log", "open.py", "pictures"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_stop_cleanly(server: FakeServer, folder: Path, number: int) -> None:
    with started(command(server.address, folder, "--headless", "--loop")) as process:
        wait_until(lambda: server.frames, "a frame")
        process.send_signal(number)
        assert process.wait(10) == 0
        assert process.stderr and "Traceback" not in process.stderr.read()


def test_sigterm_while_nobody_reads(server: FakeServer, folder: Path) -> None:
    """A full pipe must not hold the program, nor the door, up."""
    with started(command(server.address, folder, "--headless", "--loop", "--fps", "240")) as process:
        wait_until(lambda: len(server.frames) > 500, "frames although nobody reads", 30)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_closed_output_stops_cleanly(server: FakeServer, folder: Path) -> None:
    with started(command(server.address, folder, "--headless", "--loop")) as process:
        assert process.stdout and process.stderr
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(20) == 0
        errors = process.stderr.read()
        assert "Traceback" not in errors and "BrokenPipe" not in errors


def test_unanswered_last_frame_is_waited_for_then_left(server: FakeServer, folder: Path) -> None:
    server.reply = lambda frame: []
    done = headless(server, folder)
    assert done.returncode == 0
    assert "result" not in done.stdout


def test_a_slow_last_answer_is_waited_for(server: FakeServer, folder: Path) -> None:
    def reply(frame: Frame) -> list[Message]:
        threading.Event().wait(1.5)  # longer than the source lasts
        return [result(frame.seq)]

    server.reply = reply
    done = headless(server, folder)
    assert done.returncode == 0
    answered = [line["seq"] for line in map(json.loads, done.stdout.splitlines()) if line["type"] == "result"]
    assert answered == [1, 3], "one in flight, then the newest"


@pytest.mark.parametrize(("code", "said"), [("unauthorized", "token"), ("version_mismatch", "version")])
def test_refused(server: FakeServer, folder: Path, code: str, said: str) -> None:
    server.greet = refusal(ErrorCode(code), f"wrong {said}\x1b[2J")
    done = headless(server, folder, "--loop")
    assert done.returncode == 4
    assert f"the server says {code}: wrong {said}" in done.stderr
    assert "\x1b" not in done.stderr and "Traceback" not in done.stderr


def test_token_is_sent(server: FakeServer, folder: Path) -> None:
    done = finished(
        command(server.address, folder, "--headless", "--fps", "10"),
        {**ENVIRONMENT, "DOORWARD_TOKEN": "s3cret"},
    )
    assert done.returncode == 0
    assert server.hellos[0].token == "s3cret"


def test_missing_and_corrupt_sources(server: FakeServer, tmp_path: Path) -> None:
    (tmp_path / "broken.mp4").write_bytes(b"no video" * 1000)
    for source, said in [("missing", "no such file"), ("broken.mp4", "cannot be decoded"), ("", "no image")]:
        done = headless(server, tmp_path / source)
        assert done.returncode == 3, done
        assert said in done.stderr
        assert len(done.stderr.strip().splitlines()) <= 2, "one clear message, next to the connection's"


def test_a_font_that_is_none(server: FakeServer, folder: Path) -> None:
    done = headless(server, folder, "--font", str(folder / "0.png"))
    assert done.returncode == 2
    assert "0.png cannot be used as a font" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("display", "said"), [({}, "neither DISPLAY"), ({"DISPLAY": ":4711"}, "display :4711")]
)
def test_no_display(server: FakeServer, folder: Path, display: dict[str, str], said: str) -> None:
    done = finished(command(server.address, folder), ENVIRONMENT | display)
    assert done.returncode == 5
    assert said in done.stderr and "--headless" in done.stderr


def run_with(prelude: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    script = f"import sys\n{prelude}\nfrom client.cli import main\nsys.exit(main())"
    return finished([sys.executable, "-c", script, *arguments])


BLOCKER = """
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {blocked}:
            raise ImportError({message!r}, name=name)
sys.meta_path.insert(0, Blocker())
"""


def test_help_needs_no_opencv() -> None:
    done = run_with(BLOCKER.format(blocked=("cv2", "numpy"), message="blocked"), "--help")
    assert done.returncode == 0
    assert "exit codes" in done.stdout and "sim:" in done.stdout


@pytest.mark.parametrize(
    ("package", "message", "advice"),
    [
        ("cv2", "libGL.so.1: cannot open shared object file", "sudo apt install libgl1 libglib2.0-0"),
        ("cv2", "No module named 'cv2'", "pip install 'opencv-python>=4.8,<5'"),
        ("PIL", "No module named 'PIL'", "Pillow cannot be used (No module named 'PIL')"),
    ],
)
def test_unusable_libraries_are_explained(package: str, message: str, advice: str) -> None:
    prelude = BLOCKER.format(blocked=(package,), message=message)
    done = run_with(prelude, "--server", "localhost:1", "--source", "0", "--headless")
    assert done.returncode == 3
    assert advice in done.stderr and "Traceback" not in done.stderr


def test_a_defect_in_a_thread_stops_everything(folder: Path) -> None:
    prelude = "import client.connection.link\nclient.connection.link.connect = lambda *a: 1 / 0"
    done = run_with(prelude, "--server", "localhost:1", "--source", str(folder), "--headless", "--loop")
    assert done.returncode == 1
    assert "the link thread failed unexpectedly" in done.stderr


def test_the_client_needs_no_server_and_no_dlib() -> None:
    blocked = ("dlib", "face_recognition", "onnxruntime", "server")
    script = (
        "import sys, pkgutil, importlib\n"
        + BLOCKER.format(blocked=blocked, message="blocked")
        + "import client, wire\n"
        "for package in (client, wire):\n"
        "    for module in pkgutil.walk_packages(package.__path__, package.__name__ + '.'):\n"
        "        importlib.import_module(module.name)\n"
    )
    done = finished([sys.executable, "-c", script])
    assert done.returncode == 0, done.stderr
