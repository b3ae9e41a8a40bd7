"""Decides recordings again under other rules. Pure: entries in, differences out."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

from server.access.decision import Decision
from server.access.dice import Draw, LoadedDice
from server.access.door import Door
from server.access.lockout import Lockouts
from server.access.matching.gallery import Gallery
from server.access.orders import Roster
from server.access.rules import Rules
from server.access.seen import Hints
from server.access.visit import VisitSummary
from server.recording.entries import RecordedEnd, RecordedEntry, RecordedFrame, RecordingHeader
from wire import Verdict

SAME_CHALLENGE_SECONDS = 10.0
"""Under other rules a challenge may begin earlier or later than it did. It then asks for the same steps,
as the visitor did those: the steps of the nearest one, where that is no farther."""
WANTED = Hints(min_face=1, max_faces=1, max_pixels=1)
"""What was looked for is in the recording."""


@dataclass(frozen=True)
class Draws:
    """When chance was drawn on in one session, ascending, and what it gave."""

    times: list[float] = field(default_factory=list)
    drawn: list[Sequence[Draw]] = field(default_factory=list)

    def add(self, sight: RecordedFrame) -> None:
        if sight.drawn:
            self.times.append(sight.at)
            self.drawn.append(sight.drawn)

    def near(self, at: float) -> Sequence[Draw]:
        """What was drawn at that time, or next to it."""
        right = bisect_left(self.times, at)
        nearest = min(
            range(max(0, right - 1), min(right + 1, len(self.times))),
            key=lambda each: abs(self.times[each] - at),
            default=None,
        )
        if nearest is None or abs(self.times[nearest] - at) > SAME_CHALLENGE_SECONDS:
            return ()
        return self.drawn[nearest]


@dataclass(frozen=True)
class Compared:
    """One visit: what was decided last then (`before`) and what is decided last now (`after`); None: nothing.

    `moment`: when the visit was decided, or else when it was over.
    """

    moment: datetime
    terminal: str
    before: Decision | None
    after: Decision | None

    @property
    def changed(self) -> bool:
        return _essence(self.before) != _essence(self.after)


def _essence(decision: Decision | None) -> object:
    return decision and (decision.verdict, decision.name, decision.reason)


@dataclass
class Notes:
    """What else there is to know about a replay.

    `unfinished`: visits whose end was not recorded; they are not compared. `unasked`: challenges that nobody
    was asked at the time, so that nobody can have passed them. `strayed`: frames in which other faces were
    followed than at the time. `enrolled`: galleries of the recording, as people and photos. `rules`: of the
    recording.
    """

    unfinished: int = 0
    unasked: int = 0
    strayed: int = 0
    enrolled: set[tuple[int, int]] = field(default_factory=set)
    rules: dict[str, set[str]] = field(default_factory=dict)


_Key = tuple[int, float]


class _Session:
    """One recorded session, seen by a door of today."""

    def __init__(
        self,
        terminal: str,
        rules: Rules,
        lockouts: Lockouts,
        throws: Draws,
        notes: Notes,
        ids: Iterator[int],
    ) -> None:
        self.terminal = terminal
        self._throws = throws
        self._notes = notes
        self._dice = LoadedDice()
        self._door = Door(
            rules,
            new_id=lambda: f"replay-{next(ids)}",
            terminal=terminal,
            lockouts=lockouts,
            rng=self._dice,
        )
        self._moments: dict[str, datetime] = {}
        self._then: dict[_Key, list[VisitSummary]] = {}
        self._now: dict[_Key, list[VisitSummary]] = {}
        self._last = datetime.min

    def see(
        self, sight: RecordedFrame, gallery: Gallery, roster: Roster
    ) -> tuple[Decision | None, list[Compared]]:
        """The decision made now in this frame, and the visits that are over both then and now."""
        self._last = sight.moment
        near = self._throws.near(sight.at)
        self._dice.load(near)
        hints = self._door.hints(WANTED, sight.at)
        self._notes.strayed += tuple(each.box for each in hints.followed) != sight.followed
        orders = roster.orders(self.terminal, sight.moment)
        outcome = self._door.observe(sight.analysis, gallery, sight.at, orders)
        self._notes.unasked += self._dice.used and not near
        if outcome.decision is not None:
            outcome = self._door.settle(outcome.decision, written=not sight.retracted)
        decision = outcome.decision
        for each in (decision, sight.decision):
            if each is not None:
                self._moments[each.id] = sight.moment
        return decision, self._pair(sight.ended, outcome.ended)

    def part(self, parting: RecordedEnd) -> tuple[tuple[Decision, ...], list[Compared]]:
        """The same for the session's end."""
        self._last = parting.moment
        decisions, ended = self._close()
        for each in (*decisions, *parting.decisions):
            self._moments[each.id] = parting.moment
        compared = self._pair(parting.ended, ended)
        return tuple(decisions), compared + self._unpaired()

    def break_off(self) -> list[Compared]:
        """The recording ends, or misses something, while the terminal was still there."""
        _, ended = self._close()
        self._notes.unfinished += len(ended)
        return self._unpaired()

    def _close(self) -> tuple[list[Decision], list[VisitSummary]]:
        """The decisions on visits that were under way, and what became of all that had not ended."""
        decisions: list[Decision] = []
        ended: list[VisitSummary] = []
        while (outcome := self._door.leave()).decision is not None:
            outcome = self._door.settle(outcome.decision, written=True)
            decisions += [outcome.decision] if outcome.decision else []
            ended += outcome.ended
        return decisions, [*ended, *outcome.ended]

    def _pair(self, then: Sequence[VisitSummary], now: Sequence[VisitSummary]) -> list[Compared]:
        """A visit's looks and seconds do not depend on the rules, and hardly another visit has the same."""
        for account in then:
            self._then.setdefault(_key(account), []).append(account)
        for account in now:
            self._now.setdefault(_key(account), []).append(account)
        paired = []
        for key in [_key(account) for account in (*then, *now)]:
            while self._then.get(key) and self._now.get(key):
                paired.append(self._compare(self._then[key].pop(0), self._now[key].pop(0)))
        return paired

    def _unpaired(self) -> list[Compared]:
        """Visits too short to be accounted for under the one rules or the other."""
        then = [self._compare(account, None) for accounts in self._then.values() for account in accounts]
        now = [self._compare(None, account) for accounts in self._now.values() for account in accounts]
        self._then, self._now = {}, {}
        return then + now

    def _compare(self, then: VisitSummary | None, now: VisitSummary | None) -> Compared:
        before = then.decision if then else None
        after = now.decision if now else None
        moments = [self._moments.pop(each.id, None) for each in (before, after) if each is not None]
        moment = next((each for each in moments if each is not None), self._last)
        return Compared(moment, self.terminal, before, after)


def _key(account: VisitSummary) -> _Key:
    return account.looks, account.seconds


class Rerun:
    """Feeds recorded entries to doors of today."""

    def __init__(self, rules: Rules, gallery: Gallery, roster: Roster, throws: Mapping[str, Draws]) -> None:
        """`throws`: of each session, so that a challenge asks for the same steps."""
        self._rules = rules
        self._gallery = gallery
        self._roster = roster
        self._throws = throws
        self._run = ""
        self._lockouts = Lockouts()
        self._sessions: dict[str, _Session] = {}
        self._ids = count(1)
        self.notes = Notes()

    def feed(
        self, header: RecordingHeader, entry: RecordedEntry
    ) -> tuple[tuple[Decision, ...], list[Compared]]:
        """The decisions made now at this entry, and visits that can now be compared."""
        compared = self._start(header.run)
        for rule, value in header.rules.items():
            self.notes.rules.setdefault(rule, set()).add(value)
        if entry.cut and header.session in self._sessions:
            compared += self._sessions.pop(header.session).break_off()
        if header.session not in self._sessions:
            throws = self._throws.get(header.session, Draws())
            self._sessions[header.session] = _Session(
                header.terminal, self._rules, self._lockouts, throws, self.notes, self._ids
            )
        session = self._sessions[header.session]
        if isinstance(entry.what, RecordedEnd):
            decisions, over = session.part(entry.what)
            del self._sessions[header.session]
            return decisions, compared + over
        self.notes.enrolled.add(entry.what.enrolled)
        decision, over = session.see(entry.what, self._gallery, self._roster)
        return (() if decision is None else (decision,)), compared + over

    def finish(self) -> list[Compared]:
        """No more entries."""
        return self._start("")

    def _start(self, run: str) -> list[Compared]:
        """Entries of another run of the server: whoever was at the doors of the last one is not any more."""
        if run == self._run:
            return []
        self._run, self._lockouts = run, Lockouts()
        sessions, self._sessions = self._sessions, {}
        return [each for session in sessions.values() for each in session.break_off()]


@dataclass
class Totals:
    """Visits by how they ended, then and now, and the grants of each person."""

    visits: int = 0
    granted: list[int] = field(default_factory=lambda: [0, 0])
    denied: list[int] = field(default_factory=lambda: [0, 0])
    people: dict[str, list[int]] = field(default_factory=dict)

    def add(self, compared: Compared) -> None:
        self.visits += 1
        for at, decision in enumerate((compared.before, compared.after)):
            if decision is None:
                continue
            granted = decision.verdict is Verdict.GRANTED
            self.granted[at] += granted
            self.denied[at] += not granted
            if granted and decision.name is not None:
                self.people.setdefault(decision.name, [0, 0])[at] += 1
