"""What `doctor` says of the machine: room on the disk, the clock, how much may be open at once."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from server.commands.finding import Finding, Grade
from server.settings import Settings
from server.support import osdep
from server.vitals.condition import ROOM

SPARE_BYTES = 1 << 30
"""With less the console takes no uploads, and the logs have not much time left."""
OTHER_FILES = 256
"""What a server has open besides its terminals: logs, database, workers, browsers."""


def disk(settings: Settings) -> Iterator[Finding]:
    """Room where photos and logs are; of folders on one disk once."""
    seen: set[int] = set()
    for name, folder in (("logs", settings.logs), ("faces", settings.faces)):
        place = _existing(folder)
        device = os.stat(place).st_dev
        if device not in seen:
            seen.add(device)
            yield _room(name, place, shutil.disk_usage(place).free)


def _existing(folder: Path) -> Path:
    absolute = Path(os.path.abspath(folder))
    return next(path for path in (absolute, *absolute.parents) if path.exists())


def _room(name: str, place: Path, free: int) -> Finding:
    told = f"{_size(free)} free for {name} ({place})"
    if free < ROOM:
        cure = f"everybody is denied: make room there, or choose another disk with --{name}"
        return Finding(Grade.ERROR, "disk", f"{told}; {cure}")
    if free < SPARE_BYTES:
        cure = f"make room there: rotate logs, keep recordings for fewer days, or another disk with --{name}"
        return Finding(Grade.WARNING, "disk", f"{told}; {cure}")
    return Finding(Grade.OK, "disk", told)


def _size(count: int) -> str:
    return f"{count / (1 << 30):.1f} GB" if count >= SPARE_BYTES else f"{count / (1 << 20):.0f} MB"


def clock() -> Iterator[Finding]:
    """Whether something keeps it right; nothing where the system does not tell."""
    synchronised = osdep.clock_is_synchronised()
    if synchronised is False:
        detail = (
            "nothing keeps it right, and schedules, expiry and logs go by it: sudo timedatectl set-ntp true"
        )
        yield Finding(Grade.WARNING, "clock", detail)
    elif synchronised:
        yield Finding(Grade.OK, "clock", "it is kept right by a time service")


def open_files(settings: Settings) -> Iterator[Finding]:
    """Whether as many connections may be open as the settings promise; nothing where there is no limit."""
    limit, needed = osdep.most_open_files(), settings.max_terminals + OTHER_FILES
    if limit is None:
        return
    if limit < needed:
        cure = f"LimitNOFILE={needed} in the service, or fewer max_terminals"
        detail = f"{limit} may be open at once, and {settings.max_terminals} terminals need {needed}: {cure}"
        yield Finding(Grade.WARNING, "files", detail)
    else:
        yield Finding(Grade.OK, "files", f"{limit} may be open at once")
