"""What textures show: of a living face depth, eyes and a mouth; of a print nothing, however it is held."""

import numpy as np
import pytest

from server.access.liveness.change import Changes, Picture, changes
from tests.support.textures import Skin, shown

COUNT = 40


def series(**how: tuple[float, float]) -> Changes:
    """Of textures in which each of `how` varies between two values, each at a pace of its own."""
    skin, random = Skin(), np.random.default_rng(1)
    textures = []
    for index in range(COUNT):
        values = {
            name: low + (high - low) * (0.5 + 0.5 * np.sin(index * (0.37 + 0.11 * at)))
            for at, (name, (low, high)) in enumerate(how.items())
        }
        textures.append(np.frombuffer(shown(skin.seen(**values), random), np.uint8).reshape(64, 64))
    return changes([Picture.of(each) for each in textures])


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"aside": (-0.8, 0.8)},
        {"tilted": (-1.0, 1.0)},
        {"gain": (0.7, 1.2)},
        {"blur": (0.3, 1.2)},
        {"mirrored": (5.0, 60.0)},
        {"aside": (-0.6, 0.6), "tilted": (-0.8, 0.8), "gain": (0.8, 1.1), "blur": (0.3, 0.9)},
    ],
    ids=["still", "moved", "tilted", "lit", "blurred", "a lamp in it", "all of it"],
)
def test_of_a_print_nothing_changes(how: dict[str, tuple[float, float]]) -> None:
    of_print = series(**how)
    assert np.quantile(of_print.depth, 0.6) < 1.4
    assert np.sort(of_print.eyes)[-3] < 1.0
    assert np.sort(of_print.mouth)[-4] < 1.0


def test_a_head_that_turns_shows_depth() -> None:
    assert np.quantile(series(turned=(-11.0, 11.0)).depth, 0.6) > 1.75


def test_eyes_that_close_are_seen_and_nothing_else() -> None:
    blinking = series(shut=(0.0, 1.0))
    assert np.sort(blinking.eyes)[-3] > 1.5
    assert np.sort(blinking.mouth)[-4] < 1.0


def test_a_mouth_that_speaks_is_seen_and_nothing_else() -> None:
    speaking = series(speaking=(0.0, 1.0))
    assert np.sort(speaking.mouth)[-4] > 3.5
    assert np.sort(speaking.eyes)[-3] < 1.0


def test_what_is_only_found_in_another_place_has_not_changed() -> None:
    """Points that are off by some cells in some frames."""
    skin, random = Skin(), np.random.default_rng(2)
    off = [3.0 if index % 8 == 0 else 0.0 for index in range(COUNT)]
    textures = [np.frombuffer(shown(skin.seen(aside=each), random), np.uint8).reshape(64, 64) for each in off]
    found = changes([Picture.of(each) for each in textures])
    assert np.sort(found.eyes)[-3] < 2.0 and np.sort(found.mouth)[-4] < 3.5


def test_what_glares_shows_nothing() -> None:
    bright = series(shut=(0.0, 1.0), gain=(2.2, 2.4))
    assert bright.eyes.max() == 0


def test_black_pictures_show_nothing() -> None:
    black = changes([Picture.of(np.zeros((64, 64), np.uint8))] * 10)
    assert all(np.isfinite(each).all() and each.max() < 1 for each in black)
