"""How soon the history answers what its pages ask, with a million decisions in it.

    python -m tests.benchmarks.history
    python -m tests.benchmarks.history --decisions 20000      # half a minute: does it work?

An access log that never was is made into a database, as `python -m server history rebuild` does, once in
SQLite and, where it is installed, once in PostgreSQL. Every question is then asked many times, each time
about somebody or something else, through the same functions that the pages use. Writes
docs/benchmarks/history.md when the whole million was measured.
"""

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import TypeAlias

from sqlalchemy import Connection, Table

from server.access.decision import Decision
from server.access.liveness.proof import Aliveness
from server.audit.access_log import AccessEntry
from server.audit.operator_log import Act, ActKind
from server.database.database import Database, address_of, file_of, opened
from server.history import overview, queries
from server.history.conditions import Span
from server.history.kept import KeptDecision, TerminalEventKind
from server.history.logs import Logs
from server.history.queries import Which
from server.history.rebuild import rebuild
from server.history.rows import Row, act_row, terminal_event_row
from server.history.tables import ACT, TERMINAL_EVENT, VISIT
from server.history.writing import add, take_stock
from tests.benchmarks.speed.machine import Machine, describe
from tests.support.postgresql import private_cluster
from tests.support.server_process import ROOT
from wire import Verdict
from wire.reasons import Reason

DECISIONS, TERMINALS, PEOPLE, DAYS = 1_000_000, 100, 2_000, 730
ACTS, TERMINAL_EVENTS = 20_000, 200_000
ASKED = 100
"""How many times each question is asked."""
REPORT = ROOT / "docs" / "benchmarks" / "history.md"
END = datetime(2026, 11, 1, tzinfo=timezone(timedelta(hours=1)))
FIRST = ("Ada", "Ben", "Cem", "Dana", "Elif", "Finn", "Gita", "Hugo", "Ines", "Jan", "Kaya", "Lena", "Malik")
LAST = ("Adler", "Brandt", "Çelik", "Dietz", "Erdem", "Falk", "Günay", "Huber", "Ivanov", "Kim", "Okafor")
REFUSALS = {
    Reason.UNKNOWN_FACE: 45,
    Reason.LEFT: 25,
    Reason.NOT_LIVE: 10,
    Reason.LOOKING_AWAY: 8,
    Reason.TOO_FEW_LOOKS: 6,
    Reason.OUTSIDE_SCHEDULE: 5,
    Reason.UNDELIVERED: 1,
}
THRESHOLDS = (0.85, 0.90, 0.95, 0.98, 1.0, 1.05)

Question: TypeAlias = Callable[[Connection], object]


class Site:
    """What happens at a hundred doors in two years; the same at each call."""

    def __init__(self, decisions: int) -> None:
        self.decisions = decisions
        self.chance = random.Random(2026)
        self.names = [
            f"{FIRST[at % len(FIRST)]} {LAST[at // len(FIRST) % len(LAST)]} {at}" for at in range(PEOPLE)
        ]
        self.terminals = [f"door-{at:03}" for at in range(TERMINALS)]
        self._busy = [1 / (at + 3) for at in range(TERMINALS)]
        """A few doors see most of the people."""

    def entries(self) -> Iterator[AccessEntry]:
        """In order; three quarters of them grants, by day more than by night."""
        chance = self.chance
        since = END - timedelta(days=DAYS)
        moments = sorted(
            since + timedelta(days=chance.randrange(DAYS), hours=min(23.99, max(0, chance.gauss(13, 4))))
            for _ in range(self.decisions)
        )
        doors = chance.choices(self.terminals, self._busy, k=self.decisions)
        refusals = chance.choices(list(REFUSALS), list(REFUSALS.values()), k=self.decisions)
        for moment, terminal, refusal in zip(moments, doors, refusals, strict=True):
            yield AccessEntry(moment, terminal, self._decision(refusal), chance.randrange(30, 400))

    def _decision(self, refusal: Reason) -> Decision:
        chance = self.chance
        granted = chance.random() < 0.75
        named = granted or refusal in (Reason.NOT_LIVE, Reason.OUTSIDE_SCHEDULE, Reason.UNDELIVERED)
        return Decision(
            id=f"{chance.getrandbits(64):016x}",
            verdict=Verdict.GRANTED if granted else Verdict.DENIED,
            name=chance.choice(self.names) if named else None,
            reason=Reason.RECOGNISED if granted else refusal,
            distance=chance.gauss(0.7, 0.1) if named else chance.gauss(1.2, 0.05),
            runner_up=chance.gauss(1.25, 0.04),
            threshold=0.98,
            looks=chance.randrange(3, 30),
            liveness=Aliveness.LIVE if granted else Aliveness.NOT_PROVEN,
        )

    def others(self) -> Iterator[tuple[Table, Row]]:
        """What no access log tells of."""
        chance, kinds = self.chance, list(ActKind)
        for at in range(ACTS * self.decisions // DECISIONS):
            moment = END - timedelta(days=DAYS) * (1 - at / ACTS)
            act = Act(moment, f"account:user{at % 12}", kinds[at % len(kinds)], chance.choice(self.names))
            yield ACT, act_row(act)
        for at in range(TERMINAL_EVENTS * self.decisions // DECISIONS):
            moment = END - timedelta(days=DAYS) * (1 - at / TERMINAL_EVENTS)
            kind = TerminalEventKind.CONNECTED if at % 2 else TerminalEventKind.LEFT
            yield TERMINAL_EVENT, terminal_event_row(moment, chance.choice(self.terminals), kind, f"{at:x}")


def visit_of(decision: KeptDecision) -> Row:
    """The visit in which it was made."""
    return {
        "moment": decision.place.moment + 4000,
        "terminal": decision.terminal,
        "decision": decision.id,
        "verdict": decision.verdict,
        "reason": decision.reason,
        "name": decision.name,
        "threshold": decision.threshold,
        "candidate": decision.name,
        "distance": decision.distance,
        "runner_up": decision.runner_up,
        "people": PEOPLE,
        "photos": 2 * PEOPLE,
        "looks": decision.looks,
        "seconds": 4.0,
        "liveness": decision.liveness,
        "recogniser": "sface",
    }


def fill(database: Database, site: Site) -> None:
    """What the log does not tell of: visits, acts, terminals."""
    number = 0
    while some := database.read_here(partial(queries.decisions_after, number=number, limit=10_000)):
        rows = [(VISIT, visit_of(each)) for each in some]
        database.write_here(partial(add, rows=rows))
        number = some[-1].place.number
    database.write_here(partial(add, rows=list(site.others())))
    database.write_here(take_stock)
    if database.engine.dialect.name == "postgresql":  # which would do it by itself, sooner or later
        database.write_here(lambda connection: connection.exec_driver_sql("ANALYZE"))


def questions(site: Site, database: Database) -> dict[str, Callable[[], Question]]:
    """What pages ask; each call makes another question of the kind."""
    chance = random.Random(7)
    known = database.read_here(partial(queries.decisions, limit=1000))

    def at(which: Callable[[], Which]) -> Callable[[], Question]:
        return lambda: partial(queries.decisions, which=which())

    def name() -> str:
        return chance.choice(site.names)

    def doors(count: int) -> list[str]:
        return chance.sample(site.terminals, count)

    def long_ago() -> datetime:
        return END - timedelta(days=chance.uniform(10, DAYS - 10))

    def lately(days: int, terminals: int | None = None) -> Callable[[], Question]:
        return lambda: partial(
            overview.counts,
            span=Span(END - timedelta(days=days)),
            terminals=None if terminals is None else doors(terminals),
        )

    return {
        "the newest decisions": at(Which),
        "the page after that": lambda: partial(queries.decisions, before=known[49].place),
        "before some day": at(lambda: Which(Span(until=long_ago()))),
        "of a person": at(lambda: Which(person=name())),
        "of a person, denied": at(lambda: Which(person=name(), verdict=Verdict.DENIED)),
        "of a person at three doors": at(lambda: Which(person=name(), terminals=doors(3))),
        "name with a first name in it": at(lambda: Which(like=chance.choice(FIRST).upper())),
        "name with a letter in it": at(lambda: Which(like=chance.choice("aeio"))),
        "name that nobody has": at(lambda: Which(like="xyz")),
        "of a door": at(lambda: Which(terminals=doors(1))),
        "of thirty doors": at(lambda: Which(terminals=doors(30))),
        "of thirty doors, denied, before some day": at(
            lambda: Which(Span(until=long_ago()), doors(30), verdict=Verdict.DENIED)
        ),
        "of a door that there is not": at(lambda: Which(terminals=["attic"])),
        "denied": at(lambda: Which(verdict=Verdict.DENIED)),
        "a rare reason": at(lambda: Which(reason="undelivered")),
        "a reason at a door": at(lambda: Which(reason="left", terminals=doors(1))),
        "a reason that there never was": at(lambda: Which(reason="locked_out")),
        "one decision by its id": lambda: partial(queries.decision_by_id, identity=chance.choice(known).id),
        "what is new after a number": lambda: partial(
            queries.decisions_after, number=chance.choice(known).place.number
        ),
        "the newest visits": lambda: queries.visits,
        "what operators did": lambda: queries.acts,
        "what was done with a person": lambda: partial(queries.acts, subject=name()),
        "what happened to a terminal": lambda: partial(queries.terminal_events, terminals=doors(1)),
        "counts of a day": lately(1),
        "counts of a week": lately(7),
        "counts of a month": lately(30),
        "counts of a quarter": lately(90),
        "counts of a month at three doors": lately(30, 3),
        "thresholds, of the latest visits": lambda: partial(
            overview.threshold_stats, thresholds=THRESHOLDS, margin=0.05, recogniser="sface"
        ),
        "when everybody was seen last": lambda: overview.last_seen,
        "the same at three doors": lambda: partial(overview.last_seen, terminals=doors(3)),
        "all terminals and when they were heard of": lambda: overview.known_terminals,
    }


@dataclass(frozen=True)
class Measured:
    """`answers`: p50, p95 and the greatest, milliseconds, of each question. `rebuild_seconds`: from the log.
    `size_mb`: of the file, where it is one."""

    kind: str
    rebuild_seconds: float
    size_mb: float | None
    answers: dict[str, tuple[float, float, float]]


def measure(kind: str, address: str, log: Path, site: Site) -> Measured:
    started = time.perf_counter()
    made = rebuild(address, Logs(since=-(2**63)).lines([log])).made["decision"]
    seconds = time.perf_counter() - started
    print(f"{kind}: {made} decisions in {seconds:.0f} s", flush=True)
    with opened(address) as database:
        fill(database, site)
    path = file_of(address)
    with opened(address) as database:  # nothing is remembered of what was written
        answers = {label: asked(database, make) for label, make in questions(site, database).items()}
    for label, (p50, p95, greatest) in answers.items():
        print(f"{kind}: {label:<42} {p50:7.1f} {p95:7.1f} {greatest:7.1f} ms", flush=True)
    return Measured(kind, seconds, path.stat().st_size / 1e6 if path else None, answers)


def asked(database: Database, make: Callable[[], Question]) -> tuple[float, float, float]:
    taken = []
    for _ in range(ASKED):
        question = make()
        started = time.perf_counter()
        database.read_here(question)
        taken.append((time.perf_counter() - started) * 1000)
    return statistics.median(taken), statistics.quantiles(taken, n=20)[-1], max(taken)


PAGE = """\
# How soon the history answers

Made by `make bench-history` (`tests/benchmarks/history.py`) on {machine.date}, commit `{machine.commit}`:
{machine.cpu}, {machine.cores} cores, {machine.memory_gb:.0f} GB, {machine.system}, Python {machine.python}.

{decisions:,} decisions and as many visits of {people:,} people at {doors} doors in two years, a few doors
with most of the people; {acts:,} acts of operators, {changes:,} changes of terminals. Each question is asked
{asked} times, about other people, doors and days each time, through the functions that the pages use, from
the question to the values; a page has {page} rows. Milliseconds; the largest 95th percentile is {worst:.0f}.

{table}

`python -m server history rebuild` of the access log takes: {rebuilt}. The SQLite file has {size:.0f} MB.
"""


def report(machine: Machine, results: Sequence[Measured], decisions: int) -> str:
    rows = [["question", *(f"{each.kind} {what}" for each in results for what in ("p50", "p95"))]]
    rows.append(["---", *["--:"] * 2 * len(results)])
    for label in results[0].answers:
        rows.append([label, *(f"{each.answers[label][at]:.1f}" for each in results for at in (0, 1))])
    return PAGE.format(
        machine=machine,
        decisions=decisions,
        people=PEOPLE,
        doors=TERMINALS,
        acts=ACTS,
        changes=TERMINAL_EVENTS,
        asked=ASKED,
        page=queries.PAGE,
        worst=max(p95 for each in results for _, p95, _ in each.answers.values()),
        table="\n".join(f"| {' | '.join(row)} |" for row in rows),
        rebuilt=", ".join(f"{each.kind} {each.rebuild_seconds:.0f} s" for each in results),
        size=next(each.size_mb for each in results if each.size_mb is not None),
    )


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--decisions", type=int, default=DECISIONS)
    decisions = options.parse_args().decisions
    site = Site(decisions)
    results = []
    with tempfile.TemporaryDirectory(prefix="doorward-history-") as name, private_cluster() as cluster:
        log = Path(name) / "access_log.txt"
        with log.open("w", encoding="utf-8") as file:
            file.writelines(f"{entry.line()}\n" for entry in site.entries())
        addresses = {"SQLite": address_of(Path(name), None)}
        if cluster is not None:
            addresses["PostgreSQL"] = cluster
        results = [measure(kind, address, log, site) for kind, address in addresses.items()]
    if decisions == DECISIONS:
        REPORT.write_text(report(describe(), results, decisions), encoding="utf-8")


if __name__ == "__main__":
    main()
