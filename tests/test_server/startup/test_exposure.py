"""Files that others on the machine can read or change are told of, with the command that mends it."""

import os
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from server.settings import Settings
from server.startup.exposure import exposures, require_secrets
from server.support import file_access
from server.support.errors import StartError

pytestmark = pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")

SETTINGS = Settings.model_validate({})
TOKENS = {"tokens": {"front-door": "x" * 16}}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "faces").mkdir()
    return tmp_path


def told(mode: int, name: str, **values: Any) -> list[str]:
    """With one file of that mode."""
    path = Path(name)
    path.touch()
    path.chmod(mode)
    file = Path("doorward.toml") if os.path.exists("doorward.toml") else None
    return exposures(Settings.model_validate(values), file)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o602])
@pytest.mark.parametrize(
    ("name", "values", "what"),
    [
        ("doorward.toml", TOKENS, "holds tokens"),
        ("doorward.toml", {"database": "postgresql://x"}, "holds the address of a database"),
        ("key.pem", {"tls_key": "key.pem", "tls_cert": "cert.pem"}, "is the private key"),
        ("front-door.token", TOKENS, "holds a token"),
        ("faces/people.toml", {}, "says who may come in when"),
    ],
)
def test_what_others_can_read_is_told_with_a_command_that_mends_it(
    mode: int, name: str, values: dict[str, Any], what: str
) -> None:
    (sentence,) = told(mode, name, **values)
    assert sentence.startswith(f"{name} {what}, and others can read or change it: chmod ")
    subprocess.run(shlex.split(sentence.split(": ")[-1]), check=True)
    assert told(os.stat(name).st_mode & 0o777, name, **values) == []


@pytest.mark.parametrize("mode", [0o600, 0o400])
@pytest.mark.parametrize("name", ["doorward.toml", "key.pem", "front-door.token", "faces/people.toml"])
def test_what_is_its_owners_alone_is_not_told_of(mode: int, name: str) -> None:
    assert told(mode, name, **TOKENS, tls_key="key.pem", tls_cert="cert.pem") == []


@pytest.mark.parametrize(("mode", "count"), [(0o644, 0), (0o664, 0), (0o646, 1)])
def test_settings_without_a_secret_may_be_read_but_not_changed(mode: int, count: int) -> None:
    sentences = told(mode, "doorward.toml")
    assert len(sentences) == count
    assert all("can be changed by others: chmod o-w " in sentence for sentence in sentences)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root gives files away")
def test_the_group_by_which_the_server_reads_somebody_elses_file_stays() -> None:
    Path("doorward.toml").touch()
    os.chown("doorward.toml", 65534, 0)
    assert told(0o640, "doorward.toml", **TOKENS) == []
    (sentence,) = told(0o644, "doorward.toml", **TOKENS)
    assert "chmod o-rwx " in sentence


@pytest.fixture
def reached(monkeypatch: pytest.MonkeyPatch) -> None:
    """The folders of tests are closed to others by one above them."""
    monkeypatch.setattr(file_access, "reached_by_others", lambda path: True)


@pytest.mark.parametrize("name", ["faces", "logs"])
@pytest.mark.parametrize("mode", [0o777, 0o757, 0o755, 0o751, 0o702])
def test_a_folder_that_others_can_look_into_or_change_is_told_of(reached: None, name: str, mode: int) -> None:
    for each in ("faces", "logs"):
        Path(each).mkdir(mode=0o700, exist_ok=True)
        Path(each).chmod(0o700)
    Path(name).chmod(mode)
    (sentence,) = exposures(SETTINGS, None)
    assert sentence.startswith(f"{name} ") and "others can read or change" in sentence
    subprocess.run(shlex.split(sentence.split(": ")[-1]), check=True)
    assert exposures(SETTINGS, None) == []


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root gives files away")
def test_a_group_that_is_not_ours_and_may_write_is_told_of(reached: None) -> None:
    Path("faces").chmod(0o770)
    os.chown("faces", -1, 12345)
    (sentence,) = exposures(SETTINGS, None)
    assert sentence.endswith(f"chmod g-w {os.path.abspath('faces')}")


def test_a_folder_above_keeps_others_out() -> None:
    Path("faces").chmod(0o777)
    assert not file_access.reached_by_others(Path("faces")) and exposures(SETTINGS, None) == []


def test_a_log_that_is_a_link_is_told_of() -> None:
    Path("logs").mkdir()
    Path("logs/access_log.txt").symlink_to("/dev/null")
    (sentence,) = exposures(SETTINGS, None)
    assert sentence.startswith("logs/access_log.txt is a link to /dev/null, where others may")


@pytest.mark.parametrize("name", ["logs/seal.key", "logs/pseudonym.key", "key.pem", "face.key"])
def test_nothing_starts_with_a_key_that_everybody_can_read(reached: None, name: str) -> None:
    settings = Settings.model_validate(
        {"tls_key": "key.pem", "tls_cert": "cert.pem", "encryption_key": "face.key"}
    )
    Path("logs").mkdir()
    Path(name).touch()
    Path(name).chmod(0o640)
    require_secrets(settings)
    Path(name).chmod(0o644)
    with pytest.raises(StartError, match="everybody on this machine can read") as caught:
        require_secrets(settings)
    subprocess.run(shlex.split(str(caught.value).split(": ")[-1]), check=True)
    require_secrets(settings)
