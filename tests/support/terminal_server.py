"""A server whose pages are the browser terminal's alone: `python -m tests.support.terminal_server FLAGS`."""

import asyncio
import contextlib
import sys
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint

import server.service
from server import cli
from server.gallery.photo_watcher import PhotoWatcher
from server.roster.watcher import PeopleFileWatcher
from server.terminals.connections import Connections
from server.web.terminal.routes import terminal_routes
from server.web.terminal.upgrade import terminal_sockets

WEB = Path(server.service.__file__).parent / "web"
CONTENT_SECURITY_POLICY = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def terminal_app(ca: Path | None = None) -> FastAPI:
    """The page and its files, as strictly as the server serves them."""
    app = FastAPI(openapi_url=None)
    app.include_router(terminal_routes(Jinja2Templates(WEB / "templates"), ca))
    app.mount("/static", StaticFiles(directory=WEB / "static"))

    async def strict(request: Request, call_next: RequestResponseEndpoint) -> Response:
        response = await call_next(request)
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        response.headers["Cache-Control"] = "no-cache"
        return response

    app.add_middleware(BaseHTTPMiddleware, dispatch=strict)
    return app


def web_server(app: FastAPI, connections: Connections, port: int = 0) -> uvicorn.Server:
    config = uvicorn.Config(
        app, port=port, lifespan="off", log_config=None, access_log=False, ws=terminal_sockets(connections)
    )
    return uvicorn.Server(config)


class ServiceWithPage(server.service.Service):
    """Serves the page beside the port of the terminals, at `web_port`."""

    async def _serve(self, roster: PeopleFileWatcher, watcher: PhotoWatcher) -> None:
        web = web_server(terminal_app(), self._connections, self._settings.web_port)
        serving = asyncio.ensure_future(web._serve())  # without the signal handlers of `serve`
        while not web.started:  # noqa: ASYNC110 - it has no event
            await asyncio.sleep(0.01)
        print(f"page at port {web.servers[0].sockets[0].getsockname()[1]}", flush=True)
        try:
            await super()._serve(roster, watcher)
        finally:
            web.should_exit = True
            with contextlib.suppress(asyncio.CancelledError):
                await serving


if __name__ == "__main__":
    server.service.Service = ServiceWithPage  # type: ignore[misc]
    sys.exit(cli.main())
