"""Every photo against all the others."""

from pathlib import PurePath

import pytest

from server.access.matching.gallery import Gallery
from server.access.matching.recogniser import DLIB, Embedding
from server.gallery import self_test as under_test
from server.gallery.admission import Arrived
from server.gallery.self_test import Fate, SelfTest, self_test
from tests.support.embeddings import APART, look, person, shifted

ADA, BOB, CARL = 0, 1, 2


def tried(*photos: tuple[str, Embedding], threshold: float = 0.4, margin: float = 0.03) -> SelfTest:
    arrived = [
        Arrived(PurePath(f"{name}_{at}.jpg"), f"{at:064}", name, embedding[None])
        for at, (name, embedding) in enumerate(photos)
    ]
    gallery = Gallery.build(DLIB, 1, [(photo.name, photo.rows) for photo in arrived])
    return self_test(arrived, gallery, threshold, margin)


def test_photos_of_one_person_recognise_each_other() -> None:
    found = tried(("Ada", person(ADA)), ("Ada", look(ADA, 0.3)), ("Bob", person(BOB)))
    assert [(one.name, one.fate, one.nearest) for one in found.tried] == [
        ("Ada", Fate.RECOGNISED, "Ada"),
        ("Ada", Fate.RECOGNISED, "Ada"),
    ]
    assert found.tried[0].distance == pytest.approx(0.3, abs=1e-4)
    assert (found.single, found.pairs, found.within) == (1, 1, 0)
    assert found.nearest[0].names == ("Ada", "Bob") and found.nearest[0].distance == pytest.approx(
        1.41, abs=0.02
    )


def test_a_photo_is_not_held_against_itself() -> None:
    found = tried(("Ada", person(ADA)), ("Ada", look(ADA, 0.5)), ("Bob", person(BOB)))
    assert [one.fate for one in found.tried] == [Fate.REFUSED, Fate.REFUSED]


def test_a_photo_nearer_to_somebody_else_is_confused() -> None:
    found = tried(("Ada", person(ADA)), ("Ada", look(BOB, 0.2)), ("Bob", person(BOB)))
    assert [one.fate for one in found.tried] == [Fate.REFUSED, Fate.CONFUSED]
    assert found.tried[1].nearest == "Bob"


def test_somebody_as_near_is_a_tie() -> None:
    twin = shifted(person(ADA), 0.31, 5)
    found = tried(("Ada", person(ADA)), ("Ada", look(ADA, 0.3)), ("Bob", twin))
    assert found.tried[0].fate is Fate.NEAR_TIE
    assert found.within == 1 and found.nearest[0].distance < 0.4


def test_one_person_has_nobody_to_be_taken_for() -> None:
    found = tried(("Ada", person(ADA)))
    assert (found.tried, found.single, found.pairs, found.nearest) == ((), 1, 0, ())


def test_however_many_are_held_at_once_the_pairs_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    people = [(f"P{at}", shifted(look(at, 0.1), 0.5 + at / 50, at % 3)) for at in range(7)]
    found = [tried(*people)]
    for block in (1, 3):
        monkeypatch.setattr(under_test, "BLOCK", block)
        found.append(tried(*people, threshold=1.2))
    first, second, third = ([near.names for near in each.nearest] for each in found)
    assert first == second == third
    assert found[1].within == found[2].within > 0 == found[0].within


def test_the_nearest_pairs_come_first_and_are_few() -> None:
    found = tried(*((f"P{at}", look(at, 0.0)) for at in range(5)), ("Q", shifted(person(ADA), 1.0, 3)))
    assert found.pairs == 15 and len(found.nearest) == 5
    assert found.nearest[0].names == ("P0", "Q")
    assert all(near.distance == pytest.approx(APART, abs=0.01) for near in found.nearest[1:])
