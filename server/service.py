"""The whole server: starts the parts, serves, and stops them in order."""

import asyncio
import contextlib
import gc
import logging
import os
import sys
from collections.abc import Coroutine
from functools import partial
from typing import Any

from server.forgetting.forgetter import Forgetter
from server.gallery.photo_watcher import PhotoWatcher
from server.operator_record import OperatorRecord
from server.parts import Parts, open_parts
from server.recording.files import FOLDER as RECORDINGS
from server.recording.files import keep_clean
from server.settings import Settings
from server.startup import announcements
from server.startup.announcements import Changes, tell
from server.startup.console import Console, open_console
from server.startup.notices import certificate_news, last_run, noticed
from server.startup.sources import Sources
from server.support import osdep
from server.support.errors import CrashError, StartError
from server.support.last_warnings import LastWarnings
from server.support.service_manager import ServiceManager
from server.support.tls import Tls
from server.vitals.heartbeat import Heartbeat
from server.vitals.loop_delay import LoopDelay
from server.vitals.vitals import Vitals
from server.vitals.wall_clock import WallClock
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

    def __init__(
        self,
        *,
        settings: Settings,
        sources: Sources,
        warnings: LastWarnings,
        server_log: logging.Handler,
        manager: ServiceManager,
    ) -> None:
        """`sources`: where the settings come from. `warnings`: the last ones that were logged. `server_log`:
        what writes server_log.txt. `manager`: is told how the server does."""
        self._settings = settings
        self._sources = sources
        self._warnings = warnings
        self._server_log = server_log
        self._manager = manager
        self._loop_delay = LoopDelay()
        self._stop = asyncio.Event()

    def stop(self) -> None:
        self._stop.set()

    async def run(self) -> None:
        """Serve until stopped. Raises StartError; CrashError when a part of the server fails."""
        tls = _tls(self._settings)
        before = await asyncio.to_thread(last_run, self._settings.logs)
        async with contextlib.AsyncExitStack() as stack:
            parts = await open_parts(self._settings, tls.terminals if tls else None, stack)
            if tls is not None:
                tls.on_news = partial(certificate_news, parts.events.notice)
            stack.enter_context(noticed(parts.events.notice, before))
            heart = Heartbeat(self._manager, parts.pool.counts, parts.condition, lambda: _doing(parts))
            beating = asyncio.ensure_future(heart.beat())
            stack.callback(beating.cancel)
            await parts.doors.tokens.refresh()
            loading = asyncio.ensure_future(_load_models(parts.pool, self._settings))
            stack.callback(loading.cancel)
            console = await self._open_console(parts, tls)
            if console is not None:
                stack.push_async_callback(console.close)
            if await self._unless_stopped(_start(parts, loading, self._settings)):
                await self._serve(parts, console, heart, tls)
        log.info("stopped")

    async def _open_console(self, parts: Parts, tls: Tls | None) -> Console | None:
        """None: it is not wanted, or not to be had."""
        if not self._settings.web or parts.database is None:
            return None
        people, doors, loop = parts.people, parts.doors, asyncio.get_running_loop()
        vitals = Vitals(
            workers=parts.pool.counts,
            frames=doors.frames.counts,
            lost=parts.events.lost,
            decisions=parts.decisions,
            loop_delay=self._loop_delay,
            warnings=self._warnings,
            condition=parts.condition,
        )
        aside = Aside()
        forgetter = Forgetter(
            settings=self._settings,
            database=parts.database,
            rewrite_logs=parts.audit.rewrite,
            cache=parts.cache,
            recorder=parts.recorder,
            cipher=parts.cipher,
            server_log=self._server_log,
            warnings=self._warnings,
            look=aside.run,
        )
        running = Running(
            settings=self._settings,
            database=parts.database,
            record=OperatorRecord(parts.audit, parts.events),
            notice=parts.events.notice,
            workers=parts.pool,
            aside=aside,
            photos=people.photos,
            live=doors.board,
            proposals=doors.proposals,
            news=parts.news,
            gallery=lambda: people.photos.gallery,
            roster=lambda: people.roster.roster,
            tokens_changed=doors.change_tokens,
            serve_terminal=doors.connections.serve,
            rules=people.rules,
            source=self._sources,
            vitals=vitals,
            forgetter=forgetter,
            hasten=lambda: _hasten(loop, people.photos),
            cipher=parts.cipher,
        )
        return await open_console(running, tls.browsers if tls else None)

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

    async def _serve(self, parts: Parts, console: Console | None, heart: Heartbeat, tls: Tls | None) -> None:
        # What is there by now stays. Searching it for garbage would stop the loop for 20 ms every time.
        gc.collect()
        gc.freeze()
        parts.pool.serve_frames()
        doors = parts.doors
        doors.listener.listen()
        accepting = asyncio.ensure_future(doors.listener.accept(doors.connections.accept))
        running = {accepting, *map(asyncio.ensure_future, self._work(parts, console, tls))}
        stopping = asyncio.ensure_future(self._stop.wait())
        self._announce(parts)
        heart.started()
        await asyncio.wait({*running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        log.info("stopping")
        self._manager.stopping()
        await _hang_up(parts, console, accepting)
        ended = [part for part in running if part.done() and not part.cancelled()]
        for part in (*running, stopping):
            part.cancel()
        await asyncio.gather(*running, stopping, return_exceptions=True)
        for part in ended:
            raise CrashError("a part of the server failed") from part.exception()

    def _work(
        self, parts: Parts, console: Console | None, tls: Tls | None
    ) -> list[Coroutine[Any, Any, None]]:
        """What goes on for ever: a server one of whose parts ends has failed."""
        people, doors = parts.people, parts.doors
        changes = Changes(
            self._settings,
            lambda: people.rules.rules,
            lambda: people.roster.roster,
            lambda: people.photos.gallery,
            lambda: doors.tokens.accepted,
            people.photos.has,
        )
        work = [
            doors.frames.serve(),
            people.roster.watch(),
            people.photos.watch(),
            doors.tokens.watch(doors.connections.dismiss_unauthorised),
            keep_clean(self._settings.logs / RECORDINGS, self._settings.record_days),
            changes.follow(),
            self._loop_delay.watch(),
            parts.condition.watch(),
            doors.board.watch_cameras(),
            WallClock(parts.events).watch(),
        ]
        work += [] if tls is None else [tls.watch()]
        return work if console is None else [*work, console.serve()]

    def _announce(self, parts: Parts) -> None:
        photos = parts.people.photos
        refused = photos.files - photos.gallery.photos
        known = parts.people.roster.roster, photos.gallery, refused, parts.doors.tokens.accepted, photos.has
        tell(announcements.of_the_start(self._settings, *known))
        addresses = [address[:2] for address in parts.doors.listener.addresses]
        tell(announcements.of_listening(self._settings, addresses))


async def _load_models(pool: WorkerPool, settings: Settings) -> None:
    """Raises StartError."""
    tell(announcements.of_loading(settings, pool.processes))
    try:
        await pool.start()
    except WorkersUnavailableError as error:
        raise StartError(f"no worker process can be started: {error}") from error


async def _start(parts: Parts, loading: "asyncio.Future[None]", settings: Settings) -> None:
    """Raises StartError."""
    await loading
    await parts.people.roster.load()
    tell(await asyncio.to_thread(announcements.of_enrolling, settings))
    await parts.people.photos.load()


async def _hang_up(parts: Parts, console: Console | None, accepting: "asyncio.Future[None]") -> None:
    """In the order in which nothing is lost: no new connections, no new frames, finish and log those in
    work, then part."""
    accepting.cancel()
    await asyncio.wait({accepting})
    if console is not None:
        console.stop()
    parts.doors.listener.close()
    await parts.doors.frames.finish(STOP_SECONDS)
    await parts.doors.connections.hang_up(STOP_SECONDS)


def _doing(parts: Parts) -> str:
    """A line for whoever looks at the service."""
    enrolled, terminals = len(parts.people.photos.gallery.people), parts.doors.frames.counts().connected
    return f"terminals connected: {terminals}, people enrolled: {enrolled}"


def _hasten(loop: asyncio.AbstractEventLoop, watcher: PhotoWatcher) -> None:
    """Have photos looked at now. From any thread."""
    with contextlib.suppress(RuntimeError):  # the loop has ended
        loop.call_soon_threadsafe(watcher.hasten)


def _tls(settings: Settings) -> Tls | None:
    """Raises StartError."""
    if settings.tls_cert is None or settings.tls_key is None:
        return None
    return Tls(settings.tls_cert, settings.tls_key, settings.tls_terminals)


async def serve(
    settings: Settings, sources: Sources, warnings: LastWarnings, server_log: logging.Handler
) -> None:
    """Run a server until SIGINT or SIGTERM. Raises StartError, CrashError."""
    service = Service(
        settings=settings,
        sources=sources,
        warnings=warnings,
        server_log=server_log,
        manager=ServiceManager.taken_from(os.environ, os.getpid()),
    )
    osdep.allow_many_files()
    sys.setswitchinterval(SWITCH_SECONDS)
    osdep.on_stop_signal(asyncio.get_running_loop(), service.stop)
    await service.run()
