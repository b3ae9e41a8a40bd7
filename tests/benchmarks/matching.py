"""How long it takes to find the nearest person and the runner-up, against the plain loop over all photos.

    python -m tests.benchmarks.matching

One face, one thread, medians in milliseconds. The plain loop is `np.linalg.norm(known - probe, axis=1)`, as
with face_recognition's `face_distance`, on one array of all photos that is already there; what it finds is
not the same, as the gallery compares with a template of all photos of a person.
"""

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when NumPy is loaded

import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from server.access.matching.gallery import Gallery
from server.access.matching.recogniser import DLIB, EMBEDDING_SIZE, Embedding
from server.access.matching.templates import distance, template

SIZES = ((100, 1), (1_000, 1), (10_000, 1), (100_000, 1), (100_000, 3))
"""People, and photos of each."""
PROBES = 25
DEVIATION = 0.06
"""Of each of the 128 numbers: strangers are then about as far apart as real ones, 0.96."""
LOOK_DEVIATION = 0.03
"""The same for two pictures of one person, which are then at a distance of 0.3 to 0.4."""


def plain(
    known: NDArray[np.floating], person_of: NDArray[np.intp], probe: Embedding
) -> tuple[int, float, float]:
    """Person, distance and runner-up's distance by the plain loop."""
    distances = np.linalg.norm(known - probe, axis=1)
    best = int(distances.argmin())
    others = distances[person_of != person_of[best]]
    return int(person_of[best]), float(distances[best]), float(others.min())


def probes_of(known: Embedding) -> Iterator[Embedding]:
    """New looks at enrolled people and at strangers, in turn."""
    random = np.random.default_rng(1)
    for number in range(PROBES):
        if number % 2:
            yield random.normal(0, DEVIATION, EMBEDDING_SIZE).astype(np.float32)
        else:
            change = random.normal(0, LOOK_DEVIATION, EMBEDDING_SIZE).astype(np.float32)
            yield known[random.integers(len(known))] + change


def median_ms(work: Callable[[Embedding], object], probes: list[Embedding]) -> float:
    taken = []
    for probe in probes:
        started = time.perf_counter()
        work(probe)
        taken.append(time.perf_counter() - started)
    return statistics.median(taken) * 1000


class Crowd:
    """`people` with `photos` pictures each, as a gallery and as the plain loop wants them."""

    def __init__(self, people: int, photos: int) -> None:
        random = np.random.default_rng(0)
        faces = random.normal(0, DEVIATION, (people, EMBEDDING_SIZE))
        changes = random.normal(0, LOOK_DEVIATION, (people * photos, EMBEDDING_SIZE)) * (photos > 1)
        self.person_of = np.repeat(np.arange(people), photos)
        self.known = (faces[self.person_of] + changes).astype(np.float32)
        names = [f"{person:06}" for person in self.person_of]
        started = time.perf_counter()
        self.gallery = Gallery.build(DLIB, 1, zip(names, self.known[:, None], strict=True))
        self.build_ms = (time.perf_counter() - started) * 1000
        self.probes = [template(look[None]) for look in probes_of(self.known)]

    def error(self) -> float:
        """The largest difference of a distance to the same comparison in double precision throughout."""
        worst = 0.0
        references = self.gallery.templates.astype(np.float64)
        for probe in self.probes:
            scores = references @ (probe.astype(np.float64) / np.sqrt(np.linalg.norm(probe)))
            runner_up, nearest = np.partition(scores, -2)[-2:]
            match = self.gallery.match(probe)
            assert match is not None and match.runner_up is not None
            assert match.name == self.gallery.people[scores.argmax()]
            worst = max(
                worst,
                abs(match.distance - distance(float(nearest))),
                abs(match.runner_up - distance(float(runner_up))),
            )
        return worst


def main() -> None:
    print("  people    photos     build      match  plain loop   ratio     error")
    for people, photos in SIZES:
        crowd = Crowd(people, photos)
        match = median_ms(crowd.gallery.match, crowd.probes)
        loop = median_ms(partial(plain, crowd.known, crowd.person_of), crowd.probes)
        print(
            f"{people:8} {len(crowd.known):9} {crowd.build_ms:6.0f} ms {match:7.3f} ms"
            f" {loop:8.3f} ms {loop / match:7.1f} {crowd.error():9.1e}"
        )


if __name__ == "__main__":
    main()
