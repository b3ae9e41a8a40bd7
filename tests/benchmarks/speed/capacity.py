"""How many terminals a server with default settings serves at once."""

import json
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.speed import clips, people, visitors
from tests.benchmarks.speed.clips import Clip
from tests.benchmarks.speed.door_server import DOORWARD, MODES, OFF, BenchmarkError, DoorServer, running
from tests.benchmarks.speed.load import BEGIN, END
from tests.benchmarks.speed.measures import Percentiles, slope, starved
from tests.benchmarks.speed.plan import IDLE_FPS, SETTLE_SHARE, TERMINAL_FPS, Ladder, Plan
from tests.support.server_process import ROOT

P95_MS, SKIPPED = 150.0, 0.05
"""Terminals are served well while 95 % of the frames are answered within this time, less than this share of
them is skipped, and no terminal is starved."""
MEGABYTE = 1e6


@dataclass(frozen=True)
class Load:
    """One number of terminals at one rate.

    `least`, `most`: frames answered per second at the worst and the best served terminal. `skipped`: share
    of frames that came due while the one before was unanswered. `cpu_percent`, `load_percent`: of one core,
    for the server's processes and for the load generator. `rss_mb`, `pss_mb`: of the server's processes;
    `pss` counts shared pages once. `late_ms`: 95 % of the generator's frames were less late than that.
    `visits` ended meanwhile, in `granted` of which the visitor was let in, `grant_ms` milliseconds after the
    first frame with the visitor wholly in view was due.
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
    visits: int
    granted: int
    grant_ms: Percentiles | None

    @property
    def holds(self) -> bool:
        """Whether all of them are served well."""
        quick = self.times.p95 <= P95_MS and self.skipped < SKIPPED
        return quick and not (self.starved or self.lost or self.errors)


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
    """People who come and go, also with liveness off; a resident at every door; nobody; and terminals that
    have gone idle. Raises BenchmarkError."""
    talking, turning = visitors.talking(), visitors.turning()
    visits = clips.visits([turning, talking], plan.visit_starts, plan.visit_seconds, TERMINAL_FPS)
    resident, nobody = clips.standing(talking, TERMINAL_FPS), clips.empty(TERMINAL_FPS)
    people.enrol(visitors.enrolled(home / "stills"), home / "faces")
    found = []
    for key, title, mode, clip, ladder in (
        ("visits", "People come and go", DOORWARD, visits, plan.visits),
        ("visits_off", "People come and go, liveness off", OFF, visits, plan.visits),
        ("resident", "A resident stands at each door", DOORWARD, resident, plan.standing),
        ("nobody", "Nobody", DOORWARD, nobody, plan.standing),
    ):
        with running(home, *MODES[mode]) as server:
            say(f"terminals at once: {title}")
            loads = list(_growing(server, home, clip, ladder, plan.settle))
        found.append(series(key, title, loads))
    say(f"{plan.idle_terminals} idle terminals")
    with running(home) as server:
        seconds = plan.standing.seconds
        idle = measure(server, home, nobody, plan.idle_terminals, IDLE_FPS, plan.settle, seconds)
    found.append(series("idle", "Nobody, terminals gone idle", [idle]))
    return found


def _growing(server: DoorServer, home: Path, clip: Clip, ladder: Ladder, settle: float) -> Iterator[Load]:
    """Each number of terminals in turn; further ones only while all goes well."""
    for count in (*ladder.steps, *ladder.further):
        load = measure(server, home, clip, count, TERMINAL_FPS, settle, ladder.seconds)
        yield load
        if count >= ladder.steps[-1] and not load.holds:
            return


def measure(
    server: DoorServer, home: Path, clip: Clip, terminals: int, fps: float, settle: float, seconds: float
) -> Load:
    """Let so many terminals play the clip. Raises BenchmarkError."""
    _, port = server.listening()
    file = home / "clip.pickle"
    file.write_bytes(pickle.dumps(clip))
    command = [sys.executable, "-m", "tests.benchmarks.speed.load", "--port", str(port)]
    command += ["--terminals", str(terminals), "--fps", str(fps), "--clip", str(file)]
    command += ["--settle", f"{settle + SETTLE_SHARE * terminals:.2f}", "--measure", str(seconds)]
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
    grants = [each for counts in terminals for each in counts["grants"]]
    waited = [each for each in grants if each is not None]
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
        visits=len(grants),
        granted=len(waited),
        grant_ms=Percentiles.of(waited) if waited else None,
    )


def series(key: str, title: str, loads: Sequence[Load]) -> Series:
    """The loads with what they say together."""
    terminal_mb = slope([load.terminals for load in loads], [load.rss_mb for load in loads])
    return Series(key, title, tuple(loads), terminal_mb)
