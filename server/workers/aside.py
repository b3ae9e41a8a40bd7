"""Long tasks without pictures, each in a process of its own that everything else goes before."""

import asyncio
import pickle
from collections.abc import Callable
from functools import partial
from typing import Any, ParamSpec, TypeVar

from server.support import osdep
from server.workers.answers import ANY
from server.workers.process import WorkerProcess

P = ParamSpec("P")
T = TypeVar("T")

ANSWER_BYTES = 256 << 20
"""Longest answer that is taken: what became of a year's recordings."""


class Aside:
    """One at a time; the others wait. For one event loop."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()

    async def run(self, task: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`task`: a function of a module, with arguments that pickle. Raises WorkerGoneError: its process has
        ended, perhaps for want of memory; and what the task raises."""
        packed = await asyncio.to_thread(
            pickle.dumps, partial(task, *args, **kwargs), pickle.HIGHEST_PROTOCOL
        )
        async with self._turn:
            process = own_process(lambda: None)
            try:
                await process.start(osdep.step_back)
                result: T = await process.ask(partial(_done, packed))
                return result
            finally:
                process.kill()
                await process.finish()


def own_process(on_end: Callable[[], None]) -> WorkerProcess:
    """One that may answer anything. `on_end`: as WorkerProcess has it."""
    return WorkerProcess(on_end, ANY, ANSWER_BYTES)


def _done(packed: bytes) -> Any:
    return pickle.loads(packed)()  # noqa: S301 - from our parent
