"""The DET curve."""

import importlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from server.access.matching.recogniser import DLIB
from tests.benchmarks.accuracy.curve import EDGES, share_at, stranger_counts
from tests.benchmarks.accuracy.identities import Identities
from tests.benchmarks.accuracy.measures import LEAST, OWN_DRAWS
from tests.benchmarks.accuracy.trials import CELLS, PLAIN_TOLERANCE, ROOTED, Rule, own, plain_rule


def draw(identities: Identities, path: Path) -> None:
    """FNMR by FMR, all people, for both rules."""
    importlib.import_module("matplotlib").use("Agg")
    pyplot = importlib.import_module("matplotlib.pyplot")
    figure, axes = pyplot.subplots(figsize=(7.5, 5.5))
    rules: list[tuple[str, Rule, str, float]] = [
        ("Doorward", ROOTED, "-", DLIB.calibration.threshold(1e-4, 1)),
        ("nearest photo", plain_rule, ":", PLAIN_TOLERANCE),
    ]
    for at, cell in enumerate(CELLS):
        for name, rule, style, limit in rules:
            counts = stranger_counts(identities, *cell, rule)
            apart = np.sort(own(identities, *cell, LEAST, OWN_DRAWS, rule), axis=None)
            label = f"{name}, {cell[0]} photo{'s' * (cell[0] > 1)}, {cell[1]} frame{'s' * (cell[1] > 1)}"
            axes.plot(
                counts.cumsum() / counts.sum(), _refused(apart, EDGES), style, color=f"C{at}", label=label
            )
            mark = "o" if rule is ROOTED else "x"
            axes.plot(share_at(counts, limit), _refused(apart, np.array([limit])), mark, color=f"C{at}")
    axes.set(xscale="log", yscale="log", xlim=(1e-6, 1e-1), ylim=(1e-3, 1.0))
    axes.set(xlabel="FMR: share of strangers matched", ylabel="FNMR: share of own comparisons refused")
    axes.set_title("LFW by identity. o: threshold for risk 1e-4; x: distance 0.6")
    axes.grid(which="both", alpha=0.25)
    axes.legend(fontsize=7)
    figure.tight_layout()
    figure.savefig(path, dpi=110, metadata={"Software": None})
    pyplot.close(figure)


def _refused(apart: NDArray[np.float32], limits: NDArray[np.floating]) -> NDArray[np.float64]:
    return np.asarray(1 - np.searchsorted(apart, limits, side="right") / len(apart))
