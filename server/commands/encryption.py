"""`python -m server encryption`: makes the key by which faces are encrypted, and changes to it or from it."""

import asyncio
import contextlib
import sqlite3
from pathlib import Path

from server.commands.alone import alone
from server.gallery.cache import open_cache
from server.recording.files import FOLDER, files_of_all_days
from server.recording.format import FormatError
from server.recording.wrapping import rewrap
from server.settings import Settings
from server.startup.encryption import CHECK_FILE, keep_check, opens, read_cipher
from server.startup.recogniser import photo_pipeline
from server.support import osdep
from server.support.cipher import Cipher
from server.support.errors import StartError, WrongError
from server.support.key_file import new_key
from server.support.private_files import open_private, write_whole


async def key(settings: Settings, file: Path) -> str:
    """Raises StartError: among others, there is such a file."""
    try:
        with open_private(file, "xb") as made:
            write_whole(made, new_key())
            osdep.flush_to_disk(made)
    except OSError as error:
        raise StartError(f"{file}: {(error.strerror or str(error)).lower()}") from error
    return (
        f"{file} is a new key. Keep a copy where no copy of {settings.logs} is: without it recordings are"
        f' lost. Then write into doorward.toml: encryption_key = "{file}"'
    )


async def apply(settings: Settings, old_key: Path | None = None) -> str:
    """Raises StartError: nothing was changed; WrongError: something could not be."""
    new = None if settings.encryption_key is None else read_cipher(settings.encryption_key)
    old = None if old_key is None else read_cipher(old_key)
    return await asyncio.to_thread(_apply, settings, old, new)


def _apply(settings: Settings, old: Cipher | None, new: Cipher | None) -> str:
    logs = settings.logs
    with alone(logs):
        check = logs / CHECK_FILE
        if check.exists() and not any(each is not None and opens(each, check) for each in (old, new)):
            raise StartError(f"what is kept in {logs} is encrypted by another key: name it by --old-key FILE")
        changed, problems = _recordings(logs / FOLDER, old, new)
        try:
            with contextlib.closing(open_cache(logs, photo_pipeline(settings), new)) as cache:
                cache.rewrap(old)
        except sqlite3.Error as error:
            raise StartError(f"logs: the embeddings cannot be changed: {error}") from error
        keep_check(new, logs)
    how = "lies there as it is" if new is None else f"is encrypted by {settings.encryption_key}"
    told = [f"what is kept of faces in {logs} {how}; recordings changed: {changed}"]
    if problems:
        raise WrongError("\n".join([*told, *problems]))
    return told[0]


def _recordings(folder: Path, old: Cipher | None, new: Cipher | None) -> tuple[int, list[str]]:
    """How many were changed, and which could not be, with the reason."""
    changed, problems = 0, []
    for path in files_of_all_days(folder):
        try:
            changed += rewrap(path, old, new)
        except (FormatError, OSError) as error:
            problems.append(f"LEFT AS IT IS: {path}: {error}")
    return changed, problems
