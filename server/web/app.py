"""The console's app: its middleware, its API and its pages."""

from importlib.metadata import version

from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse

from server.web import problems
from server.web.api import accounts, health, session, tokens
from server.web.callers import PUBLIC
from server.web.headers import Headers
from server.web.pages import entry
from server.web.problems import PROBLEMS
from server.web.running import Running
from server.web.same_site import SameSite
from server.web.static_files import FOLDER, KeptFiles, fingerprint
from server.web.terminal import routes as terminal

API = "/api/v1"
BODY_BYTES = 64 << 10
"""Of a request that has no word of its own: uploads have."""


def create_app(running: Running) -> FastAPI:
    """`running`: what of the server the app may reach."""
    app = FastAPI(
        title="Doorward",
        version=version("doorward"),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        max_body_size=BODY_BYTES,
        responses=PROBLEMS,
    )
    app.state.running = running
    app.state.assets = f"/static/{fingerprint()}"
    app.mount(app.state.assets, KeptFiles(directory=FOLDER))
    app.include_router(_api())
    app.include_router(health.router)
    app.include_router(entry.router, include_in_schema=False)
    app.include_router(terminal.router, include_in_schema=False)
    problems.install(app)
    app.add_middleware(SameSite)
    app.add_middleware(Headers)

    @app.get(f"{API}/openapi.json", include_in_schema=False, dependencies=[PUBLIC])
    async def description() -> JSONResponse:
        return JSONResponse(app.openapi())

    return app


def _api() -> APIRouter:
    api = APIRouter(prefix=API)
    for part in (session.router, accounts.router, tokens.router):
        api.include_router(part)
    return api
