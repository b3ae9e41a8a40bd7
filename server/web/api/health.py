"""Whether the server lives, for whatever watches it: without secrets, so that no key is needed."""

from http import HTTPStatus

from fastapi import APIRouter, Response
from pydantic import BaseModel
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from server.web.callers import PUBLIC, Ports

router = APIRouter(tags=["health"], dependencies=[PUBLIC])


class Health(BaseModel):
    """`status`: "ok", or "not ready". What is wrong is not for everybody: the log, and the service's status,
    tell it."""

    status: str


@router.get("/healthz")
async def alive() -> Health:
    """The server answers."""
    return Health(status="ok")


@router.get("/readyz")
async def ready(running: Ports, response: Response) -> Health:
    """The server can serve: models and photos are loaded, workers are there, the access log can be written,
    and the database answers."""
    try:
        await running.database.read(_ask)
    except SQLAlchemyError:
        faulty = True
    else:
        faulty = bool(running.vitals.condition.faults())
    if faulty:
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    return Health(status="not ready" if faulty else "ok")


def _ask(connection: Connection) -> None:
    connection.execute(text("SELECT 1"))
