"""A site whose files a server follows, with what it goes by at each moment."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from server.access.matching.gallery import Gallery
from server.access.matching.recogniser import DLIB
from server.access.orders import EMPTY, Roster
from server.access.seen import PhotoAccepted, PhotoFlaw, PhotoOutcome, PhotoRefused
from server.gallery.cache import EmbeddingCache
from server.gallery.enrolment import Enrolling
from server.gallery.folder import PhotoFile, scan
from server.gallery.photo_watcher import PhotoWatcher
from server.gallery.receipts import Receipt
from server.roster.people_file import parse
from server.roster.watcher import PeopleFileWatcher
from server.site.errors import Kind, SiteError
from server.site.people_edit import PeopleFile
from server.site.site import InForce, Site
from tests.support.embeddings import gallery, look, person

HASTE = 20.0
"""A followed site's time passes so many times faster."""
END_OF_JPEG = b"\xff\xd9"
"""Behind it a picture may say whom it shows, as `photo` does."""
LIMIT = 0.3
"""Two people nearer than this could be taken for each other."""


def photo(who: int, distance: float = 0.0) -> bytes:
    """The bytes of a photo that shows person `who`."""
    return f"face {who} {distance}".encode()


def put(faces: Path, **photos: bytes) -> None:
    """Photos by their names without `.jpg`; `__` stands for a folder."""
    for name, data in photos.items():
        path = faces / f"{name.replace('__', '/')}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def listed(faces: Path) -> list[str]:
    """All files, hidden ones too, but people.toml."""
    paths = (path for path in faces.rglob("*") if not path.is_dir() and path.name != "people.toml")
    return sorted(path.relative_to(faces).as_posix() for path in paths)


def still_site(tmp_path: Path) -> Site:
    """One whose server follows each change at once: everybody with a photo is enrolled."""
    faces = tmp_path / "faces"
    faces.mkdir(exist_ok=True)
    file = faces / "people.toml"

    def roster() -> Roster:
        return parse(file.read_bytes()) if file.exists() else EMPTY

    def enrolled() -> Gallery:
        names = sorted({item.person for item in scan(faces) if isinstance(item, PhotoFile)})
        return gallery({name: person(at) for at, name in enumerate(names)})

    in_force = InForce(roster, enrolled, hasten=lambda: None, sleep=lambda seconds: None)
    return Site(faces, PeopleFile(file, roster), in_force, threading.Lock())


class Server:
    """Both watchers of a server, with a fake analysis, in a thread of their own."""

    def __init__(self, tmp_path: Path) -> None:
        self.faces = tmp_path / "faces"
        self.faces.mkdir(exist_ok=True)
        (tmp_path / "logs").mkdir(exist_ok=True)
        self.receipts: list[Receipt] = []
        self.cache = EmbeddingCache(tmp_path / "logs" / "cache.sqlite3", DLIB.pipeline)
        self.loop = asyncio.new_event_loop()

        def now() -> float:
            return time.monotonic() * HASTE

        async def sleep(seconds: float) -> None:
            await asyncio.sleep(seconds / HASTE)

        file = self.faces / "people.toml"
        self.roster = PeopleFileWatcher(
            file,
            tmp_path / "logs" / "good.toml",
            on_change=lambda: self.watcher.hasten(),
            clock=now,
            sleep=sleep,
        )
        self.watcher = PhotoWatcher(
            folder=self.faces,
            cache=self.cache,
            analyse=self._analyse,
            take_receipts=self._take,
            enrolling=Enrolling(DLIB, lambda people: LIMIT, lambda *_: 0.0, lambda: self.roster.roster),
            parallel=1,
            clock=now,
            sleep=sleep,
        )
        in_force = InForce(lambda: self.roster.roster, lambda: self.watcher.gallery, self.hasten)
        self.site = Site(
            self.faces, PeopleFile(file, lambda: self.roster.roster), in_force, self.watcher.listing
        )

    def hasten(self) -> None:
        self.loop.call_soon_threadsafe(self.watcher.hasten)

    async def _analyse(self, data: bytes) -> PhotoOutcome:
        kind, *numbers = data.rpartition(END_OF_JPEG)[2].decode().split()
        if kind != "face":
            return PhotoRefused(PhotoFlaw.NO_FACE, "no")
        seen = look(int(numbers[0]), float(numbers[1]))
        return PhotoAccepted(seen, seen, 200, 1.0)

    async def _take(self, receipts: Sequence[Receipt]) -> None:
        self.receipts += receipts

    @contextmanager
    def running(self) -> Iterator[Site]:
        ready = threading.Event()

        async def follow() -> None:
            await self.roster.load()
            await self.watcher.load()
            ready.set()
            await asyncio.gather(self.roster.watch(), self.watcher.watch())

        following = self.loop.create_task(follow())
        thread = threading.Thread(target=self._run, args=[following])
        thread.start()
        try:
            assert ready.wait(10)
            yield self.site
        finally:
            self.loop.call_soon_threadsafe(following.cancel)
            thread.join()
            self.loop.close()
            self.cache.close()

    def _run(self, following: "asyncio.Task[None]") -> None:
        with pytest.raises(asyncio.CancelledError):
            self.loop.run_until_complete(following)

    def until(self, condition: Callable[[], bool]) -> None:
        for _ in range(500):
            if condition():
                return
            time.sleep(0.01)
        raise AssertionError("it never happened")


@contextmanager
def refused(kind: Kind, words: str) -> Iterator[None]:
    """What is done inside is refused with a sentence that has these words."""
    with pytest.raises(SiteError) as caught:
        yield
    assert caught.value.kind is kind and words in str(caught.value), str(caught.value)
