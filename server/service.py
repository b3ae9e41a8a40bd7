"""The whole server: starts the parts, connects them, and stops them in order."""

import asyncio
import contextlib
import gc
import logging
import secrets
import ssl
import sys
from collections.abc import Coroutine, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from server.access.door import Door
from server.access.lockout import Lockouts
from server.access.present_rules import PresentRules
from server.access.rules import Rules
from server.audit.trail import AuditTrail
from server.database.database import DamagedError, Database, DatabaseError, address_of
from server.events import Enrolled, Events, Sink
from server.gallery.cache import open_cache
from server.gallery.enrolment import Enrolling
from server.gallery.photo_watcher import PhotoWatcher
from server.gallery.receipt_writer import ReceiptWriter
from server.gallery.receipts import Receipt
from server.history.feed import Feed
from server.history.opening import bring_up_to_date
from server.history.recorder import HistoryRecorder
from server.operator_record import OperatorRecord
from server.recording.files import FOLDER as RECORDINGS
from server.recording.files import keep_clean
from server.recording.recorder import Recorder
from server.roster.backup import BACKUP_FILE
from server.roster.watcher import PeopleFileWatcher
from server.settings import Settings
from server.startup import announcements
from server.startup.announcements import Changes, tell
from server.startup.console import Console, open_console
from server.startup.recogniser import photo_pipeline
from server.startup.sources import Sources
from server.support import osdep
from server.support.errors import CrashError, StartError
from server.support.last_warnings import LastWarnings
from server.terminals.connections import Connections
from server.terminals.decision_writer import DecisionWriter
from server.terminals.frames import FrameService
from server.terminals.listener import Listener
from server.terminals.live import LiveBoard
from server.terminals.proposals import Proposals
from server.tokens.watcher import TokenWatcher
from server.vitals.decision_counts import DecisionCounts
from server.vitals.loop_delay import LoopDelay
from server.vitals.vitals import Vitals
from server.web.running import Running
from server.workers.aside import Aside
from server.workers.pool import WorkerPool, WorkersUnavailableError

log = logging.getLogger(__name__)

SWITCH_SECONDS = 0.0005
"""How long a busy thread keeps the interpreter from the event loop, each time that the loop has let go of it.
Python's own 5 ms add up: reading a message and answering it lets go several times."""
STOP_SECONDS = 5.0
"""How long frames in work may take to finish when the server stops."""


class Service:
    """A running server. `run` returns when `stop` has been called and everything is closed."""

    def __init__(self, settings: Settings, sources: Sources, warnings: LastWarnings) -> None:
        """`sources`: where the settings come from. `warnings`: the last ones that were logged."""
        self._settings = settings
        self._sources = sources
        self._warnings = warnings
        self._loop_delay = LoopDelay()
        self._stop = asyncio.Event()
        self._console: Console | None = None
        self._rules = PresentRules(settings.rules())

    def stop(self) -> None:
        self._stop.set()

    async def run(self) -> None:
        """Serve until stopped. Raises StartError; CrashError when a part of the server fails."""
        settings, loop = self._settings, asyncio.get_running_loop()
        tls = _tls(settings)
        async with contextlib.AsyncExitStack() as stack:
            audit = _open_audit(settings)
            stack.callback(audit.close)
            self._listener = await Listener.bind(settings.host, settings.port)
            stack.callback(self._listener.close)
            database = await asyncio.to_thread(_open_database, settings)
            if database is not None:
                stack.push_async_callback(asyncio.to_thread, database.close)
            cache = open_cache(settings.logs, photo_pipeline(settings))
            stack.callback(cache.close)
            pool = WorkerPool(settings.workers, settings.model_settings)
            stack.push_async_callback(pool.close)
            roster = PeopleFileWatcher(
                settings.people_file, settings.logs / BACKUP_FILE, on_change=lambda: watcher.hasten()
            )
            self._added = Feed()
            decisions = DecisionCounts()
            events = Events([decisions, *_sinks(settings, database, self._added)])
            stack.push_async_callback(asyncio.to_thread, events.close)
            receipts = ReceiptWriter(audit)

            async def take_receipts(taken: Sequence[Receipt]) -> None:
                await receipts.write(taken)
                events.publish(Enrolled(len(watcher.gallery.people), watcher.gallery.photos))

            watcher = PhotoWatcher(
                folder=settings.faces,
                cache=cache,
                analyse=pool.analyse_photo,
                take_receipts=take_receipts,
                enrolling=Enrolling.by(lambda: self._rules.rules, lambda: roster.roster),
                parallel=pool.processes,
            )
            self._rules.on_change = watcher.hasten
            lockouts = Lockouts()
            board, proposals = LiveBoard(events, settings.min_face), Proposals(events)
            hints = settings.hints()
            self._frames = FrameService(
                analyser=pool,
                workers=settings.workers,
                writer=DecisionWriter(audit, events),
                events=events,
                gallery=lambda: watcher.gallery,
                roster=lambda: roster.roster,
                rules=lambda: self._rules.rules,
                open_door=partial(_open_door, lockouts),
                hints=hints,
                board=board,
                proposals=proposals,
            )
            self._tokens = TokenWatcher(settings.tokens, database, required=settings.needs_tokens)
            self._connections = Connections(
                limits=settings.limits(),
                tokens=lambda: self._tokens.accepted,
                max_terminals=settings.max_terminals,
                tls=tls,
                note=lambda terminal: roster.roster.orders(terminal, datetime.now()).note,
                on_join=self._frames.join,
                on_frame=self._frames.offer,
                on_propose=self._frames.propose,
                on_leave=self._frames.leave,
            )
            await self._tokens.load()
            if settings.web and database is not None:
                running = Running(
                    settings=settings,
                    database=database,
                    record=OperatorRecord(audit, events),
                    workers=pool,
                    aside=Aside(),
                    photos=watcher,
                    live=board,
                    proposals=proposals,
                    news=self._added,
                    gallery=lambda: watcher.gallery,
                    roster=lambda: roster.roster,
                    tokens_changed=self._change_tokens,
                    serve_terminal=self._connections.serve,
                    rules=self._rules,
                    source=self._sources,
                    vitals=Vitals(
                        workers=pool.counts,
                        frames=self._frames.counts,
                        lost=events.lost,
                        decisions=decisions,
                        loop_delay=self._loop_delay,
                        warnings=self._warnings,
                    ),
                    hasten=lambda: _hasten(loop, watcher),
                )
                self._console = await open_console(running, tls)
            if self._console is not None:
                stack.push_async_callback(self._console.close)
            if await self._unless_stopped(_start(pool, roster, watcher, settings)):
                await self._serve(pool, roster, watcher)
        log.info("stopped")

    async def _change_tokens(self) -> None:
        await self._tokens.load()
        await self._connections.dismiss_unauthorised()

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

    async def _serve(self, pool: WorkerPool, roster: PeopleFileWatcher, watcher: PhotoWatcher) -> None:
        # What is there by now stays. Searching it for garbage would stop the loop for 20 ms every time.
        gc.collect()
        gc.freeze()
        pool.serve_frames()
        self._listener.listen()
        accepting = asyncio.ensure_future(self._listener.accept(self._connections.accept))
        changes = Changes(
            self._settings,
            lambda: self._rules.rules,
            lambda: roster.roster,
            lambda: watcher.gallery,
            lambda: self._tokens.accepted,
            watcher.has,
        )
        parts: list[Coroutine[Any, Any, None]] = [
            self._frames.serve(),
            roster.watch(),
            watcher.watch(),
            self._tokens.watch(self._connections.dismiss_unauthorised),
            keep_clean(self._settings.logs / RECORDINGS, self._settings.record_days),
            changes.follow(),
            self._loop_delay.watch(),
        ]
        if self._console is not None:
            parts.append(self._console.serve())
        running = {accepting, *map(asyncio.ensure_future, parts)}
        stopping = asyncio.ensure_future(self._stop.wait())
        gallery, addresses = watcher.gallery, [address[:2] for address in self._listener.addresses]
        refused = watcher.files - gallery.photos
        accepted = self._tokens.accepted
        known = roster.roster, gallery, refused, accepted, watcher.has
        tell(announcements.of_the_start(self._settings, *known))
        tell(announcements.of_listening(self._settings, addresses))
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
        if self._console is not None:
            self._console.stop()
        self._listener.close()
        await self._frames.finish(STOP_SECONDS)
        await self._connections.hang_up(STOP_SECONDS)


def _hasten(loop: asyncio.AbstractEventLoop, watcher: PhotoWatcher) -> None:
    """Have photos looked at now. From any thread."""
    with contextlib.suppress(RuntimeError):  # the loop has ended
        loop.call_soon_threadsafe(watcher.hasten)


def _open_audit(settings: Settings) -> AuditTrail:
    try:
        return AuditTrail(settings.logs)
    except OSError as error:
        raise StartError(f"logs: cannot write to {settings.logs}: {error}") from error


def _open_database(settings: Settings) -> Database | None:
    """None: it cannot be used. No door needs it, but for the tokens that it holds."""
    try:
        database = Database.open(address_of(settings.logs, settings.database))
    except DatabaseError as error:
        log.error("DATABASE NOT USED, no history is kept and no token of it holds: %s", error)
        if isinstance(error, DamagedError):
            log.error("stop the server and make it again from the logs: python -m server history rebuild")
        return None
    bring_up_to_date(database, settings.logs, datetime.now() - timedelta(days=settings.history_days))
    return database


def _open_door(lockouts: Lockouts, terminal: str, rules: Rules) -> Door:
    return Door(rules, new_id=lambda: secrets.token_hex(8), terminal=terminal, lockouts=lockouts)


def _sinks(settings: Settings, database: Database | None, added: Feed) -> list[Sink]:
    """Raises StartError."""
    sinks: list[Sink] = []
    if database is not None:
        sinks.append(HistoryRecorder(database, settings.history_days, added.advance))
    if settings.record:
        folder = settings.logs / RECORDINGS
        try:
            sinks.append(Recorder.in_folder(folder, settings.record_pictures))
        except OSError as error:
            raise StartError(f"record: cannot record in {folder}: {error}") from error
    return sinks


async def _start(
    pool: WorkerPool, roster: PeopleFileWatcher, watcher: PhotoWatcher, settings: Settings
) -> None:
    tell(announcements.of_loading(settings, pool.processes))
    try:
        await pool.start()
    except WorkersUnavailableError as error:
        raise StartError(f"no worker process can be started: {error}") from error
    await roster.load()
    tell(await asyncio.to_thread(announcements.of_enrolling, settings))
    await watcher.load()


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


async def serve(settings: Settings, sources: Sources, warnings: LastWarnings) -> None:
    """Run a server until SIGINT or SIGTERM. Raises StartError, CrashError."""
    service = Service(settings, sources, warnings)
    osdep.allow_many_files()
    sys.setswitchinterval(SWITCH_SECONDS)
    osdep.on_stop_signal(asyncio.get_running_loop(), service.stop)
    await service.run()
