"""A running site with a history, to click through in a browser.

    make demo-console

Two people are enrolled, two simulated doors go on and on, and the log tells of two weeks that never were. The
link by which you set a password is printed. Ctrl-C ends it; everything is kept in .demo-console/.
"""

import argparse
import contextlib
import random
import secrets
import shutil
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.demo import DemoError, Server, environment, free_port, say
from scripts.samples import SamplesUnavailable, sample_photos
from server.access.decision import Decision
from server.access.liveness.proof import Aliveness
from server.audit.access_log import AccessEntry
from wire import Verdict
from wire.reasons import Reason

HOME = Path(__file__).resolve().parent.parent / ".demo-console"
WEB_PORT = 8080
DAYS, VISITS = 14, 400
THRESHOLD = 0.98
DOORS = {"front-door": ("obama2", "biden"), "back-door": ("biden", "obama3")}
LAID_DOWN = """\
# Visitors of the simulated cameras are photos, which other doors do not open for.
[terminals.front-door]
liveness = "off"

[terminals.back-door]
liveness = "off"
note = "Ring the bell for reception"

[people."Joe Biden"]
schedule = ["mon-sun 00:00-24:00"]
terminals = ["back-door"]
"""


def prepare() -> dict[str, Path]:
    """A fresh folder with two people enrolled and a log; returns the visitors' photos."""
    photos = sample_photos()
    shutil.rmtree(HOME, ignore_errors=True)
    for folder in ("faces", "logs"):
        (HOME / folder).mkdir(parents=True, mode=0o700)
    shutil.copy(photos["obama"], HOME / "faces" / "barack_obama.jpg")
    shutil.copy(photos["biden"], HOME / "faces" / "joe_biden.jpg")
    people = HOME / "faces" / "people.toml"
    people.touch(mode=0o600)
    people.write_text(LAID_DOWN, encoding="utf-8")
    return photos


def history(rng: random.Random) -> str:
    """The access log of the days before, made up."""
    now = datetime.now().astimezone()
    moments = sorted(now - timedelta(days=rng.uniform(0.05, DAYS)) for _ in range(VISITS))
    return "".join(f"{entry(moment, rng).line()}\n" for moment in moments)


def entry(moment: datetime, rng: random.Random) -> AccessEntry:
    """One visit that never was."""
    name = rng.choice(["Barack Obama", "Barack Obama", "Joe Biden", None])
    late = moment.hour < 6
    reason = Reason.RECOGNISED if name else Reason.UNKNOWN_FACE
    if name and rng.random() < 0.1:
        reason = rng.choice([Reason.NOT_LIVE, Reason.LOOKING_AWAY, Reason.LEFT])
    elif name and late:
        reason = Reason.OUTSIDE_SCHEDULE
    granted = reason is Reason.RECOGNISED
    distance = rng.gauss(0.62, 0.08) if name else rng.gauss(1.25, 0.06)
    decision = Decision(
        id=secrets.token_hex(8),
        verdict=Verdict.GRANTED if granted else Verdict.DENIED,
        name=name,
        reason=reason,
        distance=distance,
        runner_up=distance + abs(rng.gauss(0.4, 0.1)),
        threshold=THRESHOLD,
        looks=rng.randint(3, 15),
        liveness=Aliveness.LIVE if granted else Aliveness.NOT_PROVEN,
    )
    return AccessEntry(moment, rng.choice(list(DOORS)), decision, rng.randint(40, 140))


def run_command(*arguments: str) -> str:
    """A command of the server, in the demo's folder."""
    command = [sys.executable, "-m", "server", *arguments]
    done = subprocess.run(command, cwd=HOME, env=environment(), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DemoError(f"{' '.join(arguments)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout.strip()


def door(port: int, name: str, photos: list[Path]) -> "subprocess.Popen[bytes]":
    """A terminal whose camera shows these photos again and again."""
    folder = HOME / "visitors" / name
    folder.mkdir(parents=True)
    for photo in photos:
        shutil.copy(photo, folder)
    command = [sys.executable, "-m", "client", "--server", f"127.0.0.1:{port}", "--terminal", name]
    command += ["--source", f"sim:{folder}", "--loop", "--headless"]
    return subprocess.Popen(command, cwd=HOME, env=environment(), stdout=subprocess.DEVNULL)


def run(seconds: float | None) -> None:
    """`seconds`: end after so long; None: when interrupted."""
    photos = prepare()
    (HOME / "logs" / "access_log.txt").write_text(history(random.Random(7)), encoding="utf-8")  # noqa: S311
    say(run_command("history", "rebuild").replace("\n", "; "))
    port, web_port = free_port(), free_port(WEB_PORT)
    link = run_command("users", "add", "demo", "admin", "--web-port", str(web_port)).rpartition(" ")[2]
    server = Server(port, "--web-port", str(web_port), home=HOME)
    doors = []
    try:
        server.wait_until_listening()
        doors = [door(port, name, [photos[each] for each in seen]) for name, seen in DOORS.items()]
        say(f"set a password and look around: {link}")
        say("Ctrl-C ends it")
        deadline = None if seconds is None else time.monotonic() + seconds
        while (deadline is None or time.monotonic() < deadline) and server.running:
            time.sleep(0.2)
    finally:
        for each in doors:
            each.terminate()
        with contextlib.suppress(KeyboardInterrupt):
            server.stop()


def main() -> int:
    """Run the demo. Exit code 0 when it ended as it should."""
    parser = argparse.ArgumentParser(description="A running site with a history.")
    parser.add_argument("--seconds", type=float, help="end after so long (default: when interrupted)")
    try:
        run(parser.parse_args().seconds)
    except (DemoError, SamplesUnavailable) as error:
        say(f"FAILED: {error}")
        return 1
    except KeyboardInterrupt:
        say("stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
