"""The DET curve."""

import importlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.accuracy.curve import EDGES, share_at, stranger_counts
from tests.benchmarks.accuracy.measures import LEAST, OWN_DRAWS
from tests.benchmarks.accuracy.subject import Subject
from tests.benchmarks.accuracy.trials import CELLS, own

STYLES = {"sface": "-", "dlib": ":"}


def draw(subjects: list[Subject], path: Path) -> None:
    """FNMR by FMR, all of LFW's people, for both recognisers."""
    importlib.import_module("matplotlib").use("Agg")
    pyplot = importlib.import_module("matplotlib.pyplot")
    figure, axes = pyplot.subplots(figsize=(7.5, 5.5))
    for subject in subjects:
        name, limit = subject.recogniser.name, subject.recogniser.calibration.threshold(1e-4, 1)
        for at, cell in enumerate(CELLS):
            counts = stranger_counts(subject.everybody, *cell, subject.rule)
            apart = np.sort(own(subject.everybody, *cell, LEAST, OWN_DRAWS, subject.rule), axis=None)
            label = f"{name}, {cell[0]} photo{'s' * (cell[0] > 1)}, {cell[1]} frame{'s' * (cell[1] > 1)}"
            shares = counts.cumsum() / counts.sum()
            axes.plot(shares, _refused(apart, EDGES), STYLES[name], color=f"C{at}", label=label)
            axes.plot(share_at(counts, limit), _refused(apart, np.array([limit])), "o", color=f"C{at}")
    axes.set(xscale="log", yscale="log", xlim=(1e-7, 1e-1), ylim=(1e-4, 1.0))
    axes.set(xlabel="FMR: share of strangers matched", ylabel="FNMR: share of own comparisons refused")
    axes.set_title("LFW by identity. o: shipped threshold for risk 1e-4, N = 1")
    axes.grid(which="both", alpha=0.25)
    axes.legend(fontsize=7)
    figure.tight_layout()
    figure.savefig(path, dpi=110, metadata={"Software": None})
    pyplot.close(figure)


def _refused(apart: NDArray[np.float32], limits: NDArray[np.floating]) -> NDArray[np.float64]:
    return np.asarray(1 - np.searchsorted(apart, limits, side="right") / len(apart))
