"""Moments that are asked for, in the query of a request."""

from datetime import datetime
from typing import Annotated, TypeAlias

from fastapi import Query
from pydantic import AfterValidator, WithJsonSchema

FIRST_YEAR, LAST_YEAR = 1970, 9998
"""Within them every moment of every time zone can be told in milliseconds since 1970."""
_SAID = "As ISO 8601, of this machine's clock without a time zone; or seconds or milliseconds since 1970."
_WRITTEN = {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "number"}]}


def _of_our_time(moment: datetime) -> datetime:
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(f"the year must be {FIRST_YEAR} to {LAST_YEAR}")
    return moment


_Told = Annotated[datetime, AfterValidator(_of_our_time), WithJsonSchema(_WRITTEN)]
Moment: TypeAlias = Annotated[_Told | None, Query(description=_SAID)]
