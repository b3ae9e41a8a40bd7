"""What more photos of a person would help."""

from collections.abc import Callable
from typing import TypeAlias

from server.access.matching.neighbourhood import Population

ENOUGH = 3
"""Photos of one person; more help little."""

Refused: TypeAlias = Callable[[Population, int], float]
"""From who is enrolled and the number of a person's photos to the share, 0 to 1, of that person's visits that
are refused at first, at the threshold for these people."""


def advice(name: str, photos: int, refused: Callable[[int], float]) -> str:
    """Such as "1 photo of Jane Doe: at the present threshold about 22 of 100 visits are refused at first; a
    second varied photo: 9, a third: 3". Empty when there are enough photos, or more would not help.

    `refused`: as `Refused`, for those enrolled at present.
    """
    if photos >= ENOUGH or _of_100(refused(ENOUGH)) >= _of_100(refused(photos)):
        return ""
    more = {2: "a second varied photo", 3: "a third" if photos == 1 else "a third varied photo"}
    gains = ", ".join(f"{more[count]}: {_of_100(refused(count))}" for count in range(photos + 1, ENOUGH + 1))
    return (
        f"{photos} photo{'' if photos == 1 else 's'} of {name}: at the present threshold about"
        f" {_of_100(refused(photos))} of 100 visits are refused at first; {gains}"
    )


def _of_100(share: float) -> int:
    return round(100 * share)
