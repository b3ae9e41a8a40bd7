"""The real server with real workers, photos and sockets, as an administrator would start it."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import certificate
from tests.support.blackbox import BlackBox
from tests.support.certificate import needs_openssl
from tests.support.photos import photo
from tests.support.server_process import (
    ROOT,
    ServerProcess,
    plain_environment,
    running_server,
    wait_for,
)
from tests.support.visits import as_filmed, empty_scene, person, side_by_side, unhurried, visit


def enrol(home: Path, name: str, file: str) -> Path:
    faces = home / "faces"
    faces.mkdir(exist_ok=True)
    return Path(shutil.copy(photo(name), faces / file))


def decisions(answers: list[dict[str, object]]) -> list[dict[str, object]]:
    return [answer["decision"] for answer in answers if answer["decision"]]  # type: ignore[misc]


def command(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "server", *arguments],
        cwd=ROOT,
        env={**plain_environment(), **environment},
        capture_output=True,
        text=True,
        timeout=90,
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("live")
    enrol(home, "obama", "barack_obama.jpg")
    return home


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[ServerProcess]:
    with running_server(home) as server:
        yield server


def test_an_enrolled_person_is_granted_once_and_logged_before_the_reply(server: ServerProcess) -> None:
    with BlackBox(server.port) as terminal:
        welcome = terminal.hello("front-door")
        assert (welcome["type"], welcome["version"]) == ("welcome", 1)
        assert set(welcome["limits"]) == {"frame_bytes", "frame_pixels"}
        before = len(server.log_lines())
        granted = []
        for frame in as_filmed(person("obama2")):
            answer = terminal.show(frame)
            if answer["decision"]:
                granted.append(answer["decision"])
                assert server.log_lines()[-1]["id"] == answer["decision"]["id"]
        assert answer["verdict"] == "granted"
        (face,) = answer["faces"]
        assert (face["name"], face["verdict"]) == ("Barack Obama", "granted")
        assert 0 < face["distance"] < 1.0
        assert set(answer["timing"]) == {"queue_ms", "work_ms"}
    (decision,) = granted
    assert (decision["verdict"], decision["names"]) == ("granted", ["Barack Obama"])
    lines = server.log_lines()[before:]
    assert [(line["verdict"], line["name"], line["terminal"]) for line in lines] == [
        ("GRANTED", "Barack Obama", "front-door")
    ]


def test_nobody_is_named_before_three_frames_agree(server: ServerProcess) -> None:
    with BlackBox(server.port) as terminal:
        terminal.hello()
        answers = [terminal.show(frame) for frame in unhurried(person("obama2"), 3)]
    names = [[face["name"] for face in answer["faces"]] for answer in answers]
    assert names == [[None], [None], ["Barack Obama"]]
    assert [answer["verdict"] for answer in answers] == ["checking", "checking", "granted"]


def test_a_stranger_is_denied_once(server: ServerProcess) -> None:
    before = len(server.log_lines())
    with BlackBox(server.port) as terminal:
        terminal.hello("front-door")
        started = time.monotonic()
        answers = []
        while time.monotonic() < started + 4:
            answers += [terminal.show(frame) for frame, _ in zip(person("biden"), range(5), strict=False)]
    assert {answer["verdict"] for answer in answers} == {"checking", "denied"}
    (decision,) = decisions(answers)
    assert (decision["verdict"], decision["names"], decision["reason"]) == ("denied", [], "unknown_face")
    assert [(line["verdict"], line["name"]) for line in server.log_lines()[before:]] == [("DENIED", None)]


def test_an_empty_doorway_decides_and_logs_nothing(server: ServerProcess) -> None:
    before = server.log_lines()
    with BlackBox(server.port) as terminal:
        terminal.hello()
        answers = [terminal.show(empty_scene()) for _ in range(10)]
    assert {answer["verdict"] for answer in answers} == {"none"}
    assert server.log_lines() == before


def test_a_grant_ends_with_the_frame_that_shows_nobody(server: ServerProcess) -> None:
    with BlackBox(server.port) as terminal:
        terminal.hello()
        assert visit(terminal, "obama2")[-1]["verdict"] == "granted"
        assert terminal.show(empty_scene())["verdict"] == "none"


def test_a_swap_of_people_inherits_nothing(server: ServerProcess) -> None:
    with BlackBox(server.port) as terminal:
        terminal.hello()
        assert visit(terminal, "obama2")[-1]["verdict"] == "granted"
        for answer in visit(terminal, "biden"):
            assert answer["verdict"] in ("none", "checking", "denied")
            assert all(face["name"] is None for face in answer["faces"])  # type: ignore[attr-defined]


def test_any_policy_grants_beside_a_stranger(server: ServerProcess) -> None:
    with BlackBox(server.port) as terminal:
        terminal.hello()
        answer = [terminal.show(frame) for frame in unhurried([side_by_side("obama", "biden")] * 4, 4)][-1]
    assert answer["verdict"] == "granted"
    assert sorted(str(face["name"]) for face in answer["faces"]) == ["Barack Obama", "None"]


def test_a_terminal_that_floods_gets_its_newest_frame_answered(server: ServerProcess) -> None:
    frame = next(person("obama2"))
    with BlackBox(server.port) as terminal:
        terminal.hello()
        for seq in range(1, 51):
            terminal.send(type="frame", seq=seq, jpeg=frame)
        answered: list[int] = []
        while not answered or answered[-1] < 50:
            answered.append(terminal.receive()["seq"])
    assert answered == sorted(answered) and len(answered) < 50


def test_two_terminals_share_one_worker_fairly(server: ServerProcess) -> None:
    frame = next(person("biden"))
    with BlackBox(server.port) as greedy, BlackBox(server.port) as modest:
        greedy.hello("greedy")
        modest.hello("modest")
        for seq in range(1, 500):
            greedy.send(type="frame", seq=seq, jpeg=frame)
        served = [modest.show(frame)["type"] for _ in range(5)]
    assert served == ["result"] * 5


def test_people_lists_photos_and_rejections(home: Path, server: ServerProcess) -> None:
    (home / "faces" / "notes.heic").write_text("x")
    wait_for(lambda: "notes.heic" in server.receipts())
    listed = command("people", "--faces", str(server.faces), "--logs", str(server.logs))
    (home / "faces" / "notes.heic").unlink()
    assert listed.returncode == 0, listed.stderr
    assert "Barack Obama" in listed.stdout and "barack_obama.jpg" in listed.stdout
    assert "notes.heic: not a photo" in listed.stdout


def test_enrolling_and_revoking_while_the_visitor_stands_there(tmp_path: Path) -> None:
    with running_server(tmp_path) as server, BlackBox(server.port) as terminal:
        assert "nobody is enrolled" in server.console
        terminal.hello("front-door")
        frames = list(person("obama2"))

        def answers_until(verdict: str, seconds: float) -> dict[str, object]:
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline:
                for frame in frames[:3]:
                    answer = terminal.show(frame)
                    if answer["verdict"] == verdict:
                        return answer
            raise AssertionError(f"no {verdict} within {seconds} s:\n{server.console}")

        answers_until("denied", 15)
        dropped = enrol(tmp_path, "obama", "barack_obama.jpg")
        answers_until("granted", 10)
        dropped.unlink()
        answers_until("denied", 10)
        outcomes = [(line["verdict"], line["name"], line["reason"]) for line in server.log_lines()]
        assert outcomes == [
            ("DENIED", None, "nobody_enrolled"),
            ("GRANTED", "Barack Obama", "recognised"),
            ("DENIED", "Barack Obama", "revoked"),
        ]
        wait_for(lambda: "REMOVED" in server.receipts(), what="the receipt")
        receipts = server.receipts().splitlines()
        assert [line.split(" ")[1:3] for line in receipts] == [
            ["ACCEPTED", '"barack_obama.jpg"'],
            ["REMOVED", '"barack_obama.jpg"'],
        ]


def test_a_photo_that_arrives_slowly_is_enrolled_once_it_is_whole(tmp_path: Path) -> None:
    data = photo("obama").read_bytes()
    with running_server(tmp_path) as server:
        target = server.faces / "barack_obama.jpg"
        for end in range(len(data) // 4, len(data), len(data) // 4):
            target.write_bytes(data[:end])
            time.sleep(0.7)  # longer than one look at the folder: every stage of the copy is seen
        assert server.receipts() == ""
        target.write_bytes(data)
        wait_for(lambda: "ACCEPTED" in server.receipts())
        assert "REJECTED" not in server.receipts()


def test_all_policy_denies_company(tmp_path: Path) -> None:
    enrol(tmp_path, "obama", "barack_obama.jpg")
    with running_server(tmp_path, "--policy", "all") as server, BlackBox(server.port) as terminal:
        terminal.hello()
        deadline = time.monotonic() + 15
        verdicts = set()
        while len(server.log_lines()) < 2 and time.monotonic() < deadline:
            verdicts.add(terminal.show(side_by_side("obama", "biden"))["verdict"])
        assert "granted" not in verdicts
        assert {(line["name"], line["reason"]) for line in server.log_lines()} == {
            ("Barack Obama", "not_alone"),
            (None, "unknown_face"),
        }


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds workers through Linux's /proc")
@pytest.mark.parametrize("workers", [1, 2])
def test_a_killed_worker_costs_no_connection_and_no_answer(tmp_path: Path, workers: int) -> None:
    with running_server(tmp_path, workers=workers) as server, BlackBox(server.port) as terminal:
        terminal.hello()
        frame = next(person("biden"))

        def answered_by_all() -> bool:
            assert terminal.show(frame)["type"] == "result"
            return len(server.worker_pids()) == workers + 1

        for _ in range(3):
            os.kill(server.worker_pids()[0], signal.SIGKILL)
            wait_for(answered_by_all, what="a new worker")
        for pid in server.worker_pids():
            os.kill(pid, signal.SIGKILL)
        wait_for(answered_by_all, what="new workers")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_in_mid_stream_loses_no_decision_and_exits_0(tmp_path: Path, number: int) -> None:
    enrol(tmp_path, "obama", "barack_obama.jpg")
    with running_server(tmp_path) as server, BlackBox(server.port) as terminal:
        terminal.hello()
        frames = unhurried(person("obama2"), 3)
        answered = [terminal.show(next(frames)), terminal.show(next(frames))]
        terminal.send(type="frame", seq=1000, jpeg=next(frames))
        terminal.send(type="ping", id=1)
        assert terminal.receive()["type"] == "pong", "the frame before it has been read"
        os.kill(server.pid, getattr(signal, "SIGHUP", 0))  # its window is closed
        assert server.stop(number) == 0
        told = [terminal.receive()]
        with pytest.raises((EOFError, ConnectionError)):
            terminal.receive()
        assert [answer["seq"] for answer in told] == [1000]
        assert len(server.log_lines()) == len(decisions(answered + told)) == 1
        assert "Traceback" not in server.console


@pytest.mark.skipif(os.name != "posix", reason="signals a process group")
def test_a_stop_of_the_whole_group_loses_no_frame(tmp_path: Path) -> None:
    with running_server(tmp_path, workers=1, own_group=True) as server, BlackBox(server.port) as terminal:
        terminal.hello()
        terminal.send(type="frame", seq=1, jpeg=next(person("obama2")))
        terminal.send(type="ping", id=1)
        assert terminal.receive()["type"] == "pong", "the frame before it has been read"
        os.killpg(server.pid, signal.SIGTERM)
        assert terminal.receive()["type"] == "result"
        assert server.wait() == 0
        assert "worker process" not in server.console


def test_a_console_that_nobody_reads_stops_nothing(tmp_path: Path) -> None:
    with running_server(tmp_path) as server, BlackBox(server.port) as terminal:
        terminal.hello()
        server.stop_reading()
        for _ in range(1500):
            with BlackBox(server.port) as stranger, contextlib.suppress(ConnectionError):
                stranger.send_raw(b"garbage, at least four bytes of it")
        terminal.send(type="ping", id=7)
        assert terminal.receive() == {"type": "pong", "id": 7}
        assert server.stop() == 0


def test_two_servers_do_not_share_a_log(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        second = command("--port", "0", "--faces", str(server.faces), "--logs", str(server.logs))
    assert second.returncode == 1
    assert f"another server is using the folder {server.logs}; stop it" in second.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
def test_without_a_log_line_there_is_no_grant(tmp_path: Path) -> None:
    enrol(tmp_path, "obama", "barack_obama.jpg")
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "access_log.txt").symlink_to("/dev/full")
    with running_server(tmp_path) as server, BlackBox(server.port) as terminal:
        terminal.hello()
        answers = visit(terminal, "obama2")
        assert "granted" not in {answer["verdict"] for answer in answers}
        assert {decision["reason"] for decision in decisions(answers)} == {"log_unavailable"}
        assert {decision["verdict"] for decision in decisions(answers)} == {"denied"}
        assert "ACCESS LOG NOT WRITTEN" in server.console


def test_tokens_keep_other_terminals_out(tmp_path: Path) -> None:
    config = tmp_path / "door.toml"
    config.write_text('[tokens]\n"front-door" = "correct horse battery"\n')
    with running_server(tmp_path, "--config", str(config)) as server:
        for terminal, token in [
            ("front-door", None),
            ("front-door", "wrong"),
            ("other", "correct horse battery"),
        ]:
            with BlackBox(server.port) as peer:
                error = peer.hello(terminal, token)
                assert (error["type"], error["code"]) == ("error", "unauthorized")
                assert peer.closed()
        with BlackBox(server.port) as peer:
            assert peer.hello("front-door", "correct horse battery")["type"] == "welcome"
        assert "correct horse" not in server.console


def test_only_so_many_terminals_are_admitted(tmp_path: Path) -> None:
    config = tmp_path / "door.toml"
    config.write_text("max_terminals = 1\n")
    with running_server(tmp_path, "--config", str(config)) as server:
        with BlackBox(server.port) as first, BlackBox(server.port) as second:
            assert first.hello("one")["type"] == "welcome"
            assert second.hello("two")["code"] == "too_many"
        wait_for(lambda: "'one': disconnected" in server.console)
        with BlackBox(server.port) as third:
            assert third.hello("three")["type"] == "welcome"


@needs_openssl
def test_tls(tmp_path: Path) -> None:
    cert, key = certificate.make(tmp_path)
    with running_server(tmp_path, "--tls-cert", str(cert), "--tls-key", str(key)) as server:
        with BlackBox(server.port) as peer:
            peer.socket = certificate.trusting(cert).wrap_socket(peer.socket, server_hostname="127.0.0.1")
            assert peer.hello()["type"] == "welcome"
        done = subprocess.run(
            [
                *(sys.executable, "-m", "client", "--server", f"127.0.0.1:{server.port}", "--ca", str(cert)),
                *("--source", f"sim:{photo('biden')}", "--headless"),
            ],
            cwd=ROOT,
            env=plain_environment(),
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        results = [json.loads(line) for line in done.stdout.splitlines()]
        assert any(result.get("verdict") == "checking" for result in results)


@needs_openssl
def test_plain_http_is_answered_at_the_consoles_port_and_not_at_the_terminals(tmp_path: Path) -> None:
    cert, key = certificate.make(tmp_path)
    flags = ("--tls-cert", str(cert), "--tls-key", str(key), "--web", "on", "--web-port", "0")
    with running_server(tmp_path, *flags) as server:
        wait_for(lambda: re.search(r"console: https://\S+:\d+", server.console))
        web_port = int(re.findall(r"console: https://\S+:(\d+)", server.console)[0])
        for port, told in ((web_port, True), (server.port, False)):
            with socket.create_connection(("127.0.0.1", port), 20) as browser:
                browser.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                answer = b""
                with contextlib.suppress(ConnectionError):
                    answer = browser.recv(1000)
                assert (b"write https://" in answer) == told


def test_a_taken_port_is_named_before_photos_are_looked_at(tmp_path: Path) -> None:
    enrol(tmp_path, "obama", "barack_obama.jpg")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        folders = ("--faces", str(tmp_path / "faces"), "--logs", str(tmp_path / "logs"))
        done = command("--port", port, "--workers", "1", *folders)
    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}" in done.stderr and "--port" in done.stderr
    assert (tmp_path / "logs" / "enrolment_log.txt").read_text() == ""


def test_a_host_that_is_none_is_named(tmp_path: Path) -> None:
    folders = ("--faces", str(tmp_path / "faces"), "--logs", str(tmp_path / "logs"))
    done = command("--host", "a..b", "--insecure", *folders)
    assert done.returncode == 2
    assert done.stderr == "doorward: host (flag --host): this cannot be the name of a machine\n"


def test_other_addresses_need_tokens_or_an_explicit_word(tmp_path: Path) -> None:
    with running_server(tmp_path, "--host", "0.0.0.0") as server:
        assert "no terminal has a token, so that none can connect" in server.console
        with BlackBox(server.port) as peer:
            assert peer.hello("front-door")["code"] == "unauthorized"
    with running_server(tmp_path, "--host", "0.0.0.0", "--insecure") as server:
        assert "INSECURE" in server.console
        log = server.logs / "server_log.txt"
        wait_for(lambda: "INSECURE" in log.read_text(encoding="utf-8"), what="the warning in the file")


@pytest.mark.parametrize(
    ("arguments", "environment", "named"),
    [
        (["--port", "70000"], {}, "port"),
        (["--policy", "none"], {}, "policy"),
        ([], {"DOORWARD_THRESHOLD": "0.3"}, "DOORWARD_THRESHOLD"),
        ([], {"DOORWARD_TRESHOLD": "0.4"}, "treshold"),
        (["--config", "no/such/file.toml"], {}, "no/such/file.toml"),
    ],
)
def test_a_wrong_setting_is_named(arguments: list[str], environment: dict[str, str], named: str) -> None:
    done = command(*arguments, **environment)
    assert done.returncode == 2
    assert named in done.stderr and "Traceback" not in done.stderr


def test_help_names_every_flag() -> None:
    done = command("--help")
    assert done.returncode == 0
    for flag in ("--host", "--port", "--faces", "--logs", "--workers", "--policy", "--config", "--insecure"):
        assert flag in done.stdout
