"""What a recording holds: frames as a door saw them, and what it decided."""

from dataclasses import dataclass
from datetime import datetime

from server.access.observed import ClosedDoor, ObservedFrame


@dataclass(frozen=True)
class RecordedEntry:
    """One record. `number`: counts the records of one run of the server, over all sessions. `cut`: records of
    this session are missing before this one, and nobody who was in view then still is.

    The analysis' `scene` and `scanned` are not recorded: they change what is looked at, not what is decided.
    """

    number: int
    what: ObservedFrame | ClosedDoor
    cut: bool = False


@dataclass(frozen=True)
class RecordingHeader:
    """What a file is about. `run`: one run of the server. `first`: number of the file's first record.
    `rules`: the settings' rules in force then, as text."""

    run: str
    session: str
    terminal: str
    first: int
    moment: datetime
    rules: dict[str, str]
