"""The OpenAPI document: what the framework writes, and how one proves who one is."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, iter_route_contexts

from server.web.callers import Requires
from server.web.limits import TOLD

SUMMARY = "Doorward's API: people, decisions, terminals, verification and what operators do."
SCHEMES = {
    "key": {"type": "http", "scheme": "bearer", "description": "An API key, made at /account."},
    "session": {"type": "apiKey", "in": "cookie", "name": "doorward", "description": "A signed-in browser."},
}


def describe(app: FastAPI) -> dict[str, Any]:
    """The document, made once."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title, version=app.version, summary=SUMMARY, description=TOLD, routes=app.routes
        )
        document.setdefault("components", {})["securitySchemes"] = SCHEMES
        for path, method, guard in _guards(app):
            document["paths"][path][method]["security"] = _security(guard)
        app.openapi_schema = document
    return app.openapi_schema


def _guards(app: FastAPI) -> list[tuple[str, str, Requires | None]]:
    """Path, method and guard of each route that is described."""
    found = []
    for route in iter_route_contexts(app.routes):
        if not isinstance(route.original_route, APIRoute) or not route.include_in_schema:
            continue
        calls = (dependency.call for dependency in route.dependant.dependencies)
        guard = next((call for call in calls if isinstance(call, Requires)), None)
        found += [(str(route.path_format), method.lower(), guard) for method in sorted(route.methods or ())]
    return found


def _security(guard: Requires | None) -> list[dict[str, list[str]]]:
    if guard is None:
        return []
    return [{"key": []}, {"session": []}] if guard.keys else [{"session": []}]
