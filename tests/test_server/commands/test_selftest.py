"""`python -m server selftest` as an administrator reads it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path, PurePath
from types import SimpleNamespace

import numpy as np
import pytest

from server.access.matching.gallery import Gallery
from server.access.matching.neighbourhood import Population
from server.access.matching.recogniser import DLIB
from server.access.rules import Rules
from server.commands.selftest import report, selftest
from server.gallery.admission import Arrived
from server.gallery.self_test import Near, SelfTest, Tried
from server.settings import Settings
from tests.support.embeddings import gallery, look, person

PHOTOS = [
    Arrived(PurePath("ada.jpg"), "a" * 64, "Ada", person(0)[None]),
    Arrived(PurePath("ada_2.jpg"), "b" * 64, "Ada", look(0, 0.2)[None]),
    Arrived(PurePath("bob.jpg"), "c" * 64, "Bob", person(1)[None]),
]


def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, photos: list[Arrived]) -> list[str]:
    known = Gallery.build(DLIB, 1, [(photo.name, photo.rows) for photo in photos])

    @contextlib.asynccontextmanager
    async def enrolled(*_: object) -> AsyncIterator[SimpleNamespace]:
        yield SimpleNamespace(gallery=known, photos=lambda: photos)

    monkeypatch.setattr("server.commands.selftest.enrolled", enrolled)
    chosen = {"faces": tmp_path, "logs": tmp_path, "recogniser": "dlib", "threshold": 0.3}
    return asyncio.run(selftest(Settings.model_validate(chosen))).splitlines()


def test_the_report_tells_residents_and_strangers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = told(tmp_path, monkeypatch, PHOTOS)
    assert lines[0] == "enrolled: 2 people by 3 photos"
    assert lines[1].endswith("threshold 0.30 (dlib)")
    assert lines[2].endswith("whom the other photos enrol: 2; recognised: 2")
    assert lines[3] == "people with one photo, who cannot be tried so: 1"
    assert lines[4].startswith(
        "pairs of different people: 1; within the threshold 0.300: 0 (of people elsewhere"
    )
    assert lines[5:] == ["  nearest:", '    "Ada" and "Bob": 1.414']


def measured(tried: tuple[Tried, ...], nearest: tuple[Near, ...]) -> SelfTest:
    none = np.zeros(0)
    return SelfTest(
        tried=tried,
        own=none,
        single=0,
        strangers=none.astype(np.int64),
        compared=0,
        pairs=1,
        near=none,
        nearest=nearest,
    )


def test_nobody_is_enrolled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(tmp_path, monkeypatch, []) == ["nobody is enrolled"]


def test_who_was_not_recognised_is_named_up_to_a_number() -> None:
    tried = [Tried(PurePath(f"{at}.jpg"), "Ada", "Bob", 0.5, 0.9) for at in range(22)]
    found = measured(tuple(tried), (Near(("Ada", "Bob"), 0.29),))
    crowd = gallery({"Ada": person(0), "Bob": person(1)})
    lines = report(found, crowd, Rules(recogniser=DLIB, threshold=0.3)).splitlines()
    assert lines[3] == "  refused: 22"
    assert lines[4] == '    \'0.jpg\' ("Ada"): nearest "Bob", 0.500' and lines[24] == "    and 2 more"


def test_people_who_look_alike_are_said_to_be_so() -> None:
    crowd = gallery({"Ada": person(0), "Bob": person(1)})
    alike = Gallery(
        recogniser=DLIB,
        version=1,
        people=crowd.people,
        counts=crowd.counts,
        templates=crowd.templates,
        population=Population(2, 0.9),
    )
    lines = report(measured((), ()), alike, Rules(recogniser=DLIB)).splitlines()
    assert any("the threshold is 10% tighter for it" in line for line in lines)
