"""How long ago a camera gave its newest picture. Pure: the clock is passed in."""


class Pulse:
    """One thread tells of pictures, another may ask."""

    def __init__(self, now: float) -> None:
        """`now`: monotonic seconds, as all moments here."""
        self._newest = now

    def beat(self, captured: float) -> None:
        """A picture has come."""
        self._newest = captured

    def age(self, now: float) -> float:
        """Seconds since the newest picture, or for which none has come."""
        return max(0.0, now - self._newest)
