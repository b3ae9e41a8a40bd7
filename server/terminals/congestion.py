"""How often frames are wanted of each terminal, so that they do not grow old waiting for each other. Pure.

Who sends the next frame as soon as the one before is answered keeps one waiting all the time, and with many
terminals each waits for all others. Told to pause for as long, a terminal gets as many answers, about frames
that are fresh. The pause follows from how long frames wait, whatever it is that they wait for.
"""

import statistics

TARGET_SECONDS = 0.05
"""How long the middle frame may wait: where terminals are served well, they wait less."""
LOOK_SECONDS = 0.5
LEAST_FRAMES = 4
"""So often, and after so many frames, it is looked at how long they wait; not before the last change of the
pause has shown."""
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 2.0
"""Seconds between two frames of a terminal, where any are asked for."""
GAIN, MOST_GROWTH = 0.1, 1.5
"""By how much the pause changes at a time: so far that a crowd is taken care of within seconds, and so little
that workers are not idle in between."""
STALE_SECONDS = 0.5
"""A frame that has waited for so long is not looked at any more: a fresh one tells more."""


class Congestion:
    """`pause`: seconds between two frames of a terminal; 0: as it likes. All times in monotonic seconds."""

    def __init__(self) -> None:
        self.pause = 0.0
        self._waits: list[float] = []
        self._looked = 0.0

    def waited(self, seconds: float, now: float) -> None:
        """A frame has been taken, or given up, after so long."""
        self._waits.append(seconds)
        if now - self._looked < LOOK_SECONDS + self.pause or len(self._waits) < LEAST_FRAMES:
            return
        middle = statistics.median(self._waits)
        self._waits.clear()
        self._looked = now
        change = min(MOST_GROWTH, 1 + GAIN * (middle / TARGET_SECONDS - 1))
        pause = max(self.pause * change, FIRST_PAUSE if change > 1 else 0.0)
        self.pause = min(LONGEST_PAUSE, pause) if pause >= FIRST_PAUSE else 0.0
