"""Whether the server lives, and whether it is ready: for everybody, and without a word on what is wrong."""

from collections.abc import Callable

import pytest
from sqlalchemy.exc import OperationalError

from server.workers.pool import WorkerCounts
from tests.support.console import Site


def no_workers(site: Site) -> None:
    site.vitals.workers = WorkerCounts(wanted=3, alive=0, busy=0, replaced=3, pids=())


def no_log(site: Site) -> None:
    site.vitals.log_fails = True


def no_database(site: Site) -> None:
    async def fail(work: object) -> None:
        raise OperationalError("SELECT 1", {}, OSError("disk I/O error"))

    site.database.read = fail  # type: ignore[assignment]


def test_a_server_that_works_is_alive_and_ready(site: Site) -> None:
    stranger = site.browser()
    for path in ("/healthz", "/readyz"):
        answer = stranger.get(path)
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize("fault", [no_workers, no_log, no_database])
def test_one_that_cannot_serve_is_alive_and_not_ready(site: Site, fault: Callable[[Site], None]) -> None:
    fault(site)
    stranger = site.browser()
    assert stranger.get("/healthz").json() == {"status": "ok"}
    answer = stranger.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"status": "not ready"})
