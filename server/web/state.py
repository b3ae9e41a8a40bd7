"""How the server is doing: gathered, without keeping its event loop waiting."""

import asyncio
import platform
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from server.database.database import address_of, file_of
from server.history.tail_check import check_tail
from server.recording.writer import RESERVE_BYTES
from server.settings import Settings
from server.support.certificate import EXPIRY_NOTICE, CertificateError, examine
from server.support.clock import milliseconds
from server.terminals.frame_tally import BOUNDS, FrameTally
from server.web.running import Running
from server.web.state_views import (
    CertificateView,
    DatabaseView,
    DiskView,
    FramesView,
    Grade,
    Graded,
    LoopView,
    Lost,
    MemoryView,
    StateView,
    Version,
    WarningView,
    WeightsView,
    WorkersView,
)
from server.weights import PINNED, WeightsError, find_weights
from server.workers import main as worker
from server.workers.analyser import AnalysisFailedError

PACKAGES = (
    "doorward",
    "opencv-python",
    "onnxruntime",
    "numpy",
    "dlib",
    "dlib-bin",
    "ai-edge-litert",
    "pydantic",
    "SQLAlchemy",
    "fastapi",
    "uvicorn",
)
LAG = timedelta(seconds=10)
"""Lines of the access log that are newer may be on their way into the database."""
QUICK = BOUNDS.index(0.2)
LOW_DISK_BYTES = 4 * RESERVE_BYTES


async def state(running: Running) -> StateView:
    """Asks the disk, the database and a worker beside the event loop."""
    vitals, settings, gallery = running.vitals, running.settings, running.gallery()
    workers, frames = vitals.workers(), vitals.frames()
    weights, certificate, disk, memory, database, embedded_by = await asyncio.gather(
        asyncio.to_thread(weights_found, settings.models),
        asyncio.to_thread(certificate_of, settings),
        asyncio.to_thread(disk_of, settings.logs),
        asyncio.to_thread(vitals.memory),
        database_of(running),
        _embedded_by(running),
    )
    return StateView(
        started=round(1000 * vitals.started),
        terminals=frames.connected,
        people=len(gallery.people),
        photos=gallery.photos,
        recogniser=running.rules.rules.recogniser.name,
        embedded_by=embedded_by,
        workers=WorkersView(**{name: getattr(workers, name) for name in WorkersView.model_fields}),
        frames=_frames(frames.in_work, frames.waiting, frames.tally),
        loop=LoopView(
            last_ms=round(1000 * vitals.loop_delay.last, 1), worst_ms=round(1000 * vitals.loop_delay.worst, 1)
        ),
        memory=MemoryView(server=memory[0], workers=memory[1]),
        lost=[Lost(name=name, events=events) for name, events in sorted(vitals.lost().items())],
        versions=list(versions()),
        weights=weights,
        certificate=certificate,
        disk=disk,
        database=database,
        warnings=[WarningView(**each._asdict()) for each in vitals.warnings.newest()],
    )


def _frames(in_work: int, waiting: int, tally: FrameTally) -> FramesView:
    answered = tally.answered
    return FramesView(
        in_work=in_work,
        waiting=waiting,
        answered=answered,
        skipped=tally.skipped,
        mean_ms=round(1000 * tally.seconds / answered, 1) if answered else None,
        quick=sum(tally.within[: QUICK + 1]) / answered if answered else None,
    )


async def _embedded_by(running: Running) -> str | None:
    try:
        return await running.workers.run_beside(worker.embedded_by)
    except (AnalysisFailedError, RuntimeError):
        return None


def versions() -> Iterator[Version]:
    """Of Python, and of what is installed."""
    yield Version(name="Python", version=platform.python_version())
    for name in PACKAGES:
        try:
            yield Version(name=name, version=version(name))
        except PackageNotFoundError:
            continue


@lru_cache(1)
def weights_found(folder: Path) -> list[WeightsView]:
    """Read and hashed once, as each worker does it at its start. `folder`: the administrator's."""
    found = []
    for weights in PINNED:
        path, problem = None, None
        try:
            path = str(find_weights(weights, folder)[0])
        except WeightsError as error:
            problem = str(error)
        found.append(
            WeightsView(
                what=weights.what,
                path=path,
                sha256=weights.sha256,
                licence=weights.licence,
                problem=problem,
            )
        )
    return found


def certificate_of(settings: Settings) -> CertificateView | None:
    """None: there is no TLS."""
    if settings.tls_cert is None or settings.tls_key is None:
        return None
    try:
        found = examine(settings.tls_cert, settings.tls_key)
    except CertificateError as error:
        return CertificateView(names=[], until=None, state=Graded(grade=Grade.ERROR, detail=str(error)))
    left = found.until - datetime.now(timezone.utc)
    grade = Grade.OK if left >= EXPIRY_NOTICE else Grade.WARNING
    days = f"{left.days} day{'' if left.days == 1 else 's'}"
    detail = (
        f"It is valid for {days}." if grade is Grade.OK else f"It expires in {days}: nobody can connect then."
    )
    return CertificateView(
        names=list(found.names), until=milliseconds(found.until), state=Graded(grade=grade, detail=detail)
    )


def disk_of(folder: Path) -> DiskView:
    """Raises OSError."""
    usage = shutil.disk_usage(folder)
    if usage.free < RESERVE_BYTES:
        state = Graded(
            grade=Grade.ERROR, detail="It is nearly full: without an access log everybody is denied."
        )
    elif usage.free < LOW_DISK_BYTES:
        state = Graded(grade=Grade.WARNING, detail="It is getting full.")
    else:
        state = Graded(grade=Grade.OK, detail="There is room.")
    return DiskView(folder=str(folder.absolute()), free=usage.free, total=usage.total, state=state)


async def database_of(running: Running) -> DatabaseView:
    settings = running.settings
    path = file_of(address_of(settings.logs, settings.database))

    def look(connection: Connection) -> tuple[int | None, Graded]:
        return _size(connection, path), _log_check(connection, settings)

    try:
        size, log = await running.database.read(look)
    except SQLAlchemyError:
        size, log = None, Graded(grade=Grade.ERROR, detail="The database cannot be read now.")
    return DatabaseView(
        kind="PostgreSQL" if path is None else "SQLite",
        size=size,
        waiting=running.database.waiting,
        history_days=settings.history_days,
        recording=settings.record,
        record_days=settings.record_days,
        log=log,
    )


def _size(connection: Connection, path: Path | None) -> int | None:
    if path is None:
        return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())
    files = [path, path.with_name(f"{path.name}-wal")]
    return sum(file.stat().st_size for file in files if file.exists())


def _log_check(connection: Connection, settings: Settings) -> Graded:
    now = datetime.now()
    since = milliseconds(now - timedelta(days=settings.history_days))
    try:
        found = check_tail(connection, settings.logs, since, milliseconds(now - LAG))
    except FileNotFoundError:
        return Graded(grade=Grade.OK, detail="Nothing has been decided yet.")
    except OSError as error:
        return Graded(grade=Grade.ERROR, detail=f"The access log cannot be read: {error.strerror or error}.")
    if found.lacking:
        detail = (
            f"Of the last {found.lines} lines of the access log {found.lacking} are missing in the database:"
            " python -m server history check says which."
        )
        return Graded(grade=Grade.WARNING, detail=detail)
    return Graded(
        grade=Grade.OK, detail=f"The last {found.lines} lines of the access log are in the database."
    )
