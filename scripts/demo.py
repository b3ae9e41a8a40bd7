"""The whole system on one machine without a camera: a server, door terminals, a photo, a visitor, a stranger.

    make demo

Barack Obama is enrolled by one photo. First somebody holds up another photo of him at a door as it is by
default: a photo does not open it. The simulated camera knows nobody but photos, so the next two visits are at
a door that does not ask for proof of life: Barack Obama is let in, and somebody who is not enrolled is not.
Everything is kept in .demo/.
"""

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from client.screen.display import display_problem
from scripts.samples import SamplesUnavailable, sample_photos

HOME = Path(__file__).resolve().parent.parent / ".demo"
DOOR, SIMULATOR = "front-door", "simulator"
LAID_DOWN = f"""\
# Visitors of the simulated camera are photos, which other doors do not open for.
[terminals.{SIMULATOR}]
liveness = "off"
"""
PORT = 5000
START_SECONDS = 60.0
STOP_SECONDS = 20.0


class DemoError(Exception):
    """The demo did not show what it should; the message says what happened instead."""


def say(text: str) -> None:
    print(f"demo   | {text}", flush=True)


def prepare() -> dict[str, Path]:
    """A fresh .demo/ with one person enrolled; returns the visitors' photos."""
    photos = sample_photos()
    shutil.rmtree(HOME, ignore_errors=True)
    (HOME / "faces").mkdir(parents=True)
    shutil.copy(photos["obama"], HOME / "faces" / "barack_obama.jpg")
    say(f"enrolled Barack Obama by {HOME / 'faces' / 'barack_obama.jpg'}")
    people = HOME / "faces" / "people.toml"
    people.touch(mode=0o600)
    people.write_text(LAID_DOWN, encoding="utf-8")
    return photos


def free_port(wanted: int = PORT) -> int:
    """This port, or any other one where it is taken."""
    with socket.socket() as probe:
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            probe.bind(("127.0.0.1", 0))
            say(f"port {wanted} is taken by another program; using {probe.getsockname()[1]} instead")
        return int(probe.getsockname()[1])


def environment() -> dict[str, str]:
    """Ours without anybody's own Doorward settings: the demo shows the defaults."""
    return {key: value for key, value in os.environ.items() if not key.startswith("DOORWARD_")}


class Server:
    """The server as a process of its own, its console copied to ours."""

    def __init__(self, port: int, *flags: str, home: Path = HOME) -> None:
        command = [sys.executable, "-m", "server", "--port", str(port), *flags]
        self._process = subprocess.Popen(
            command, cwd=home, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self._listening = threading.Event()
        threading.Thread(target=self._copy_console, daemon=True).start()

    def _copy_console(self) -> None:
        for line in self._process.stdout or ():
            print(f"server | {line}", end="", flush=True)
            if " listening on " in line:
                self._listening.set()

    def wait_until_listening(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._listening.wait(0.1):
            if self._process.poll() is not None:
                raise DemoError(f"the server ended with code {self._process.returncode}")
            if time.monotonic() > deadline:
                raise DemoError(f"the server did not listen within {START_SECONDS:.0f} s")

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> None:
        """Stop as `systemctl stop` or Ctrl-C would. Raises DemoError: it did not stop cleanly."""
        self._process.terminate()
        try:
            code = self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise DemoError("the server did not stop when asked to") from None
        if code != 0 and os.name == "posix":
            raise DemoError(f"the server stopped with code {code}")


def visit(port: int, terminal: str, photo: Path, picture: Path, window: bool) -> None:
    """Let the person on `photo` stand at the door; the overlay at the decision is written to `picture`."""
    command = [sys.executable, "-m", "client", "--server", f"127.0.0.1:{port}", "--terminal", terminal]
    command += ["--source", f"sim:{photo}", "--snapshot", str(picture)]
    command += [] if window else ["--headless"]
    done = subprocess.run(command, cwd=HOME, env=environment(), stdout=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        raise DemoError(f"the door terminal ended with code {done.returncode}")


class LogTail:
    """Prints the access log as it grows, as `tail -F` does."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def _follow(self) -> None:
        shown = 0
        while True:
            stopping = self._stop.wait(0.1)
            lines = self._path.read_text(encoding="utf-8").splitlines() if self._path.exists() else []
            for line in lines[shown:]:
                print(f"log    | {line}", flush=True)
            shown = len(lines)
            if stopping:
                return

    def stop(self) -> list[str]:
        """All lines."""
        self._stop.set()
        self._thread.join()
        return self._path.read_text(encoding="utf-8").splitlines()


def check(lines: list[str]) -> None:
    """Raises DemoError unless the log says what happened at the door."""
    granted = [line for line in lines if " GRANTED " in line]
    held_up = [line for line in lines if f" DENIED {DOOR} " in line]
    unknown = [line for line in lines if f" DENIED {SIMULATOR} unknown " in line]
    if len(granted) != 1 or f' {SIMULATOR} "Barack Obama" ' not in granted[0]:
        raise DemoError("the log should have one GRANTED, for Barack Obama")
    if len(held_up) != 1 or " liveness=not_proven " not in held_up[0]:
        raise DemoError("the log should have a DENIED, for the photo that was held up")
    if not unknown:
        raise DemoError("the log should have a DENIED, for somebody unknown")


def run() -> None:
    problem = display_problem(os.environ)
    if problem:
        say(f"{problem}: there will be pictures instead of a window")
    visitors = prepare()
    port = free_port()
    server = Server(port, "--web", "off")
    try:
        server.wait_until_listening()
        tail = LogTail(HOME / "logs" / "access_log.txt")
        pictures = {name: HOME / f"{name}.png" for name in ("photo", "granted", "denied")}
        window = not problem
        say("somebody holds up a photo of Barack Obama: the door must stay shut")
        visit(port, DOOR, visitors["obama2"], pictures["photo"], window)
        say("Barack Obama comes to a door that does not ask for proof of life")
        visit(port, SIMULATOR, visitors["obama2"], pictures["granted"], window)
        say("a stranger comes to the same door")
        visit(port, SIMULATOR, visitors["biden"], pictures["denied"], window)
        lines = tail.stop()
    finally:
        server.stop()
    check(lines)
    say(f"done: the log is {HOME / 'logs' / 'access_log.txt'}")
    say(f"what the terminal showed: {', '.join(map(str, pictures.values()))}")


def main() -> int:
    """Run the demo. Exit code 0 when everything happened as it should."""
    try:
        run()
    except (DemoError, SamplesUnavailable) as error:
        say(f"FAILED: {error}")
        return 1
    except KeyboardInterrupt:
        say("stopped")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
