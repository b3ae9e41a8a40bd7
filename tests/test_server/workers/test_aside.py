"""Long tasks in processes of their own."""

import asyncio
import os

import pytest

from server.workers.aside import Aside
from server.workers.process import WorkerGoneError


def told(word: str, times: int = 1) -> tuple[int, str]:
    return os.getpid(), word * times


def failing() -> None:
    raise ValueError("no")


def ending() -> None:
    os._exit(3)


def test_each_task_has_a_process_of_its_own_and_may_fail_in_it() -> None:
    async def run() -> None:
        aside = Aside()
        (one, word), (other, _) = await asyncio.gather(aside.run(told, "a", times=3), aside.run(told, "b"))
        assert word == "aaa" and len({one, other, os.getpid()}) == 3
        with pytest.raises(ValueError, match="no"):
            await aside.run(failing)
        with pytest.raises(WorkerGoneError):
            await aside.run(ending)

    asyncio.run(run())
