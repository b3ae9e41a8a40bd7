"""Security events as they are told: the first of a kind and source at once, what repeats it as a number once
a minute. Pure.

However many there are, of each kind few lines a minute come of them, and a flood of one kind hides no other.
The lines count every event: one without a number is one, `count` those of one source since the line before,
`others` those of sources that have no line.
"""

from dataclasses import dataclass, field
from datetime import datetime

from server.audit.line import timestamp
from server.audit.security_log import BY_SOURCE, Detail, SecurityEvent, SecurityKind
from server.support.networks import network_of

MINUTE = 60.0
FIRST_LINES = 20
"""First occurrences of a kind that are told at once in a row, and one more each minute."""
REPEATED_LINES = 3
"""Sources of a kind whose repetitions are told by themselves each minute: those with the most."""
MOST_SOURCES = 1000
"""Sources of a kind that are told apart within a minute."""


@dataclass
class _Count:
    """Events of one source that no line tells yet."""

    events: int = 0
    since: datetime | None = None
    terminals: set[str | None] = field(default_factory=set)
    sources: set[str | None] = field(default_factory=set)
    account: Detail = None

    def add(self, event: SecurityEvent) -> None:
        self.events += 1
        self.since = self.since or event.moment
        self.account = event.details.get("account")
        for seen, value in ((self.terminals, event.terminal), (self.sources, event.source)):
            if len(seen) < 2:  # more than one is many
                seen.add(value)


class Repetitions:
    """`now`: monotonic seconds, never decreasing; `moment`: the wall clock."""

    def __init__(self) -> None:
        self._kinds: dict[SecurityKind, _OfKind] = {}

    def take(self, event: SecurityEvent, now: float) -> list[SecurityEvent]:
        """What is to be told at once: the event itself, or nothing yet; before the server stops, the rest."""
        if event.kind is SecurityKind.SERVER_STOPPED:
            return [*self.rest(now, event.moment), event]
        kind = self._kinds.setdefault(event.kind, _OfKind(event.kind, now))
        return [event] if kind.is_told(event, now) else []

    def due(self, now: float, moment: datetime) -> list[SecurityEvent]:
        """What a minute has brought."""
        return [
            event for kind in self._kinds.values() if kind.is_due(now) for event in kind.told(now, moment)
        ]

    def rest(self, now: float, moment: datetime) -> list[SecurityEvent]:
        """All that is not told yet."""
        return [event for kind in self._kinds.values() for event in kind.told(now, moment)]


class _OfKind:
    """The events of one kind."""

    def __init__(self, kind: SecurityKind, now: float) -> None:
        self._kind = kind
        self._firsts = float(FIRST_LINES)
        self._refilled = self._begun = now
        self._known: dict[str, _Count] = {}
        """By source: those that a line of the last minute tells of, and those that have come since."""
        self._crowd = _Count()
        """Of sources beyond `MOST_SOURCES`."""

    def is_told(self, event: SecurityEvent, now: float) -> bool:
        """Whether it is told at once; else it counts."""
        if not self._known:
            self._begun = now
        key = _source_of(event)
        count = self._known.get(key)
        if count is None and len(self._known) < MOST_SOURCES:
            count = self._known[key] = _Count()
            if self._may_tell_first(now):
                return True
        (self._crowd if count is None else count).add(event)
        return False

    def is_due(self, now: float) -> bool:
        return bool(self._known) and now - self._begun >= MINUTE

    def told(self, now: float, moment: datetime) -> list[SecurityEvent]:
        counted = [each for each in self._known.items() if each[1].events]
        counted.sort(key=lambda each: each[1].events, reverse=True)
        named, others = counted[:REPEATED_LINES], counted[REPEATED_LINES:]
        lines = [self._repeated(count, moment) for _, count in named]
        unnamed = self._crowd.events + sum(count.events for _, count in others)
        if unnamed:
            details = {"others": unnamed, "sources": len(others) or 1}
            lines.append(SecurityEvent(moment, self._kind, details=details))
        self._known = {key: _Count() for key, _ in named}
        self._crowd, self._begun = _Count(), now
        return lines

    def _repeated(self, count: _Count, moment: datetime) -> SecurityEvent:
        assert count.since is not None
        terminal = next(iter(count.terminals)) if len(count.terminals) == 1 else None
        source = next(iter(count.sources))
        if len(count.sources) > 1:
            source = network_of(source or "")
        since = timestamp(count.since)
        details: dict[str, Detail] = {"account": count.account, "count": count.events, "since": since}
        return SecurityEvent(moment, self._kind, terminal, source, details)

    def _may_tell_first(self, now: float) -> bool:
        self._firsts = min(float(FIRST_LINES), self._firsts + (now - self._refilled) / MINUTE)
        self._refilled = now
        if self._firsts < 1:
            return False
        self._firsts -= 1
        return True


def _source_of(event: SecurityEvent) -> str:
    """What counts as one: of one account, if any."""
    terminal = None if event.kind in BY_SOURCE else event.terminal
    return f"{network_of(event.source or '')} {terminal or ''} {event.details.get('account') or ''}"
