"""The parts of a server: made, and connected with each other."""

import asyncio
import contextlib
import logging
import secrets
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from server.access.door import Door
from server.access.lockout import Lockouts
from server.access.naming import Naming, by_name
from server.access.present_rules import PresentRules
from server.access.rules import Rules
from server.audit.security_log import Notice
from server.audit.trail import AuditTrail
from server.database.database import DamagedError, Database, DatabaseError, address_of
from server.events import Enrolled, Events, Sink
from server.gallery.cache import EmbeddingCache, open_cache
from server.gallery.enrolment import Enrolling
from server.gallery.photo_watcher import PhotoWatcher
from server.gallery.receipt_writer import ReceiptWriter
from server.gallery.receipts import Receipt
from server.history.feed import Feed
from server.history.opening import bring_up_to_date
from server.history.recorder import HistoryRecorder
from server.journal.opening import open_journal
from server.recognition.pseudonyms import FILE as PSEUDONYM_KEY
from server.recognition.pseudonyms import Pseudonyms
from server.recording.files import FOLDER as RECORDINGS
from server.recording.recorder import Recorder
from server.roster.backup import BACKUP_FILE
from server.roster.watcher import PeopleFileWatcher
from server.settings import Settings
from server.startup import encryption
from server.startup.recogniser import photo_pipeline
from server.support.cipher import Cipher
from server.support.errors import StartError
from server.support.key_file import KeyFileError
from server.terminals.connections import Connections
from server.terminals.decision_writer import DecisionWriter
from server.terminals.frames import FrameService
from server.terminals.listener import Listener
from server.terminals.live import LiveBoard
from server.terminals.proposals import Proposals
from server.terminals.session import Session
from server.tokens.watcher import TokenWatcher
from server.vitals.condition import Condition
from server.vitals.decision_counts import DecisionCounts
from server.workers.pool import WorkerPool

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class People:
    """Who may come in: the rules, what faces/people.toml says of everybody, and the photos."""

    rules: PresentRules
    roster: PeopleFileWatcher
    photos: PhotoWatcher


@dataclass(frozen=True)
class Doors:
    """The terminals and what they show. `listener`: has its port, and does not listen yet."""

    listener: Listener
    frames: FrameService
    board: LiveBoard
    proposals: Proposals
    tokens: TokenWatcher
    connections: Connections

    async def change_tokens(self) -> None:
        """Others may hold: whoever lost one is parted with. Raises SQLAlchemyError."""
        await self.tokens.load()
        await self.connections.dismiss_unauthorised()


@dataclass(frozen=True)
class Parts:
    """`database`: None where it cannot be used. `cipher`: None where nothing is encrypted. `recorder`: None
    where nothing is recorded. `news`: of what is added to the history. `decisions`: how many there were.
    `condition`: whether it can serve."""

    audit: AuditTrail
    database: Database | None
    cache: EmbeddingCache
    cipher: Cipher | None
    recorder: Recorder | None
    pool: WorkerPool
    events: Events
    news: Feed
    decisions: DecisionCounts
    condition: Condition
    people: People
    doors: Doors


async def open_parts(
    settings: Settings, tls: ssl.SSLContext | None, stack: contextlib.AsyncExitStack
) -> Parts:
    """`stack`: closes them, the last one first. Raises StartError."""
    audit = _open_audit(settings, lambda: events.notice)
    stack.callback(audit.close)
    cipher = encryption.begin(settings)
    listener = await Listener.bind(settings.host, settings.port)
    stack.callback(listener.close)
    database = await asyncio.to_thread(_open_database, settings)
    if database is not None:
        stack.push_async_callback(asyncio.to_thread, database.close)
    cache = open_cache(settings.logs, photo_pipeline(settings), cipher)
    stack.callback(cache.close)
    pool = WorkerPool(settings.workers, settings.model_settings)
    stack.push_async_callback(pool.close)
    news, decisions = Feed(), DecisionCounts()
    recorder = _recorder(settings, cipher)
    journal = open_journal(settings.logs, settings.collector, settings.syslog_ca)
    sinks: list[Sink] = [decisions, *journal]
    if database is not None:
        sinks.append(HistoryRecorder(database, settings.history_days, news.advance))
    events = Events(sinks if recorder is None else [*sinks, recorder])
    stack.push_async_callback(asyncio.to_thread, events.close)

    naming = await asyncio.to_thread(_naming, settings)
    people = _people(settings, cache, pool, ReceiptWriter(audit), events)
    doors = _doors(
        settings, tls, listener, people, pool, DecisionWriter(audit, events, naming), events, database
    )
    return Parts(
        audit=audit,
        database=database,
        cache=cache,
        cipher=cipher,
        recorder=recorder,
        pool=pool,
        events=events,
        news=news,
        decisions=decisions,
        condition=Condition(workers=pool.counts, log_fails=lambda: audit.fails, logs=settings.logs),
        people=people,
        doors=doors,
    )


def _people(
    settings: Settings, cache: EmbeddingCache, pool: WorkerPool, receipts: ReceiptWriter, events: Events
) -> People:
    rules = PresentRules(settings.rules())
    roster = PeopleFileWatcher(
        settings.people_file, settings.logs / BACKUP_FILE, on_change=lambda: photos.hasten()
    )
    photos = PhotoWatcher(
        folder=settings.faces,
        cache=cache,
        analyse=pool.analyse_photo,
        take_receipts=_take_receipts(receipts, events, lambda: photos),
        enrolling=Enrolling.by(lambda: rules.rules, lambda: roster.roster),
        parallel=pool.processes,
    )
    rules.on_change = photos.hasten
    return People(rules, roster, photos)


def _doors(
    settings: Settings,
    tls: ssl.SSLContext | None,
    listener: Listener,
    people: People,
    pool: WorkerPool,
    writer: DecisionWriter,
    events: Events,
    database: Database | None,
) -> Doors:
    board, proposals = LiveBoard(events, settings.min_face), Proposals(events)
    frames = FrameService(
        analyser=pool,
        workers=settings.workers,
        writer=writer,
        events=events,
        gallery=lambda: people.photos.gallery,
        roster=lambda: people.roster.roster,
        rules=lambda: people.rules.rules,
        open_door=partial(_open_door, Lockouts()),
        hints=settings.hints(),
        board=board,
        proposals=proposals,
    )
    asks = settings.tls_terminals is not None
    tokens = TokenWatcher(settings.tokens, database, required=settings.needs_tokens, asks=asks)
    connections = Connections(
        limits=settings.limits(),
        tokens=lambda: tokens.accepted,
        max_terminals=settings.max_terminals,
        refuse_second=settings.second_connection == "refused",
        notice=events.notice,
        tls=tls,
        note=lambda terminal: people.roster.roster.orders(terminal, datetime.now()).note,
        on_join=partial(_join, frames, tokens),
        on_frame=frames.offer,
        on_propose=frames.propose,
        on_leave=frames.leave,
    )
    return Doors(
        listener=listener,
        frames=frames,
        board=board,
        proposals=proposals,
        tokens=tokens,
        connections=connections,
    )


def _join(frames: FrameService, tokens: TokenWatcher, session: Session) -> None:
    tokens.seen(session.proof.shown.token)
    frames.join(session)


def _take_receipts(
    writer: ReceiptWriter, events: Events, photos: Callable[[], PhotoWatcher]
) -> Callable[[Sequence[Receipt]], Awaitable[None]]:
    async def take(taken: Sequence[Receipt]) -> None:
        await writer.write(taken)
        events.publish(Enrolled(len(photos().gallery.people), photos().gallery.photos))

    return take


def _open_audit(settings: Settings, notice: Callable[[], Notice]) -> AuditTrail:
    """Raises StartError."""
    try:
        return AuditTrail(settings.logs, notice)
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


def _recorder(settings: Settings, cipher: Cipher | None) -> Recorder | None:
    """None: nothing is to be recorded. Raises StartError."""
    if not settings.record:
        return None
    folder = settings.logs / RECORDINGS
    try:
        return Recorder.in_folder(folder, settings.record_pictures, cipher)
    except OSError as error:
        raise StartError(f"record: cannot record in {folder}: {error}") from error


def _naming(settings: Settings) -> Naming:
    """Raises StartError."""
    if not settings.pseudonymous:
        return by_name
    pseudonyms = Pseudonyms(settings.logs / PSEUDONYM_KEY)
    try:
        pseudonyms.word("")  # reads the key, which nobody at a door is to wait for
    except KeyFileError as error:
        raise StartError(f"pseudonymous: {error}") from error
    return pseudonyms.word
