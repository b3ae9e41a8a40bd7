"""The real server: a photo stays outside, people.toml acts at once, what was recorded is decided again."""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.blackbox import BlackBox
from tests.support.photos import photo
from tests.support.server_process import ROOT, ServerProcess, plain_environment, running_server, wait_for
from tests.support.visits import visit

OBAMA = '[people."Barack Obama"]\n'


def lay_down(server: ServerProcess, text: str) -> None:
    """Write people.toml and wait until it is in force."""
    before = server.console.count("is in force")
    (server.faces / "people.toml").write_text(text)
    wait_for(lambda: server.console.count("is in force") > before, what="people.toml in force")


def report(home: Path, *command: str) -> str:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "server",
            *command,
            "--faces",
            str(home / "faces"),
            "--logs",
            str(home / "logs"),
        ],
        cwd=ROOT,
        env=plain_environment(),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_photo_stays_outside_people_toml_acts_at_once_and_replay_tells_what_would_have_been(
    tmp_path: Path,
) -> None:
    (tmp_path / "faces").mkdir()
    shutil.copy(photo("obama"), tmp_path / "faces" / "barack_obama.jpg")
    with running_server(tmp_path, "--liveness", "passive", "--record") as server:
        assert "1 stranger in 10,000" in server.console
        with BlackBox(server.port) as terminal:
            terminal.hello("front-door")
            answers = visit(terminal, "obama2")
        assert "granted" not in {answer["verdict"] for answer in answers}
        assert {"turn_left", "turn_right"} & {answer["prompt"] for answer in answers}
        wait_for(lambda: len(server.log_lines()) == 1, what="the line")
        lay_down(server, '[terminals.front-door]\nliveness = "off"\nnote = "Ring the bell"\n')
        with BlackBox(server.port) as terminal:
            terminal.hello("front-door")
            assert visit(terminal, "obama2")[-1]["verdict"] == "granted"
            lay_down(
                server, f'{OBAMA}disabled = true\n[terminals.front-door]\nliveness = "off"\nnote = "Ring"\n'
            )
            decided = [answer["decision"] for answer in visit(terminal, "obama2") if answer["decision"]]
        assert [(each["reason"], each["note"]) for each in decided] == [("disabled", "Ring")]  # type: ignore[index]
        (server.faces / "people.toml").write_text("people = 1\n")
        wait_for(lambda: "CANNOT BE USED" in server.console, what="the complaint")
        server.stop()
    lines = [(line["verdict"], line["name"], line["reason"], line["liveness"]) for line in server.log_lines()]
    assert lines == [
        ("DENIED", "Barack Obama", "not_live", "not_proven"),
        ("GRANTED", "Barack Obama", "recognised", "off"),
        ("DENIED", "Barack Obama", "disabled", "off"),
    ]
    (tmp_path / "faces" / "people.toml").write_text("")
    assert "granted: 0 -> 2" in report(tmp_path, "replay", "--liveness", "off")
    assert "1 in 10,000" in report(tmp_path, "grid")
