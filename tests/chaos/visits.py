"""One visit after the other, by a terminal that shares no code with ours."""

import time
from typing import Any

from tests.support.blackbox import BlackBox
from tests.support.visits import as_filmed, empty_scene, person

VISIT_SECONDS = 60.0
FORGOTTEN_SECONDS = 1.7
"""A server forgets a face 1.5 s after it was last seen."""


def decided(terminal: BlackBox, name: str = "obama2") -> dict[str, Any]:
    """The first decision about somebody who has just come; they then leave."""
    deadline = time.monotonic() + VISIT_SECONDS
    while time.monotonic() < deadline:
        for frame in as_filmed(person(name)):
            decision: dict[str, Any] | None = terminal.show(frame)["decision"]
            if decision is not None:
                leave(terminal)
                return decision
    raise AssertionError(f"nothing was decided within {VISIT_SECONDS} s")


def leave(terminal: BlackBox) -> None:
    """Until the visit is over."""
    gone = time.monotonic() + FORGOTTEN_SECONDS
    while time.monotonic() < gone:
        terminal.show(empty_scene())
        time.sleep(0.1)
