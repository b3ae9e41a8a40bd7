"""The results as pictures, where matplotlib is installed."""

import importlib
from collections.abc import Sequence
from pathlib import Path
from textwrap import fill
from typing import Any

from tests.benchmarks.speed.capacity import P95_MS, Series
from tests.benchmarks.speed.door_server import DOORWARD, OFF
from tests.benchmarks.speed.race import PLAIN, QUARTER, SceneFigures
from tests.benchmarks.speed.report import share

COLOURS = {PLAIN: "#9aa0a6", QUARTER: "#5b8db8", DOORWARD: "#d1603d", OFF: "#e8b19c"}
SERIES_COLOURS = ("#d1603d", "#e8b19c", "#5b8db8", "#6a9a5b")
DPI = 130
LABEL = 26
"""Characters of a line that names a scene."""
BAR = 0.2
"""Height of a bar; the scenes are 1 apart."""


def pyplot() -> Any | None:
    """matplotlib.pyplot without a display; None where it is not installed."""
    try:
        importlib.import_module("matplotlib").use("Agg")
    except ImportError:
        return None
    return importlib.import_module("matplotlib.pyplot")


def speed(plt: Any, scenes: Sequence[SceneFigures], path: Path) -> None:
    """CPU per frame, with how many times less it is than the plain loop's, and the time to a result."""
    height = 1.6 + 0.95 * len(scenes)
    figure, (left, right) = plt.subplots(1, 2, figsize=(12, height), sharey=True, width_ratios=(3, 2))
    for axes in (left, right):
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:g}")
        _plain_look(axes, "x")
    for rank, contender in enumerate(COLOURS):
        found = [
            (at, next(each for each in scene.contenders if each.contender == contender))
            for at, scene in enumerate(scenes)
        ]
        places = [at + (rank - 1.5) * BAR for at, _ in found]
        costs = [each.cpu_ms for _, each in found]
        errors = [[cost.median - cost.low for cost in costs], [cost.high - cost.median for cost in costs]]
        left.barh(
            places,
            [cost.median for cost in costs],
            BAR * 0.92,
            xerr=errors,
            color=COLOURS[contender],
            label=contender,
            error_kw={"elinewidth": 1, "ecolor": "#333333"},
        )
        for place, (_, each) in zip(places, found, strict=True):
            label = f"{each.cpu_ms.median:.3g} ms"
            label += "" if contender == PLAIN else f"   {each.ratio:.3g}x less"
            label += "" if each.recall is None or contender == PLAIN else f", finds {share(each.recall)}"
            left.annotate(
                label,
                (each.cpu_ms.high, place),
                (5, 0),
                textcoords="offset points",
                va="center",
                fontsize=8,
                weight="bold" if contender == DOORWARD else "normal",
            )
        times = [each.times for _, each in found]
        right.hlines(places, [t.p50 for t in times], [t.p99 for t in times], color=COLOURS[contender], lw=2)
        right.plot([t.p50 for t in times], places, "o", color=COLOURS[contender], ms=6)
        right.plot([t.p95 for t in times], places, "|", color=COLOURS[contender], ms=11, mew=2)
    least = min(each.cpu_ms.low for scene in scenes for each in scene.contenders)
    most = max(each.cpu_ms.high for scene in scenes for each in scene.contenders)
    left.set_xlim(least / 2, most * 12)
    left.set_yticks(
        range(len(scenes)), [fill(f"{scene.title}, {scene.width}x{scene.height}", LABEL) for scene in scenes]
    )
    left.invert_yaxis()
    left.set_title("CPU per frame, ms (log scale)", loc="left", fontsize=11)
    right.set_title("Time per frame, ms: ● p50  | p95  — p99", loc="left", fontsize=11)
    figure.legend(*left.get_legend_handles_labels(), loc="lower center", ncols=4, frameon=False)
    figure.tight_layout(rect=(0, 0.35 / height, 1, 1))
    _save(plt, figure, path)


def capacity(plt: Any, all_series: Sequence[Series], path: Path) -> None:
    """Latency, frames per terminal and CPU over the number of terminals."""
    figure, (latency, rate, cpu) = plt.subplots(1, 3, figsize=(12, 4.6))
    growing = [each for each in all_series if len(each.loads) > 1]
    for series, colour in zip(growing, SERIES_COLOURS, strict=False):
        counts = [load.terminals for load in series.loads]
        title = f"{series.title.lower()}: {series.capacity} terminals"
        latency.plot(counts, [load.times.p95 for load in series.loads], "o-", color=colour, ms=4, label=title)
        latency.plot(counts, [load.times.p50 for load in series.loads], ":", color=colour)
        rate.fill_between(
            counts,
            [load.least for load in series.loads],
            [load.most for load in series.loads],
            color=colour,
            alpha=0.3,
        )
        middle = [(load.least + load.most) / 2 for load in series.loads]
        rate.plot(counts, middle, "o-", color=colour, ms=4)
        cpu.plot(counts, [load.cpu_percent for load in series.loads], "o-", color=colour, ms=4)
    latency.axhline(P95_MS, color="#333333", lw=1, ls="--")
    latency.set_yscale("log")
    latency.yaxis.set_major_formatter("{x:g}")
    latency.set_title("p95 (line) and p50 (dotted), ms", loc="left", fontsize=11)
    rate.set_title("frames/s per terminal, least to most", loc="left", fontsize=11)
    rate.set_ylim(bottom=0)
    cpu.set_title("server CPU, % of one core", loc="left", fontsize=11)
    cpu.set_ylim(bottom=0)
    for axes in (latency, rate, cpu):
        axes.set_xlabel("terminals")
        axes.set_xlim(left=0)
        _plain_look(axes, "both")
    figure.legend(
        *latency.get_legend_handles_labels(),
        loc="lower center",
        ncols=3,
        frameon=False,
        title=f"served well (p95 within {P95_MS:.0f} ms, dashed; nobody starved)",
    )
    figure.tight_layout(rect=(0, 0.12, 1, 1))
    _save(plt, figure, path)


def _plain_look(axes: Any, grid: str) -> None:
    axes.grid(axis=grid, color="#dddddd", lw=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _save(plt: Any, figure: Any, path: Path) -> None:
    figure.savefig(path, dpi=DPI, metadata={"Software": None})
    plt.close(figure)
