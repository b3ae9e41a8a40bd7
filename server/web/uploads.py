"""Files that are sent as a form. A form is read by the route itself, once it is known who asks."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

from server.accounts.rights import Caller
from server.web.problems import CODES, ProblemError

PICTURE = "picture"
PICTURE_BYTES = 32 << 20
FIELDS = 20
"""Of a form, beside its files."""

AGAIN_SECONDS = 5.0


class Uploading:
    """Who sends files just now: each account one upload at a time, by whichever of its keys. Owned by the
    event loop."""

    def __init__(self) -> None:
        self._busy: set[int] = set()

    @contextmanager
    def turn(self, caller: Caller) -> Iterator[None]:
        """Raises ProblemError: another one is not done yet."""
        if caller.account in self._busy:
            raise ProblemError.too_many("One upload at a time is taken from you.", AGAIN_SECONDS)
        self._busy.add(caller.account)
        try:
            yield
        finally:
            self._busy.discard(caller.account)


def uploading(connection: HTTPConnection) -> Uploading:
    """That of the app that is asked."""
    found: Uploading = connection.app.state.uploading
    return found


Turns = Annotated[Uploading, Depends(uploading)]


@asynccontextmanager
async def form_of(request: Request, most: int) -> AsyncIterator[FormData]:
    """The form that is sent, for as long as its files are needed. `most`: files. Raises ProblemError."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        detail = "Send a form: multipart/form-data."
        raise ProblemError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail)
    try:
        form = await request.form(max_files=most, max_fields=FIELDS)
    except HTTPException as error:
        if error.status_code in CODES:
            raise
        raise ProblemError(HTTPStatus.BAD_REQUEST, "bad_request", str(error.detail)) from None
    try:
        yield form
    finally:
        await form.close()


async def picture_of(request: Request) -> bytes:
    """The one picture of a form. Raises ProblemError."""
    async with form_of(request, 1) as form:
        picture = form.get(PICTURE)
        if not isinstance(picture, UploadFile):
            raise ProblemError.refused(f"Send a file in the field {PICTURE}.")
        return await picture.read()


def body_of(files: str, *, several: bool = False, texts: tuple[str, ...] = ()) -> dict[str, Any]:
    """For the OpenAPI document: what such a request has."""
    file: dict[str, Any] = {"type": "string", "contentMediaType": "application/octet-stream"}
    if several:
        file = {"type": "array", "items": file, "minItems": 1}
    properties = {files: file, **{text: {"type": "string"} for text in texts}}
    schema = {"type": "object", "properties": properties, "required": [files]}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}
