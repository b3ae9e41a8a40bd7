"""Takes a person out of what is kept beside the photos: recordings, the history, the logs."""

import contextlib
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection

from server.audit.erasing import word_for
from server.audit.rewriting import Rewritten
from server.forgetting.people import Looks, named_in_logs
from server.forgetting.spelling import Person
from server.forgetting.traces import Traces
from server.history.erasing import erase_in_acts, erase_name
from server.recognition.pseudonyms import Pseudonyms
from server.recording.erasing import erase
from server.recording.files import files_of_all_days
from server.recording.format import FormatError
from server.support.cipher import Cipher

ELSEWHERE = (
    "backups, the journal of the system (journalctl), copies of the logs elsewhere (syslog, a log server,"
    " archives of the site that were taken away), and what a disk or PostgreSQL keeps of files and rows that"
    " are deleted"
)
"""What nobody can reach from here."""


@dataclass
class Forgotten:
    """How much was changed, in numbers of each kind, and what `problems` there were."""

    photos: int = 0
    records: int = 0
    rows: int = 0
    lines: int = 0
    problems: list[str] = field(default_factory=list)

    def add(self, rewritten: Rewritten) -> None:
        """A log that cannot be rewritten is told once, however often that was tried."""
        self.lines += rewritten.lines
        self.problems = list(dict.fromkeys([*self.problems, *rewritten.problems]))

    def __str__(self) -> str:
        return (
            f"removed: photos {self.photos}, records of recordings {self.records}; name replaced: rows of the"
            f" history {self.rows}, lines of logs {self.lines}"
        )


def spelled(name: str, key: bytes, logs: Path, others: Iterable[str] = ()) -> Person:
    """`name`: as it is shown. `key`: which seals the access log. `others`: people who are known beside those
    whom the logs name. Raises OSError."""
    return Person(name, word_for(key, name), frozenset({*named_in_logs(logs), *others} - {name}))


def all_called(person: Person, key: bytes, logs: Path) -> list[Person]:
    """The person by name, and by the word that a pseudonymous log may have in its place. `key`: which seals
    the access log. Raises KeyFileError."""
    word = Pseudonyms.known_word(logs, person.name)
    return [person] if word is None else [person, Person(word, word_for(key, word))]


def traces_of(person: Person, looks: Looks) -> Traces:
    return Traces(person, looks.hashes, looks.as_bytes)


def forget_recordings(
    folder: Path,
    person: Person,
    looks: Looks,
    forgotten: Forgotten,
    alone: Callable[[], AbstractContextManager[None]] = contextlib.nullcontext,
    cipher: Cipher | None = None,
) -> None:
    """`alone`: nothing is recorded inside. `cipher`: for files that are encrypted."""
    templates = looks.templates
    for path in files_of_all_days(folder):
        try:
            with alone():
                forgotten.records += erase(path, person.name, templates, cipher)
        except (FormatError, OSError) as error:
            forgotten.problems.append(f"{path} cannot be read, and may show the person; delete it: {error}")


def forget_in_history(connection: Connection, person: Person) -> int:
    """Returns how many rows are changed. Raises sqlalchemy.exc.SQLAlchemyError."""
    return erase_name(connection, person.name, person.word) + erase_in_acts(connection, person.replaced)
