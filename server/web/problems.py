"""What is said when something cannot be done: a problem document (RFC 9457), or a page for a person."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from server.accounts.accounts import AccountError, UnknownAccountError
from server.accounts.passwords import BusyError, WeakPasswordError
from server.audit.security_log import SecurityKind
from server.recognition.turns import NoRoomError
from server.site.errors import Kind, SiteError
from server.support.guesses import TooManyError
from server.tokens.store import TokenError
from server.tuning.applying import ApplyError
from server.tuning.values import InvalidError
from server.web.running import Running
from server.web.templating import page

MEDIA_TYPE = "application/problem+json"
SIGN_IN = "/sign-in"
CODES = {
    HTTPStatus.REQUEST_TIMEOUT: "stalled",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too_large",
    HTTPStatus.INSUFFICIENT_STORAGE: "no_room",
}
"""Of bodies that are not read to their ends."""


class ProblemDocument(BaseModel):
    """`code`: a stable word for programs. `detail`: a sentence for people. `fields`: what is wrong with which
    field of the request."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    fields: dict[str, str] | None = None


class ProblemError(Exception):
    """Something cannot be done; the answer says so."""

    def __init__(
        self,
        status: HTTPStatus,
        code: str,
        detail: str,
        *,
        fields: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.document = ProblemDocument(
            title=status.phrase,
            status=status.value,
            code=code,
            detail=detail,
            fields=None if fields is None else dict(fields),
        )
        self.headers = headers

    @classmethod
    def not_found(cls, detail: str) -> "ProblemError":
        return cls(HTTPStatus.NOT_FOUND, "not_found", detail)

    @classmethod
    def conflict(cls, detail: str) -> "ProblemError":
        return cls(HTTPStatus.CONFLICT, "conflict", detail)

    @classmethod
    def busy(cls, detail: str) -> "ProblemError":
        """It could be done later."""
        return cls(HTTPStatus.SERVICE_UNAVAILABLE, "busy", detail, headers={"Retry-After": "5"})

    @classmethod
    def too_many(cls, detail: str, seconds: float) -> "ProblemError":
        """It has been done too often; once more after so many seconds."""
        headers = {"Retry-After": str(int(seconds) + 1)}
        return cls(HTTPStatus.TOO_MANY_REQUESTS, "too_many", detail, headers=headers)

    @classmethod
    def too_large(cls, detail: str) -> "ProblemError":
        """More is sent than is taken."""
        return cls(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", detail)

    @classmethod
    def refused(cls, detail: str) -> "ProblemError":
        """What was asked for makes no sense here."""
        return cls(HTTPStatus.UNPROCESSABLE_ENTITY, "refused", detail)


PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"content": {MEDIA_TYPE: {"schema": ProblemDocument.model_json_schema()}}, "description": phrase}
    for status, phrase in {
        "4XX": "The request cannot be served; the document says why.",
        "5XX": "The server cannot serve it now.",
    }.items()
}
"""For the OpenAPI document: what every route may answer."""


def install(app: FastAPI) -> None:
    """Have every failure answered so."""
    app.add_exception_handler(ProblemError, _problem)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _fault)
    for known in (AccountError, TokenError, WeakPasswordError):
        app.add_exception_handler(known, _refused)
    app.add_exception_handler(ApplyError, _conflict)
    app.add_exception_handler(InvalidError, _impossible)
    app.add_exception_handler(UnknownAccountError, _unknown)
    for crowded in (BusyError, NoRoomError):
        app.add_exception_handler(crowded, _busy)
    app.add_exception_handler(TooManyError, _too_often)
    app.add_exception_handler(SiteError, _site)


def answer(request: Request, problem: ProblemError) -> Response:
    """For a program the document, for a browser that asks for a page a page; a page that needs somebody to
    sign in leads there."""
    document, headers = problem.document, dict(problem.headers or {})
    if request.url.path.startswith("/api/") or "text/html" not in request.headers.get("accept", ""):
        content = document.model_dump(exclude_none=True)
        return JSONResponse(content, document.status, headers, media_type=MEDIA_TYPE)
    if document.status == HTTPStatus.UNAUTHORIZED:
        wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"{SIGN_IN}?next={quote(wanted)}", HTTPStatus.SEE_OTHER)
    return page(request, "problem.html", status=document.status, headers=headers, problem=document)


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)
    return answer(request, error)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return answer_of(request, error)


def answer_of(request: Request, error: HTTPException) -> Response:
    """What the framework itself refuses, or `server.web.body_limit` while it reads."""
    status = HTTPStatus(error.status_code)
    if status in CODES:
        return answer(request, ProblemError(status, CODES[status], error.detail, headers=error.headers))
    details = {404: "There is nothing here.", 405: "This cannot be done here."}
    detail = details.get(status, status.description or status.phrase)
    headers = dict(error.headers or {})
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(sorted(_methods(request)))
    return answer(request, ProblemError(status, status.name.lower(), detail, headers=headers))


def _methods(request: Request) -> set[str]:
    """Those of all routes at this path: the framework tells of the first alone."""
    routes = (route for route in iter_route_contexts(request.app.routes) if route.methods)
    here = (route for route in routes if route.path_regex.match(request.url.path))
    return {method for route in here for method in route.methods or ()}


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    fields = {
        ".".join(str(part) for part in found["loc"] if part not in ("body", "query", "path")): found["msg"]
        for found in error.errors()[:20]
    }
    detail = "The request has fields that cannot be used."
    return answer(request, ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", detail, fields=fields))


async def _impossible(request: Request, error: Exception) -> Response:
    """Settings that cannot be."""
    assert isinstance(error, InvalidError)
    detail = "These settings cannot hold."
    fields = error.problems
    return answer(request, ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", detail, fields=fields))


async def _conflict(request: Request, error: Exception) -> Response:
    return answer(request, ProblemError.conflict(str(error)))


async def _refused(request: Request, error: Exception) -> Response:
    return answer(request, ProblemError.refused(str(error)))


async def _unknown(request: Request, error: Exception) -> Response:
    return answer(request, ProblemError.not_found(str(error)))


async def _busy(request: Request, error: Exception) -> Response:
    problem = ProblemError.busy("Too much is asked at once; try again in a few seconds.")
    return answer(request, problem)


async def _too_often(request: Request, error: Exception) -> Response:
    assert isinstance(error, TooManyError)
    running: Running = request.app.state.running
    caller = request.state.caller
    running.notice(
        SecurityKind.SIGN_IN_THROTTLED,
        source=request.client.host if request.client else None,
        account=None if caller is None else caller.name,
        wait=f"{error.seconds:.0f}s",
    )
    detail = f"Too many wrong tries; wait {int(error.seconds) + 1} seconds."
    return answer(request, ProblemError.too_many(detail, error.seconds))


async def _site(request: Request, error: Exception) -> Response:
    assert isinstance(error, SiteError)
    text = str(error)
    detail = f"{text[:1].upper()}{text[1:]}."
    status = {
        Kind.NOT_FOUND: HTTPStatus.NOT_FOUND,
        Kind.CONFLICT: HTTPStatus.CONFLICT,
        Kind.REFUSED: HTTPStatus.UNPROCESSABLE_ENTITY,
        Kind.TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    }[error.kind]
    return answer(request, ProblemError(status, error.kind.value, detail))


async def _fault(request: Request, error: Exception) -> Response:
    """The framework logs it; nobody else is told what it was."""
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    detail = "Something went wrong here; the server's log says what."
    return answer(request, ProblemError(status, "fault", detail))
