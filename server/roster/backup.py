"""The last good people.toml, kept for a restart that finds a broken one."""

import os
from pathlib import Path

from server.support import osdep

BACKUP_FILE = "people.last_good.toml"
"""In the logs folder."""


class Backup:
    """One file, replaced as a whole and readable by the server's user only."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> bytes | None:
        """What was written last; None: nothing ever was. Raises OSError."""
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return None

    def write(self, data: bytes) -> None:
        """Return when the data is on the disk; what was there before stays until then. Raises OSError."""
        temporary = self._path.with_name(f"{self._path.name}.tmp")
        temporary.unlink(missing_ok=True)  # of a server that was killed while writing
        with open(temporary, "xb", opener=_owner_only) as file:
            file.write(data)
            osdep.flush_to_disk(file)
        os.replace(temporary, self._path)
        osdep.flush_folder_to_disk(str(self._path.parent))


def _owner_only(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
