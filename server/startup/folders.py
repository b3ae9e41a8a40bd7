"""The folders that the server works with: made where they are missing, and usable, or it does not start."""

import os
from collections.abc import Iterator
from pathlib import Path

from server.audit.access_log import FILE as ACCESS_LOG
from server.audit.folder_lock import FILE as LOCK
from server.audit.operator_log import FILE as OPERATOR_LOG
from server.audit.security_log import FILE as SECURITY_LOG
from server.audit.trail import ENROLMENT_LOG
from server.database.database import FILE as DATABASE_FILE
from server.gallery.cache import CACHE_FILE
from server.journal.event_log import FILE as EVENT_LOG
from server.recording.files import FOLDER as RECORDINGS
from server.settings import Settings
from server.support.console import LOG_FILE
from server.support.errors import StartError
from server.support.file_access import ENTER, READ, WRITE, barred

LOGS = (LOG_FILE, ACCESS_LOG, ENROLMENT_LOG, OPERATOR_LOG, SECURITY_LOG, EVENT_LOG)
WRITTEN = (*LOGS, LOCK, CACHE_FILE, DATABASE_FILE)
"""In the logs folder: what each start writes to."""


def make_missing(settings: Settings) -> list[str]:
    """Make the photo and the logs folder; returns what is to be told of it. Raises StartError."""
    made = []
    for name, path, hint in (("faces", settings.faces, ": drop photos there"), ("logs", settings.logs, "")):
        try:
            if not os.path.isdir(path):
                path.mkdir(parents=True)
                made.append(f"{path} did not exist and was made{hint}")
        except OSError as error:
            why = barred_parent(path) or (error.strerror or str(error)).lower()
            raise StartError(f"{name}: cannot make {path}: {why}") from error
    return made


def require_usable(settings: Settings) -> None:
    """Raises StartError: something there may not be read or written; it names all of it, and what to do."""
    problems = [*photo_problems(settings.faces), *log_problems(settings)]
    if problems:
        raise StartError("\n".join(problems))


def photo_problems(faces: Path) -> list[str]:
    """Why the photo folder, which exists, cannot be read, and what to do."""
    why = barred(faces, READ | ENTER)
    return [f"faces: {why}"] if why else []


def log_problems(settings: Settings) -> list[str]:
    """What in the logs folder, which exists, cannot be written, and what to do."""
    folder = barred(settings.logs, READ | WRITE | ENTER)
    if folder:
        return [f"logs: {folder}"]
    return [f"logs: {why}" for why in _barred_files(settings) if why]


def _barred_files(settings: Settings) -> Iterator[str]:
    for name in WRITTEN:
        path = settings.logs / name
        if os.path.isfile(path):
            yield barred(path, READ | WRITE)
    recordings = settings.logs / RECORDINGS
    if settings.record and os.path.isdir(recordings):
        yield barred(recordings, READ | WRITE | ENTER)


def barred_parent(path: Path) -> str:
    """Why nothing can be made at this path, which does not exist; empty: it can, as far as is known."""
    for parent in Path(os.path.abspath(path)).parents:
        if os.path.lexists(parent):
            return barred(parent, WRITE | ENTER) if os.path.isdir(parent) else f"{parent} is no folder"
    return ""
