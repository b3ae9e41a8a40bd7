"""`python -m server replay`: decides what was recorded again, under the present settings and flags."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from server.access.decision import Decision
from server.access.matching.gallery import Gallery
from server.access.rules import Rules
from server.audit.line import quoted, word
from server.commands.enrolled import enrolled, roster_of
from server.recording.comparison import Compared, Totals
from server.recording.files import FOLDER
from server.recording.replaying import Replay, choose
from server.recording.rerun import Notes
from server.settings import Settings
from server.startup.encryption import cipher_of
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
    rules = settings.rules()
    day_before = since and (since - timedelta(days=1)).date()
    try:
        terminals = None if terminal is None else {terminal}
        chosen = choose(folder, rules.recogniser.name, day_before, terminals, cipher_of(settings))
    except OSError as error:
        raise StartError(f"logs: cannot read {folder}: {error}") from error
    if not chosen.wanted:
        return "\n".join([_nothing(folder, terminal, chosen.terminals), *_problems(chosen.problems)])
    roster = roster_of(settings)
    async with enrolled(settings, roster) as watcher:
        gallery = watcher.gallery
    replayed = Replay(chosen.wanted, rules, gallery, roster)
    await asyncio.to_thread(replayed.go_on)
    span = (since or datetime.min, until or datetime.max)
    visits = [each for each in replayed.compared if span[0] <= each.moment < span[1]]
    return report(visits, replayed.notes, rules, gallery, [*chosen.problems, *replayed.problems()])


def _nothing(folder: Path, terminal: str | None, terminals: Sequence[str]) -> str:
    if terminal is None or not terminals:
        return f"nothing is recorded in {folder}"
    others = ", ".join(map(word, terminals))
    return f"nothing is recorded of terminal {word(terminal)} in {folder}; there are {others}"


def report(
    compared: Sequence[Compared], notes: Notes, rules: Rules, gallery: Gallery, problems: Sequence[str]
) -> str:
    """What would have changed, visit by visit, and in all."""
    totals = Totals.of(compared)
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
            *(f"note: {remark}" for remark in notes.remarks((len(gallery.people), gallery.photos))),
            *_problems(problems),
        ]
    )


def _rules(notes: Notes, rules: Rules) -> list[str]:
    return [f"{rule}: {' or '.join(then)} -> {now}" for rule, then, now in notes.other_rules(rules)]


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


def _problems(problems: Sequence[str]) -> list[str]:
    return [f"skipped: {problem}" for problem in problems]
