"""Trying every case of the plan, on both processors, and what came of each."""

import multiprocessing
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass

import cv2

from server.access.liveness.challenge import Extent
from server.access.liveness.proof import Liveness
from tests.benchmarks.spoof.doorway import alone, gallery, of_footage, visit
from tests.benchmarks.spoof.plan import CLIP_SECONDS, REAL, SWAPS, VISITOR, Case, stream
from tests.benchmarks.spoof.portrait import SourceError
from tests.benchmarks.spoof.real import Repeated
from tests.benchmarks.spoof.sighting import Stream, Watcher
from tests.benchmarks.spoof.trial import Verdict, challenge, passive

PROCESSES = 2


@dataclass(frozen=True)
class Result:
    """What became of a case: None where it was not tried. `turn`: of the one turn that is asked of whoever is
    not found live passively."""

    case: Case
    passive: Verdict | None
    turn: Verdict | None
    challenge: Verdict | None


def evaluated(cases: Iterable[Case]) -> list[Result]:
    """Try all cases. Those of which nothing can be made (no face is found in the photo) are left out."""
    pending = list(cases)
    os.environ["OMP_NUM_THREADS"] = "1"  # read when NumPy is loaded, in the processes about to start
    context = multiprocessing.get_context("spawn")
    results = []
    with context.Pool(PROCESSES, cv2.setNumThreads, (1,)) as pool:
        for done, result in enumerate(pool.imap_unordered(_tried, pending, chunksize=1), 1):
            results.append(result)
            if sys.stderr.isatty() or done % 10 == 0:
                print(f"\r{done} of {len(pending)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return [result for result in results if result is not None]


def _tried(case: Case) -> Result | None:
    try:
        shown = stream(case)
    except SourceError:
        return None
    if case.kind == VISITOR or case.kind in {species.value for species in SWAPS}:
        return _through_the_door(case, shown)
    if isinstance(shown, Repeated):
        return _as_it_is(case, shown)
    watcher = Watcher(shown, case.key)
    outcome, turned, challenged = passive(watcher), None, None
    if case.kind != REAL:
        turned, challenged = (challenge(watcher, case.seed, extent) for extent in Extent)
    watcher.keep()
    return Result(case, outcome, turned, challenged)


def _as_it_is(case: Case, shown: Repeated) -> Result | None:
    enrolled = of_footage(case.person, shown.piece)
    if not enrolled.people:
        return None
    seen = visit(shown, enrolled, Liveness.PASSIVE, case.seed, case.rate, CLIP_SECONDS)
    return Result(case, seen, None, None)


def _through_the_door(case: Case, shown: Stream) -> Result | None:
    enrolled = alone(case.person, case.source) if case.kind == VISITOR else gallery(case.half)
    if not enrolled.people:
        return None
    passive, challenged = (
        visit(shown, enrolled, mode, case.seed) for mode in (Liveness.PASSIVE, Liveness.CHALLENGE)
    )
    return Result(case, passive, None, challenged)
