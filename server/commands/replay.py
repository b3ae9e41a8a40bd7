"""`python -m server replay`: decides what was recorded again, under the present settings and flags."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path

from server.access.decision import Decision
from server.access.matching.gallery import Gallery
from server.access.orders import Roster
from server.access.rules import Rules
from server.audit.line import quoted, word
from server.commands.enrolled import enrolled, roster_of
from server.recording.comparison import Compared, Totals
from server.recording.files import FOLDER, Recording, find, in_order
from server.recording.format import rules_as_text
from server.recording.rerun import Draws, Notes, Rerun
from server.settings import Settings
from server.support.errors import StartError
from wire import Verdict


async def replay(
    settings: Settings,
    since: datetime | None = None,
    until: datetime | None = None,
    terminal: str | None = None,
) -> str:
    """The report as text: visits decided in that span, at that terminal. Raises StartError."""
    folder = settings.logs / FOLDER
    try:
        recordings, problems = find(folder, since and (since - timedelta(days=1)).date())
    except OSError as error:
        raise StartError(f"logs: cannot read {folder}: {error}") from error
    recogniser = settings.rules().recogniser.name
    own = [each for each in recordings if each.header.rules.get("recogniser") == recogniser]
    problems += [f"{each.path}: {_of_another(each)}" for each in recordings if each not in own]
    wanted = [each for each in own if terminal in (None, each.header.terminal)]
    if not wanted:
        return "\n".join([_nothing(folder, terminal, own), *_problems(problems)])
    roster = roster_of(settings)
    async with enrolled(settings, roster) as watcher:
        gallery = watcher.gallery
    compared, notes = await asyncio.to_thread(decide_again, wanted, settings.rules(), gallery, roster)
    span = (since or datetime.min, until or datetime.max)
    chosen = [each for each in compared if span[0] <= each.moment < span[1]]
    problems += [f"{each.path}: {each.complaint}" for each in wanted if each.complaint]
    return report(chosen, notes, settings.rules(), gallery, problems)


def _of_another(recording: Recording) -> str:
    recogniser = recording.header.rules.get("recogniser", "another recogniser")
    return f"recorded with {recogniser}, whose embeddings another cannot compare; see the setting recogniser"


def _nothing(folder: Path, terminal: str | None, recordings: Sequence[Recording]) -> str:
    others = sorted({word(each.header.terminal) for each in recordings})
    if terminal is None or not others:
        return f"nothing is recorded in {folder}"
    return f"nothing is recorded of terminal {word(terminal)} in {folder}; there are {', '.join(others)}"


def decide_again(
    recordings: Sequence[Recording], rules: Rules, gallery: Gallery, roster: Roster
) -> tuple[list[Compared], Notes]:
    """Every visit, as it was decided and as it is now, in the order in which they were over."""
    rerun = Rerun(rules, gallery, roster, _draws(recordings))
    compared: list[Compared] = []
    for recording, entry in in_order(recordings):
        compared += rerun.feed(recording.header, entry).compared
    return compared + rerun.finish(), rerun.notes


def _draws(recordings: Sequence[Recording]) -> dict[str, Draws]:
    """What chance gave in each session, over all of its files."""
    sessions: dict[str, list[Recording]] = {}
    for recording in sorted(recordings, key=lambda each: each.header.first):
        sessions.setdefault(recording.header.session, []).append(recording)
    return {
        session: Draws.of(chain.from_iterable(recording.entries() for recording in files))
        for session, files in sessions.items()
    }


def report(
    compared: Sequence[Compared], notes: Notes, rules: Rules, gallery: Gallery, problems: Sequence[str]
) -> str:
    """What would have changed, visit by visit, and in all."""
    totals = Totals()
    for each in compared:
        totals.add(each)
    changed = sorted((each for each in compared if each.changed), key=lambda each: each.moment)
    people = [f"  {quoted(name)}: {then} -> {now}" for name, (then, now) in sorted(totals.people.items())]
    return "\n".join(
        [
            *_rules(notes, rules),
            *(_line(each) for each in changed),
            f"visits: {totals.visits}, decided otherwise: {len(changed)}",
            f"granted: {totals.granted[0]} -> {totals.granted[1]}",
            *people,
            f"denied: {totals.denied[0]} -> {totals.denied[1]}",
            *_remarks(notes, gallery),
            *_problems(problems),
        ]
    )


def _rules(notes: Notes, rules: Rules) -> list[str]:
    lines = []
    for rule, value in rules_as_text(rules).items():
        then = notes.rules.get(rule, set()) - {value}
        if then:
            lines.append(f"{rule}: {' or '.join(sorted(then))} -> {value}")
    return lines


def _line(each: Compared) -> str:
    when = each.moment.isoformat(" ", "seconds")
    return f"{when} {word(each.terminal)} {_shown(each.before)} -> {_shown(each.after)}"


def _shown(decision: Decision | None) -> str:
    if decision is None:
        return "nothing"
    name = "unknown" if decision.name is None else quoted(decision.name)
    verdict = "granted" if decision.verdict is Verdict.GRANTED else "denied"
    distance = "" if decision.distance is None else f" {decision.distance:.3f}/{decision.threshold:.3f}"
    return f"{verdict} {name} ({decision.reason.value}{distance})"


def _remarks(notes: Notes, gallery: Gallery) -> list[str]:
    present = len(gallery.people), gallery.photos
    others = sorted(notes.enrolled - {present})
    remarks = []
    if others:
        then = ", ".join(f"{people} by {photos} photos" for people, photos in others)
        remarks.append(
            f"note: enrolled then: {then}; now: {present[0]} by {present[1]}. That changes visits, too"
        )
    if notes.unasked:
        remarks.append(f"note: challenges that nobody was asked then, so that all fail: {notes.unasked}")
    if notes.unfinished:
        remarks.append(f"note: visits left out, as their end was not recorded: {notes.unfinished}")
    if notes.strayed:
        remarks.append(
            f"note: in {notes.strayed} frames other faces are followed than then: another server version?"
        )
    return remarks


def _problems(problems: Sequence[str]) -> list[str]:
    return [f"skipped: {problem}" for problem in problems]
