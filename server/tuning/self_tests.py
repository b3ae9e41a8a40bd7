"""The self test of the people enrolled, made once for each gallery."""

import asyncio
from collections.abc import Callable

from server.access.matching.gallery import Gallery
from server.gallery.admission import Arrived
from server.gallery.self_test import MOST_SCORES, SelfTest, self_test


class SelfTests:
    """Keeps the last one. For one event loop."""

    def __init__(self, gallery: Callable[[], Gallery], photos: Callable[[], list[Arrived]]) -> None:
        """`gallery`: what is in force at this moment. `photos`: those that it was made of."""
        self._gallery = gallery
        self._photos = photos
        self._lock = asyncio.Lock()
        self._known: tuple[Gallery, SelfTest] | None = None

    async def of_those_enrolled(self) -> tuple[Gallery, SelfTest]:
        """The gallery and its test. With thousands of people it takes seconds, in a thread, once."""
        async with self._lock:
            gallery = self._gallery()
            if self._known is None or self._known[0] is not gallery:
                photos = [photo for photo in self._photos() if photo.name in gallery]
                found = await asyncio.to_thread(self_test, photos, gallery, MOST_SCORES)
                self._known = gallery, found
            return self._known
