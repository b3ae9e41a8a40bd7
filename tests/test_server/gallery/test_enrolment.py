"""Enrolment with real photos, by the rules that the server starts with."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from server.access.matching.recogniser import DLIB
from server.access.orders import EMPTY, Roster
from server.access.rules import Rules
from server.access.seen import PhotoOutcome
from server.gallery.cache import open_cache
from server.gallery.enrolment import Enrolling
from server.gallery.photo_watcher import PhotoWatcher
from server.gallery.receipts import Receipt, Status
from server.vision.models import Models
from server.vision.photo import judge_photo
from tests.support.photos import jpeg


def test_one_face_under_two_names_is_held_until_it_is_confirmed(tmp_path: Path, models: Models) -> None:
    faces = tmp_path / "faces"
    faces.mkdir()
    heard: list[Receipt] = []
    roster = EMPTY

    async def analyse(data: bytes) -> PhotoOutcome:
        return judge_photo(models, data)

    async def take(receipts: Sequence[Receipt]) -> None:
        heard.extend(receipts)

    async def test() -> None:
        nonlocal roster
        cache = open_cache(tmp_path / "logs", DLIB.pipeline)
        watcher = PhotoWatcher(
            folder=faces,
            cache=cache,
            analyse=analyse,
            take_receipts=take,
            enrolling=Enrolling.by(Rules, lambda: roster),
            parallel=1,
        )
        (faces / "barack_obama.jpg").write_bytes(jpeg("obama"))
        (faces / "joe_biden.jpg").write_bytes(jpeg("biden"))
        await watcher.load()
        assert [receipt.status for receipt in heard] == [Status.ACCEPTED] * 2
        assert heard[0].detail.startswith("1 photo of Barack Obama: at the present threshold about ")
        (faces / "another_man.jpg").write_bytes(jpeg("obama2"))
        await watcher.look()
        assert (heard[-1].status, heard[-1].reason) == (Status.HELD, "needs_confirmation")
        assert heard[-1].look_alike is not None and heard[-1].look_alike.name == "Barack Obama"
        assert list(watcher.gallery.people) == ["Barack Obama", "Joe Biden"]
        roster = Roster(confirmed=frozenset([frozenset(["Barack Obama", "Another Man"])]))
        await watcher.look()
        assert heard[-1].status is Status.ACCEPTED
        assert list(watcher.gallery.people) == ["Another Man", "Barack Obama", "Joe Biden"]
        cache.close()

    asyncio.run(test())
