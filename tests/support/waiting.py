"""Waits in an event loop for what nobody tells."""

import asyncio
from collections.abc import Callable

STEP_SECONDS = 0.01


async def until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Let time pass in steps until the condition holds."""
    for _ in range(round(seconds / STEP_SECONDS)):
        if condition():
            return
        await asyncio.sleep(STEP_SECONDS)
    raise AssertionError("it did not come true")
