"""A real video of a real person through the real client and server; only where the video is at hand."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.photos import DATA, VIDEO
from tests.support.server_process import ROOT, ServerProcess, plain_environment, running_server, wait_for

pytestmark = pytest.mark.skipif(not VIDEO.exists(), reason="the video is not beside this checkout")

LIN = DATA / "people" / "lin-manuel-miranda.png"
BIDEN = DATA / "people" / "biden.jpg"


def client(server: ServerProcess, *flags: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "client", "--server", f"127.0.0.1:{server.port}", "--headless"]
    command += ["--source", str(VIDEO), "--terminal", "stage-door", *flags]
    return subprocess.Popen(command, cwd=ROOT, env=plain_environment(), stdout=subprocess.PIPE, text=True)


def results(process: "subprocess.Popen[str]") -> list[dict[str, Any]]:
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    messages = [json.loads(line) for line in output.splitlines()]
    return [message for message in messages if message["type"] == "result"]


def enrol(home: Path, source: Path) -> Path:
    faces = home / "faces"
    faces.mkdir(exist_ok=True)
    return Path(shutil.copy(source, faces))


def test_the_enrolled_singer_is_granted_and_the_audience_inherits_nothing(tmp_path: Path) -> None:
    enrol(tmp_path, LIN)
    with running_server(tmp_path, workers=2) as server:
        found = results(client(server))
        granted = [result for result in found if result["verdict"] == "granted"]
        decided = [r["decision"] for r in found if r["decision"] and r["decision"]["verdict"] == "granted"]
        assert len(granted) >= 3
        lines = server.log_lines()
    logged = [line["name"] for line in lines if line["verdict"] == "GRANTED"]
    assert logged and set(logged) == {"Lin-Manuel-Miranda"}, "once, and again where a cut ends his visit"
    assert [decision["names"] for decision in decided] == [[name] for name in logged]
    last_scene = [result for result in found if any(at_the_left_edge(face) for face in result["faces"])]
    assert last_scene, "one of the audience's faces"
    assert all(face["name"] is None for result in last_scene for face in result["faces"])
    assert "granted" not in {result["verdict"] for result in last_scene}


def at_the_left_edge(face: dict[str, Any]) -> bool:
    """Where a face is in the last scene alone; nobody in it is enrolled."""
    _, right, _, left = face["box"]
    return bool(left < 45 and right < 120)


def test_with_somebody_else_enrolled_nobody_is_ever_granted(tmp_path: Path) -> None:
    enrol(tmp_path, BIDEN)
    with running_server(tmp_path, workers=2) as server:
        found = results(client(server))
        assert any(result["faces"] for result in found)
        assert "granted" not in {result["verdict"] for result in found}
        assert {face["name"] for result in found for face in result["faces"]} == {None}
        wait_for(lambda: server.log_lines())
        assert {(line["verdict"], line["name"]) for line in server.log_lines()} == {("DENIED", None)}


def test_dropping_his_photo_turns_the_next_visit_into_a_grant_and_removing_it_turns_it_back(
    tmp_path: Path,
) -> None:
    with running_server(tmp_path, workers=2) as server:
        process = client(server, "--loop")
        try:

            def logged(verdict: str, after: int) -> bool:
                return any(line["verdict"] == verdict for line in server.log_lines()[after:])

            wait_for(lambda: logged("DENIED", 0), 30, "a denial")
            photo = enrol(tmp_path, LIN)
            wait_for(lambda: "ACCEPTED" in server.receipts(), 10, "the receipt")
            wait_for(lambda: logged("GRANTED", 0), 40, "a grant")
            photo.unlink()
            wait_for(lambda: "REMOVED" in server.receipts(), 10, "the removal")
            before = len(server.log_lines())
            wait_for(lambda: len(server.log_lines()) >= before + 3, 40, "three more visits")
            assert not logged("GRANTED", before)
        finally:
            process.terminate()
            process.communicate(timeout=20)
