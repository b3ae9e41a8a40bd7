"""`python -m server forget`: erases a person from all that is kept here, and looks what is left."""

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from server.access.matching.gallery import Gallery
from server.access.matching.recogniser import SFACE
from server.access.odds import refused_at_first
from server.access.orders import Roster
from server.audit.log_files import BROKEN, rotations_of
from server.audit.operator_log import COMMAND_LINE, Act, ActKind, append
from server.audit.rewriting import remove_unfinished, rewrite_each
from server.audit.trail import SEAL_KEY
from server.commands.alone import alone
from server.commands.enrolled import enrolled, roster_of
from server.database.database import DatabaseError, address_of, look, opened
from server.forgetting.forgetting import (
    ELSEWHERE,
    Forgotten,
    all_called,
    forget_in_history,
    forget_recordings,
    spelled,
    traces_of,
)
from server.forgetting.lines import changes, of_any_text, other_logs
from server.forgetting.people import Looks, former_names, looks_of
from server.forgetting.spelling import Person
from server.forgetting.traces import in_database, in_files
from server.gallery.cache import open_cache
from server.recording.files import FOLDER as RECORDINGS
from server.roster.backup import BACKUP_FILE, Backup
from server.settings import Settings
from server.site import erasing
from server.site.errors import Kind, SiteError
from server.site.file_names import canonical
from server.site.laying_down import lay_down
from server.site.listing import Known
from server.site.people_changes import hold
from server.site.people_edit import PeopleFile
from server.site.site import InForce, Site
from server.startup.encryption import cipher_of
from server.startup.recogniser import photo_pipeline
from server.support.cipher import Cipher
from server.support.errors import StartError, WrongError
from server.support.key_file import KeyFileError, key_of


async def forget(settings: Settings, name: str) -> str:
    """The report as text. Raises WrongError: something is left, as the report says; StartError: nobody is
    called so, or it cannot be done."""
    with _told_in_words(), alone(settings.logs, "erase the person in its console, or stop it first"):
        remove_unfinished(settings.logs)
        roster = roster_of(settings)
        name = canonical(name)
        async with enrolled(settings, roster) as photos:
            known = Known(
                named=photos.people(),
                files_of=photos.files_of,
                gallery=photos.gallery,
                roster=roster,
                look_alikes=photos.look_alikes(),
                refused=partial(refused_at_first, settings.rules()),
            )
            alike = known.mistaken_for(name)
            others = {*photos.people(), *roster.permits}
        return await asyncio.to_thread(_forget, settings, name, roster, others, alike)


def _forget(settings: Settings, name: str, roster: Roster, others: set[str], alike: list[str]) -> str:
    logs, key = settings.logs, key_of(settings.logs / SEAL_KEY)
    person, former = spelled(name, key, logs, others), former_names(logs, name)
    called = all_called(person, key, logs)
    cipher = cipher_of(settings)
    cache = open_cache(logs, photo_pipeline(settings), cipher)
    try:
        looks = looks_of(settings.faces, cache, name)
        if not _left(settings, called, looks, cipher):
            raise StartError(f"nothing here tells of anybody called {name!a}")
        append(logs, Act(datetime.now().astimezone(), COMMAND_LINE, ActKind.PERSON_ERASED, person.word))
        forgotten = Forgotten()
        _from_the_folder(settings, person, roster, alike, forgotten)
        cache.forget(name, looks.hashes)
    finally:
        cache.close()
    forget_recordings(logs / RECORDINGS, person, looks, forgotten, cipher=cipher)
    _from_the_database(settings, called, forgotten)
    for each in called:
        _from_the_logs(logs, each, key, forgotten)
    left = [*forgotten.problems, *_left(settings, called, looks, cipher)]
    told = [f"{name} is {person.word} now: {forgotten}"]
    told += [
        f"{path} looks like this person, and is held: it enrols nobody until it is released" for path in alike
    ]
    told += [f"was called {earlier!a} before: erase that name, too" for earlier in sorted(former)]
    told += [f"LEFT: {each}" for each in left] or [
        f"nothing is left of the name, the photos or what was computed from them in {settings.faces}, {logs}"
        " and the database"
    ]
    told.append(f"not reached from here: {ELSEWHERE}")
    if left:
        raise WrongError("\n".join(told))
    return "\n".join(told)


def _from_the_logs(logs: Path, person: Person, key: bytes, forgotten: Forgotten) -> None:
    """Raises OSError."""
    for log, change in changes(person, key).items():
        forgotten.add(rewrite_each(rotations_of(logs, Path(log).stem), change))
    others = (*other_logs(logs), *rotations_of(logs, "security_log"))
    forgotten.add(rewrite_each(others, of_any_text(person)))


def _from_the_folder(
    settings: Settings, person: Person, roster: Roster, alike: list[str], forgotten: Forgotten
) -> None:
    """Raises SiteError, OSError."""
    nobody = Gallery.build(SFACE, 0, ())
    people = PeopleFile(settings.people_file, lambda: roster)
    site = Site(
        settings.faces,
        people,
        InForce(lambda: people.read().roster, lambda: nobody, hasten=lambda: None),
        threading.Lock(),
    )
    if alike:
        lay_down(site, *map(hold, alike))
    try:
        forgotten.photos = erasing.erase_person(site, person.name).photos
    except SiteError as error:
        if error.kind is not Kind.NOT_FOUND:
            raise
    backup = settings.logs / BACKUP_FILE
    if backup.exists():
        Backup(backup).write(people.read().data)


def _from_the_database(settings: Settings, called: list[Person], forgotten: Forgotten) -> None:
    """Raises DatabaseError, SQLAlchemyError, sqlite3.Error."""
    address = address_of(settings.logs, settings.database)
    with opened(address) as database:
        forgotten.rows = database.write_here(lambda sql: sum(forget_in_history(sql, each) for each in called))
        database.compact()


def _left(settings: Settings, called: list[Person], looks: Looks, cipher: Cipher | None) -> list[str]:
    address = address_of(settings.logs, settings.database)
    found = [
        told
        for each in called
        for told in (
            *in_files([settings.faces, settings.logs], traces_of(each, looks), cipher),
            *(look(address, partial(in_database, person=each)) or []),
        )
    ]
    return list(dict.fromkeys(found))


@contextlib.contextmanager
def _told_in_words() -> Iterator[None]:
    """Raises StartError."""
    try:
        yield
    except (SiteError, KeyFileError, DatabaseError, sqlite3.Error, *BROKEN) as error:
        raise StartError(str(error)) from error
    except SQLAlchemyError as error:
        raise StartError(f"the database cannot be used now: {getattr(error, 'orig', error)}") from error
