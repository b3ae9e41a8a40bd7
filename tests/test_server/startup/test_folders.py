"""Folders are made and told of; what a server could not write is told with its owner and the cure."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.settings import Settings
from server.startup.folders import make_missing, require_usable
from server.support.errors import StartError
from tests.support.server_process import ROOT

NOBODY = 65534
as_root = pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can be somebody else")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.model_validate({"faces": tmp_path / "faces", "logs": tmp_path / "a" / "logs"})


@pytest.fixture
def somebody_else(tmp_path: Path) -> Iterator[None]:
    """Run as a user who is not root."""
    for folder in (tmp_path, *tmp_path.parents[:3]):
        folder.chmod(folder.stat().st_mode | 0o055)
    os.seteuid(NOBODY)
    yield
    os.seteuid(0)


def refusal(settings: Settings) -> list[str]:
    with pytest.raises(StartError) as refused:
        require_usable(settings)
    return str(refused.value).split("\n")


def test_missing_folders_are_made_and_told_of(settings: Settings) -> None:
    assert make_missing(settings) == [
        f"{settings.faces} did not exist and was made: drop photos there",
        f"{settings.logs} did not exist and was made",
    ]
    assert make_missing(settings) == []
    require_usable(settings)


@pytest.mark.parametrize("key", ["faces", "logs"])
def test_a_file_in_a_folders_place_is_told_of(settings: Settings, tmp_path: Path, key: str) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "file" / "folder"):
        with pytest.raises(StartError, match=rf"^{key}: cannot make .*file"):
            make_missing(settings.model_copy(update={key: path}))


@as_root
@pytest.mark.parametrize(
    "name",
    [
        "access_log.txt",
        "enrolment_log.txt",
        "operator_log.txt",
        "server_log.txt",
        "embeddings.sqlite3",
        "doorward.sqlite3",
        ".lock",
    ],
)
def test_a_file_that_root_left_is_told_with_its_owner_and_the_cure(
    settings: Settings, name: str, request: pytest.FixtureRequest
) -> None:
    make_missing(settings)
    os.chown(settings.logs, NOBODY, NOBODY)
    path = settings.logs / name
    path.touch(mode=0o600)
    request.getfixturevalue("somebody_else")
    assert refusal(settings) == [
        f"logs: {path} belongs to root, and the server runs as nobody: sudo chown nobody {path}"
    ]


@as_root
def test_folders_of_somebody_elses_are_told(settings: Settings, request: pytest.FixtureRequest) -> None:
    make_missing(settings)
    settings.faces.chmod(0o700)
    request.getfixturevalue("somebody_else")
    told = refusal(settings)
    assert [line.split(":")[0] for line in told] == ["faces", "logs"]
    assert all("belongs to root, and the server runs as nobody: sudo chown nobody /" in line for line in told)


@as_root
def test_a_folder_that_cannot_be_made_is_told_with_who_owns_the_one_around_it(
    settings: Settings, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue("somebody_else")
    with pytest.raises(StartError) as refused:
        make_missing(settings)
    assert str(refused.value).endswith(
        f"{tmp_path} belongs to root, and the server runs as nobody: sudo chown nobody {tmp_path}"
    )


@as_root
def test_a_file_that_denies_its_owner_is_told(settings: Settings, request: pytest.FixtureRequest) -> None:
    make_missing(settings)
    path = settings.logs / "access_log.txt"
    path.touch(mode=0o400)
    for each in (settings.logs, path):
        os.chown(each, NOBODY, NOBODY)
    request.getfixturevalue("somebody_else")
    assert refusal(settings) == [f"logs: {path} denies its owner: chmod u+rw {path}"]


def test_the_server_says_it_before_it_does_anything(tmp_path: Path) -> None:
    (tmp_path / "logs").touch()
    done = subprocess.run(
        [sys.executable, "-m", "server"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("doorward: logs: cannot make logs: ") and "Traceback" not in done.stderr
