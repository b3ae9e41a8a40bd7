"""The page that makes a browser a door terminal. Nobody signs in there: a terminal has its token."""

from http import HTTPStatus
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response

from server.settings import Settings
from server.web.callers import PUBLIC, Ports
from server.web.problems import ProblemError
from server.web.templating import page
from wire.words import vocabulary

CA_FILE = "ca.pem"
"""Beside the server's certificate, where `python -m server tls init` puts it."""
CA_TYPE = "application/x-x509-ca-cert"
"""By it a phone offers to install what it has downloaded."""

router = APIRouter(dependencies=[PUBLIC])


@router.get("/terminal")
def terminal(request: Request, running: Ports) -> Response:
    ca = own_authority(running.settings)
    return page(request, "terminal/terminal.html", words=vocabulary(), ca=ca is not None)


@router.get("/terminal/ca.pem")
def certificate_authority(running: Ports) -> Response:
    """The certificate by which browsers come to trust this server, where it is from no authority that they
    know."""
    ca = own_authority(running.settings)
    if ca is None:
        detail = "This server has no certificate authority of its own."
        raise ProblemError(HTTPStatus.NOT_FOUND, "not_found", detail)
    return FileResponse(ca, media_type=CA_TYPE, filename="doorward-ca.crt")


def own_authority(settings: Settings) -> Path | None:
    """The file of the authority that vouches for this server; None: another one does, or there is no TLS."""
    if settings.tls_cert is None:
        return None
    beside = settings.tls_cert.with_name(CA_FILE)
    return beside if beside.is_file() else None
