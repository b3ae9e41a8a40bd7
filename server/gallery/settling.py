"""Files that may be half copied."""

from collections.abc import Callable, Iterable
from pathlib import PurePath

from server.gallery.folder import FolderItem

SETTLE_SECONDS = 3.0
"""A file that cannot be decoded is taken for half copied until it has not changed for this long."""


class Settling:
    """Which files cannot be decoded, and since when each of them is as it is."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock`: seconds that never go back."""
        self._clock = clock
        self._since: dict[PurePath, tuple[FolderItem, float]] = {}

    def waits_for(self, file: FolderItem) -> bool:
        """Whether it was undecodable, and has not changed since."""
        known = self._since.get(file.path)
        return known is not None and known[0] == file

    def may_be_half_copied(self, file: FolderItem) -> bool:
        """A file cannot be decoded: whether it has to be tried again later."""
        if not self.waits_for(file):
            self._since[file.path] = (file, self._clock())
        return self._clock() - self._since[file.path][1] < SETTLE_SECONDS

    def forget(self, path: PurePath) -> None:
        self._since.pop(path, None)

    def keep_only(self, present: Iterable[PurePath]) -> None:
        """Forget files that are gone."""
        wanted = set(present)
        self._since = {path: since for path, since in self._since.items() if path in wanted}
