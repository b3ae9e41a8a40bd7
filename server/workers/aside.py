"""Long tasks without pictures, each in a process of its own that everything else goes before."""

import asyncio
import pickle
from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar, cast

from server.support import osdep
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
            process = WorkerProcess(lambda: None, ANSWER_BYTES)
            try:
                await process.start(osdep.step_back)
                result, error = pickle.loads(await process.ask(partial(_done, packed)))  # noqa: S301 - our code
                if error is not None:
                    raise error
                return cast(T, result)
            finally:
                process.kill()
                await process.finish()


def _done(packed: bytes) -> bytes:
    """It looks at no pictures: what it answers may be anything."""
    try:
        return pickle.dumps((pickle.loads(packed)(), None), pickle.HIGHEST_PROTOCOL)  # noqa: S301 - from our parent
    except Exception as error:
        return pickle.dumps((None, error), pickle.HIGHEST_PROTOCOL)
