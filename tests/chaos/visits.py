"""One visit after the other to a server of `light_server`, by a terminal that shares no code with ours."""

import time
from typing import Any

from tests.chaos.light_server import NOBODY, picture
from tests.support.blackbox import BlackBox

VISIT_SECONDS = 60.0
PAUSE_SECONDS = 0.12
"""Between frames: a server takes a look at a face every 0.1 s."""


def decided(port: int, shade: int) -> dict[str, Any]:
    """The decision about somebody who comes to a terminal that has just connected."""
    with BlackBox(port) as terminal:
        terminal.hello("front")
        decision: dict[str, Any] = until(terminal, shade, "decision")["decision"]
        return decision


def until(terminal: BlackBox, shade: int, what: str, value: object = None) -> dict[str, Any]:
    """Show somebody until the answer says `what`, or that it is `value`."""
    deadline = time.monotonic() + VISIT_SECONDS
    while time.monotonic() < deadline:
        answer = terminal.show(picture(shade))
        if answer[what] if value is None else answer[what] == value:
            return answer
        time.sleep(PAUSE_SECONDS)
    raise AssertionError(f"no {what} within {VISIT_SECONDS} s")


def empty(terminal: BlackBox) -> dict[str, Any]:
    """The answer to a frame that shows nobody."""
    return terminal.show(picture(NOBODY))
