"""All that tuning a running server needs, in one place."""

import asyncio
from collections.abc import Callable

from server.access.matching.gallery import Gallery
from server.access.present_rules import PresentRules
from server.gallery.admission import Arrived
from server.tuning.applying import Applying
from server.tuning.replays import Replays
from server.tuning.self_tests import SelfTests
from server.tuning.source import SettingsSource


class Tuning:
    """`changing`: held by whoever puts other rules in force."""

    def __init__(
        self,
        present: PresentRules,
        source: SettingsSource,
        gallery: Callable[[], Gallery],
        photos: Callable[[], list[Arrived]],
    ) -> None:
        """`gallery`, `photos`: who is enrolled at this moment, and by what."""
        self.applying = Applying(source, present)
        self.self_tests = SelfTests(gallery, photos)
        self.replays = Replays()
        self.changing = asyncio.Lock()

    async def close(self) -> None:
        """End what is under way."""
        await self.replays.stop()
