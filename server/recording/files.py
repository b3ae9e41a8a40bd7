"""Recordings on disk: where they lie, how they are read, and when they go."""

import asyncio
import contextlib
import heapq
import logging
from collections import deque
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import msgspec

from server.recording.entries import RecordedEntry, RecordingHeader
from server.recording.format import FormatError, number_of, unpack, unpack_header
from server.recording.wrapping import Wrapping
from server.support.cipher import Cipher
from server.support.complaint import Complaint
from server.support.private_files import replace_private

log = logging.getLogger(__name__)

FOLDER = "recordings"
"""In the logs folder; in it a folder for each day, in that a file for each session."""
SUFFIX = ".rec"
CLEAN_SECONDS = 3600.0


class Recording:
    """One file, to be read from its beginning."""

    def __init__(self, path: Path, cipher: Cipher | None = None) -> None:
        """`cipher`: for one that is encrypted. Raises FormatError, OSError."""
        self.path = path
        self.complaint: str | None = None
        self._cipher = cipher
        with path.open("rb") as file:
            record = Wrapping.of(file, cipher).next(file)
            if record is None:
                raise FormatError("empty, or broken off in the header")
            self.header: RecordingHeader = unpack_header(record)

    def replace(self, records: list[bytes]) -> None:
        """Have the file hold these, each with its length, and encrypted if it was. Raises FormatError,
        OSError: it is as it was."""
        with self.path.open("rb") as file:
            encrypted = Wrapping.of(file, self._cipher).encrypts
        replace_private(self.path, Wrapping.new(self._cipher if encrypted else None).whole(records))

    def entries(self) -> Iterator[RecordedEntry]:
        """As far as the file can be read: `complaint` then tells what is wrong with the rest. The file of a
        session that goes on, or that a crash ended, may break off in a record; that is not worth a word."""
        self.complaint = None
        try:
            with self.path.open("rb") as file:
                records = Wrapping.of(file, self._cipher)
                records.next(file)
                while (record := records.next(file)) is not None:
                    yield unpack(record)
        except (FormatError, OSError) as error:
            self.complaint = str(error)

    def up_to(self, text: str, most: int) -> Iterator[RecordedEntry]:
        """The first entry that has this text as a value, as the last one, and up to `most` before it; none
        where there is no such entry. All others are passed over undecoded. Raises FormatError, OSError."""
        value = msgspec.msgpack.encode(text)
        with self.path.open("rb") as file:
            records = Wrapping.of(file, self._cipher)
            places: deque[int] = deque(maxlen=most + 1)
            record = records.next(file)
            while record is not None:
                places.append(file.tell())
                record = records.next(file)
                if record is not None and value in record:
                    break
            else:
                return
            file.seek(places[0])
            for _ in places:
                record = records.next(file)
                assert record is not None
                yield unpack(record)

    def numbered(self, number: int) -> RecordedEntry | None:
        """The entry of this number; None: there is none. All others are passed over undecoded. Raises
        FormatError, OSError."""
        with self.path.open("rb") as file:
            records = Wrapping.of(file, self._cipher)
            records.next(file)
            while (record := records.next(file)) is not None:
                if number_of(record) == number:
                    return unpack(record)
        return None


def find(
    folder: Path, since: date | None = None, cipher: Cipher | None = None
) -> tuple[list[Recording], list[str]]:
    """The recordings of that day and later, and what cannot be read, with the reason. `cipher`: for those
    that are encrypted. Raises OSError."""
    found, problems = [], []
    for day in sorted(_days(folder)):
        if since is not None and date.fromisoformat(day.name) < since:
            continue
        for path in sorted(day.iterdir()):
            if not path.is_file():
                problems.append(f"{path}: not a regular file")
                continue
            try:
                found.append(Recording(path, cipher))
            except (FormatError, OSError) as error:
                problems.append(f"{path}: {error}")
    return found, problems


def files_of_all_days(folder: Path) -> list[Path]:
    """Every recording, readable or not. Raises OSError."""
    return [path for day in sorted(_days(folder)) for path in sorted(day.glob(f"*{SUFFIX}"))]


def in_order(recordings: Iterable[Recording]) -> Iterator[tuple[Recording, RecordedEntry]]:
    """All entries, in the order in which they were recorded, one run of the server after the other. No more
    files are open than were at that time."""
    runs: dict[str, list[Recording]] = {}
    for recording in sorted(recordings, key=lambda each: each.header.moment):
        runs.setdefault(recording.header.run, []).append(recording)
    for run in runs.values():
        waiting = deque(sorted(run, key=lambda each: each.header.first))
        heap: list[tuple[int, int, RecordedEntry, Iterator[RecordedEntry], Recording]] = []
        while waiting or heap:
            while waiting and (not heap or waiting[0].header.first <= heap[0][0]):
                recording = waiting.popleft()
                _push(heap, recording, recording.entries())
            if heap:
                _, _, entry, entries, recording = heapq.heappop(heap)
                yield recording, entry
                _push(heap, recording, entries)


def _push(
    heap: list[tuple[int, int, RecordedEntry, Iterator[RecordedEntry], Recording]],
    recording: Recording,
    entries: Iterator[RecordedEntry],
) -> None:
    entry = next(entries, None)
    if entry is not None:
        heapq.heappush(heap, (entry.number, id(recording), entry, entries, recording))


def clean(folder: Path, days: int, today: date) -> int:
    """Delete recordings older than `days`; returns how many files are gone. Raises OSError."""
    gone = 0
    for day in _days(folder):
        if date.fromisoformat(day.name) < today - timedelta(days=days):
            for path in day.glob(f"*{SUFFIX}"):
                path.unlink(missing_ok=True)
                gone += 1
            with contextlib.suppress(OSError):  # something of somebody else's is in it
                day.rmdir()
    return gone


async def keep_clean(folder: Path, days: int, every: float = CLEAN_SECONDS) -> None:
    """Delete old recordings now and `every` so many seconds, whether or not anything is recorded."""
    complaint = Complaint(log)
    while True:
        try:
            gone = await asyncio.to_thread(clean, folder, days, datetime.now().date())
            complaint.mended()
            if gone:
                log.info("recordings older than %d days: %d deleted", days, gone)
        except OSError as error:
            complaint.tell("RECORDINGS NOT DELETED after %d days: %s", days, error)
        await asyncio.sleep(every)


def _days(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        with contextlib.suppress(ValueError):
            date.fromisoformat(path.name)
            if path.is_dir():
                yield path
