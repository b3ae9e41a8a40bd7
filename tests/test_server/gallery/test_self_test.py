"""Every photo against all the others."""

from pathlib import PurePath

import pytest

from server.access.matching.gallery import Gallery
from server.access.matching.recogniser import DLIB, Embedding
from server.gallery import self_test as under_test
from server.gallery.admission import Arrived
from server.gallery.self_test import STEPS, Fate, SelfTest, self_test
from tests.support.embeddings import APART, look, person, shifted

ADA, BOB, CARL = 0, 1, 2


def tried(*photos: tuple[str, Embedding], most_scores: int | None = None) -> SelfTest:
    arrived = [
        Arrived(PurePath(f"{name}_{at}.jpg"), f"{at:064}", name, embedding[None])
        for at, (name, embedding) in enumerate(photos)
    ]
    gallery = Gallery.build(DLIB, 1, [(photo.name, photo.rows) for photo in arrived])
    return self_test(arrived, gallery, most_scores)


def fates(found: SelfTest, threshold: float = 0.4) -> list[Fate]:
    return [one.fate(threshold, 0.03) for one in found.tried]


def test_photos_of_one_person_recognise_each_other() -> None:
    found = tried(("Ada", person(ADA)), ("Ada", look(ADA, 0.3)), ("Bob", person(BOB)))
    assert [(one.name, one.nearest) for one in found.tried] == [("Ada", "Ada"), ("Ada", "Ada")]
    assert fates(found) == [Fate.RECOGNISED, Fate.RECOGNISED]
    assert found.tried[0].distance == pytest.approx(0.3, abs=1e-4)
    assert (found.single, found.pairs, found.within(0.4)) == (1, 1, 0)
    assert found.nearest[0].names == ("Ada", "Bob") and found.nearest[0].distance == pytest.approx(
        1.41, abs=0.02
    )


def test_a_photo_is_not_held_against_itself() -> None:
    found = tried(("Ada", person(ADA)), ("Ada", look(ADA, 0.5)), ("Bob", person(BOB)))
    assert fates(found) == [Fate.REFUSED, Fate.REFUSED]


def test_a_photo_nearer_to_somebody_else_is_confused() -> None:
    found = tried(("Ada", person(ADA)), ("Ada", look(BOB, 0.2)), ("Bob", person(BOB)))
    assert fates(found) == [Fate.REFUSED, Fate.CONFUSED]
    assert found.tried[1].nearest == "Bob"


def test_somebody_as_near_is_a_tie() -> None:
    twin = shifted(person(ADA), 0.31, 5)
    found = tried(("Ada", person(ADA)), ("Ada", look(ADA, 0.3)), ("Bob", twin))
    assert fates(found)[0] is Fate.NEAR_TIE
    assert found.within(0.4) == 1 and found.nearest[0].distance < 0.4


def test_one_person_has_nobody_to_be_taken_for() -> None:
    found = tried(("Ada", person(ADA)))
    assert (found.tried, found.single, found.pairs, found.nearest) == ((), 1, 0, ())


def test_however_many_are_held_at_once_the_pairs_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    people = [(f"P{at}", look(at // 2, 0.1 + at / 50, at % 2)) for at in range(7)]
    found = [tried(*people)]
    for block in (1, 3):
        monkeypatch.setattr(under_test, "BLOCK", block)
        found.append(tried(*people))
    first, second, third = ([near.names for near in each.nearest] for each in found)
    assert first == second == third
    assert found[1].within(0.4) == found[2].within(0.4) == found[0].within(0.4) == 3
    assert [list(each.strangers) for each in found] == [list(found[0].strangers)] * 3


def test_the_nearest_pairs_come_first_and_are_few() -> None:
    found = tried(*((f"P{at}", look(at, 0.0)) for at in range(5)), ("Q", shifted(person(ADA), 1.0, 3)))
    assert found.pairs == 15 == len(found.nearest)
    assert found.nearest[0].names == ("P0", "Q")
    assert all(near.distance == pytest.approx(APART, abs=0.01) for near in found.nearest[1:])


def test_of_many_photos_a_sample_stands_in_for_visitors_but_all_enrol() -> None:
    several = [("Ada", look(ADA, 0.1, at)) for at in range(10)] + [("Bob", person(BOB))]
    found = tried(*several, most_scores=8)
    assert len(found.tried) == 4 == found.compared, "each with one person who is somebody else"
    assert found.single == 1 and max(found.own) < 0.2


def test_comparisons_with_others_are_counted_by_distance() -> None:
    found = tried(("Ada", person(ADA)), ("Bob", look(ADA, 0.3)), ("Carl", person(CARL)))
    assert found.compared == 6
    at = {step: int(count) for step, count in zip(STEPS, found.strangers, strict=True)}
    assert (at[0.295], at[0.305], at[1.39], at[1.995]) == (0, 2, 2, 6)
