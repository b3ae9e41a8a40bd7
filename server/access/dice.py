"""Chance that can be told afterwards and repeated, but not foreseen."""

import random
from collections.abc import Iterable
from typing import TypeAlias

Draw: TypeAlias = int | float
"""What a source of chance gave: bits, or a fraction."""


class Dice(random.Random):
    """Draws from a source of chance, and remembers what it drew until that is told."""

    def __init__(self, source: random.Random) -> None:
        super().__init__()
        self._source = source
        self._drawn: list[Draw] = []

    def random(self) -> float:
        value = self._source.random()
        self._drawn.append(value)
        return value

    def getrandbits(self, k: int, /) -> int:
        value = self._source.getrandbits(k)
        self._drawn.append(value)
        return value

    def told(self) -> tuple[Draw, ...]:
        """What was drawn since the last call."""
        drawn, self._drawn = tuple(self._drawn), []
        return drawn


class LoadedDice(random.Random):
    """Gives what it was loaded with; after that, always the same numbers."""

    def __init__(self) -> None:
        super().__init__(0)
        self._left: list[Draw] = []
        self.used = False

    def load(self, drawn: Iterable[Draw]) -> None:
        """In place of what is left. `used` starts anew, too."""
        self._left = list(drawn)
        self.used = False

    def random(self) -> float:
        self.used = True
        value = self._left.pop(0) if self._left else super().random()
        return value if isinstance(value, float) else 0.0

    def getrandbits(self, k: int, /) -> int:
        self.used = True
        value = self._left.pop(0) if self._left else super().getrandbits(k)
        return value % (1 << k) if isinstance(value, int) else 0
