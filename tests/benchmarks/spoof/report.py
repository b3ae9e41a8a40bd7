"""What the attacks achieved, as a table to read and as numbers: docs/liveness/results.md and results.json."""

import json
import math
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path
from statistics import median

from tests.benchmarks.spoof.bounds import bounds
from tests.benchmarks.spoof.evaluate import Result
from tests.benchmarks.spoof.plan import (
    CLIP,
    CLIP_RATES,
    PRINTS,
    REAL,
    REAL_PHOTO,
    RECAPTURED,
    RENDERED,
    SWAPS,
    VISITOR,
)
from tests.benchmarks.spoof.sources import TEST, TUNING
from tests.benchmarks.spoof.species import Manner, Species
from tests.benchmarks.spoof.trial import Verdict

COMMAND = "python -m tests.benchmarks.spoof"
WORDS = {
    Species.PRINT_HELD: "print, held",
    Species.PRINT_MOVED: "print, moved",
    Species.PRINT_TILTED: "print, tilted up to 45 degrees",
    Species.PRINT_BENT: "print, bent",
    Species.PRINT_FLEXING: "print, flexing",
    Species.SCREEN_PHOTO: "photo on a screen",
    Species.EYES_CUT_OUT: "print, eyes cut out, blinking behind it",
    Species.MOUTH_ANIMATED: "print, animated mouth",
    Species.REPLAY: "replayed video of somebody uncoached",
    Species.REPLAY_TILTED: "the same, the screen turned as asked",
    Species.REPLAY_TURNING: "replayed video of somebody turning",
    Species.RELIEF_MASK: "photo on a mask with the depth of a head",
    Species.SWAP_PHOTO_PERSON: "photo, then a person in its place",
    Species.SWAP_PERSON_PHOTO: "person, then a photo in its place",
    Species.SWAP_PHOTOS: "photo, then another in its place",
    RECAPTURED: "real recaptured fakes (2 photos), held",
    REAL_PHOTO: "photo of a real face (1), printed and held",
}
STILLS = (*PRINTS, Species.PRINT_BENT, Species.PRINT_FLEXING, Species.SCREEN_PHOTO)
"""What passive proof must not accept."""
FACTORS = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.25, 1.5, 2.0)
Pick = Callable[[Result], Verdict | None]


def passively(result: Result) -> Verdict | None:
    return result.passive


def turned(result: Result) -> Verdict | None:
    return result.turn


def challenged(result: Result) -> Verdict | None:
    return result.challenge


def written(results: Sequence[Result], folder: Path, command: str) -> None:
    """Write both files into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    text, numbers = _tables(results), _numbers(results, command)
    head = f"# Attacks on liveness: results\n\n`{command}`, {date.today()}.\n\n"
    (folder / "results.md").write_text(head + text)
    (folder / "results.json").write_text(json.dumps(numbers, indent=1) + "\n")


def _tables(results: Sequence[Result]) -> str:
    return "\n".join(
        [
            "## Attacks accepted",
            "",
            "Of people not used for tuning. In brackets: exact 95 % bounds (Clopper-Pearson), as if attacks",
            "were independent; those made of one person are not quite.",
            "",
            "| attack | people | passive | one turn | challenge |",
            "|---|---|---|---|---|",
            *_attack_rows(results),
            "",
            "## Real people accepted",
            "",
            "Seconds, in brackets: median, and what 95 % need at most.",
            "",
            "| footage | passive, within 8 s | one turn | challenge |",
            "|---|---|---|---|",
            *_visit_rows(results),
            "",
            "## Real footage at the whole door",
            "",
            "By the defaults, for 12 s, forward and backward. Nobody in it hears what is asked: whoever is",
            "granted is so passively. Seconds from the first frame: median, and what 95 % need at most.",
            "",
            "| person | half | " + " | ".join(f"{rate:g} frames/s" for rate in CLIP_RATES) + " |",
            "|---|---|" + "---|" * len(CLIP_RATES),
            *_clip_rows(results),
            "",
            "## Passive proof: the curve",
            "",
            "What would be accepted if so many times the evidence were asked for; 1 is in force. Prints and",
            "screens within 8 s; real people, those not used for tuning, within 3 s and within 8 s.",
            "",
            "| evidence | prints and screens | real, 3 s | real, 8 s |",
            "|---|---|---|---|",
            *_curve_rows(results),
            "",
        ]
    )


def _attack_rows(results: Sequence[Result]) -> list[str]:
    flat = [result for result in results if result.case.kind in PRINTS]
    rows = [_attack_row("**flat prints together**", flat)] if flat else []
    bent = (Species.PRINT_BENT, Species.PRINT_FLEXING)
    curved = [result for result in results if result.case.kind in bent]
    rows += [_attack_row("**bent and flexing prints together**", curved)] if curved else []
    still = [result for result in results if result.case.kind in STILLS]
    rows += [_attack_row("**all prints and screens together**", still)] if still else []
    for kind, words in WORDS.items():
        these = [result for result in results if result.case.kind == kind]
        words += ", whole door" if kind in SWAPS else ""
        rows += [_attack_row(words, these)] if these else []
    return rows


def _attack_row(words: str, results: Sequence[Result]) -> str:
    people = len({result.case.person for result in results})
    shares = (_share(results, pick) for pick in (passively, turned, challenged))
    return f"| {words} | {people} | {' | '.join(shares)} |"


def _visit_rows(results: Sequence[Result]) -> list[str]:
    groups = [
        ("8 s of real footage, tuning", [r for r in _whole(results) if r.case.half == TUNING]),
        ("8 s of real footage, test", [r for r in _whole(results) if r.case.half == TEST]),
        ("real clips shorter than 8 s", [r for r in _of(results, REAL) if r not in _whole(results)]),
        ("photos on the shape of a head, rendered, that do as asked", _of(results, RENDERED)),
        *((f"of them: {manner.value}", _mannered(results, manner)) for manner in Manner),
        ("such visitors at the whole door, 20 s at most", _of(results, VISITOR)),
    ]
    return [_visit_row(words, these) for words, these in groups if these]


def _clip_rows(results: Sequence[Result]) -> list[str]:
    clips = _of(results, CLIP)
    people = dict.fromkeys((result.case.person, result.case.half) for result in clips)
    rows = [(person, half, [r for r in clips if r.case.person == person]) for person, half in people]
    rows += [("**all**", half, [r for r in clips if r.case.half == half]) for half in (TUNING, TEST)]
    return [_clip_row(*row) for row in rows if row[2]]


def _clip_row(person: str, half: str, results: Sequence[Result]) -> str:
    by_rate = [[result for result in results if result.case.rate == rate] for rate in CLIP_RATES]
    cells = (_count(these) + _times(these, passively) for these in by_rate)
    return f"| {person} | {half} | {' | '.join(cells)} |"


def _count(results: Sequence[Result]) -> str:
    accepted, tried = _counts(results, passively)
    return f"{accepted} of {tried}"


def _curve_rows(results: Sequence[Result]) -> list[str]:
    still = [result for result in results if result.case.kind in STILLS]
    real = [result for result in _of(results, REAL) if result.case.half == TEST]
    rows = []
    for factor in FACTORS:
        cells = (_reached(still, 1, factor), _reached(real, 0, factor), _reached(real, 1, factor))
        rows.append(f"| {factor:g} | {' | '.join(cells)} |")
    return rows


def _reached(results: Sequence[Result], within: int, factor: float) -> str:
    """How many reach that much: `within` 0, soon; 1, in all."""
    tried = [each.strengths for result in results if (each := result.passive) and each.strengths]
    return f"{sum(strengths[within] >= factor for strengths in tried)} of {len(tried)}"


def _of(results: Sequence[Result], kind: str) -> list[Result]:
    return [result for result in results if result.case.kind == kind]


def _mannered(results: Sequence[Result], manner: Manner) -> list[Result]:
    return [result for result in _of(results, RENDERED) if result.case.manner is manner]


def _whole(results: Sequence[Result]) -> list[Result]:
    return [result for result in _of(results, REAL) if result.case.end - result.case.start >= 8]


def _visit_row(words: str, results: Sequence[Result]) -> str:
    cells = (_share(results, pick) + _times(results, pick) for pick in (passively, turned, challenged))
    return f"| {words} | {' | '.join(cells)} |"


def _times(results: Sequence[Result], pick: Pick) -> str:
    times = sorted(each.seconds for result in results if (each := pick(result)) and each.accepted)
    if not times:
        return ""
    return f" ({median(times):.1f}, {times[math.ceil(0.95 * len(times)) - 1]:.1f} s)"


def _counts(results: Iterable[Result], pick: Pick) -> tuple[int, int]:
    tried = [verdict for verdict in map(pick, results) if verdict is not None]
    return sum(verdict.accepted for verdict in tried), len(tried)


def _share(results: Sequence[Result], pick: Pick) -> str:
    accepted, tried = _counts(results, pick)
    if tried == 0:
        return "not tried"
    low, high = bounds(accepted, tried)
    return f"{accepted} of {tried} ({100 * low:.1f} to {100 * high:.1f} %)"


def _numbers(results: Sequence[Result], command: str) -> dict[str, object]:
    """Everything that the tables say, and who was asked what."""
    kinds = sorted({result.case.kind for result in results})
    return {
        "command": command,
        "date": str(date.today()),
        "counts": [
            {"kind": str(kind), "half": half, **_row([r for r in _of(results, kind) if r.case.half == half])}
            for kind in map(_plain, kinds)
            for half in (TUNING, TEST)
            if any(result.case.half == half for result in _of(results, kind))
        ],
        "trials": [_trial(result) for result in sorted(results, key=lambda result: result.case.key)],
    }


def _plain(kind: str) -> str:
    return kind.value if isinstance(kind, Species) else kind


def _row(results: Sequence[Result]) -> dict[str, object]:
    row: dict[str, object] = {"people": len({result.case.person for result in results})}
    for mode, pick in (("passive", passively), ("turn", turned), ("challenge", challenged)):
        accepted, tried = _counts(results, pick)
        if tried:
            row[mode] = {"accepted": accepted, "tried": tried, "bounds95": bounds(accepted, tried)}
    return row


def _trial(result: Result) -> dict[str, object]:
    case = result.case
    return {
        "kind": _plain(case.kind),
        "person": case.person,
        "source": f"{case.source.parent.name}/{case.source.name}",
        "start": case.start,
        "rate": case.rate,
        "backward": case.backward,
        "seed": case.seed,
        "passive": result.passive and (result.passive.accepted, round(result.passive.seconds, 1)),
        "strengths": result.passive and result.passive.strengths,
        "manner": case.manner.value if case.kind in (RENDERED, VISITOR) else None,
        "turn": result.turn and (result.turn.accepted, round(result.turn.seconds, 1)),
        "challenge": result.challenge and (result.challenge.accepted, round(result.challenge.seconds, 1)),
        "asked": result.challenge.asked if result.challenge else (),
    }
