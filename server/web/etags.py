"""Nobody overwrites what somebody else has changed meanwhile: ETag and If-Match (RFC 9110)."""

import hashlib
from http import HTTPStatus
from typing import Annotated

from fastapi import Header
from pydantic import BaseModel

from server.web.problems import ProblemError

IfMatch = Annotated[
    str | None, Header(alias="If-Match", description="The ETag of what the change is based on.")
]


def etag_of(value: BaseModel | str) -> str:
    """Of what is shown, or of a word that stands for its content."""
    text = value if isinstance(value, str) else value.model_dump_json()
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def require_match(given: str | None, present: str) -> None:
    """Raises ProblemError: it is no longer what the caller has seen. Without If-Match anything goes."""
    if given is not None and given.strip() != "*" and present not in map(str.strip, given.split(",")):
        detail = "Somebody else has changed this meanwhile; load it again."
        raise ProblemError(HTTPStatus.PRECONDITION_FAILED, "changed_meanwhile", detail)
