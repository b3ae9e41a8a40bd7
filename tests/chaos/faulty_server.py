"""A server whose disk and clock a test spoils while it runs: `python -m tests.chaos.faulty_server FILE ...`.

FILE says how (`Faults`); the rest is as for `python -m tests.chaos.light_server`.
"""

import datetime
import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any


@dataclass(frozen=True)
class Faults:
    """`errno`: what flushing to the disk fails with; 0 is nothing. `slow`: how long each flush takes,
    seconds. `clock`: how far the clock on the wall is off, seconds."""

    errno: int = 0
    slow: float = 0.0
    clock: float = 0.0

    def write(self, path: Path) -> None:
        """At once: a server that reads meanwhile sees the faults before, or these."""
        aside = path.with_suffix(".new")
        aside.write_text(json.dumps(asdict(self)), encoding="utf-8")
        aside.replace(path)

    @classmethod
    def read(cls, path: Path) -> "Faults":
        return cls(**json.loads(path.read_text(encoding="utf-8")))


def program(faults: Path) -> tuple[str, ...]:
    """What Python is to run."""
    return ("-m", "tests.chaos.faulty_server", str(faults))


def _spoil_the_disk(path: Path) -> None:
    from server.support import osdep

    flush = osdep.flush_to_disk

    def spoilt(file: IO[bytes]) -> None:
        faults = Faults.read(path)
        time.sleep(faults.slow)
        if faults.errno:
            raise OSError(faults.errno, os.strerror(faults.errno), file.name)
        flush(file)

    osdep.flush_to_disk = spoilt


def _spoil_the_clock(path: Path) -> None:
    """Before anything imports it."""
    true_time, true_datetime = time.time, datetime.datetime

    def spoilt() -> float:
        return true_time() + Faults.read(path).clock

    class Datetime(datetime.datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return true_datetime.fromtimestamp(spoilt(), tz)

    time.time = spoilt
    datetime.datetime = Datetime  # type: ignore[misc]


def main() -> int:
    path = Path(sys.argv.pop(1))
    _spoil_the_clock(path)
    from server import cli

    _spoil_the_disk(path)
    return cli.main()


if __name__ == "__mp_main__":
    from tests.chaos import light_server

    light_server.change_the_worker()

if __name__ == "__main__":
    sys.exit(main())
