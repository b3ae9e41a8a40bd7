"""What the report is about: one recogniser, and the people that it is tried on."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from server.access.matching.calibration import Calibration
from server.access.matching.recogniser import Recogniser
from tests.benchmarks.accuracy.bounds import Rate
from tests.benchmarks.accuracy.calibrate import Strangers, nearest_set
from tests.benchmarks.accuracy.curve import Counts, pooled
from tests.benchmarks.accuracy.identities import LFW, Identities, load, natural
from tests.benchmarks.accuracy.measures import Fold
from tests.benchmarks.accuracy.trials import Rule, rule_of


@dataclass(frozen=True)
class Section:
    """`text`: Markdown. `figures`: the same for results.json."""

    title: str
    text: str
    figures: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Subject:
    """`data`: the folder of the data. `everybody`: LFW's people, `counts` and `strangers` theirs. `sets`: the
    natural sets, of whom the worst are nearer by `factor`. `halves` of everybody share nobody; `tables`:
    those found on each of them, and with the natural sets; `alone`: those without, which hold for LFW
    only."""

    data: Path
    recogniser: Recogniser
    everybody: Identities
    counts: Counts
    strangers: Strangers
    sets: dict[str, Identities]
    factor: float
    halves: tuple[Identities, Identities]
    tables: tuple[Calibration, Calibration]
    alone: tuple[Calibration, Calibration]

    @classmethod
    def of(cls, recogniser: Recogniser, data: Path) -> "Subject":
        everybody = load(data / LFW.name, recogniser.name)
        counts = pooled(everybody, rule_of(recogniser))
        sets = natural(data, recogniser.name)
        factor = nearest_set(recogniser, counts, sets)
        first, second = (_half(recogniser, half) for half in everybody.halves())
        return cls(
            data=data,
            recogniser=recogniser,
            everybody=everybody,
            counts=counts,
            strangers=Strangers.of(recogniser, everybody, counts),
            sets=sets,
            factor=factor,
            halves=everybody.halves(),
            tables=(calibration_of(recogniser, first, factor), calibration_of(recogniser, second, factor)),
            alone=(calibration_of(recogniser, first, 1.0), calibration_of(recogniser, second, 1.0)),
        )

    @property
    def rule(self) -> Rule:
        return rule_of(self.recogniser)

    def crossed(self, alone: bool = False) -> list[Fold]:
        """Each half with the thresholds of the other one."""
        first, second = self.alone if alone else self.tables
        return [(self.halves[0], second.threshold), (self.halves[1], first.threshold)]


def calibration_of(recogniser: Recogniser, strangers: Strangers, factor: float) -> Calibration:
    """The shipped table with another strangers' curve, and another factor for other people."""
    table = strangers.table(factor)
    return replace(
        recogniser.calibration,
        distances=table["distance"],
        log_risks=table["log10_risk"],
        tail=table["tail"],
    )


def _half(recogniser: Recogniser, half: Identities) -> Strangers:
    return Strangers.of(recogniser, half, pooled(half, rule_of(recogniser)))


def rate(each: Rate) -> str:
    """In percent, with its bounds."""
    return f"{percent(each.value)} ({percent(each.low)}–{percent(each.high)})"


def percent(share: float) -> str:
    return "0" if share == 0 else f"{100 * share:.2g}" if share < 0.1 else f"{100 * share:.1f}"


def cell_name(cell: tuple[int, int]) -> str:
    return f"{cell[0]}/{cell[1]}"
