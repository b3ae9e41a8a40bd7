"""What `doctor` says of the machine."""

import shutil
import sys
from pathlib import Path

import pytest

from server.commands import machine
from server.settings import Settings
from server.support import osdep

KB, MB, GB = 1 << 10, 1 << 20, 1 << 30


def settings(folder: Path, **values: object) -> Settings:
    return Settings.model_validate({"logs": folder / "logs", "faces": folder / "faces", **values})


@pytest.mark.parametrize(
    ("free", "told"),
    [
        (GB, "ok       disk: 1.0 GB free for logs"),
        (GB - MB, "warning  disk: 1023 MB free for logs"),
        (MB - KB, "ERROR    disk: 1 MB free for logs"),
    ],
)
def test_little_room_is_told_in_time(
    tmp_path: Path, free: int, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=free)
    monkeypatch.setattr("server.commands.machine.shutil.disk_usage", lambda _: usage)
    (finding,) = machine.disk(settings(tmp_path))
    assert str(finding).startswith(told)
    assert told.startswith("ok") == ("make room" not in finding.detail)


@pytest.mark.parametrize(
    ("synchronised", "told"),
    [(True, ["ok       clock: it is kept right"]), (False, ["warning  clock: nothing keeps it"]), (None, [])],
)
def test_a_clock_that_nothing_keeps_right_is_told(
    synchronised: bool | None, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(osdep, "clock_is_synchronised", lambda: synchronised)
    assert [str(each)[: len(text)] for each, text in zip(machine.clock(), told, strict=True)] == told


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="adjtimex is Linux's")
def test_the_system_tells_whether_its_clock_is_kept_right() -> None:
    assert osdep.clock_is_synchronised() in (True, False)


@pytest.mark.parametrize(
    ("limit", "told"),
    [
        (None, []),
        (384, ["ok       files: 384 may be open at once"]),
        (
            383,
            [
                "warning  files: 383 may be open at once, and 128 terminals need 384:"
                " LimitNOFILE=384 in the service, or fewer max_terminals"
            ],
        ),
    ],
)
def test_too_few_open_files_for_all_terminals_are_told(
    tmp_path: Path, limit: int | None, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(osdep, "most_open_files", lambda: limit)
    assert [str(each) for each in machine.open_files(settings(tmp_path, max_terminals=128))] == told
