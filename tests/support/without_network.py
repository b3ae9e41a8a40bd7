"""A server, its console and a terminal where there is no network but this machine's own, and what they try.

    unshare --map-root-user --net python -m tests.support.without_network FOLDER

Prints one JSON object: `log`, the lines of the access log; `asked`, every address and name that any of their
processes has turned to; `unreachable`, how many packets the kernel had no way for, by whomever.
"""

import fcntl
import json
import os
import re
import socket
import struct
import subprocess
import sys
import urllib.request
from pathlib import Path

from tests.support.photos import jpeg, photo
from tests.support.server_process import plain_environment, running_server, wait_for

WATCH = """
import os, sys
def note(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"):
        asked = arguments[0] if event.startswith("socket.get") else arguments[1]
        with open(os.environ["ASKED"], "a") as file:
            file.write(repr(asked) + "\\n")
sys.addaudithook(note)
"""
"""Loaded by every Python that starts with the folder on its path, workers too."""
UP, GET_FLAGS, SET_FLAGS = 0x1, 0x8913, 0x8914
"""IFF_UP, SIOCGIFFLAGS, SIOCSIFFLAGS; netdevice(7)."""


def bring_loopback_up() -> None:
    """As `ip link set lo up`."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(handle, GET_FLAGS, request))[1]
        fcntl.ioctl(handle, SET_FLAGS, struct.pack("16sh14x", b"lo", flags | UP))


def interfaces() -> list[str]:
    return [name for _, name in socket.if_nameindex()]


def unreachable() -> int:
    """Packets for which there was no route, of all processes here: /proc/net/snmp."""
    names, values = (line.split() for line in Path("/proc/net/snmp").read_text().splitlines()[:2])
    return int(values[names.index("OutNoRoutes")])


def visit(home: Path) -> list[str]:
    """Have somebody let in, and the console looked at; returns the access log."""
    with running_server(home, "--web", "on", "--web-port", "0") as server:
        (server.faces / "barack_obama.jpg").write_bytes(jpeg("obama"))
        wait_for(lambda: "1 person" in server.console or "accepted" in server.receipts(), 60, "enrolment")
        command = [sys.executable, "-m", "client", "--server", f"127.0.0.1:{server.port}", "--headless"]
        command += ["--source", f"sim:{photo('obama2')}", "--terminal", "front-door"]
        subprocess.run(command, env=plain_environment(), check=True, stdout=subprocess.DEVNULL, timeout=120)
        console = re.search(r"console: (http://\S+)", server.console)
        assert console is not None, server.console
        with urllib.request.urlopen(f"{console[1]}/readyz") as answer:
            assert answer.status == 200
        server.stop()
        return (server.logs / "access_log.txt").read_text(encoding="utf-8").splitlines()


def main(home: Path) -> None:
    bring_loopback_up()
    assert interfaces() == ["lo"], interfaces()
    asked = home / "asked.txt"
    asked.touch()
    (home / "watch").mkdir()
    (home / "watch" / "sitecustomize.py").write_text(WATCH, encoding="utf-8")
    os.environ |= {"ASKED": str(asked), "PYTHONPATH": str(home / "watch")}
    found = {"log": visit(home), "unreachable": unreachable()}
    print(json.dumps({**found, "asked": sorted(set(asked.read_text(encoding="utf-8").splitlines()))}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
