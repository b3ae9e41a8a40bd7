"""The results as Markdown."""

from collections.abc import Mapping, Sequence

from tests.benchmarks.speed.capacity import P95_MS, SKIPPED, Load, Series
from tests.benchmarks.speed.door_server import DOORWARD, MODES, OFF
from tests.benchmarks.speed.machine import Machine
from tests.benchmarks.speed.measures import Percentiles, Spread
from tests.benchmarks.speed.plan import MAIN
from tests.benchmarks.speed.race import PLAIN, QUARTER, Figures, SceneFigures
from tests.benchmarks.speed.results import Results
from tests.benchmarks.speed.startup import Start

_NOTHING = "–"


def markdown(results: Results) -> str:
    """The whole page."""
    sections = [_head(results)]
    if results.scenes:
        sections.append(_scenes(results))
    if results.capacity:
        sections.append(_capacity(results.capacity))
    if results.startup:
        sections.append(_startup(results.startup))
    return "\n\n".join(sections) + "\n"


def table(header: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """A Markdown table; the first `left` columns are aligned left, the others right."""
    rules = ["---" if column < left else "--:" for column in range(len(header))]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (header, rules, *rows))


def number(value: float | None) -> str:
    """With as many digits as can matter."""
    if value is None:
        return _NOTHING
    size = abs(value)
    return f"{value:.0f}" if size >= 99.5 else f"{value:.1f}" if size >= 9.95 else f"{value:.2f}"


def share(value: float | None) -> str:
    """A fraction in percent; 100 % means all of them."""
    if value is None:
        return _NOTHING
    percent = 100 * value
    text = f"{percent:.0f}"
    if (text == "100") != (value == 1) or (text == "0") != (value == 0):
        text = f"{percent:.1f}"
    return f"{text} %"


def spread(value: Spread | None) -> str:
    """The median, and from where to where the rounds went."""
    if value is None:
        return _NOTHING
    if value.low == value.high:
        return number(value.median)
    return f"{number(value.median)} ({number(value.low)}–{number(value.high)})"


def _times(value: Percentiles) -> list[str]:
    return [number(value.p50), number(value.p95), number(value.p99)]


def _head(results: Results) -> str:
    return (
        "# Benchmark results\n\n"
        f"Made by `make bench` ({results.kind}, {number(results.minutes)} minutes);"
        " [how it is measured](README.md). **The speed of the product is the rows in bold**: a server as"
        f" it is shipped. *{OFF}* is the same server when photos may open the door.\n\n"
        f"{_machine(results.machine, results.defaults, results.others)}"
    )


def _machine(machine: Machine, defaults: Mapping[str, str], others: float) -> str:
    packages = ", ".join(f"{name} {version}" for name, version in machine.packages.items())
    commit = f", commit {machine.commit}" if machine.commit else ""
    return table(
        ("machine", ""),
        [
            ("processor", f"{machine.cpu}, {machine.cores} cores, {machine.memory_gb:.0f} GB"),
            ("system", f"{machine.system}, Python {machine.python}"),
            ("packages", packages),
            ("as shipped", ", ".join(f"{name} {value}" for name, value in defaults.items())),
            ("when", f"{machine.date}{commit}"),
            ("other programs", f"kept {number(others)} cores busy meanwhile"),
        ],
        left=2,
    )


def _scenes(results: Results) -> str:
    used = [scene for scene in results.scenes if scene.key in MAIN]
    others = [scene for scene in results.scenes if scene.key not in MAIN]
    parts = ["## As it is used"] if used else []
    parts += [_race(used), _doorward(used)] if used else []
    parts += ["## Other scenes", _race(others), _doorward(others)] if others else []
    if results.missing:
        parts.append(f"Left out, as the videos are not there: {', '.join(results.missing)}.")
    text = (
        f"{PLAIN} and {QUARTER}: face_recognition in a loop; milliseconds are those spent on a frame."
        f" Doorward: all processes of the server; milliseconds are from sending a frame to its result."
        " Times less: of the plain loop's CPU, in the same run and on the same frames. Median of the rounds"
        " (least–greatest). Recall: share of the plain loop's faces.\n\n![CPU and time per frame](speed.png)"
    )
    return "\n\n".join([parts[0], text, *parts[1:]])


def _race(scenes: Sequence[SceneFigures]) -> str:
    header = [
        "scene",
        "contender",
        "CPU ms/frame",
        "times less",
        "frames/s per core",
        "p50 ms",
        "p95 ms",
        "p99 ms",
        "recall",
        "names right",
        "wrong",
    ]
    return table(header, [_row(scene, each) for scene in scenes for each in scene.contenders], left=2)


def _row(scene: SceneFigures, figures: Figures) -> list[str]:
    plain = figures.contender == PLAIN
    title = f"{scene.title}, {scene.width}x{scene.height}, {scene.frames} frames" if plain else ""
    return [
        title,
        _named(figures.contender),
        spread(figures.cpu_ms),
        number(figures.ratio),
        number(figures.fps_per_core),
        *_times(figures.times),
        share(figures.recall),
        str(figures.right),
        str(figures.wrong),
    ]


def _doorward(scenes: Sequence[SceneFigures]) -> str:
    header = [
        "scene",
        "contender",
        "CPU ms/frame",
        "of it parent",
        "sent late",
        "faces beyond the plain loop's",
        "first decision after ms",
    ]
    rows = [
        [
            scene.title if each.contender == DOORWARD else "",
            _named(each.contender),
            spread(each.cpu_ms),
            spread(each.parent_ms),
            share(each.behind),
            number(each.extra) if each.extra % 1 else f"{each.extra:.0f}",
            f"{spread(each.decision_ms)} {' or '.join(each.verdicts)}".strip(),
        ]
        for scene in scenes
        for each in scene.contenders
        if each.contender in MODES
    ]
    return table(header, rows, left=2)


def _named(contender: str) -> str:
    return f"**{contender}**" if contender == DOORWARD else contender


def _capacity(all_series: Sequence[Series]) -> str:
    held = "; ".join(f"{each.title.lower()}: {_held(each)}" for each in all_series)
    text = (
        "## Terminals at once\n\n"
        f"Served well: 95 % of the frames answered within {P95_MS:.0f} ms, under {share(SKIPPED)} of them"
        f" skipped, no terminal starved. Default settings but where it says otherwise."
        f" {held[:1].upper()}{held[1:]}.\n\n![Terminals at once](capacity.png)"
    )
    return "\n\n".join([text, *(_series(each) for each in all_series)])


def _held(series: Series) -> str:
    most = series.loads[-1].terminals
    more = " or more" if series.capacity == most else ""
    return f"{series.capacity}{more} terminals at {series.loads[0].fps:g} frames/s"


def _series(series: Series) -> str:
    header = [
        "terminals",
        "frames/s each, least–most",
        "p50 ms",
        "p95 ms",
        "p99 ms",
        "skipped",
        "served well",
        "server CPU",
        "RSS MB",
        "generator CPU",
    ]
    rows = [
        [
            str(load.terminals),
            f"{number(load.least)}–{number(load.most)}",
            *_times(load.times),
            share(load.skipped),
            "yes" if load.holds else "no",
            f"{load.cpu_percent:.0f} %",
            f"{load.rss_mb:.0f}",
            f"{load.load_percent:.0f} %",
        ]
        for load in series.loads
    ]
    text = f"### {series.title}, {series.loads[0].fps:g} frames/s\n\n" + table(header, rows)
    if any(load.visits for load in series.loads):
        text += "\n\n" + _newcomers(series.loads)
    if series.terminal_mb is not None:
        text += f"\n\nMemory for each further terminal: {number(series.terminal_mb)} MB."
    return text


def _newcomers(loads: Sequence[Load]) -> str:
    """When those who came were let in."""
    header = ("terminals", "visits", "let in", "first grant after ms: p50", "p95", "p99")
    rows = [
        [
            str(load.terminals),
            str(load.visits),
            str(load.granted),
            *(_times(load.grant_ms) if load.grant_ms else [_NOTHING] * 3),
        ]
        for load in loads
    ]
    return table(header, rows, left=0)


def _startup(starts: Sequence[Start]) -> str:
    header = ("photos", "embeddings", "listening after s", "all enrolled after s", "accepted", "RSS MB")
    rows = [
        [
            f"{start.photos:,}",
            "known" if start.cached else "new",
            number(start.listening),
            number(start.enrolled),
            _NOTHING if start.accepted is None else f"{start.accepted:,}",
            f"{start.rss_mb:.0f}",
        ]
        for start in starts
    ]
    return "## Start\n\n" + table(header, rows, left=0)
