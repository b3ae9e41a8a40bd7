"""One self test for each gallery."""

import asyncio
from pathlib import PurePath

from server.access.matching.gallery import Gallery
from server.access.matching.recogniser import DLIB
from server.gallery.admission import Arrived
from server.tuning.self_tests import SelfTests
from tests.support.embeddings import look, person

PHOTOS = [
    Arrived(PurePath("ada.jpg"), "a" * 64, "Ada", person(0)[None]),
    Arrived(PurePath("ada_2.jpg"), "b" * 64, "Ada", look(0, 0.2)[None]),
    Arrived(PurePath("bob.jpg"), "c" * 64, "Bob", person(1)[None]),
]


def test_it_is_made_once_for_each_gallery_however_many_ask() -> None:
    gallery = Gallery.build(DLIB, 1, [(photo.name, photo.rows) for photo in PHOTOS])
    asked = []

    def photos() -> list[Arrived]:
        asked.append(gallery.version)
        return PHOTOS

    async def ask() -> None:
        nonlocal gallery
        tests = SelfTests(lambda: gallery, photos)
        first, second = await asyncio.gather(tests.of_those_enrolled(), tests.of_those_enrolled())
        assert first == second and len(first[1].tried) == 2 and asked == [1]
        gallery = Gallery.build(DLIB, 2, [("Bob", person(1)[None])])
        now, found = await tests.of_those_enrolled()
        assert asked == [1, 2] and now is gallery
        assert not found.tried and found.single == 1, "photos that the gallery does not have yet are left out"

    asyncio.run(ask())
