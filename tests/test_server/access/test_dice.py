"""Chance as the door gets it: told afterwards, and repeated by a replay."""

import random

import pytest

from server.access.dice import Dice, LoadedDice


def test_loaded_dice_give_what_they_were_loaded_with_then_always_the_same() -> None:
    for _ in range(20):
        dice = Dice(random.SystemRandom())
        first = [dice.choice("abcdef"), dice.random(), dice.randrange(3), dice.sample(range(9), 4)]
        told = dice.told()
        assert told and dice.told() == ()
        loaded = LoadedDice()
        assert not loaded.used
        loaded.load(told)
        assert [
            loaded.choice("abcdef"),
            loaded.random(),
            loaded.randrange(3),
            loaded.sample(range(9), 4),
        ] == first
        assert loaded.used
        loaded.load(())
        assert not loaded.used
    assert [LoadedDice().random() for _ in range(3)] == [pytest.approx(0.8444218515250481)] * 3
