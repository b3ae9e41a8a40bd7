"""server_log.txt is written on, whatever becomes of the file and its folder."""

import logging
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from server.support.console import LOG_FILE, log_file


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
