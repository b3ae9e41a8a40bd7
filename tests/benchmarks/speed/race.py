"""All contenders through all scenes, in turns, and what came of it."""

import multiprocessing
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.benchmarks.speed import contenders, loops, people
from tests.benchmarks.speed.contenders import Pass
from tests.benchmarks.speed.door_server import running
from tests.benchmarks.speed.loops import Known, PlainLoop
from tests.benchmarks.speed.measures import Faces, Names, Percentiles, Spread, names, overlap
from tests.benchmarks.speed.plan import Plan
from tests.benchmarks.speed.scenes import Scene

PLAIN, QUARTER, DOORWARD = "plain loop", "quarter size", "Doorward"
Say = Callable[[str], None]


@dataclass(frozen=True)
class Figures:
    """One contender in one scene, over all rounds.

    `cpu_ms`: milliseconds of CPU per frame, of which `parent_ms` in the server's parent process. `ratio`:
    how many times less that is than the plain loop's. `frames`: how many frames that comes from. `times`:
    milliseconds from a frame being sent to its result, or those spent on a frame that was looked at.
    `recall`: share of the plain loop's faces that were reported; `extra`: faces per round beyond those.
    `right`, `wrong`: names given in the worst round. `behind`: share of frames sent late because the one
    before was not answered yet. `decision_ms`: from the first clear face to the first decision;
    `verdicts`: what that was, in any round.
    """

    contender: str
    frames: int
    cpu_ms: Spread
    parent_ms: Spread | None
    ratio: float
    fps_per_core: float
    times: Percentiles
    recall: float | None
    extra: float
    right: int
    wrong: int
    behind: float | None = None
    decision_ms: Spread | None = None
    verdicts: tuple[str, ...] = ()


@dataclass(frozen=True)
class SceneFigures:
    """All contenders in one scene; `faces`: how many the plain loop finds in it."""

    key: str
    title: str
    width: int
    height: int
    fps: float
    frames: int
    faces: int
    contenders: tuple[Figures, ...]


def race(plan: Plan, scenes: Sequence[Scene], home: Path, say: Say) -> list[SceneFigures]:
    """Run everything, scene by scene in each round. Raises BenchmarkError."""
    photos = people.enrolled()
    known = loops.known_people(photos)
    say("what the plain loop sees in every frame")
    references = _references(scenes, known)
    people.enrol(photos, home / "faces")
    loop = PlainLoop(known)
    passes: dict[str, dict[str, list[Pass]]] = {
        scene.key: {PLAIN: [], QUARTER: [], DOORWARD: []} for scene in scenes
    }
    with running(home, "--workers", "1") as server:
        _, port = server.listening()
        contenders.warm_up(loop, port, scenes[-1])
        for round_ in range(plan.rounds):
            for scene in scenes:
                say(f"round {round_ + 1} of {plan.rounds}: {scene.title.lower()}")
                clear = _first_face(references[scene.key])
                done = passes[scene.key]
                done[PLAIN].append(contenders.plain(loop, scene, plan.timed))
                done[QUARTER].append(contenders.quarter(loop, scene))
                done[DOORWARD].append(contenders.doorward(server, port, scene, clear))
    return [scene_figures(scene, references[scene.key], passes[scene.key]) for scene in scenes]


def _references(scenes: Sequence[Scene], known: Known) -> dict[str, list[Faces]]:
    """What the plain loop finds in every frame: not timed, so that all cores may help."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), context, loops.start_helper, (known,)) as helpers:
        found = {scene.key: helpers.map(loops.look, scene.frames, chunksize=4) for scene in scenes}
        return {key: list(faces) for key, faces in found.items()}


def _first_face(reference: Sequence[Faces]) -> int | None:
    return next((at for at, faces in enumerate(reference) if faces), None)


def scene_figures(
    scene: Scene, reference: Sequence[Faces], passes: Mapping[str, Sequence[Pass]]
) -> SceneFigures:
    """What the rounds of one scene come to."""
    plain_ms = median(each.cpu_ms for each in passes[PLAIN])
    return SceneFigures(
        key=scene.key,
        title=scene.title,
        width=scene.width,
        height=scene.height,
        fps=scene.fps,
        frames=len(scene.frames),
        faces=sum(len(faces) for faces in reference),
        contenders=tuple(
            _figures(contender, scene, reference, rounds, plain_ms) for contender, rounds in passes.items()
        ),
    )


def _figures(
    contender: str, scene: Scene, reference: Sequence[Faces], rounds: Sequence[Pass], plain_ms: float
) -> Figures:
    ours = contender == DOORWARD
    cpu_ms = Spread.of([each.cpu_ms for each in rounds])
    streams = [each.seen if each.seen is not None else reference for each in rounds]
    overlaps = [overlap(reference, seen) for seen in streams]
    recalls = [each.recall for each in overlaps if each.recall is not None]
    named = [names(seen, scene.truth, scene.width, scene.height) for seen in streams]
    decisions = [each.decision_ms for each in rounds if each.decision_ms is not None]
    worst = Names(min(each.right for each in named), max(each.wrong for each in named))
    return Figures(
        contender=contender,
        frames=sum(each.frames for each in rounds),
        cpu_ms=cpu_ms,
        parent_ms=Spread.of([each.cpu.parent * 1000 / each.frames for each in rounds]) if ours else None,
        ratio=plain_ms / cpu_ms.median,
        fps_per_core=1000 / cpu_ms.median,
        times=Percentiles.of([each for round_ in rounds for each in round_.times]),
        recall=median(recalls) if recalls else None,
        extra=median(each.extra for each in overlaps),
        right=worst.right,
        wrong=worst.wrong,
        behind=median(each.behind / each.frames for each in rounds) if ours else None,
        decision_ms=Spread.of(decisions) if decisions else None,
        verdicts=tuple(sorted({each.verdict for each in rounds} - {""})),
    )
