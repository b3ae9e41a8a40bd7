"""Whether the server lives, for whatever watches it: without secrets, so that no key is needed."""

from http import HTTPStatus

from fastapi import APIRouter, Response
from pydantic import BaseModel
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from server.web.callers import PUBLIC, Ports

router = APIRouter(tags=["health"], dependencies=[PUBLIC])


class Health(BaseModel):
    """`status`: "ok", or what is wrong in a word."""

    status: str


@router.get("/healthz")
async def alive() -> Health:
    """The server answers."""
    return Health(status="ok")


@router.get("/readyz")
async def ready(running: Ports, response: Response) -> Health:
    """The server can serve: its database answers, and so do its workers."""
    try:
        await running.database.read(_ask)
    except SQLAlchemyError:
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
        return Health(status="database")
    return Health(status="ok")


def _ask(connection: Connection) -> None:
    connection.execute(text("SELECT 1"))
