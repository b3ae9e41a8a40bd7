"""Many light terminals that lose their server and come back, in a process of its own.

    python -m tests.benchmarks.herd --port N --terminals N

Each waits between two tries as the terminal does (`client.connection.reconnect`). Prints "there" once all are
connected, and each time that all are back after all were lost: when each was, in monotonic seconds, as JSON.
"""

import argparse
import asyncio
import contextlib
import json
import random
import time

from client.connection.reconnect import delays
from wire import ClientConnection, Hello, Ping, Welcome, encode

PING_SECONDS = 5.0


class Herd:
    def __init__(self, port: int, size: int) -> None:
        self._port = port
        self._size = size
        self._there: dict[int, float] = {}
        self.tries: list[float] = []

    async def run(self) -> None:
        await asyncio.gather(*(self._terminal(number) for number in range(self._size)))

    async def _terminal(self, number: int) -> None:
        pauses = delays(random.Random())
        while True:
            with contextlib.suppress(OSError):
                self.tries.append(time.monotonic())
                reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
                try:
                    writer.write(encode(Hello(f"herd-{number}")))
                    protocol = ClientConnection()
                    while data := await asyncio.wait_for(reader.read(65536), PING_SECONDS * 3):
                        protocol.feed(data)
                        for message in protocol.events():
                            if isinstance(message, Welcome):
                                pauses = delays(random.Random())
                                self._welcomed(number)
                        asyncio.get_running_loop().call_later(PING_SECONDS, _ping, writer)
                except asyncio.TimeoutError:
                    pass
                finally:
                    self._there.pop(number, None)
                    writer.transport.abort()
            await asyncio.sleep(next(pauses))

    def _welcomed(self, number: int) -> None:
        self._there[number] = time.monotonic()
        if len(self._there) == self._size:
            print(json.dumps({"there": sorted(self._there.values()), "tries": self.tries}), flush=True)
            self.tries.clear()


def _ping(writer: asyncio.StreamWriter) -> None:
    if not writer.is_closing():
        writer.write(encode(Ping(1)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--terminals", type=int, required=True)
    options = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(Herd(options.port, options.terminals).run())


if __name__ == "__main__":
    main()
