"""What of the running server the console may reach. Needs nothing of the extra `web`."""

from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import ParamSpec, Protocol, TypeVar

from server.access.matching.gallery import Gallery
from server.access.orders import Roster
from server.access.present_rules import PresentRules
from server.audit.operator_log import Act
from server.audit.security_log import Notice
from server.database.database import Database
from server.forgetting.forgetting import Forgotten
from server.forgetting.people import Looks
from server.forgetting.spelling import Person
from server.gallery.admission import Arrived, LookAlikes
from server.gallery.assessed_file import AssessedFile
from server.gallery.receipts import Receipt
from server.settings import Settings
from server.support.cipher import Cipher
from server.terminals.live import LiveBoard
from server.terminals.proposals import Proposals
from server.terminals.transport import Transport
from server.tuning.source import SettingsSource
from server.vitals.vitals import Vitals

P = ParamSpec("P")
T = TypeVar("T")


class Record(Protocol):
    """The operators' record."""

    async def note(self, act: Act) -> None:
        """Returns when it is on disk. Raises OSError: it is not, and nothing may be done."""


class Workers(Protocol):
    """The processes that look at pictures: nothing that came from outside is decoded elsewhere."""

    async def run_beside(self, task: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a task of `server.workers.main` in one of them, behind the doors' frames. Raises
        AnalysisFailedError, and what the task raises."""


class Aside(Protocol):
    """Long tasks, each in a process of its own that everything else goes before: `server.workers.aside`."""

    async def run(self, task: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """When it is its turn. Raises WorkerGoneError, and what the task raises."""


class Photos(Protocol):
    """The photo folder as it was last seen."""

    def receipts(self) -> list[Receipt]:
        """The present outcome of every file, sorted by path."""

    def look_alikes(self) -> list[LookAlikes]:
        """Enrolled people who are near each other, nearest first."""

    def photos(self) -> list[Arrived]:
        """The photos that the gallery is made of."""

    def has(self, path: str) -> bool:
        """Whether there is a file at this path, relative to faces/, as somebody wrote it."""

    def people(self) -> list[str]:
        """Everybody whom a file is named after, enrolled or not, in no order."""

    def files_of(self, person: str | None) -> list[AssessedFile]:
        """The files named after this person, enrolled or not, by path; None: those that name nobody."""

    @property
    def listing(self) -> AbstractContextManager[object]:
        """Held while the folder is listed."""


class Forgetting(Protocol):
    """Takes people out of all that is kept beside their photos: `server.forgetting.forgetter.Forgetter`."""

    async def whom(self, name: str, others: Iterable[str]) -> Person:
        """`others`: everybody else who is enrolled. Raises KeyFileError, `log_files.BROKEN`."""

    async def looks(self, name: str) -> Looks:
        """To be asked for before the photos are removed. Raises OSError, sqlite3.Error."""

    async def forget(self, person: Person, looks: Looks) -> Forgotten:
        """Photos are gone by now; `problems` tells what is left."""

    async def left(self, person: Person, looks: Looks) -> list[str]:
        """Where the person is told of."""


class News(Protocol):
    """Word of what is added to the history: `server.history.feed.Feed`."""

    turn: int

    async def after(self, turn: int) -> int:
        """Wait until something is added after that turn; returns the present one."""


@dataclass(frozen=True)
class Running:
    """`notice`: told of what may be an attack. `gallery`, `roster`: what is in force at this moment.
    `tokens_changed`: to be awaited when the terminals' tokens are others: who lost one goes now.
    `serve_terminal`: takes a connection over that a browser has opened as a terminal, and its address.
    `rules`: the settings' that hold now; `source`: where they come from. `vitals`: how the server is doing.
    `forgetter`: erases people from what is kept beside the photos. `hasten`: has the server look at the photo
    folder now; from any thread. `cipher`: of recordings; None: they are not encrypted."""

    settings: Settings
    database: Database
    record: Record
    notice: Notice
    workers: Workers
    aside: Aside
    photos: Photos
    live: LiveBoard
    proposals: Proposals
    news: News
    gallery: Callable[[], Gallery]
    roster: Callable[[], Roster]
    tokens_changed: Callable[[], Awaitable[None]]
    serve_terminal: Callable[[Transport, str], None]
    rules: PresentRules
    source: SettingsSource
    vitals: Vitals
    forgetter: Forgetting
    hasten: Callable[[], None]
    cipher: Cipher | None = None
