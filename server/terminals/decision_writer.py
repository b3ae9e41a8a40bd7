"""From a proposed decision to a settled one: written down first, counted then, told last."""

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Protocol

from server.access.decision import Decision
from server.access.door import Door
from server.access.naming import Naming, by_name, decision_by, summary_by
from server.access.outcome import Outcome, VisitSummary
from server.audit.access_log import FILE, AccessEntry
from server.audit.security_log import SecurityKind
from server.events import Decided, Events, VisitOver
from server.support.complaint import Complaint
from server.terminals.peer import Peer
from wire import Verdict
from wire.reasons import Reason

log = logging.getLogger(__name__)

SLOW_SECONDS = 1.0
"""A terminal does not act upon a grant that is 2 seconds old."""


class Audit(Protocol):
    """The access log."""

    async def record(self, entry: AccessEntry) -> str:
        """Returns the line when it is on disk. Raises OSError: it is not."""


class DecisionWriter:
    """The only one who settles decisions."""

    def __init__(self, audit: Audit, events: Events, naming: Naming = by_name) -> None:
        """`naming`: how people are called in what is written, and told to sinks."""
        self._naming = naming
        self._audit = audit
        self._events = events
        self._slow = Complaint(log, logging.WARNING)

    async def settle(self, peer: Peer, door: Door, proposed: Decision, received: float) -> Outcome:
        """Write down what the door has proposed; the outcome as it then stands.

        It counts only once it is on disk, and a grant only if there still is somebody to tell it to: one that
        is not told is taken back by a line of its own. `received`: when its frame came, monotonic seconds.
        """
        lines: list[tuple[AccessEntry, str]] = []
        told = True
        try:
            lines += await self._write(peer, proposed, received)
            if lines and proposed.verdict is Verdict.GRANTED and not peer.open:
                told = False
                undone = replace(proposed, verdict=Verdict.DENIED, reason=Reason.UNDELIVERED)
                lines += await self._write(peer, undone, received)
        finally:
            reason = Reason.UNDELIVERED if lines else Reason.LOG_UNAVAILABLE
            outcome = door.settle(proposed, bool(lines) and told, reason)
        if outcome.locked_seconds:
            self._tell_lock(peer, outcome.locked_seconds)
        assert outcome.decision is not None
        entries, written = tuple(entry for entry, _ in lines), tuple(line for _, line in lines)
        decision = decision_by(self._naming, outcome.decision)
        self._events.publish(Decided(peer.terminal, decision, entries, written))
        return outcome

    def tell_visits(self, peer: Peer, moment: datetime, ended: Sequence[VisitSummary]) -> None:
        """They are over. `moment`: the wall clock."""
        for summary in ended:
            self._events.publish(VisitOver(peer.terminal, moment, summary_by(self._naming, summary)))

    async def _write(self, peer: Peer, decision: Decision, received: float) -> list[tuple[AccessEntry, str]]:
        """What is written, and the line; none: it could not be, and must not count."""
        latency_ms = round((time.monotonic() - received) * 1000)
        written = decision_by(self._naming, decision)
        entry = AccessEntry(datetime.now().astimezone(), peer.terminal, written, latency_ms)
        started = time.monotonic()
        try:
            line = await self._audit.record(entry)
        except OSError as error:
            log.critical("ACCESS LOG NOT WRITTEN, DENYING: %s; the line was: %s", error, entry.line())
            self._events.notice(
                SecurityKind.LOG_NOT_WRITTEN,
                terminal=peer.terminal,
                file=FILE,
                why=error.strerror or str(error),
            )
            return []
        log.info("%s", entry.line().split(" ", 1)[1])
        self._tell_slow_disk(time.monotonic() - started)
        return [(entry, line)]

    def _tell_lock(self, peer: Peer, seconds: float) -> None:
        """Nothing makes a lock longer, and nothing ends it before its time."""
        log.warning("%s: LOCKED for %.0f s: too many failed visits", peer.name, seconds)
        self._events.notice(SecurityKind.LOCKOUT_BEGUN, terminal=peer.terminal, seconds=round(seconds))
        ended = partial(self._events.notice, SecurityKind.LOCKOUT_ENDED, terminal=peer.terminal)
        asyncio.get_running_loop().call_later(seconds, ended)

    def _tell_slow_disk(self, seconds: float) -> None:
        if seconds > SLOW_SECONDS:
            self._slow.tell(
                "the disk took %.1f s for a line of the access log: visitors wait so long", seconds
            )
        else:
            self._slow.mended()
