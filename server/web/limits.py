"""How often somebody may ask the API at all: far more often than any page of ours does."""

import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from fastapi import Depends
from starlette.requests import HTTPConnection

from server.accounts.rights import Caller
from server.support.networks import network_of
from server.web.callers import Known, source
from server.web.problems import MEDIA_TYPE, ProblemDocument, ProblemError
from server.web.rate import RateLimit
from server.web.same_site import SAFE

READS = 200.0, 2000.0
"""A second, and at once: a page of people loads 60 pictures."""
WRITES = 20.0, 400.0
STRANGERS = 10.0, 200.0
"""Whatever is asked from an address without a key or session that holds."""
TOLD = (
    f"An account or key may ask for {READS[0]:g} reads and {WRITES[0]:g} writes a second, {READS[1]:g} and"
    f" {WRITES[1]:g} at once; whoever has neither {STRANGERS[0]:g} requests a second from one address."
)


class Limits:
    """What each caller has left. Owned by the event loop."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock`: monotonic seconds."""
        self._reads, self._writes, self._strangers = (
            RateLimit(*each, clock) for each in (READS, WRITES, STRANGERS)
        )

    def admit(self, caller: Caller | None, address: str, method: str) -> None:
        """Raises ProblemError: too often."""
        if caller is None:
            wait = self._strangers.take(network_of(address))
        else:
            wait = (self._reads if method in SAFE else self._writes).take(caller.title)
        if wait:
            headers = {"Retry-After": str(int(wait) + 1)}
            status = HTTPStatus.TOO_MANY_REQUESTS
            raise ProblemError(status, "too_many", "You ask too often.", headers=headers)


async def admitted(connection: HTTPConnection, caller: Known) -> None:
    """A dependency of every route of the API. Raises ProblemError."""
    limits: Limits = connection.app.state.limits
    limits.admit(caller, source(connection), connection.scope["method"])


LIMITED = Depends(admitted)
TOO_MANY: dict[int | str, dict[str, Any]] = {
    429: {
        "description": "Too often.",
        "headers": {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}},
        "content": {MEDIA_TYPE: {"schema": ProblemDocument.model_json_schema()}},
    }
}
"""For the OpenAPI document."""
