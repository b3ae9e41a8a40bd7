"""One contender's way through one scene, timed."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.benchmarks.speed.door_server import DoorServer
from tests.benchmarks.speed.loops import PlainLoop, QuarterLoop
from tests.benchmarks.speed.measures import Faces, Reported
from tests.benchmarks.speed.process_tree import CpuTime
from tests.benchmarks.speed.scenes import Scene
from tests.benchmarks.speed.terminal import Terminal

TRAILING_SECONDS = 0.1
"""What the server does within this time of its last answer counts as done for the stream."""


@dataclass(frozen=True)
class Pass:
    """How a contender went through a scene.

    `frames`: how many `cpu` (seconds) was spent on. `times`: milliseconds for each frame that was looked at.
    `seen`: the faces reported, by the number of the frame. `behind`: how many frames were sent late because
    the one before was not answered yet. `decision_ms`: from sending the first frame in which somebody is
    wholly in view to the first decision, which is `verdict`.
    """

    frames: int
    cpu: CpuTime
    times: tuple[float, ...]
    seen: Mapping[int, Faces] = field(default_factory=dict)
    behind: int = 0
    decision_ms: float | None = None
    verdict: str = ""

    @property
    def cpu_ms(self) -> float:
        """Milliseconds of CPU per frame."""
        return self.cpu.total * 1000 / self.frames


def spread_evenly(count: int, wanted: int) -> list[int]:
    """At most `wanted` of the numbers below `count`, evenly spread."""
    return sorted({at * count // wanted for at in range(wanted)})


def plain(loop: PlainLoop, scene: Scene, timed: int) -> Pass:
    """The plain loop, on a few frames of the scene. What it sees is told by the reference."""
    looked = spread_evenly(len(scene.frames), timed)
    _, times, cpu = _timed(loop.look, [scene.frames[at] for at in looked])
    return Pass(len(looked), CpuTime(cpu, 0.0), tuple(times))


def quarter(loop: PlainLoop, scene: Scene, judged: Sequence[int]) -> Pass:
    """The quick variant, as it sees the judged frames: it looks at every other one, and the faces stay for
    the one that follows. Its times are those of the frames that it looks at."""
    looked = sorted({at - at % 2 for at in judged})
    seen, times, cpu = _timed(QuarterLoop(loop).look, [scene.frames[at] for at in looked])
    faces = dict(zip(looked, seen, strict=True))
    return Pass(
        frames=2 * len(looked),
        cpu=CpuTime(cpu, 0.0),
        times=tuple(times),
        seen={at: faces[at - at % 2] for at in judged},
    )


def _timed(look: Callable[[bytes], Faces], frames: Sequence[bytes]) -> tuple[list[Faces], list[float], float]:
    """The faces; wall-clock milliseconds for each frame; seconds of CPU in all."""
    seen, times = [], []
    begun = time.process_time()
    for jpeg in frames:
        started = time.perf_counter()
        seen.append(look(jpeg))
        times.append((time.perf_counter() - started) * 1000)
    return seen, times, time.process_time() - begun


def doorward(server: DoorServer, scene: Scene, terminal_name: str) -> Pass:
    """The server, at the pace of life: each frame is sent when it is due, or when the one before has been
    answered, whichever is later. The lock after failed attempts is kept by `terminal_name`."""
    seen: dict[int, Faces] = {}
    times: list[float] = []
    behind = 0
    arrived = decided = None
    verdict = ""
    _, port = server.listening()
    with Terminal(port, terminal_name) as terminal:
        begun = server.cpu_time()
        started = time.perf_counter()
        for index, jpeg in enumerate(scene.frames):
            early = started + index / scene.fps - time.perf_counter()
            if early > 0:
                time.sleep(early)
            else:
                behind += index > 0
            if index == scene.arrives:
                arrived = time.perf_counter()
            result, seconds = terminal.show(jpeg)
            times.append(seconds * 1000)
            if result.decision and decided is None:
                decided, verdict = time.perf_counter(), result.decision.verdict.value
            seen[index] = tuple(Reported(face.box, face.name) for face in result.faces)
        time.sleep(TRAILING_SECONDS)
        cpu = server.cpu_time() - begun
    waited = (decided - arrived) * 1000 if decided is not None and arrived is not None else None
    return Pass(len(scene.frames), cpu, tuple(times), seen, behind, waited, verdict)


def warm_up(loop: PlainLoop, servers: Sequence[DoorServer], scene: Scene) -> None:
    """Let everybody see a few frames before anything counts."""
    for server in servers:
        _, port = server.listening()
        with Terminal(port, "bench-warm-up") as terminal:
            for jpeg in scene.frames[:10]:
                terminal.show(jpeg)
    quick = QuarterLoop(loop)
    for jpeg in scene.frames[:2]:
        loop.look(jpeg)
        quick.look(jpeg)
