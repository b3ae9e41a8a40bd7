"""The API's description for people, by Swagger UI: served from here, from the wheel that carries it."""

from functools import lru_cache
from pathlib import Path

import fastapi_offline
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse, Response

from server.web.callers import PUBLIC
from server.web.headers import POLICY
from server.web.templating import page

SWAGGER = Path(fastapi_offline.__file__).with_name("static")
SWAGGER_ADDRESS = "/static/swagger"
DESCRIPTION = "/api/v1/openapi.json"
_POLICY = POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
"""Swagger UI sets styles on its own elements."""

router = APIRouter(dependencies=[PUBLIC])


@router.get("/docs")
async def docs(request: Request) -> Response:
    headers = {"Content-Security-Policy": _POLICY}
    return page(request, "docs.html", headers=headers, swagger=SWAGGER_ADDRESS, description=DESCRIPTION)


@router.get(DESCRIPTION)
async def description(request: Request) -> Response:
    return Response(_written(request.app), media_type=JSONResponse.media_type)


@lru_cache(1)
def _written(app: FastAPI) -> bytes:
    """Made once: anybody may ask for it, and it is long."""
    return bytes(JSONResponse(app.openapi()).body)
