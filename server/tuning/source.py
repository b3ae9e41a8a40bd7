"""The settings file of a running server, as far as it has to be known to change it. A port."""

from pathlib import Path
from typing import Protocol

from server.access.matching.recogniser import RecogniserName
from server.settings import Settings


class SettingsSource(Protocol):
    """Where the server's settings come from."""

    @property
    def path(self) -> Path:
        """The settings file; there may be none."""

    def overriding(self, name: str) -> str | None:
        """What sets this whatever the file says, such as "flag --margin"; None: nothing does."""

    def settings(self, content: bytes, recogniser: RecogniserName) -> Settings:
        """What would hold with this content of the file, in a server that has that recogniser. Raises
        ValueError, with all that is wrong, a line each."""
