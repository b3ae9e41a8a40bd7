"""Listens as systemd does to a service of Type=notify."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class NotifySocket:
    """`address`: what goes into NOTIFY_SOCKET."""

    def __init__(self, address: str) -> None:
        """`address`: a path, or an abstract name that begins with @."""
        self.address = address
        self.heard: list[str] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(f"\0{address[1:]}" if address.startswith("@") else address)

    @classmethod
    def below(cls, folder: Path) -> "NotifySocket":
        return cls(str(folder / "notify"))

    def listen(self, seconds: float = 0.0) -> list[str]:
        """What has come since the last call; waits so long for the first."""
        new: list[str] = []
        self._socket.settimeout(seconds or 1e-6)
        try:
            while True:
                new.append(self._socket.recv(4096).decode())
                self._socket.settimeout(1e-6)
        except (TimeoutError, BlockingIOError):
            self.heard += new
            return new

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Meanwhile all is heard as it comes: the kernel keeps only a few."""
        enough = threading.Event()

        def listen() -> None:
            while not enough.is_set():
                self.listen(0.05)

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield
        finally:
            enough.set()
            thread.join()

    def close(self) -> None:
        self._socket.close()
