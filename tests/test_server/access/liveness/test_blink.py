"""Series of sightings with noise: what is a blink and what is not."""

from dataclasses import replace

import numpy as np
import pytest

from server.access.liveness.blink import blinks
from server.access.liveness.sightings import Sighting
from server.access.seen import Landmarks, Pose
from tests.support.heads import head, noisy, sheet

NOISE = 0.2
"""Pixels, standard deviation."""


def lids(since: float, seconds: float) -> float:
    """How open the eyes are so long after a blink of `seconds` began."""
    return 0.15 if 0 <= since < seconds else 1.0


def watched(
    opened: list[tuple[float, float]], rate: float = 12.0, seconds: float = 4.0, turning: float = 0.0
) -> list[Sighting]:
    """A head whose eyes shut at times, each for so many seconds, and that turns by `turning` degrees a
    second."""
    random = np.random.default_rng(0)
    sightings = []
    for at in np.arange(0, seconds, 1 / rate):
        open_by = min((lids(at - begun, lasting) for begun, lasting in opened), default=1.0)
        seen = noisy(head(yaw=turning * (at - 2), opened=open_by), NOISE, random)
        sightings.append(Sighting.take(float(at), seen))
    return sightings


@pytest.mark.parametrize("rate", [8.0, 12.0, 15.0])
def test_blinks_are_counted(rate: float) -> None:
    found = blinks(watched([(1.0, 0.17), (2.5, 0.25)], rate))
    assert len(found) == 2
    assert found == pytest.approx([1.1, 2.6], abs=0.15)


def test_at_five_sightings_a_second_long_blinks_are_seen() -> None:
    assert len(blinks(watched([(1.5, 0.3)], rate=5.0))) == 1


def test_open_eyes_do_not_blink() -> None:
    assert blinks(watched([])) == []


def test_shut_eyes_do_not_blink() -> None:
    assert blinks(watched([(1.0, 1.2)])) == []
    assert blinks(watched([(3.0, 9.0)])) == []


def test_a_head_that_turns_meanwhile_does_not_blink() -> None:
    assert len(blinks(watched([(2.0, 0.25)], turning=5))) == 1
    assert blinks(watched([(2.0, 0.25)], turning=30)) == []


def test_a_head_that_turns_and_comes_back_meanwhile_does_not_blink() -> None:
    times = np.arange(0, 4, 1 / 12)
    seen = [
        head(yaw=15 * float(np.exp(-(((at - 2.1) / 0.2) ** 2))), opened=lids(at - 2.0, 0.2)) for at in times
    ]
    assert blinks([Sighting.take(float(at), each) for at, each in zip(times, seen, strict=True)]) == []


def test_one_eye_is_a_wink() -> None:
    sightings = watched([])
    both, open_ = watched([(2.0, 0.2)]), watched([])
    for index, sighting in enumerate(both):
        eyes = np.array([sighting.openness[0], open_[index].openness[1]])
        sightings[index] = replace(sighting, openness=eyes)
    assert blinks(sightings) == []


def test_noise_does_not_blink() -> None:
    """Eyes so small that how open they are flickers."""
    random = np.random.default_rng(0)
    still = watched([], seconds=40.0)
    flickering = [
        replace(sighting, openness=0.3 + random.normal(0, 0.07, 2) + random.normal(0, 0.07))
        for sighting in still
    ]
    assert blinks(flickering) == []


def test_a_print_tilted_to_and_fro_does_not_blink() -> None:
    times = np.arange(0, 6, 1 / 12)
    nods = [sheet(pitch=35 * float(np.sin(2 * np.pi * 0.8 * at))) for at in times]
    unseen = [Landmarks(each.points, Pose(0.0, 0.0, 0.0)) for each in nods]
    for series in (nods, unseen):
        seen = [Sighting.take(float(at), each) for at, each in zip(times, series, strict=True)]
        assert blinks(seen) == []
