"""`python -m server history` as an administrator runs it."""

import asyncio
import gzip
import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from server.audit.operator_log import parse
from server.audit.trail import AuditTrail
from server.commands.command_line import parser
from server.commands.history import LAG_SECONDS, check, rebuild
from server.database.database import FILE, address_of, opened
from server.history.queries import acts, decisions
from server.settings import Settings
from server.support.errors import StartError, WrongError
from tests.support.histories import act, decision, entry, fill, minutes, write_log

DAYS = 3650
"""The lines here are of no particular day."""
RUN_LATER = timedelta(days=1)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The commands are run the day after the lines, one after the other."""
    ticks = itertools.count()

    class Later(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return minutes(next(ticks)) + RUN_LATER

    monkeypatch.setattr("server.commands.history.datetime", Later)
    return Settings.model_validate({"logs": tmp_path / "logs", "history_days": DAYS})


def rebuilt(settings: Settings, *files: Path) -> list[str]:
    return asyncio.run(rebuild(settings, files)).splitlines()


def compared(settings: Settings) -> list[str]:
    return asyncio.run(check(settings)).splitlines()


def ids(settings: Settings) -> list[str]:
    with opened(address_of(settings.logs, None)) as database:
        return [each.id for each in reversed(database.read_here(decisions))]


def test_the_history_is_made_of_the_logs_in_the_folder(settings: Settings) -> None:
    old = write_log(settings.logs / "access_log.txt.2.gz", entry(1), entry(2))
    old.write_bytes(gzip.compress(old.read_bytes()))
    write_log(settings.logs / "access_log.txt.1", entry(3), b"torn\n", b"torn\n", entry(4))
    write_log(settings.logs / "access_log.txt", entry(4), entry(5), b"torn")
    write_log(settings.logs / "operator_log.txt", act(1))
    assert rebuilt(settings) == [
        "decisions: 5 from the logs",
        "acts of operators: 2 from the logs",
        "counted once: 1 lines that stand in several places",
        f"NOT READ: {settings.logs}/access_log.txt.1: lines 2-3",
        f"NOT READ: {settings.logs}/access_log.txt: line 3",
    ]
    assert ids(settings) == ["d1", "d2", "d3", "d4", "d5"]
    assert compared(settings)[:2] == [
        "decisions: 5 lines, 0 of them MISSING",
        "acts of operators: 2 lines, 0 of them MISSING",
    ]


def test_what_came_with_an_archive_is_neither_missing_nor_too_much(settings: Settings) -> None:
    write_log(settings.logs / "access_log.txt", entry(1), entry(3))
    with opened(address_of(settings.logs, None)) as database:
        fill(database, decision(1), decision(3))
        fill(database, {**decision(2), "imported": True})
    assert not [line for line in compared(settings) if "more are in the database" in line]
    assert "decisions: 2 from the logs, 1 older or newer than those, or out of an archive" in rebuilt(
        settings
    )
    assert ids(settings) == ["d1", "d2", "d3"]
    assert not [line for line in compared(settings) if "more are in the database" in line]


def test_that_it_was_made_again_is_noted(settings: Settings) -> None:
    write_log(settings.logs / "access_log.txt", entry(1))
    rebuilt(settings)
    noted = parse((settings.logs / "operator_log.txt").read_text("utf-8").strip())
    assert (noted.kind.value, noted.operator) == ("history_rebuilt", "command line")
    with opened(address_of(settings.logs, None)) as database:
        assert [each.kind for each in database.read_here(acts)] == ["history_rebuilt"]


def test_files_may_be_named_and_what_they_do_not_reach_is_kept(settings: Settings, tmp_path: Path) -> None:
    settings.logs.mkdir()
    with opened(address_of(settings.logs, None)) as database:
        fill(database, decision(1), decision(9))
    write_log(settings.logs / "access_log.txt", entry(9))
    named = [
        write_log(tmp_path / "second", entry(4), entry(5)),
        write_log(tmp_path / "first", entry(2), entry(3), act(7)),
    ]
    lines = rebuilt(settings, *named)
    assert lines == [
        "decisions: 4 from the logs, 2 older or newer than those, or out of an archive",
        "acts of operators: 2 from the logs",
    ]
    assert ids(settings) == ["d1", "d2", "d3", "d4", "d5", "d9"]


def test_a_file_that_is_not_there_is_wrong_input(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(["history", "rebuild", str(tmp_path / "nothing")])
    assert ended.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1].endswith(f'there is no file "{tmp_path}/nothing"')


def test_lines_that_are_too_old_are_counted(settings: Settings) -> None:
    write_log(settings.logs / "access_log.txt", entry(-1), entry(60))
    lines = rebuilt(settings.model_copy(update={"history_days": 1}))
    assert (lines[0], lines[-1]) == (
        "decisions: 1 from the logs",
        "left out: 1 lines older than history_days (1)",
    )


def test_what_is_damaged_is_told_with_where_it_is_now(settings: Settings) -> None:
    write_log(settings.logs / "access_log.txt", entry(1))
    (settings.logs / FILE).write_bytes(b"no database" * 1000)
    *_, damaged, aside = rebuilt(settings)
    assert damaged.startswith("DAMAGED, not all of it is kept: ")
    assert aside == f"the damaged file is {settings.logs}/doorward.sqlite3.damaged now"


def test_a_server_that_uses_the_folder_must_be_stopped_first(settings: Settings) -> None:
    trail = AuditTrail(settings.logs)
    with pytest.raises(StartError, match=r"a server is using the folder .*: stop it first"):
        rebuilt(settings)
    trail.close()
    assert (
        "operator_log" not in str(settings.logs) and (settings.logs / "operator_log.txt").read_bytes() == b""
    )


def test_a_folder_that_is_not_there_is_told_of(settings: Settings) -> None:
    with pytest.raises(StartError, match="No such file or directory"):
        rebuilt(settings)
    with pytest.raises(StartError, match="No such file or directory"):
        compared(settings)


def wrong(settings: Settings) -> Sequence[str]:
    with pytest.raises(WrongError) as found:
        compared(settings)
    return str(found.value).splitlines()


def test_without_a_database_there_is_nothing_to_compare(settings: Settings) -> None:
    write_log(settings.logs / "access_log.txt", entry(1))
    assert wrong(settings) == ["there is no database yet: the server makes it when it starts"]


def test_what_is_missing_is_told_with_its_place_and_what_to_do(settings: Settings) -> None:
    write_log(settings.logs / "access_log.txt", *map(entry, range(10)))
    with opened(address_of(settings.logs, None)) as database:
        fill(database, *(decision(number) for number in (0, 1, 5, 6, 9)), decision(77, moment=minutes(3)))
    assert wrong(settings) == [
        "decisions: 10 lines, 5 of them MISSING",
        "decisions: 1 more are in the database and in no log",
        "acts of operators: 0 lines, 0 of them MISSING",
        f"MISSING: {settings.logs}/access_log.txt: lines 3-5, 8-9",
        "python -m server history rebuild puts them there, while no server runs",
    ]
    rebuilt(settings)
    assert compared(settings) == [
        "decisions: 10 lines, 0 of them MISSING",
        "acts of operators: 1 lines, 0 of them MISSING",
    ]


def test_a_server_may_be_running_meanwhile(settings: Settings) -> None:
    on_its_way = entry(1, moment=minutes(0) + RUN_LATER - timedelta(seconds=LAG_SECONDS - 1))
    trail = AuditTrail(settings.logs)
    write_log(settings.logs / "access_log.txt", on_its_way)
    with opened(address_of(settings.logs, None)):
        assert compared(settings)[0] == "decisions: 0 lines, 0 of them MISSING"
    trail.close()


def test_a_log_that_cannot_be_read_is_wrong(settings: Settings) -> None:
    write_log(settings.logs / "access_log.txt", entry(1))
    rebuilt(settings)
    write_log(settings.logs / "access_log.txt.1.gz", gzip.compress(b"x" * 10_000)[:30])
    assert wrong(settings)[-1].startswith(f"NOT READ to its end: {settings.logs}/access_log.txt.1.gz: ")


def test_a_database_that_cannot_be_used_is_told_in_a_sentence(settings: Settings) -> None:
    write_log(settings.logs / "access_log.txt", entry(1))
    (settings.logs / FILE).write_bytes(b"no database" * 1000)
    with pytest.raises(StartError, match="file is not a database"):
        compared(settings)
    unreachable = settings.model_copy(update={"database": "postgresql://jane:secret@127.0.0.1:1/x"})
    for command in (rebuilt, compared):
        with pytest.raises(StartError) as told:
            command(unreachable)
        assert "secret" not in str(told.value) and "127.0.0.1" in str(told.value)
