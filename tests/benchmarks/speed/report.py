"""The results as Markdown."""

from collections.abc import Sequence

from tests.benchmarks.speed.capacity import P95_MS, Series
from tests.benchmarks.speed.machine import Machine
from tests.benchmarks.speed.measures import Percentiles, Spread
from tests.benchmarks.speed.race import DOORWARD, PLAIN, QUARTER, Figures, SceneFigures
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
    rounds = f"{results.rounds} round{'s' if results.rounds > 1 else ''}"
    return (
        "# Benchmark results\n\n"
        f"Made by `make bench` ({results.kind}, {rounds}, {number(results.minutes)} minutes);"
        f" [how it is measured](README.md).\n\n{_machine(results.machine, results.others)}"
    )


def _machine(machine: Machine, others: float) -> str:
    packages = ", ".join(f"{name} {version}" for name, version in machine.packages.items())
    commit = f", commit {machine.commit}" if machine.commit else ""
    return table(
        ("machine", ""),
        [
            ("processor", f"{machine.cpu}, {machine.cores} cores, {machine.memory_gb:.0f} GB"),
            ("system", f"{machine.system}, Python {machine.python}"),
            ("packages", packages),
            ("when", f"{machine.date}{commit}"),
            ("other programs", f"kept {number(others)} cores busy meanwhile"),
        ],
        left=2,
    )


def _scenes(results: Results) -> str:
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
    rows = [_row(scene, each) for scene in results.scenes for each in scene.contenders]
    text = (
        "## Per frame\n\n"
        f"{PLAIN} and {QUARTER}: face_recognition in a loop; milliseconds are those spent on a frame."
        f" {DOORWARD}: `--workers 1`, all its processes; milliseconds are from sending a frame to its result."
        " Median of the rounds (least–greatest). Recall: share of the plain loop's faces.\n\n"
        + table(header, rows, left=2)
        + "\n\n![CPU and time per frame](speed.png)"
    )
    if results.missing:
        text += f"\n\nLeft out, as the videos are not there: {', '.join(results.missing)}."
    ours = [
        (scene, each) for scene in results.scenes for each in scene.contenders if each.contender == DOORWARD
    ]
    return text + "\n\n" + _doorward(ours)


def _row(scene: SceneFigures, figures: Figures) -> list[str]:
    plain = figures.contender == PLAIN
    title = f"{scene.title}, {scene.width}x{scene.height}, {scene.frames} frames" if plain else ""
    name = f"**{figures.contender}**" if figures.contender == DOORWARD else figures.contender
    return [
        title,
        name,
        spread(figures.cpu_ms),
        number(figures.ratio),
        number(figures.fps_per_core),
        *_times(figures.times),
        share(figures.recall),
        str(figures.right),
        str(figures.wrong),
    ]


def _doorward(ours: Sequence[tuple[SceneFigures, Figures]]) -> str:
    header = [
        "Doorward",
        "CPU ms/frame",
        "of it parent",
        "sent late",
        "faces beyond the plain loop's",
        "first decision after ms",
    ]
    rows = [
        [
            scene.title,
            spread(each.cpu_ms),
            spread(each.parent_ms),
            share(each.behind),
            number(each.extra) if each.extra % 1 else f"{each.extra:.0f}",
            f"{spread(each.decision_ms)} {' or '.join(each.verdicts)}".strip(),
        ]
        for scene, each in ours
    ]
    return table(header, rows)


def _capacity(all_series: Sequence[Series]) -> str:
    held = "; ".join(f"{each.title.lower()}: {_held(each)}" for each in all_series)
    text = (
        "## Terminals at once\n\n"
        f"Served well: 95 % of the frames answered within {P95_MS:.0f} ms, no terminal starved,"
        f" default settings. {held[:1].upper()}{held[1:]}.\n\n![Terminals at once](capacity.png)"
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
    if series.terminal_mb is not None:
        text += f"\n\nMemory for each further terminal: {number(series.terminal_mb)} MB."
    return text


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
