"""The whole server: starts the parts, connects them, and stops them in order."""

import asyncio
import contextlib
import errno
import gc
import logging
import os
import secrets
import ssl
import sys
from collections.abc import Coroutine
from typing import Any

from server import loopwatch
from server.access.dice import Dice
from server.access.door import Door
from server.access.liveness.proof import Liveness
from server.access.lockout import Lockouts
from server.access.matching.gallery import Gallery
from server.access.orders import Roster
from server.audit.trail import AuditTrail
from server.events import Events, Sink
from server.gallery.enrolment import ReceiptDesk, is_lax, load, make_watcher, odds, open_cache, summary
from server.gallery.photo_watcher import PhotoWatcher
from server.recording.files import FOLDER as RECORDINGS
from server.recording.files import keep_clean
from server.recording.recorder import Recorder
from server.recording.visit_store import VisitStore
from server.recording.visits import FILE as VISITS
from server.roster.backup import BACKUP_FILE
from server.roster.watcher import PeopleFileWatcher
from server.settings import Settings
from server.support import osdep
from server.support.errors import CrashError, StartError
from server.terminals.frames import FrameService
from server.terminals.session import HELLO_SECONDS, Session
from server.workers import main as worker
from server.workers.pool import WorkerPool, WorkersUnavailableError
from wire import ErrorCode, ErrorMessage, encode

log = logging.getLogger(__name__)

STRANGERS = 32
"""Connections that may be open beyond `max_terminals`: they have yet to say hello."""
SWITCH_SECONDS = 0.0005
"""How long a busy thread keeps the interpreter from the event loop, each time that the loop has let go of it.
Python's own 5 ms add up: reading a message and answering it lets go several times."""
TELL_SECONDS = 1.0
"""How soon after a change what follows from it is told."""
STOP_SECONDS = 5.0
"""How long frames in work may take to finish when the server stops."""


class Service:
    """A running server. `run` returns when `stop` has been called and everything is closed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stop = asyncio.Event()
        self._sessions: set[Session] = set()
        self._lockouts = Lockouts()
        self._connections: dict[Session, asyncio.Task[Any]] = {}

    def stop(self) -> None:
        self._stop.set()

    async def run(self) -> None:
        """Serve until stopped. Raises StartError; CrashError when a part of the server fails."""
        settings = self._settings
        self._tls = _tls(settings)
        async with contextlib.AsyncExitStack() as stack:
            audit = _open_audit(settings)
            stack.callback(audit.close)
            cache = open_cache(settings)
            stack.callback(cache.close)
            pool = WorkerPool(settings.workers, settings.models)
            stack.push_async_callback(pool.close)
            roster = PeopleFileWatcher(settings.people_file, settings.logs / BACKUP_FILE)
            watcher = make_watcher(
                settings,
                cache,
                lambda data: pool.run(worker.analyse_photo, data),
                ReceiptDesk(audit).take,
                lambda: roster.roster.confirmed,
            )
            events = Events(_sinks(settings))
            stack.push_async_callback(asyncio.to_thread, events.close)
            self._frames = FrameService(
                pool, audit, events, lambda: watcher.gallery, lambda: roster.roster, settings.hints()
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
        listener = await self._listen()
        parts: list[Coroutine[Any, Any, None]] = [
            roster.watch(),
            watcher.watch(),
            keep_clean(self._settings.logs / RECORDINGS, self._settings.record_days),
            _tell_changes(self._settings, roster, watcher),
        ]
        parts += [self._frames.serve() for _ in range(self._settings.workers)]
        running = {asyncio.ensure_future(part) for part in parts}
        stopping = asyncio.ensure_future(self._stop.wait())
        _announce(self._settings, listener, roster, watcher)
        await asyncio.wait({*running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        log.info("stopping")
        await self._hang_up(listener)
        ended = [part for part in running if part.done()]
        for part in (*running, stopping):
            part.cancel()
        await asyncio.gather(*running, stopping, return_exceptions=True)
        for part in ended:
            raise CrashError("a part of the server failed") from part.exception()

    async def _listen(self) -> asyncio.Server:
        settings = self._settings
        try:
            return await asyncio.start_server(
                self._serve_connection,
                settings.host,
                settings.port,
                ssl=self._tls,
                ssl_handshake_timeout=HELLO_SECONDS if self._tls else None,
                backlog=256,
            )
        except OSError as error:
            advice = "; choose another port with --port" if error.errno == errno.EADDRINUSE else ""
            why = os.strerror(error.errno).lower() if error.errno else str(error)
            raise StartError(f"cannot listen on {settings.host}:{settings.port}: {why}{advice}") from error

    async def _serve_connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._connections) >= self._settings.max_terminals + STRANGERS:
            writer.write(encode(ErrorMessage(ErrorCode.OVERLOADED, "too many connections are open")))
            writer.close()
            return
        session = Session(
            reader,
            writer,
            open_door=self._open_door,
            limits=self._settings.limits(),
            tokens=self._settings.tokens,
            admit=self._admit,
            on_frame=self._frames.offer,
        )
        task = asyncio.current_task()
        assert task is not None
        self._connections[session] = task
        try:
            await session.run()
            if session in self._sessions:
                await self._frames.leave(session)
        finally:
            del self._connections[session]
            self._sessions.discard(session)

    def _open_door(self, terminal: str) -> Door:
        return Door(self._settings.rules(), lambda: secrets.token_hex(8), terminal, self._lockouts, Dice())

    def _admit(self, session: Session) -> bool:
        if len(self._sessions) >= self._settings.max_terminals:
            return False
        self._sessions.add(session)
        return True

    async def _hang_up(self, listener: asyncio.Server) -> None:
        """In the order in which nothing is lost: no new frames, finish and log those in work, then part."""
        listener.close()
        await self._frames.finish(STOP_SECONDS)
        if self._connections:
            tasks = list(self._connections.values())
            await asyncio.gather(*(session.end() for session in tuple(self._connections)))
            await asyncio.wait(tasks, timeout=STOP_SECONDS)


def _open_audit(settings: Settings) -> AuditTrail:
    try:
        return AuditTrail(settings.logs)
    except OSError as error:
        raise StartError(f"logs: cannot write to {settings.logs}: {error}") from error


def _sinks(settings: Settings) -> list[Sink]:
    """Raises StartError."""
    sinks: list[Sink] = [VisitStore(settings.logs / VISITS)]
    if settings.record:
        folder = settings.logs / RECORDINGS
        try:
            sinks.append(Recorder.in_folder(folder, settings.rules(), settings.record_pictures))
        except OSError as error:
            raise StartError(f"record: cannot record in {folder}: {error}") from error
    return sinks


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
    await load(watcher, settings)


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
    settings: Settings, listener: asyncio.Server, roster: PeopleFileWatcher, watcher: PhotoWatcher
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
    for socket in listener.sockets:
        host, port = socket.getsockname()[:2]
        secured = " with TLS" if settings.tls_cert else ""
        log.info("listening on %s:%d%s, %d workers", host, port, secured, settings.workers)


async def serve(settings: Settings) -> None:
    """Run a server until SIGINT or SIGTERM. Raises StartError, CrashError."""
    service = Service(settings)
    osdep.allow_many_files()
    sys.setswitchinterval(SWITCH_SECONDS)
    osdep.on_stop_signal(asyncio.get_running_loop(), service.stop)
    with loopwatch.watching() if settings.watch_loop else contextlib.nullcontext():
        await service.run()
