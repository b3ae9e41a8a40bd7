"""What a terminal still has to be told, in order."""

import asyncio
import contextlib

from server.terminals.transport import Transport
from wire import Message, encode

OUTBOX = 64
"""Messages that may wait for a terminal that does not read; one more and it is disconnected."""


class Outbox:
    """Of one terminal. Messages wait until `send` has begun."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._waiting: asyncio.Queue[Message] = asyncio.Queue(OUTBOX)

    def put(self, message: Message) -> bool:
        """Returns whether there was room."""
        with contextlib.suppress(asyncio.QueueFull):
            self._waiting.put_nowait(message)
            return True
        return False

    async def send(self) -> None:
        """For ever. When the peer is gone the connection is ended, and what waits is thrown away."""
        gone = False
        while True:
            message = await self._waiting.get()
            try:
                if not gone:
                    await self._transport.write(encode(message))
            except OSError:
                gone = True
                self._transport.abort()
            finally:
                self._waiting.task_done()

    async def sent(self) -> None:
        """Return when nothing waits any more."""
        await self._waiting.join()
