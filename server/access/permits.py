"""When and where an enrolled person may come in.

Dates and times of day are what the wall clock at the server shows. On the day the clocks go forward the hour
that is skipped is nobody's; on the day they go back the hour that comes twice counts twice.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime

from wire.reasons import Reason

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 24 * 60

_WINDOW = re.compile(r"([a-z]{3})(?: ?- ?([a-z]{3}))? +(\d\d?):(\d\d) ?- ?(\d\d?):(\d\d)", re.ASCII)
_FORM = 'write it like "mon-fri 07:00-19:00" or "sat 22:00-02:00"'


@dataclass(frozen=True)
class Window:
    """A part of each week.

    `days`: the days on which it starts, 0 is Monday. `start`: its first minute, 0 to 1439, counted from
    midnight. `end`: the first minute after it, 0 to 1440; not later than `start`: it ends on the next day.
    """

    days: frozenset[int]
    start: int
    end: int

    def __contains__(self, moment: datetime) -> bool:
        minute = moment.hour * 60 + moment.minute
        today = moment.weekday()
        if self.start < self.end:
            return today in self.days and self.start <= minute < self.end
        yesterday = (today - 1) % 7
        return (today in self.days and minute >= self.start) or (yesterday in self.days and minute < self.end)

    def __str__(self) -> str:
        """In the form that `read` takes."""
        first = next((day for day in sorted(self.days) if (day - 1) % 7 not in self.days), 0)
        last = (first + len(self.days) - 1) % 7
        days = DAYS[first] if first == last else f"{DAYS[first]}-{DAYS[last]}"
        return f"{days} {_time(self.start)}-{_time(self.end)}"

    @classmethod
    def read(cls, text: str) -> "Window":
        """From "mon-fri 07:00-19:00"; "fri-mon" goes over the weekend, "fri 22:00-02:00" over midnight.

        Raises ValueError, in words for whoever wrote it.
        """
        parts = _WINDOW.fullmatch(text.strip().lower())
        if parts is None:
            raise ValueError(_FORM)
        first, last, *numbers = parts.groups()
        for day in (first, last or first):
            if day not in DAYS:
                raise ValueError(f"there is no day {day!r}; the days are {', '.join(DAYS)}")
        start = _minute(numbers[0], numbers[1])
        end = _minute(numbers[2], numbers[3])
        if start == DAY_MINUTES:
            raise ValueError("24:00 can only be the end; a window that starts at midnight starts at 00:00")
        if start == end:
            raise ValueError("it starts when it ends; the whole day is 00:00-24:00")
        begin = DAYS.index(first)
        length = (DAYS.index(last or first) - begin) % 7 + 1
        return cls(frozenset((begin + at) % 7 for at in range(length)), start, end)


def _time(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _minute(hours: str, minutes: str) -> int:
    total = int(hours) * 60 + int(minutes)
    if int(minutes) > 59 or total > DAY_MINUTES:
        raise ValueError(f"there is no time {hours}:{minutes}; times go from 00:00 to 24:00")
    return total


@dataclass(frozen=True)
class Permit:
    """What one person is limited to; None is no limit.

    `valid_from`, `valid_until`: first and last day. `schedule`: one of the windows must hold the moment.
    `terminals`: names of the only terminals that the person may use. `disabled`: nowhere, at no time.
    """

    valid_from: date | None = None
    valid_until: date | None = None
    schedule: tuple[Window, ...] | None = None
    terminals: frozenset[str] | None = None
    disabled: bool = False


def bar(permit: Permit | None, terminal: str, moment: datetime) -> Reason | None:
    """Why the person may not come in at `terminal` now; None: may. Without a permit there are no limits.

    `moment`: the server's wall clock, as `datetime.now()` gives it. Of several reasons the one that lasts
    longest is told: disabled, not valid on this day, wrong terminal, outside the schedule.
    """
    if permit is None:
        return None
    today = moment.date()
    if permit.disabled:
        return Reason.DISABLED
    if permit.valid_until is not None and today > permit.valid_until:
        return Reason.EXPIRED
    if permit.valid_from is not None and today < permit.valid_from:
        return Reason.NOT_YET_VALID
    if permit.terminals is not None and terminal not in permit.terminals:
        return Reason.WRONG_TERMINAL
    if permit.schedule is not None and not any(moment in window for window in permit.schedule):
        return Reason.OUTSIDE_SCHEDULE
    return None
