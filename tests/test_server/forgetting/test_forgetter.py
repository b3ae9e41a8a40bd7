"""Somebody is erased while the server goes on: recordings, warnings and its own log go on, too."""

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path

from server.audit.rewriting import Change, Rewritten
from server.database.database import address_of, opened
from server.forgetting.forgetter import Forgetter
from server.forgetting.people import Looks
from server.gallery.cache import EmbeddingCache
from server.recording.recorder import Recorder
from server.settings import Settings
from server.support.console import LOG_FILE, log_file
from server.support.last_warnings import LastWarnings


def record(text: str) -> logging.LogRecord:
    return logging.LogRecord("door", logging.WARNING, "", 0, text, (), None)


async def look(task: object, *arguments: object) -> list[str]:
    found: list[str] = task(*arguments)  # type: ignore[operator]
    return found


def test_the_log_that_is_open_loses_the_name_and_no_line(tmp_path: Path) -> None:
    handler, warnings = log_file(tmp_path), LastWarnings()
    cache = EmbeddingCache(tmp_path / "c", "p")
    for text in ("Jane Doe came", "John Roe came"):
        handler.emit(record(text))
        warnings.emit(record(text))

    async def unchanged(changes: Mapping[str, Change]) -> Rewritten:
        handler.emit(record("between"))
        return Rewritten()

    with opened(address_of(tmp_path, None)) as database:
        forgetter = Forgetter(
            settings=Settings.model_validate({"logs": tmp_path, "faces": tmp_path / "faces"}),
            database=database,
            rewrite_logs=unchanged,
            cache=cache,
            recorder=Recorder.in_folder(tmp_path / "recordings"),
            cipher=None,
            server_log=handler,
            warnings=warnings,
            look=look,
        )

        async def scenario() -> list[str]:
            person = await forgetter.whom("Jane Doe", ["John Roe"])
            done = await forgetter.forget(person, Looks())
            assert done.lines == 1
            return done.problems

        assert asyncio.run(scenario()) == []
    handler.emit(record("afterwards"))
    handler.close()
    cache.close()
    lines = (tmp_path / LOG_FILE).read_text().splitlines()
    assert [line.split()[0][:7] for line in lines] == ["erased:", "John", "between", "afterwa"]
    assert [each.text[:8] for each in warnings.newest()] == ["John Roe", "erased:" + lines[0][7]]


def test_a_log_that_cannot_be_written_keeps_nothing_else_from_being_erased(tmp_path: Path) -> None:
    handler, warnings = log_file(tmp_path), LastWarnings()
    cache = EmbeddingCache(tmp_path / "c", "p")
    warnings.emit(record("Jane Doe came"))

    async def fails(changes: Mapping[str, Change]) -> Rewritten:
        raise OSError("no space left on device")

    with opened(address_of(tmp_path, None)) as database:
        forgetter = Forgetter(
            settings=Settings.model_validate({"logs": tmp_path, "faces": tmp_path / "faces"}),
            database=database,
            rewrite_logs=fails,
            cache=cache,
            recorder=None,
            cipher=None,
            server_log=handler,
            warnings=warnings,
            look=look,
        )

        async def scenario() -> list[str]:
            return (await forgetter.forget(await forgetter.whom("Jane Doe", []), Looks())).problems

        assert asyncio.run(scenario()) == ["no space left on device"]
    handler.close()
    cache.close()
