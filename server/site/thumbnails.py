"""Thumbnails of the photos that were shown last, in memory: faces are not written to one more place."""

import threading
from collections import OrderedDict
from collections.abc import Iterable

MAX_BYTES = 16_000_000
"""Room for 2,000 thumbnails of 160 pixels: to scroll through them and back."""


class Thumbnails:
    """JPEGs by the sha256 of the photo and their side, in pixels. Safe to use from several threads."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._kept: OrderedDict[tuple[str, int], bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, sha256: str, side: int) -> bytes | None:
        with self._lock:
            jpeg = self._kept.get((sha256, side))
            if jpeg is not None:
                self._kept.move_to_end((sha256, side))
            return jpeg

    def put(self, sha256: str, side: int, jpeg: bytes) -> None:
        """Those that were not asked for the longest make room."""
        with self._lock:
            self._drop((sha256, side))
            self._kept[sha256, side] = jpeg
            self._bytes += len(jpeg)
            while self._bytes > self._max_bytes:
                self._drop(next(iter(self._kept)))

    def keep_only(self, hashes: Iterable[str]) -> None:
        """Forget the faces of photos that are gone."""
        wanted = set(hashes)
        with self._lock:
            for key in [key for key in self._kept if key[0] not in wanted]:
                self._drop(key)

    def _drop(self, key: tuple[str, int]) -> None:
        self._bytes -= len(self._kept.pop(key, b""))
