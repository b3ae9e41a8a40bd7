"""Moments that are asked for, in the query of a request."""

from datetime import datetime
from typing import Annotated, TypeAlias

from fastapi import Query
from pydantic import WithJsonSchema

_SAID = "As ISO 8601, of this machine's clock without a time zone; or seconds or milliseconds since 1970."
_WRITTEN = {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "number"}]}

Moment: TypeAlias = Annotated[Annotated[datetime, WithJsonSchema(_WRITTEN)] | None, Query(description=_SAID)]
