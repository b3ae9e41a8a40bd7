"""The page that makes a browser a door terminal."""

from pathlib import Path

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import FileResponse, HTMLResponse
from fastapi.templating import Jinja2Templates

from wire.words import vocabulary

CA_TYPE = "application/x-x509-ca-cert"
"""By it a phone offers to install what it has downloaded."""


def terminal_routes(templates: Jinja2Templates, ca: Path | None = None) -> APIRouter:
    """`GET /terminal`, and `GET /terminal/ca.pem` where there is one.

    `templates`: of `server/web/templates`; its static files are served below `/static`. `ca`: the certificate
    of the authority that browsers must trust, such as `tls/ca.pem`. The connection that the page opens is not
    of these routes: see `server.web.terminal.upgrade`.
    """
    routes = APIRouter()

    @routes.get("/terminal", response_class=HTMLResponse, include_in_schema=False)
    def terminal(request: Request) -> Response:
        has_ca = ca is not None and ca.is_file()
        context = {"words": vocabulary(), "ca": has_ca}
        answer = templates.TemplateResponse(request, "terminal/terminal.html", context)
        answer.headers["Cache-Control"] = "no-cache"
        return answer

    @routes.get("/terminal/ca.pem", response_class=FileResponse, include_in_schema=False)
    def certificate_authority() -> Response:
        if ca is None or not ca.is_file():
            raise HTTPException(404, "this server has no certificate authority of its own")
        return FileResponse(ca, media_type=CA_TYPE, filename="doorward-ca.crt")

    return routes
