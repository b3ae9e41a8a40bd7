"""A running site with a history, to click through in a browser.

    make demo-console

One person is enrolled by three photos, a photo of another name is held because it looks like him, and
somebody unknown keeps coming to two simulated doors. The log tells of two weeks that never were. What the
doors see is recorded, with pictures: no other site does so unless it is asked to. The link by which you set a
password is printed. Ctrl-C ends it, or an hour; everything is kept in .demo-console/.
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
HOUR = 3600.0
"""The pictures of two doors fill some 400 MB in it."""
ENROLLED = {
    "barack_obama.jpg": "obama",
    "barack_obama_2.jpg": "obama3",
    "barack_obama_3.jpg": "obama_partial_face",
    "barry.jpg": "obama_partial_face2",
}
DOORS = {"front-door": ("obama2", "biden"), "back-door": ("biden", "obama_partial_face2")}
SETTINGS = """\
# What the doors see is kept, for the pages of decisions and strangers: by default nothing is.
record = true
record_pictures = true
record_days = 1
"""
LAID_DOWN = """\
# Visitors of the simulated cameras are photos, which other doors do not open for.
[terminals.front-door]
liveness = "off"

[terminals.back-door]
liveness = "off"
note = "Ring the bell for reception"

[people."Barack Obama"]
schedule = ["mon-sun 00:00-24:00"]
"""


def prepare() -> dict[str, Path]:
    """A fresh folder with somebody enrolled, and settings; returns the visitors' photos."""
    photos = sample_photos()
    shutil.rmtree(HOME, ignore_errors=True)
    for folder in ("faces", "logs"):
        (HOME / folder).mkdir(parents=True, mode=0o700)
    for file, name in ENROLLED.items():
        shutil.copy(photos[name], HOME / "faces" / file)
    settings = HOME / "doorward.toml"
    settings.touch(mode=0o600)
    settings.write_text(SETTINGS, encoding="utf-8")
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
    name = rng.choice(["Barack Obama", "Barack Obama", None])
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
    folder.mkdir(parents=True, mode=0o700)
    for number, photo in enumerate(photos):
        shutil.copy(photo, folder / f"{number}{photo.suffix}")
    command = [sys.executable, "-m", "client", "--server", f"127.0.0.1:{port}", "--terminal", name]
    command += ["--source", f"sim:{folder}", "--loop", "--headless", "--fps", "5", "--quality", "60"]
    return subprocess.Popen(command, cwd=HOME, env=environment(), stdout=subprocess.DEVNULL)


def run(seconds: float) -> None:
    """End after so long, if nobody interrupts it before."""
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
        say(f"what the doors see is recorded, with pictures, in {HOME / 'logs' / 'recordings'}")
        say(f"Ctrl-C ends it; it ends by itself after {seconds / 60:.0f} minutes")
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and server.running:
            time.sleep(0.2)
    finally:
        for each in doors:
            each.terminate()
        with contextlib.suppress(KeyboardInterrupt):
            server.stop()


def main() -> int:
    """Run the demo. Exit code 0 when it ended as it should."""
    parser = argparse.ArgumentParser(description="A running site with a history.")
    parser.add_argument("--seconds", type=float, default=HOUR, help="end after so long (%(default)s)")
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
