"""What systemd is told of this process, by sd_notify(3)'s protocol. Where nobody asked, nothing is said."""

import contextlib
import socket
from collections.abc import MutableMapping

SOCKET, WATCHDOG, WATCHDOG_PID = "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"


class ServiceManager:
    """`listens`: whether somebody does. `watchdog_seconds`: after which without a sign of life it ends the
    process and starts it anew; None: it does not."""

    def __init__(self, address: str, watchdog_seconds: float | None = None) -> None:
        """`address`: the path of its socket, an abstract one beginning with @; empty: there is none."""
        self.listens = bool(address) and hasattr(socket, "AF_UNIX")
        self.watchdog_seconds = watchdog_seconds
        self._address = f"\0{address[1:]}" if address.startswith("@") else address

    @classmethod
    def taken_from(cls, environment: MutableMapping[str, str], pid: int) -> "ServiceManager":
        """The one that has started this process. Its variables are removed: no child is to speak for us."""
        address, microseconds = environment.pop(SOCKET, ""), environment.pop(WATCHDOG, "")
        meant = environment.pop(WATCHDOG_PID, "") in ("", str(pid))
        return cls(address, int(microseconds) / 1e6 if meant and microseconds.isdecimal() else None)

    def ready(self) -> None:
        """The start is over: what needs this service may begin."""
        self._tell("READY=1")

    def starting(self, seconds: float) -> None:
        """The start goes on, and may take so much longer."""
        self._tell(f"EXTEND_TIMEOUT_USEC={round(seconds * 1e6)}")

    def alive(self) -> None:
        """A sign of life."""
        self._tell("WATCHDOG=1")

    def status(self, sentence: str) -> None:
        """One line, which `systemctl status` shows."""
        self._tell(f"STATUS={sentence}")

    def stopping(self) -> None:
        self._tell("STOPPING=1")

    def _tell(self, message: str) -> None:
        """Never waits, and never fails: a service manager that has gone stops no server."""
        if not self.listens:
            return
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as outlet:
            outlet.setblocking(False)
            outlet.sendto(message.encode(), self._address)
