"""All contenders through all scenes, in turns, and what came of it."""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.benchmarks.speed import contenders, loops, people, visitors
from tests.benchmarks.speed.contenders import Pass
from tests.benchmarks.speed.door_server import MODES, running
from tests.benchmarks.speed.loops import Known, PlainLoop
from tests.benchmarks.speed.measures import Faces, Names, Percentiles, Spread, names, overlap
from tests.benchmarks.speed.plan import Plan
from tests.benchmarks.speed.scenes import Scene

PLAIN, QUARTER = "plain loop", "quarter size"
Say = Callable[[str], None]


@dataclass(frozen=True)
class Figures:
    """One contender in one scene, over all rounds.

    `cpu_ms`: milliseconds of CPU per frame, of which `parent_ms` in the server's parent process. `ratio`:
    how many times less that is than the plain loop's. `frames`: how many frames that comes from. `times`:
    milliseconds from a frame being sent to its result, or those spent on a frame that was looked at.
    `recall`: share of the plain loop's faces that were reported; `extra`: faces per round beyond those.
    `right`: names given in the judged frames, `wrong`: in any frame, both in the worst round. `behind`: share
    of frames sent late because the one before was not answered yet. `decision_ms`: from the first frame with
    somebody wholly in view to the first decision; `verdicts`: what that was, in any round.
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
    """All contenders in one scene; `faces`: how many the plain loop finds in the `judged` frames of it."""

    key: str
    title: str
    width: int
    height: int
    fps: float
    frames: int
    judged: int
    faces: int
    contenders: tuple[Figures, ...]


def race(plan: Plan, scenes: Sequence[Scene], home: Path, say: Say) -> list[SceneFigures]:
    """Run everything, scene by scene in each round. Raises BenchmarkError."""
    photos = visitors.enrolled(home / "stills")
    known = loops.known_people(photos)
    say("what the plain loop sees")
    references = _references(scenes, known, plan.judged)
    loop = PlainLoop(known)
    passes: dict[str, dict[str, list[Pass]]] = {
        scene.key: {PLAIN: [], QUARTER: [], **{mode: [] for mode in MODES}} for scene in scenes
    }
    with ExitStack() as stack:
        servers = {}
        for number, (mode, flags) in enumerate(MODES.items()):
            folder = home / f"server-{number}"
            people.enrol(photos, folder / "faces")
            servers[mode] = stack.enter_context(running(folder, *flags))
            servers[mode].listening()  # one after the other: both would need all cores
        contenders.warm_up(loop, list(servers.values()), scenes[-1])
        for round_, scene in _turns(plan, scenes):
            say(f"round {round_ + 1} of {plan.windows[scene.key].rounds}: {scene.title}")
            done = passes[scene.key]
            done[PLAIN].append(contenders.plain(loop, scene, plan.timed))
            done[QUARTER].append(contenders.quarter(loop, scene, list(references[scene.key])))
            for mode, server in servers.items():
                done[mode].append(contenders.doorward(server, scene, f"bench-{scene.key}-{round_}"))
    return [scene_figures(scene, references[scene.key], passes[scene.key]) for scene in scenes]


def _turns(plan: Plan, scenes: Sequence[Scene]) -> Iterator[tuple[int, Scene]]:
    """All scenes in the first round, then those that are measured more than once."""
    for round_ in range(max(plan.windows[scene.key].rounds for scene in scenes)):
        for scene in scenes:
            if round_ < plan.windows[scene.key].rounds:
                yield round_, scene


def _references(scenes: Sequence[Scene], known: Known, judged: int) -> dict[str, Mapping[int, Faces]]:
    """What the plain loop finds, by the number of the frame: not timed, so that all cores may help."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), context, loops.start_helper, (known,)) as helpers:
        looked = {scene.key: contenders.spread_evenly(len(scene.frames), judged) for scene in scenes}
        found = {
            scene.key: helpers.map(loops.look, [scene.frames[at] for at in looked[scene.key]], chunksize=4)
            for scene in scenes
        }
        return {key: dict(zip(looked[key], faces, strict=True)) for key, faces in found.items()}


def scene_figures(
    scene: Scene, reference: Mapping[int, Faces], passes: Mapping[str, Sequence[Pass]]
) -> SceneFigures:
    """What the rounds of one scene come to. `reference`: the plain loop's faces in the judged frames."""
    plain_ms = median(each.cpu_ms for each in passes[PLAIN])
    return SceneFigures(
        key=scene.key,
        title=scene.title,
        width=scene.width,
        height=scene.height,
        fps=scene.fps,
        frames=len(scene.frames),
        judged=len(reference),
        faces=sum(len(faces) for faces in reference.values()),
        contenders=tuple(
            _figures(contender, scene, reference, rounds, plain_ms) for contender, rounds in passes.items()
        ),
    )


def _figures(
    contender: str,
    scene: Scene,
    reference: Mapping[int, Faces],
    rounds: Sequence[Pass],
    plain_ms: float,
) -> Figures:
    ours = contender in MODES
    cpu_ms = Spread.of([each.cpu_ms for each in rounds])
    streams = [each.seen or reference for each in rounds]
    overlaps = [overlap(list(reference.values()), [seen[at] for at in reference]) for seen in streams]
    recalls = [each.recall for each in overlaps if each.recall is not None]
    judged = [_names(scene, {at: seen[at] for at in reference}) for seen in streams]
    decisions = [each.decision_ms for each in rounds if each.decision_ms is not None]
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
        right=min(each.right for each in judged),
        wrong=max(_names(scene, seen).wrong for seen in streams),
        behind=median(each.behind / each.frames for each in rounds) if ours else None,
        decision_ms=Spread.of(decisions) if decisions else None,
        verdicts=tuple(sorted({each.verdict for each in rounds} - {""})),
    )


def _names(scene: Scene, seen: Mapping[int, Faces]) -> Names:
    return names(list(seen.values()), [scene.truth[at] for at in seen], scene.width, scene.height)
