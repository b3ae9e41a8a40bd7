"""What a running server keeps in its history, and that its doors do not depend on it."""

import signal
from pathlib import Path

from server.database.database import address_of, opened
from server.history.queries import decisions, terminal_events, visits
from tests.support.blackbox import BlackBox
from tests.support.server_process import ServerProcess, running_server, wait_for
from tests.support.visits import visit
from tests.test_server.live.test_server import command, enrol

TOKEN = "a secret of 16 characters or more"


def granted(server: ServerProcess, token: str | None = None) -> None:
    with BlackBox(server.port) as terminal:
        terminal.hello("front-door", token)
        assert visit(terminal, "obama2")[-1]["verdict"] == "granted"


def test_a_visit_is_in_the_history_and_a_crash_leaves_out_nothing(tmp_path: Path) -> None:
    enrol(tmp_path, "obama", "barack_obama.jpg")
    with running_server(tmp_path) as server:
        granted(server)
        server.stop()

    with opened(address_of(tmp_path / "logs", None)) as database:
        (decision,) = database.read_here(decisions)
        (line,) = server.log_lines()
        assert (decision.id, decision.name, decision.terminal) == (line["id"], "Barack Obama", "front-door")
        (over,) = database.read_here(visits)
        assert (over.decision, over.candidate) == (decision.id, "Barack Obama")
        assert [each.kind for each in database.read_here(terminal_events)] == ["left", "connected"]
        database.write_here(lambda each: each.exec_driver_sql("DELETE FROM decision"))
    flags = ("--logs", str(tmp_path / "logs"), "--faces", str(tmp_path / "faces"))
    wait_for(
        lambda: "1 lines, 1 of them MISSING" in command("history", "check", *flags).stdout, what="the line"
    )
    with running_server(tmp_path) as server:
        assert "history: 1 lines of access_log.txt were missing, and are there now" in server.console
        assert command("history", "check", *flags).returncode == 0
        refused = command("history", "rebuild", *flags)
        assert refused.returncode == 1 and "stop it first" in refused.stderr
        server.stop(signal.SIGKILL)
    rebuilt = command("history", "rebuild", *flags)
    assert rebuilt.returncode == 0 and rebuilt.stdout.startswith("decisions: 1 from the logs\n")


def test_a_history_that_cannot_be_used_keeps_no_door_shut(tmp_path: Path) -> None:
    enrol(tmp_path, "obama", "barack_obama.jpg")
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "doorward.sqlite3").write_bytes(b"no database" * 1000)
    settings = tmp_path / "doorward.toml"
    settings.write_text(f'[tokens]\nfront-door = "{TOKEN}"\n')
    with running_server(tmp_path, "--config", str(settings)) as server:
        assert "DATABASE NOT USED" in server.console
        assert "python -m server history rebuild" in server.console
        granted(server, TOKEN)
        server.stop()
    assert len(server.log_lines()) == 1
