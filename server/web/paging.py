"""Pages of rows, newest first: a page goes on before the place of the last row of the one before it."""

from collections.abc import Sequence
from typing import Annotated, Protocol

from fastapi import Depends, Query

from server.history.kept import Place


class Row(Protocol):
    """What is kept of something, with its place."""

    @property
    def place(self) -> Place: ...


def place(before: Annotated[str | None, Query(pattern=r"^-?\d{1,17}\.\d{1,18}$")] = None) -> Place | None:
    """Where a page goes on."""
    if before is None:
        return None
    moment, _, number = before.partition(".")
    return Place(int(moment), int(number))


Before = Annotated[Place | None, Depends(place)]


def next_of(found: Sequence[Row], limit: int) -> str | None:
    """The `before` of the page that follows; None: there is none."""
    if len(found) < limit:
        return None
    return f"{found[-1].place.moment}.{found[-1].place.number}"
