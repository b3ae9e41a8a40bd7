"""A one-value hand-over between two threads."""

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class Latest(Generic[T]):
    """A slot for one value: a newer value replaces one that nobody took. `put` never blocks."""

    def __init__(self) -> None:
        self._filled = threading.Condition()
        self._value: T | None = None

    def put(self, value: T) -> None:
        with self._filled:
            self._value = value
            self._filled.notify()

    def take(self, timeout: float = 0.0) -> T | None:
        """Empty the slot. Waits up to `timeout` seconds for a value; None when there was none."""
        with self._filled:
            if self._value is None and timeout > 0:
                self._filled.wait_for(lambda: self._value is not None, timeout)
            value, self._value = self._value, None
            return value
