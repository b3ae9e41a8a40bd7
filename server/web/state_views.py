"""How the server is doing, as the API and the page tell of it."""

from enum import Enum

from pydantic import BaseModel


class Grade(str, Enum):
    """Whether something needs attention."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


class Graded(BaseModel):
    """`detail`: a sentence."""

    grade: Grade
    detail: str


class Version(BaseModel):
    name: str
    version: str


class WorkersView(BaseModel):
    """Processes that look at pictures: how many there are to be, are there, and are busy now; how many had to
    be replaced since the start."""

    wanted: int
    alive: int
    busy: int
    replaced: int


class FramesView(BaseModel):
    """`in_work`, `waiting`: now. `answered`, `skipped` for a newer one: since the start. `mean_ms`: from the
    arrival of a frame to its answer; `quick`: the share that took at most 200 ms; null: none was answered."""

    in_work: int
    waiting: int
    answered: int
    skipped: int
    mean_ms: float | None
    quick: float | None


class MemoryView(BaseModel):
    """Bytes, of the server itself and of its workers together; null: the system does not tell."""

    server: int | None
    workers: int | None


class LoopView(BaseModel):
    """How late the event loop was: last, and at worst in the last minute."""

    last_ms: float
    worst_ms: float


class Lost(BaseModel):
    """A part that keeps what happens, and how many events it has missed."""

    name: str
    events: int


class WeightsView(BaseModel):
    """A file of weights. `path`: where it is; null: it is missing, or another file is in its place, and
    `problem` says which."""

    what: str
    path: str | None
    sha256: str
    licence: str
    problem: str | None


class CertificateView(BaseModel):
    """`names`: what clients may call the server. `until`: the end of its validity, milliseconds since 1970;
    null: it cannot be used."""

    names: list[str]
    until: int | None
    state: Graded


class DiskView(BaseModel):
    """Of the logs folder; bytes."""

    folder: str
    free: int
    total: int
    state: Graded


class DatabaseView(BaseModel):
    """`size`: bytes; null: unknown. `waiting`: writes that are not done yet. `history_days`, `record_days`:
    how long is kept what."""

    kind: str
    size: int | None
    waiting: int
    history_days: int
    recording: bool
    record_days: int
    log: Graded


class WarningView(BaseModel):
    """`moment`: milliseconds since 1970."""

    moment: int
    level: str
    text: str


class StateView(BaseModel):
    """`started`: milliseconds since 1970. `embedded_by`: the library that runs the recogniser's network;
    null: no worker can tell now. `warnings`: the last ones that were logged, the newest first."""

    started: int
    terminals: int
    people: int
    photos: int
    recogniser: str
    embedded_by: str | None
    workers: WorkersView
    frames: FramesView
    loop: LoopView
    memory: MemoryView
    lost: list[Lost]
    versions: list[Version]
    weights: list[WeightsView]
    certificate: CertificateView | None
    disk: DiskView
    database: DatabaseView
    warnings: list[WarningView]
