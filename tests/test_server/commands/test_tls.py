"""`python -m server tls`: files that a server can be started with, and nothing lost."""

import asyncio
import os
import socket
import stat
from pathlib import Path

import pytest

from server.commands import tls
from server.commands.authority import Names
from server.settings import Settings
from server.support.certificate import examine
from server.support.errors import StartError
from server.support.toml_file import document

SETTINGS = Settings.model_validate({"port": 5001, "web_port": 8443})
FILES = ("ca-key.pem", "ca.pem", "server-key.pem", "server.pem")


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the logs are."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.chdir(folder)
    return folder


def init(folder: Path, *names: str) -> str:
    return asyncio.run(tls.init(SETTINGS, folder, names))


def renew(folder: Path, *names: str) -> str:
    return asyncio.run(tls.renew(SETTINGS, folder, names))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_a_server_can_be_started_with_what_is_made(tmp_path: Path) -> None:
    told = init(tmp_path / "new" / "tls", "door-server.lan", "192.168.1.10")
    folder = tmp_path / "new" / "tls"
    assert sorted(contents(folder)) == sorted(FILES)
    found = examine(folder / "server.pem", folder / "server-key.pem")
    assert found.names == ("door-server.lan", "192.168.1.10")
    (settings,) = [line for line in told.split("\n\n") if "tls_cert" in line]
    lines = "\n".join(settings.splitlines()[1:])
    assert document(lines.encode()) == {
        "tls_cert": (folder / "server.pem").as_posix(),
        "tls_key": (folder / "server-key.pem").as_posix(),
    }
    assert "--server door-server.lan:5001 --ca ca.pem" in told
    assert "https://door-server.lan:8443/terminal/ca.pem" in told


@pytest.mark.skipif(os.name != "posix", reason="modes of files are POSIX's")
def test_what_is_made_is_in_the_operators_record_before(tmp_path: Path, home: Path) -> None:
    init(tmp_path / "tls", "door-server.lan", "192.168.1.10")
    renew(tmp_path / "tls", "new.door-server.lan")
    made, renewed = (home / "logs" / "operator_log.txt").read_text().splitlines()
    assert 'certificate_made "command line" "door-server.lan, 192.168.1.10"' in made
    assert 'certificate_made "command line" new.door-server.lan' in renewed
    (home / "logs" / "operator_log.txt").unlink()
    (home / "logs" / "operator_log.txt").mkdir()
    with pytest.raises(StartError, match="so nothing is done"):
        init(tmp_path / "other", "door-server.lan")
    assert not (tmp_path / "other").exists()


def test_keys_are_their_owners_alone(tmp_path: Path) -> None:
    init(tmp_path, "door.lan")
    modes = {name: stat.S_IMODE((tmp_path / name).stat().st_mode) for name in FILES}
    assert modes["ca-key.pem"] == modes["server-key.pem"] == 0o600
    assert modes["ca.pem"] & modes["server.pem"] & 0o400


@pytest.mark.parametrize("there", FILES)
def test_nothing_is_overwritten(tmp_path: Path, there: str) -> None:
    (tmp_path / there).write_bytes(b"precious")
    with pytest.raises(StartError, match="exists already"):
        init(tmp_path, "door.lan")
    assert contents(tmp_path) == {there: b"precious"}


def test_what_cannot_be_written_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: object, data: bytes) -> None:
        if data.startswith(b"-----BEGIN PRIVATE"):
            raise OSError(28, "No space left on device", "ca-key.pem")

    monkeypatch.setattr(tls, "write_whole", full)
    with pytest.raises(StartError, match="no space left"):
        init(tmp_path, "door.lan")
    assert contents(tmp_path) == {}


def test_a_name_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"'https://door\.lan' is neither"):
        init(tmp_path, "https://door.lan")
    assert contents(tmp_path) == {}


def test_a_new_certificate_is_for_the_same_key_and_names(tmp_path: Path) -> None:
    init(tmp_path, "door.lan", "192.168.1.10")
    before = contents(tmp_path)
    assert "may be called door.lan, 192.168.1.10" in renew(tmp_path)
    after = contents(tmp_path)
    assert {name for name in FILES if before[name] != after[name]} == {"server.pem"}
    assert sorted(after) == sorted(FILES)
    assert examine(tmp_path / "server.pem", tmp_path / "server-key.pem").names == ("door.lan", "192.168.1.10")
    renew(tmp_path, "nas.local")
    assert examine(tmp_path / "server.pem", tmp_path / "server-key.pem").names == ("nas.local",)


def test_a_name_beyond_the_authority_needs_another(tmp_path: Path) -> None:
    init(tmp_path, "door.lan")
    before = contents(tmp_path)
    with pytest.raises(StartError, match=r"may not vouch for www\.example\.com.*--folder"):
        renew(tmp_path, "www.example.com")
    assert contents(tmp_path) == before


def test_without_an_authority_nothing_is_renewed(tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"ca\.pem: no such file"):
        renew(tmp_path)
    init(tmp_path, "door.lan")
    (tmp_path / "ca-key.pem").write_bytes(b"nonsense")
    with pytest.raises(StartError, match="cannot be read"):
        renew(tmp_path)


def test_a_machine_knows_its_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "Door-Server.example.org")
    names = tls.own_names()
    assert names[:3] == ["door-server.example.org", "door-server.local", "localhost"]
    assert names[-2:] == ["127.0.0.1", "::1"]
    Names.read(names)


def test_a_host_name_that_only_the_machine_understands_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "my_pc")
    assert tls.own_names()[0] == "localhost"
