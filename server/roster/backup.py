"""The last good people.toml, kept for a restart that finds a broken one."""

from pathlib import Path

from server.support.private_files import replace_private

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
        replace_private(self._path, data)
