"""How regularly a camera gives pictures. Pure: the clock is passed in."""

from collections import deque
from typing import NamedTuple

REMEMBERED = 50
"""Pictures that a rate is told of."""
RATE_SECONDS = 10.0


class Health(NamedTuple):
    """Of a camera. `age`: seconds since its newest picture, or for which none has come; `fps`: pictures in
    each of the last seconds."""

    age: float
    fps: float


class Pulse:
    """One thread tells of pictures, another may ask."""

    def __init__(self, now: float) -> None:
        """`now`: monotonic seconds, as all moments here."""
        self._began = now
        self._moments: deque[float] = deque(maxlen=REMEMBERED)

    def beat(self, captured: float) -> None:
        """A picture has come."""
        self._moments.append(captured)

    def health(self, now: float) -> Health:
        moments = tuple(self._moments.copy())
        newest = moments[-1] if moments else self._began
        lately = [moment for moment in moments if now - moment <= RATE_SECONDS]
        spread = now - lately[0] if lately else 0.0
        return Health(max(0.0, now - newest), len(lately) / max(spread, 1.0))
