"""How many terminals a server with default settings serves at once."""

import json
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.speed import people, scenes
from tests.benchmarks.speed.door_server import BenchmarkError, DoorServer, running
from tests.benchmarks.speed.load import BEGIN, END
from tests.benchmarks.speed.measures import Percentiles, slope, starved
from tests.benchmarks.speed.plan import IDLE_FPS, SETTLE_SHARE, TERMINAL_FPS, Plan
from tests.support.server_process import ROOT

P95_MS = 150.0
"""Terminals are served well while 95 % of the frames are answered within this time, and none is starved."""
CLIP_FRAMES = 80
"""Length of the clips that the terminals play to and fro, in frames."""
VISIT_FRAMES, PAUSE_FRAMES = 60, 15
"""A visit, and half of the pause between two visits."""
MEGABYTE = 1e6


@dataclass(frozen=True)
class Load:
    """One number of terminals at one rate.

    `least`, `most`: frames answered per second at the worst and the best served terminal. `skipped`: share
    of frames that came due while the one before was unanswered. `cpu_percent`, `load_percent`: of one core,
    for the server's processes and for the load generator. `rss_mb`, `pss_mb`: of the server's processes;
    `pss` counts shared pages once. `late_ms`: 95 % of the generator's frames were less late than that.
    """

    terminals: int
    fps: float
    least: float
    most: float
    times: Percentiles
    skipped: float
    starved: int
    lost: int
    errors: int
    cpu_percent: float
    load_percent: float
    late_ms: float
    rss_mb: float
    pss_mb: float

    @property
    def holds(self) -> bool:
        """Whether all of them are served well."""
        return self.times.p95 <= P95_MS and not (self.starved or self.lost or self.errors)


@dataclass(frozen=True)
class Series:
    """Growing numbers of terminals in front of one scene. `terminal_mb`: memory for each further one."""

    key: str
    title: str
    loads: tuple[Load, ...]
    terminal_mb: float | None

    @property
    def capacity(self) -> int:
        """The greatest number up to which every number tried was served well."""
        held = 0
        for load in self.loads:
            if not load.holds:
                break
            held = load.terminals
        return held


def capacity(plan: Plan, home: Path, say: Callable[[str], None]) -> list[Series]:
    """One person at every door; people who come and go; nobody; and terminals that have gone idle."""
    person = scenes.encoded(
        scenes.standing(people.photograph(people.visitor()), CLIP_FRAMES, fps=TERMINAL_FPS)
    )
    nobody = scenes.encoded(scenes.empty(CLIP_FRAMES, fps=TERMINAL_FPS))
    visits = [*nobody[:PAUSE_FRAMES], *person[:VISIT_FRAMES], *nobody[-PAUSE_FRAMES:]]
    people.enrol(people.enrolled(), home / "faces")
    found = []
    for key, title, clip in (
        ("person", "One person stands at each door", person),
        ("visits", "People come and go", visits),
        ("nobody", "Nobody", nobody),
    ):
        found.append(series(key, title, list(_growing(plan, home, clip, say, title.lower()))))
    say(f"{plan.idle_terminals} idle terminals")
    with running(home) as server:
        idle = measure(server, home, nobody, plan.idle_terminals, IDLE_FPS, plan)
    found.append(series("idle", "Nobody, terminals gone idle", [idle]))
    return found


def _growing(
    plan: Plan, home: Path, clip: Sequence[bytes], say: Callable[[str], None], title: str
) -> Iterator[Load]:
    """Each number of terminals in turn, on one server; beyond `plan.steps` only while all goes well."""
    with running(home) as server:
        server.listening()
        for count in (*plan.steps, *plan.further):
            say(f"{count} terminals, {title}")
            load = measure(server, home, clip, count, TERMINAL_FPS, plan)
            yield load
            if count >= plan.steps[-1] and not load.holds:
                return


def measure(
    server: DoorServer, home: Path, clip: Sequence[bytes], terminals: int, fps: float, plan: Plan
) -> Load:
    """Let so many terminals play the clip. Raises BenchmarkError."""
    _, port = server.listening()
    frames = home / "clip.pickle"
    frames.write_bytes(pickle.dumps(list(clip)))
    command = [sys.executable, "-m", "tests.benchmarks.speed.load", "--port", str(port)]
    command += ["--terminals", str(terminals), "--fps", str(fps), "--frames", str(frames)]
    command += ["--settle", f"{plan.settle + SETTLE_SHARE * terminals:.2f}", "--measure", str(plan.measure)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as generator:
        output = generator.stdout
        assert output is not None
        _expect(BEGIN, output.readline())
        begun = server.cpu_time()
        _expect(END, output.readline())
        cpu, memory = server.cpu_time() - begun, server.memory()
        figures = json.loads(output.read() or "null")
    if generator.returncode or figures is None:
        raise BenchmarkError(f"{terminals} terminals could not be simulated")
    return load_figures(
        figures, fps, cpu_seconds=cpu.total, rss_mb=memory.rss / MEGABYTE, pss_mb=memory.pss / MEGABYTE
    )


def _expect(word: str, line: str) -> None:
    if line.strip() != word:
        raise BenchmarkError(f"the load generator said {line.strip()!r} instead of {word!r}")


def load_figures(
    measured: Mapping[str, Any], fps: float, *, cpu_seconds: float, rss_mb: float, pss_mb: float
) -> Load:
    """What the generator counted, as figures."""
    seconds, terminals = measured["seconds"], measured["terminals"]
    served = [counts["answered"] / seconds for counts in terminals]
    times = [each for counts in terminals for each in counts["times"]]
    late = [each for counts in terminals for each in counts["late"]]
    skipped = sum(counts["skipped"] for counts in terminals)
    return Load(
        terminals=len(terminals),
        fps=fps,
        least=min(served),
        most=max(served),
        times=Percentiles.of(times),
        skipped=skipped / max(1, len(late)),
        starved=starved(served),
        lost=measured["lost"],
        errors=sum(counts["errors"] for counts in terminals),
        cpu_percent=100 * cpu_seconds / seconds,
        load_percent=100 * measured["cpu_seconds"] / seconds,
        late_ms=Percentiles.of(late).p95,
        rss_mb=rss_mb,
        pss_mb=pss_mb,
    )


def series(key: str, title: str, loads: Sequence[Load]) -> Series:
    """The loads with what they say together."""
    terminal_mb = slope([load.terminals for load in loads], [load.rss_mb for load in loads])
    return Series(key, title, tuple(loads), terminal_mb)
