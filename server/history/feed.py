"""Word to whoever waits for news that something has been added to the history. For one event loop."""

import asyncio
import contextlib


class Feed:
    """Nothing is lost by reading what is kept and then waiting:

    turn = feed.turn
    while True:
        for decision in await database.read(lambda connection: decisions_after(connection, number)):
            ...
        turn = await feed.after(turn)
    """

    def __init__(self) -> None:
        """Inside the event loop."""
        self.turn = 0
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()

    def advance(self) -> None:
        """Something has been added. For any thread, also when the event loop has ended."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._advance)

    async def after(self, turn: int) -> int:
        """Wait until something is added after that turn; returns the present one."""
        while self.turn <= turn:
            await self._changed.wait()
        return self.turn

    def _advance(self) -> None:
        self.turn += 1
        self._changed.set()
        self._changed = asyncio.Event()
