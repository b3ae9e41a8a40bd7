"""The pictures of a request: uploaded, as a form or in JSON, stored in the photo folder, or what a terminal
shows. A request is read by the route itself, once it is known who asks."""

import asyncio
import base64
import binascii
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import PurePath
from typing import Annotated, Any, NamedTuple, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json
from starlette.datastructures import UploadFile

from server.accounts.rights import Caller
from server.gallery.folder import ReadError, read_photo
from server.terminals.live import LiveFrame
from server.web.problems import ProblemError
from server.web.running import Running
from server.web.uploads import form_of
from wire import TERMINAL_CHARS

T = TypeVar("T", bound="Asked")

FIELD = "picture"
MOST_PICTURES = 20
PICTURE_BYTES = 16 << 20
"""Of one picture."""
FORM_BYTES = 64 << 20
"""Of a form with its pictures."""
JSON_BYTES = 12 << 20
"""Of a JSON document, which is held in memory as a whole: one picture of 8 MB and what is around it."""
_CHUNK = 64 << 10
"""Characters of base64 that are decoded at once: longer ones would hold up the event loop."""
_PATH_CHARS = 500


class Picture(NamedTuple):
    """One encoded picture. `name`: where it is from, for people: a file's name, a stored photo's path, or a
    terminal."""

    name: str
    data: bytes


class Asked(BaseModel):
    """What is asked beside uploaded pictures. `photo`: path of a stored photo, as the list of photos has it.
    `terminal`: the newest frame of this terminal, which is connected."""

    model_config = ConfigDict(extra="forbid")

    photo: Annotated[str, Field(min_length=1, max_length=_PATH_CHARS)] | None = None
    terminal: Annotated[str, Field(min_length=1, max_length=TERMINAL_CHARS)] | None = None


async def read(
    request: Request,
    model: type[T],
    running: Running,
    caller: Caller,
    *,
    most: int = 1,
    fields: Sequence[str] = (FIELD,),
) -> tuple[T, list[Picture]]:
    """What is asked, and at least one picture. `most`: how many may be uploaded. `fields`: what the field of
    uploaded ones may be called. Raises ProblemError, RequestValidationError."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        values, uploaded = await _read_json(request, fields, most)
    elif kind == "multipart/form-data":
        values, uploaded = await _read_form(request, fields, most)
    else:
        detail = "Send a form (multipart/form-data), or JSON."
        raise ProblemError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail)
    try:
        asked = model.model_validate(values)
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_url=False, include_input=False)) from None
    if sum((bool(uploaded), asked.photo is not None, asked.terminal is not None)) != 1:
        raise ProblemError.refused(f"Give one of {fields[0]}, photo and terminal.")
    if asked.photo is not None:
        return asked, [await _stored(running, asked.photo)]
    if asked.terminal is not None:
        return asked, [_shown(running, caller, asked.terminal)]
    return asked, uploaded


def body_of(model: type[Asked], *, most: int = 1, fields: Sequence[str] = (FIELD,)) -> dict[str, Any]:
    """For the OpenAPI document: what a request to such a route has."""
    encoded: dict[str, Any] = {"type": "string", "contentEncoding": "base64"}
    binary: dict[str, Any] = {"type": "string", "contentMediaType": "application/octet-stream"}
    if most > 1:
        encoded = {"anyOf": [encoded, {"type": "array", "items": encoded, "minItems": 1, "maxItems": most}]}
        binary = {"type": "array", "items": binary, "maxItems": most}
    sources = [{"required": [source]} for source in (*fields, "photo", "terminal")]
    schema = {**model.model_json_schema(), "oneOf": sources}
    kinds = {"application/json": encoded, "multipart/form-data": binary}
    content = {
        kind: {
            "schema": {**schema, "properties": {**dict.fromkeys(fields, uploaded), **schema["properties"]}}
        }
        for kind, uploaded in kinds.items()
    }
    return {"requestBody": {"required": True, "content": content}}


async def _read_json(
    request: Request, fields: Sequence[str], most: int
) -> tuple[dict[str, Any], list[Picture]]:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > JSON_BYTES:
            detail = f"JSON may have {JSON_BYTES >> 20} MB; send larger pictures as a form."
            raise ProblemError.too_large(detail)
    try:
        values = from_json(bytes(body), allow_inf_nan=False)
    except ValueError:
        raise ProblemError(HTTPStatus.BAD_REQUEST, "bad_request", "This is no JSON.") from None
    if not isinstance(values, dict):
        raise ProblemError.refused("Send a JSON object.")
    found = [values.pop(field, None) for field in fields]
    texts = [text for given in found for text in (given if isinstance(given, list) else [given])]
    texts = [text for text in texts if text is not None]
    _require_few(len(texts), most)
    pictures = []
    for at, text in enumerate(texts, 1):
        data = await asyncio.to_thread(_decoded, text) if isinstance(text, str) else None
        if not data:
            raise ProblemError.refused(
                f"{fields[0]} is base64, with or without data:image/jpeg;base64, before it."
            )
        pictures.append(Picture(f"picture {at}", data))
    return values, pictures


def _decoded(text: str) -> bytes | None:
    """Base64, or a data: address with it; None: neither."""
    if text.startswith("data:"):
        text = text.partition(",")[2]
    text = "".join(text.split())
    try:
        return b"".join(
            base64.b64decode(text[start : start + _CHUNK], validate=True)
            for start in range(0, len(text), _CHUNK)
        )
    except (binascii.Error, ValueError):
        return None


async def _read_form(
    request: Request, fields: Sequence[str], most: int
) -> tuple[dict[str, Any], list[Picture]]:
    values: dict[str, Any] = {}
    pictures = []
    async with form_of(request, MOST_PICTURES) as form:
        _require_few(sum(isinstance(value, UploadFile) for _, value in form.multi_items()), most)
        for name, value in form.multi_items():
            if not isinstance(value, UploadFile):
                values[name] = value
            elif name not in fields:
                raise ProblemError.refused(f"Send pictures in the field {fields[-1]}.")
            elif (value.size or 0) > PICTURE_BYTES:
                raise ProblemError.too_large(f"A picture may have {PICTURE_BYTES >> 20} MB.")
            else:
                pictures.append(Picture(_printable(value.filename), await value.read()))
    return values, pictures


def _require_few(number: int, most: int) -> None:
    if number > most:
        raise ProblemError.refused(
            f"At most {most} {'picture' if most == 1 else 'pictures'} can be sent here."
        )


def _printable(name: str | None) -> str:
    """What a browser calls a file, fit for a log."""
    return "".join(char for char in name or "" if char.isprintable())[:100] or "picture"


async def _stored(running: Running, path: str) -> Picture:
    if not running.photos.has(path):
        raise ProblemError.not_found("There is no such photo.")
    try:
        data = await asyncio.to_thread(read_photo, running.settings.faces / PurePath(path))
    except ReadError as error:
        raise ProblemError.not_found(f"The photo cannot be read: {error}.") from None
    return Picture(f"photo {path}", data)


def _shown(running: Running, caller: Caller, terminal: str) -> Picture:
    return Picture(f"terminal {terminal}", newest_of(running, caller, terminal).jpeg)


def newest_of(running: Running, caller: Caller, terminal: str) -> LiveFrame:
    """What a terminal shows now. Raises ProblemError."""
    if not caller.sees(terminal):
        raise ProblemError(HTTPStatus.FORBIDDEN, "forbidden", "You may not see this terminal.")
    for frame in reversed(running.live.newest()):
        if frame.terminal == terminal:
            return frame
    raise ProblemError.not_found("This terminal is not connected, or has sent no picture yet.")
