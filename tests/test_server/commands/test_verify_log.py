"""`verify-log` reads the log and its rotations in order, and says what it found."""

import asyncio
import gzip
from pathlib import Path

import pytest

from server.audit.access_log import FILE as ACCESS_LOG
from server.audit.last_seal import FILE as LAST_SEAL
from server.audit.sealed_log import SealedLog
from server.audit.trail import SEAL_KEY
from server.commands.verify_log import SHOWN, verify
from server.settings import Settings
from server.support.errors import StartError, WrongError
from server.support.key_file import key_of


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.model_validate({"logs": tmp_path})


def write(settings: Settings, *texts: str) -> Path:
    path = settings.logs / ACCESS_LOG
    log = SealedLog(path, key_of(settings.logs / SEAL_KEY))
    log.append(texts)
    log.close()
    return path


def report(settings: Settings, *files: Path) -> str:
    return asyncio.run(verify(settings, files))


def test_all_rotations_are_read_in_the_order_of_the_seals(settings: Settings) -> None:
    first = write(settings, "a", "b").rename(settings.logs / "access_log.txt.10")
    write(settings, "c").rename(settings.logs / "access_log.txt.9")
    packed = settings.logs / "access_log.txt-20260101.gz"
    packed.write_bytes(gzip.compress(first.read_bytes()))
    first.unlink()
    write(settings, "d")
    assert report(settings) == "lines as they were written: 4"
    packed.unlink()
    assert report(settings) == "lines as they were written: 1, from entry 3 on"


def test_what_was_changed_is_named_and_all_else_is_told_as_well(settings: Settings) -> None:
    path = settings.logs / ACCESS_LOG
    path.write_text("from before\n")
    write(settings, "a", "b", "c")
    path.write_text(path.read_text().replace("b ", "B ") + "torn")
    with pytest.raises(WrongError) as wrong:
        report(settings)
    assert str(wrong.value).splitlines() == [
        "access_log.txt, line 3: entry 2 is not as it was written",
        "lines as they were written: 2",
        "lines older than the seals, of which nothing can be told: 1",
        "access_log.txt, line 5: torn by a crash, or being written; nobody was told of it",
    ]


def test_many_findings_are_counted(settings: Settings) -> None:
    path = write(settings, *map(str, range(50)))
    path.write_text("".join(f"{line.replace(' seal', 'x seal')}\n" for line in path.read_text().splitlines()))
    with pytest.raises(WrongError, match=f"and {50 - SHOWN} more"):
        report(settings)


def test_given_files_are_looked_at_alone(settings: Settings, tmp_path: Path) -> None:
    path = write(settings, "a")
    copy = tmp_path / "copy"
    copy.write_bytes(path.read_bytes())
    write(settings, "b")
    assert report(settings, copy) == "lines as they were written: 1"
    path.write_bytes(copy.read_bytes())
    with pytest.raises(WrongError, match="entry 2 is missing at the end"):
        report(settings)


def test_without_the_key_or_with_another_nothing_is_good(settings: Settings) -> None:
    with pytest.raises(StartError, match=r"seal\.key: there is no such key"):
        report(settings)
    write(settings, "a", "b")
    (settings.logs / SEAL_KEY).write_bytes(bytes(32))
    with pytest.raises(WrongError, match="entry 1 is not as it was written"):
        report(settings)
    (settings.logs / SEAL_KEY).write_bytes(b"short")
    with pytest.raises(StartError, match="is no key of 32 bytes"):
        report(settings)


def test_a_log_without_its_last_seal_is_told_of(settings: Settings) -> None:
    write(settings, "a")
    (settings.logs / LAST_SEAL).unlink()
    assert report(settings).splitlines() == [
        "lines as they were written: 1",
        "no good seal.last: whether lines are cut off the end cannot be told",
    ]


def test_of_a_new_site_nothing_is_missed(settings: Settings) -> None:
    write(settings)
    assert report(settings) == "lines as they were written: 0"


def test_what_cannot_be_read_is_said(settings: Settings) -> None:
    write(settings, "a")
    (settings.logs / "access_log.txt.1.gz").write_bytes(gzip.compress(bytes(1000))[:20])
    with pytest.raises(StartError, match="the log cannot be read"):
        report(settings)
