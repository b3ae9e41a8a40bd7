"""The real server: other rules in force while somebody stands at a door, and what it tells of itself."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.support.blackbox import BlackBox
from tests.support.console import PASSWORD
from tests.support.photos import photo
from tests.support.server_process import ServerProcess, running_server, wait_for
from tests.support.visits import person

API = "/api/v1"


@contextmanager
def administrator(server: ServerProcess) -> Iterator[httpx.Client]:
    """A browser in which the first account has signed in."""
    link = re.compile(r"(http://[\d.:]+)/set-up#(\S+)")
    wait_for(lambda: link.search(server.console) is not None, what="the link")
    found = link.search(server.console)
    assert found is not None
    given = {"secret": found[2], "name": "admin", "password": PASSWORD}
    with httpx.Client(base_url=found[1], timeout=60) as browser:
        assert browser.post(f"{API}/invitation", json=given).status_code == 204
        yield browser


def test_rules_change_while_the_visitor_stands_there_and_the_server_tells_how_it_fares(
    tmp_path: Path,
) -> None:
    (tmp_path / "faces").mkdir()
    shutil.copy(photo("obama"), tmp_path / "faces" / "barack_obama.jpg")
    file = tmp_path / "doorward.toml"
    file.write_text("threshold = 0.6  # too strict\ndeny_seconds = 30\n")
    web = ("--web", "on", "--web-port", "0", "--record", "--config", str(file))
    with running_server(tmp_path, *web) as server, administrator(server) as browser:
        with BlackBox(server.port) as terminal:
            terminal.hello("front-door")
            frames = list(person("obama2"))
            assert {terminal.show(frame)["verdict"] for frame in frames} == {"checking"}
            refused = browser.put(f"{API}/tuning", json={"liveness": "challenge"})
            assert refused.status_code == 409 and "flag --liveness" in refused.json()["detail"]
            applied = browser.put(f"{API}/tuning", json={"threshold": None, "deny_seconds": None})
            assert applied.status_code == 200, applied.text
            assert "granted" in {terminal.show(frame)["verdict"] for frame in frames}
        assert file.read_text() == ""
        wait_for(lambda: server.console.count("1 stranger in 10,000") == 1, what="the risk in the log")
        wait_for(lambda: len(server.log_lines()) == 1, what="the line")
        state = browser.get(f"{API}/system").json()
        assert state["embedded_by"] == "onnxruntime" and state["workers"]["alive"] == 2
        assert state["frames"]["answered"] >= len(frames) and state["memory"]["workers"] > 10 << 20
        key = browser.post(f"{API}/keys", json={"name": "prometheus", "scopes": ["metrics"]}).json()["key"]
        metrics = httpx.get(f"{browser.base_url}/metrics", headers={"Authorization": f"Bearer {key}"}).text
        assert re.search(r'doorward_decisions_total\{.*terminal="front-door".*\} 1.0', metrics)
        acts = (server.logs / "operator_log.txt").read_text()
        assert 'settings_applied account:admin - source=127.0.0.1 threshold="0.6 -> none"' in acts
        assert "Traceback" not in server.console
    names = sorted(path.name for path in (tmp_path / "logs" / "recordings").rglob("*.rec"))
    assert len(names) == 2 and names[0].removesuffix("-1.rec") == names[1].removesuffix(".rec")
