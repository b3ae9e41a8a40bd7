"""Pages from templates: everything that is put into them is escaped."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import Request
from fastapi.datastructures import QueryParams
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from server.access.odds import one_in
from server.accounts.rights import Caller, Right
from server.support.clock import moment
from server.web.why import said

FOLDER = Path(__file__).with_name("templates")

_ENVIRONMENT = Environment(
    loader=FileSystemLoader(FOLDER),
    autoescape=select_autoescape(default=True, default_for_string=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(
    request: Request,
    template: str,
    *,
    caller: Caller | None = None,
    status: int = HTTPStatus.OK,
    headers: Mapping[str, str] | None = None,
    **values: Any,
) -> HTMLResponse:
    """`caller`: who has signed in, for what the page offers."""
    text = _ENVIRONMENT.get_template(template).render(
        **values, caller=caller, path=request.url.path, assets=request.app.state.assets
    )
    return HTMLResponse(text, status, headers)


def _when(value: int | datetime | None) -> str:
    """A time for people; the page's script shows it as the reader's own clock would."""
    if value is None:
        return "never"
    shown = moment(value) if isinstance(value, int) else value
    return shown.strftime("%Y-%m-%d %H:%M:%S")


def _iso(value: int | datetime) -> str:
    return (moment(value) if isinstance(value, int) else value).isoformat(timespec="milliseconds")


def _number(value: float | str | None) -> str:
    """As a field of a form has it: without a zero that says nothing, and nothing for nothing."""
    return f"{value:g}" if isinstance(value, (int, float)) else value or ""


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _urlencode_with(given: Mapping[str, str], **more: str) -> str:
    """The query of this page, with other values in it."""
    pairs = given.multi_items() if isinstance(given, QueryParams) else list(given.items())
    return urlencode([pair for pair in pairs if pair[0] not in more] + list(more.items()))


def _capitalise_first(text: str) -> str:
    """A sentence, from what was told within one."""
    return f"{text[:1].upper()}{text[1:]}"


def _segment(text: str) -> str:
    """As one part of an address' path, slashes and all."""
    return quote(text, safe="", errors="replace")


_ENVIRONMENT.filters["segment"] = _segment
_ENVIRONMENT.filters["capitalize_first"] = _capitalise_first
_ENVIRONMENT.filters["urlencode_with"] = _urlencode_with
_ENVIRONMENT.filters["one_in"] = one_in
_ENVIRONMENT.filters["said"] = said


def _size(value: int | None) -> str:
    """Bytes, for people."""
    if value is None:
        return "unknown"
    shown = float(value)
    for unit in ("bytes", "kB", "MB", "GB"):
        if shown < 1024:
            return f"{shown:.0f} {unit}" if shown >= 10 or unit == "bytes" else f"{shown:.1f} {unit}"
        shown /= 1024
    return f"{shown:,.1f} TB"


_ENVIRONMENT.filters["size"] = _size
_ENVIRONMENT.filters["when"] = _when
_ENVIRONMENT.filters["number"] = _number
_ENVIRONMENT.filters["first_upper"] = _first_upper
_ENVIRONMENT.filters["iso"] = _iso
_ENVIRONMENT.globals["Right"] = Right
