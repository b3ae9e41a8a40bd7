"""server_log.txt is written on, whatever becomes of the file and its folder."""

import json
import logging
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from server.support.console import LOG_FILE, log_file, logging_to


def record(message: str) -> logging.LogRecord:
    return logging.LogRecord("door", logging.INFO, __file__, 1, message, None, None)


def delete(path: Path) -> None:
    path.unlink()


def delete_folder(path: Path) -> None:
    shutil.rmtree(path.parent)


def move(path: Path) -> None:
    path.rename(path.with_suffix(".old"))


@pytest.mark.parametrize("happens", [delete, delete_folder, move])
def test_it_goes_on_where_it_is_looked_for(tmp_path: Path, happens: Callable[[Path], None]) -> None:
    path = tmp_path / "logs" / LOG_FILE
    handler = log_file(path.parent)
    handler.emit(record("before"))
    happens(path)
    handler.emit(record("after"))
    handler.emit(record("again"))
    handler.close()
    assert path.read_text() == "after\nagain\n"


def test_where_there_can_be_no_file_nothing_else_fails(tmp_path: Path) -> None:
    path = tmp_path / "logs" / LOG_FILE
    handler = log_file(path.parent)
    delete_folder(path)
    path.parent.write_text("a file in its place")
    handler.emit(record("lost"))
    handler.emit(record("lost, too"))
    path.parent.unlink()
    handler.emit(record("after"))
    handler.close()
    assert path.read_text() == "after\n"


def test_each_record_may_be_one_json_object(tmp_path: Path) -> None:
    handler = log_file(tmp_path)
    root = logging.getLogger()
    before = root.handlers[:], root.level, logging.raiseExceptions
    try:
        with logging_to(handler, log_format="json"):
            logging.getLogger("server.test").warning("one\nforged: %s", "Zoë\u2028")
            try:
                raise ValueError("a fault")
            except ValueError:
                logging.getLogger("server.test").exception("it failed")
    finally:
        root.handlers[:], root.level, logging.raiseExceptions = before
    lines = (tmp_path / LOG_FILE).read_text("utf-8").splitlines()
    first, fault = (json.loads(line) for line in lines)
    assert (first["level"], first["logger"], first["message"]) == ("warning", "server.test", "one")
    assert first["traceback"] == "forged: Zoë\u2028" and "Zoë" in lines[0], "a name is found as it is"
    age = datetime.now(timezone.utc) - datetime.fromisoformat(first["time"])
    assert timedelta(0) <= age < timedelta(minutes=10)
    assert fault["message"] == "it failed" and fault["traceback"].endswith("ValueError: a fault")
