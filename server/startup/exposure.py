"""Files of the administrator's that other users of the machine can read or change, and should not."""

import os
import shlex
from collections.abc import Iterator
from pathlib import Path

from server.audit.trail import SEAL_KEY
from server.database.database import FILE as DATABASE_FILE
from server.gallery.cache import CACHE_FILE
from server.recognition.pseudonyms import FILE as PSEUDONYM_KEY
from server.settings import Settings
from server.startup.folders import LOGS
from server.support.errors import StartError
from server.support.file_access import folder_open_to_others, open_to_everybody, open_to_others


def exposures(settings: Settings, file: Path | None) -> list[str]:
    """One sentence for each, with the command that mends it. `file`: the settings file, if there is one."""
    return [f"{path} {risk}: {cure}" for path, risk, cure in _all(settings, file) if cure]


def _all(settings: Settings, file: Path | None) -> Iterator[tuple[Path, str, str]]:
    if file is not None:
        secrets = {"tokens": settings.tokens, "the address of a database": settings.database}
        held = " and ".join(name for name, value in secrets.items() if value)
        if held:
            yield file, f"holds {held}, and others can read or change it", open_to_others(file)
        else:
            yield file, "can be changed by others", open_to_others(file, readable=False)
    if settings.tls_key is not None:
        risk = "is the private key, and others can read or change it"
        yield settings.tls_key, risk, open_to_others(settings.tls_key)
    if settings.encryption_key is not None:
        risk = "encrypts faces, and others can read or change it"
        yield settings.encryption_key, risk, open_to_others(settings.encryption_key)
    for path in sorted((file or Path()).parent.glob("*.token")) if settings.tokens else ():
        yield path, "holds a token, and others can read or change it", open_to_others(path)
    yield from _folders(settings)
    for name in (*LOGS, DATABASE_FILE, CACHE_FILE):
        path = settings.logs / name
        if path.is_symlink():
            cure = f"rm {shlex.quote(os.path.abspath(path))} before the start"
            yield path, f"is a link to {os.path.realpath(path)}, where others may read or change it", cure
    risk = "says who may come in when, and others can read or change it"
    yield settings.people_file, risk, open_to_others(settings.people_file)


def require_secrets(settings: Settings) -> None:
    """Raises StartError: a key is none any more."""
    found = open_secrets(settings)
    if found:
        raise StartError("\n".join(found))


def open_secrets(settings: Settings) -> list[str]:
    """Keys that every user of the machine can read: no longer secret, and nothing starts with them. One
    sentence for each, with the command that mends it."""
    keys = [settings.logs / name for name in (SEAL_KEY, PSEUDONYM_KEY)]
    keys += [key for key in (settings.tls_key, settings.encryption_key) if key is not None]
    return [
        f"{path} is a secret key that everybody on this machine can read; make another where somebody may"
        f" have: {cure}"
        for path in keys
        if (cure := open_to_everybody(path))
    ]


def _folders(settings: Settings) -> Iterator[tuple[Path, str, str]]:
    faces, logs = settings.faces, settings.logs
    yield faces, "holds photos that others can read or change", folder_open_to_others(faces)
    yield logs, "tells who comes and goes, and others can read or change it", folder_open_to_others(logs)
