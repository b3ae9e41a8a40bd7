"""What a site's own people tell of its strangers."""

import time

import numpy as np
import pytest
from numpy.typing import NDArray

from server.access.matching.neighbourhood import LEAST_PEOPLE, MOST_PEOPLE, nearness
from server.access.matching.recogniser import DLIB, SFACE, Recogniser
from server.access.matching.templates import score_at

Rows = NDArray[np.float32]


def people(recogniser: Recogniser, count: int, nearer: float = 1.0) -> Rows:
    """Unit templates of people, as near to each other as the table expects of a tenth of the pairs, times
    `nearer`."""
    tenth = score_at(nearer * recogniser.calibration.threshold(0.1, 1))
    spread = 1 / np.sqrt(128)
    typical = max(0.0, (tenth - 1.28 * spread) / (1 - 1.28 * spread))
    faces = np.random.default_rng(count).normal(0, spread, (count, 128))
    rows = np.sqrt(1 - typical) * faces
    rows[:, 0] += np.sqrt(typical)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


@pytest.mark.parametrize("recogniser", [SFACE, DLIB], ids=str)
@pytest.mark.parametrize("count", [LEAST_PEOPLE, 30, 200])
def test_people_as_far_apart_as_elsewhere_change_nothing(recogniser: Recogniser, count: int) -> None:
    assert nearness(people(recogniser, count, 1.05), recogniser.calibration) == 1.0


@pytest.mark.parametrize("count", [LEAST_PEOPLE, 30, 200])
def test_people_who_look_alike_to_the_network_tighten(count: int) -> None:
    found = nearness(people(DLIB, count, 0.7), DLIB.calibration)
    assert 0.65 < found < 0.85


def test_the_nearer_they_are_the_tighter() -> None:
    found = [nearness(people(DLIB, 60, nearer), DLIB.calibration) for nearer in (1.05, 0.85, 0.7, 0.5)]
    assert found == sorted(found, reverse=True) and len(set(found)) == 4


def test_too_few_people_say_nothing() -> None:
    assert nearness(people(DLIB, LEAST_PEOPLE - 1, 0.4), DLIB.calibration) == 1.0
    assert nearness(people(DLIB, 1), DLIB.calibration) == 1.0
    assert nearness(np.empty((0, 128), np.float32), DLIB.calibration) == 1.0


def test_a_family_among_others_changes_nothing() -> None:
    """Five of twelve: 10 of 66 pairs are near, more than a tenth, but few people carry them."""
    rows = people(SFACE, 12, 1.05)
    rows[1:5] = 0.6 * rows[0] + 0.8 * rows[1:5]
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    near = rows @ rows.T >= score_at(SFACE.calibration.threshold(0.1, 1))
    assert (near.sum() - 12) / (12 * 11) > 0.1
    assert nearness(rows, SFACE.calibration) == 1.0


def test_one_face_under_all_names_ends() -> None:
    rows = np.repeat(people(SFACE, 1), 50, axis=0)
    assert 0 < nearness(rows, SFACE.calibration) < 0.1


def test_of_many_people_so_many_are_compared() -> None:
    rows = people(DLIB, 20 * MOST_PEOPLE, 0.7)
    started = time.perf_counter()
    many = nearness(rows, DLIB.calibration)
    assert time.perf_counter() - started < 20
    assert many == pytest.approx(nearness(rows[:MOST_PEOPLE], DLIB.calibration), abs=0.02)
