"""The whole server: starts the parts, connects them, and stops them in order."""

import asyncio
import contextlib
import gc
import logging
import secrets
import ssl
import sys
from collections.abc import Coroutine
from datetime import datetime
from typing import Any

from server.access.door import Door
from server.access.liveness.proof import Liveness
from server.access.lockout import Lockouts
from server.access.matching.gallery import Gallery
from server.access.odds import is_lax, odds
from server.access.orders import Roster
from server.audit.trail import AuditTrail
from server.events import Events, Sink
from server.gallery.cache import open_cache
from server.gallery.enrolment import Enrolling
from server.gallery.photo_watcher import PhotoWatcher
from server.gallery.receipt_writer import ReceiptWriter
from server.gallery.receipts import summary
from server.recording.files import FOLDER as RECORDINGS
from server.recording.files import keep_clean
from server.roster.backup import BACKUP_FILE
from server.roster.watcher import PeopleFileWatcher
from server.settings import Settings
from server.support import osdep
from server.support.errors import CrashError, StartError
from server.terminals.connections import Connections
from server.terminals.decision_writer import DecisionWriter
from server.terminals.frames import FrameService
from server.terminals.listener import Listener
from server.workers.pool import WorkerPool, WorkersUnavailableError

log = logging.getLogger(__name__)

SWITCH_SECONDS = 0.0005
"""How long a busy thread keeps the interpreter from the event loop, each time that the loop has let go of it.
Python's own 5 ms add up: reading a message and answering it lets go several times."""
TELL_SECONDS = 1.0
"""How soon after a change what follows from it is told."""
STOP_SECONDS = 5.0
"""How long frames in work may take to finish when the server stops."""


def recording_sinks(settings: Settings) -> list[Sink]:
    return []


class Service:
    """A running server. `run` returns when `stop` has been called and everything is closed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stop = asyncio.Event()

    def stop(self) -> None:
        self._stop.set()

    async def run(self) -> None:
        """Serve until stopped. Raises StartError; CrashError when a part of the server fails."""
        settings = self._settings
        tls = _tls(settings)
        async with contextlib.AsyncExitStack() as stack:
            audit = _open_audit(settings)
            stack.callback(audit.close)
            self._listener = await Listener.bind(settings.host, settings.port)
            stack.callback(self._listener.close)
            cache = open_cache(settings.logs)
            stack.callback(cache.close)
            pool = WorkerPool(settings.workers, settings.models)
            stack.push_async_callback(pool.close)
            roster = PeopleFileWatcher(settings.people_file, settings.logs / BACKUP_FILE)
            watcher = PhotoWatcher(
                folder=settings.faces,
                cache=cache,
                analyse=pool.analyse_photo,
                take_receipts=ReceiptWriter(audit).write,
                enrolling=Enrolling.by(settings.rules(), lambda: roster.roster.confirmed),
                parallel=pool.processes,
            )
            events = Events(recording_sinks(settings))
            stack.callback(events.close)
            lockouts = Lockouts()
            self._frames = FrameService(
                analyser=pool,
                workers=settings.workers,
                writer=DecisionWriter(audit, events),
                events=events,
                gallery=lambda: watcher.gallery,
                roster=lambda: roster.roster,
                open_door=lambda terminal: _open_door(settings, lockouts, terminal),
                hints=settings.hints(),
            )
            self._connections = Connections(
                limits=settings.limits(),
                tokens=settings.tokens,
                max_terminals=settings.max_terminals,
                tls=tls,
                note=lambda terminal: roster.roster.orders(terminal, datetime.now()).note,
                on_join=self._frames.join,
                on_frame=self._frames.offer,
                on_leave=self._frames.leave,
            )
            if await self._unless_stopped(_start(pool, roster, watcher, settings)):
                await self._serve(roster, watcher)
        log.info("stopped")

    async def _unless_stopped(self, work: Coroutine[Any, Any, None]) -> bool:
        """Do the work; False when `stop` came first."""
        working = asyncio.ensure_future(work)
        stopping = asyncio.ensure_future(self._stop.wait())
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not working.done():
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
            return False
        working.result()
        return True

    async def _serve(self, roster: PeopleFileWatcher, watcher: PhotoWatcher) -> None:
        # What is there by now stays. Searching it for garbage would stop the loop for 20 ms every time.
        gc.collect()
        gc.freeze()
        self._listener.listen()
        accepting = asyncio.ensure_future(self._listener.accept(self._connections.accept))
        parts: list[Coroutine[Any, Any, None]] = [
            self._frames.serve(),
            roster.watch(),
            watcher.watch(),
            keep_clean(self._settings.logs / RECORDINGS, self._settings.record_days),
            _tell_changes(self._settings, roster, watcher),
        ]
        running = {accepting, *map(asyncio.ensure_future, parts)}
        stopping = asyncio.ensure_future(self._stop.wait())
        _announce(self._settings, self._listener, roster, watcher)
        await asyncio.wait({*running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        log.info("stopping")
        await self._hang_up(accepting)
        ended = [part for part in running if part.done() and not part.cancelled()]
        for part in (*running, stopping):
            part.cancel()
        await asyncio.gather(*running, stopping, return_exceptions=True)
        for part in ended:
            raise CrashError("a part of the server failed") from part.exception()

    async def _hang_up(self, accepting: "asyncio.Future[None]") -> None:
        """In the order in which nothing is lost: no new connections, no new frames, finish and log those in
        work, then part."""
        accepting.cancel()
        await asyncio.wait({accepting})
        self._listener.close()
        await self._frames.finish(STOP_SECONDS)
        await self._connections.hang_up(STOP_SECONDS)


def _open_audit(settings: Settings) -> AuditTrail:
    try:
        return AuditTrail(settings.logs)
    except OSError as error:
        raise StartError(f"logs: cannot write to {settings.logs}: {error}") from error


def _open_door(settings: Settings, lockouts: Lockouts, terminal: str) -> Door:
    return Door(settings.rules(), new_id=lambda: secrets.token_hex(8), terminal=terminal, lockouts=lockouts)


async def _start(
    pool: WorkerPool, roster: PeopleFileWatcher, watcher: PhotoWatcher, settings: Settings
) -> None:
    try:
        await pool.start()
    except WorkersUnavailableError as error:
        raise StartError(f"no worker process can be started: {error}") from error
    if not settings.faces.exists():
        _make_folder(settings)
    await roster.load()
    await watcher.load()


def _make_folder(settings: Settings) -> None:
    try:
        settings.faces.mkdir(parents=True)
    except OSError as error:
        raise StartError(f"faces: cannot make {settings.faces}: {error}") from error
    log.warning("%s did not exist and was made: drop photos there", settings.faces)


def _tls(settings: Settings) -> ssl.SSLContext | None:
    if settings.tls_cert is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(settings.tls_cert, settings.tls_key)
    except (OSError, ssl.SSLError) as error:
        files = f"{settings.tls_cert} and {settings.tls_key}"
        raise StartError(f"tls_cert, tls_key: {files} cannot be used: {error}") from error
    return context


async def _tell_changes(settings: Settings, roster: PeopleFileWatcher, watcher: PhotoWatcher) -> None:
    """Say what the rules risk, and which names nobody has, whenever that has changed."""
    people, laid_down = len(watcher.gallery.people), roster.roster
    version = watcher.gallery.version
    while True:
        await asyncio.sleep(TELL_SECONDS)
        gallery = watcher.gallery
        if len(gallery.people) != people:
            people = len(gallery.people)
            _tell_risk(settings, people)
        if roster.roster is not laid_down or gallery.version != version:
            laid_down, version = roster.roster, gallery.version
            _tell_unknown(settings, laid_down, gallery)


def _tell_risk(settings: Settings, people: int) -> None:
    if people:
        level = logging.WARNING if is_lax(settings.rules(), people) else logging.INFO
        log.log(level, "%s", odds(settings.rules(), people))
    else:
        log.warning("nobody is enrolled: everybody will be denied")


def _tell_unknown(settings: Settings, roster: Roster, gallery: Gallery) -> None:
    """Names in people.toml that nobody has: misspelt, they would limit nobody."""
    for name in roster.unknown_names(gallery.people):
        log.warning("%s names %s, whom no photo enrols", settings.people_file, ascii(name))
    for name in roster.unknown_terminals(settings.tokens) if settings.tokens else ():
        log.warning("%s names terminal %s, which has no token", settings.people_file, ascii(name))


def _announce(
    settings: Settings, listener: Listener, roster: PeopleFileWatcher, watcher: PhotoWatcher
) -> None:
    gallery = watcher.gallery
    refused = watcher.files - gallery.photos
    log.info("enrolled: %s; %d held or rejected", summary(len(gallery.people), gallery.photos), refused)
    _tell_risk(settings, len(gallery.people))
    if not settings.is_local and not settings.tokens:
        log.warning("INSECURE: any machine that reaches %s is accepted as a terminal", settings.host)
    if not settings.is_local and settings.tls_cert is None:
        log.warning("no TLS: pictures and tokens can be read on the network; set tls_cert and tls_key")
    _tell_unknown(settings, roster.roster, gallery)
    log.info("policy %s; liveness %s", settings.policy.value, settings.liveness.value)
    if settings.liveness is Liveness.OFF:
        log.warning("liveness is off: a photo of an enrolled person opens the door")
    for host, port, *_ in listener.addresses:
        secured = " with TLS" if settings.tls_cert else ""
        log.info("listening on %s:%d%s, %d workers", host, port, secured, settings.workers)


async def serve(settings: Settings) -> None:
    """Run a server until SIGINT or SIGTERM. Raises StartError, CrashError."""
    service = Service(settings)
    osdep.allow_many_files()
    sys.setswitchinterval(SWITCH_SECONDS)
    osdep.on_stop_signal(asyncio.get_running_loop(), service.stop)
    await service.run()
