"""What is remembered of whoever came last, however many come."""

from collections import OrderedDict
from typing import TypeVar

REMEMBERED = 10_000
"""Keys, such as addresses, which strangers choose."""
V = TypeVar("V")


class Recent(OrderedDict[str, V]):
    """A dict of the `REMEMBERED` keys that were set last: the one set longest ago is forgotten first."""

    def __setitem__(self, key: str, value: V) -> None:
        super().__setitem__(key, value)
        self.move_to_end(key)
        if len(self) > REMEMBERED:
            self.popitem(last=False)
