"""Decides recordings again under other rules. Pure: entries in, differences out."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple

from server.access.decision import Decision
from server.access.dice import Draw, LoadedDice
from server.access.door import Door
from server.access.lockout import Lockouts
from server.access.matching.gallery import Gallery
from server.access.observed import ClosedDoor, ObservedFrame
from server.access.orders import Roster
from server.access.outcome import VisitSummary
from server.access.rules import Rules
from server.access.seen import Hints
from server.recording.comparison import Compared, Pairs
from server.recording.entries import RecordedEntry, RecordingHeader
from server.recording.format import rules_as_text
from wire.reasons import Reason

SAME_CHALLENGE_SECONDS = 10.0
"""Under other rules a challenge may begin earlier or later than it did. It then asks for the same steps,
as the visitor did those: the steps of the nearest one, where that is no farther."""
WANTED = Hints(min_face=1, max_faces=1, max_pixels=1)
"""What was looked for is in the recording."""


@dataclass
class Draws:
    """What chance gave in one session. `times`: monotonic seconds, ascending; `drawn`: at each of them."""

    times: list[float] = field(default_factory=list)
    drawn: list[Sequence[Draw]] = field(default_factory=list)

    def take(self, entry: RecordedEntry) -> None:
        """The session's next one."""
        if isinstance(entry.what, ObservedFrame) and entry.what.drawn:
            self.times.append(entry.what.at)
            self.drawn.append(entry.what.drawn)

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


@dataclass
class Notes:
    """What else there is to know about a replay.

    `unfinished`: visits whose end was not recorded; they are not compared. `unasked`: challenges that nobody
    was asked at the time, so that nobody can have passed them. `strayed`: frames in which other faces were
    followed than at the time. `enrolled`: galleries of the recording, as people and photos. `rules`: of the
    recording, as text: each with the values it had.
    """

    unfinished: int = 0
    unasked: int = 0
    strayed: int = 0
    enrolled: set[tuple[int, int]] = field(default_factory=set)
    rules: dict[str, set[str]] = field(default_factory=dict)

    def other_rules(self, rules: Rules) -> list[tuple[str, list[str], str]]:
        """Which of `rules` was another one in the recording: its name, what it was then, and what it is."""
        now = rules_as_text(rules).items()
        other = [(rule, sorted(self.rules.get(rule, set()) - {value}), value) for rule, value in now]
        return [(rule, then, value) for rule, then, value in other if then]

    def remarks(self, present: tuple[int, int]) -> list[str]:
        """What has to be known to read the result. `present`: the gallery, as people and photos."""
        remarks = []
        if others := sorted(self.enrolled - {present}):
            then = ", ".join(f"{people} by {photos} photos" for people, photos in others)
            now = f"{present[0]} by {present[1]}"
            remarks.append(f"enrolled then: {then}; now: {now}. That changes visits, too")
        if self.unasked:
            remarks.append(f"challenges that nobody was asked then, so that all fail: {self.unasked}")
        if self.unfinished:
            remarks.append(f"visits left out, as their end was not recorded: {self.unfinished}")
        if self.strayed:
            frames = f"in {self.strayed} frames other faces are followed than then"
            remarks.append(f"{frames}: another server version?")
        return remarks


class Redecided(NamedTuple):
    """What came of one entry: the decisions made now, and visits that can now be compared."""

    decisions: tuple[Decision, ...]
    compared: list[Compared]


class Rerun:
    """Feeds recorded entries to doors of today."""

    def __init__(self, rules: Rules, gallery: Gallery, roster: Roster, draws: Mapping[str, Draws]) -> None:
        """`draws`: of each session, so that a challenge asks for the same steps."""
        self._rules = rules
        self._gallery = gallery
        self._roster = roster
        self._draws = draws
        self._run = ""
        self._lockouts = Lockouts()
        self._sessions: dict[str, _Session] = {}
        self._ids = count(1)
        self.notes = Notes()

    def feed(self, header: RecordingHeader, entry: RecordedEntry) -> Redecided:
        """The next entry, in the order in which they were recorded. `header`: of its file."""
        compared = self._start(header)
        if entry.cut and header.session in self._sessions:
            compared += self._sessions.pop(header.session).break_off()
        session = self._session(header)
        if isinstance(entry.what, ClosedDoor):
            decisions, over = session.close(entry.what)
            del self._sessions[header.session]
        else:
            self.notes.enrolled.add(entry.what.enrolled)
            decisions, over = session.observe(entry.what, self._gallery, self._roster)
        return Redecided(decisions, compared + over)

    def finish(self) -> list[Compared]:
        """No more entries: the visits that can be compared only now."""
        sessions, self._sessions = self._sessions, {}
        return [each for session in sessions.values() for each in session.break_off()]

    def _start(self, header: RecordingHeader) -> list[Compared]:
        """In another run of the server, whoever was at the doors of the last one is not any more."""
        for rule, value in header.rules.items():
            self.notes.rules.setdefault(rule, set()).add(value)
        if header.run == self._run:
            return []
        self._run, self._lockouts = header.run, Lockouts()
        return self.finish()

    def _session(self, header: RecordingHeader) -> "_Session":
        if header.session not in self._sessions:
            dice = LoadedDice()
            name, ids = header.terminal, self._ids
            door = Door(
                self._rules,
                new_id=lambda: f"replay-{next(ids)}",
                terminal=name,
                lockouts=self._lockouts,
                rng=dice,
            )
            draws = self._draws.get(header.session, Draws())
            self._sessions[header.session] = _Session(
                terminal=name, door=door, dice=dice, draws=draws, notes=self.notes
            )
        return self._sessions[header.session]


class _Session:
    """One recorded session, seen by a door of today."""

    def __init__(self, terminal: str, door: Door, dice: LoadedDice, draws: Draws, notes: Notes) -> None:
        self._terminal = terminal
        self._door = door
        self._dice = dice
        self._draws = draws
        self._notes = notes
        self._pairs = Pairs(terminal)

    def observe(self, frame: ObservedFrame, gallery: Gallery, roster: Roster) -> Redecided:
        """A frame. Visits that are over both then and now can be compared."""
        drawn = self._draws.near(frame.at)
        self._dice.load(drawn)
        hints = self._door.hints(WANTED, frame.at)
        self._notes.strayed += tuple(each.box for each in hints.followed) != frame.followed
        orders = roster.orders(self._terminal, frame.moment)
        outcome = self._door.observe(frame.analysis, gallery, frame.at, orders)
        self._notes.unasked += self._dice.used and not drawn
        if outcome.decision is not None:
            outcome = self._door.settle(outcome.decision, not frame.retracted, _withdrawn(frame))
        self._pairs.decided(frame.moment, outcome.decision, frame.decision)
        decisions = () if outcome.decision is None else (outcome.decision,)
        return Redecided(decisions, self._pairs.over(frame.ended, outcome.ended))

    def close(self, closed: ClosedDoor) -> Redecided:
        """The session's end. All that is left can be compared."""
        decisions, ended = self._leave()
        self._pairs.decided(closed.moment, *decisions, *closed.decisions)
        compared = self._pairs.over(closed.ended, ended)
        return Redecided(tuple(decisions), compared + self._pairs.unpaired())

    def break_off(self) -> list[Compared]:
        """The recording ends, or misses something, while the terminal was still there."""
        _, ended = self._leave()
        self._notes.unfinished += len(ended)
        return self._pairs.unpaired()

    def _leave(self) -> tuple[list[Decision], list[VisitSummary]]:
        """The decisions on visits that were under way, and what became of all that had not ended."""
        decisions: list[Decision] = []
        ended: list[VisitSummary] = []
        while (outcome := self._door.leave()).decision is not None:
            outcome = self._door.settle(outcome.decision, written=True)
            decisions += [outcome.decision] if outcome.decision else []
            ended += outcome.ended
        return decisions, [*ended, *outcome.ended]


def _withdrawn(frame: ObservedFrame) -> Reason:
    """Why a decision on this frame did not count, if it did not."""
    return frame.decision.reason if frame.decision and frame.retracted else Reason.LOG_UNAVAILABLE
