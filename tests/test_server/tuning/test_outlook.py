"""What other rules mean for the people enrolled."""

from dataclasses import replace
from pathlib import PurePath

import pytest

from server.access.matching.gallery import Gallery
from server.access.matching.recogniser import DLIB, Embedding
from server.access.rules import Rules
from server.gallery.admission import Arrived
from server.gallery.self_test import Fate, SelfTest, self_test
from server.tuning.outlook import PHOTOS, outlook, recognised
from tests.support.embeddings import look, person

RULES = Rules(recogniser=DLIB, threshold=0.3)


def enrolled(*photos: tuple[str, Embedding]) -> tuple[Gallery, SelfTest]:
    arrived = [
        Arrived(PurePath(f"{at}.jpg"), f"{at:064}", name, embedding[None])
        for at, (name, embedding) in enumerate(photos)
    ]
    gallery = Gallery.build(DLIB, 1, [(photo.name, photo.rows) for photo in arrived])
    return gallery, self_test(arrived, gallery)


ADA_AND_BOB = (("Ada", person(0)), ("Ada", look(0, 0.28)), ("Bob", person(1)), ("Bob", look(1, 0.4)))


def test_the_risk_and_the_threshold_follow_from_the_rules() -> None:
    gallery, found = enrolled(*ADA_AND_BOB)
    told = outlook(RULES, gallery.population, found)
    assert told.threshold == 0.3 and told.sentence is not None
    assert told.sentence.endswith("threshold 0.30 (dlib)")
    assert 0 < told.risk < 1 and not told.lax
    assert set(told.refused) == set(PHOTOS) and list(told.refused.values()) == sorted(
        told.refused.values(), reverse=True
    )
    assert outlook(replace(RULES, threshold=0.45), gallery.population, found).lax
    by_risk = outlook(Rules(recogniser=DLIB), gallery.population, found)
    assert by_risk.risk == pytest.approx(1e-4, rel=0.01)


def test_who_would_be_refused_follows_from_the_photos() -> None:
    gallery, found = enrolled(*ADA_AND_BOB)
    assert outlook(RULES, gallery.population, found).fates == {Fate.RECOGNISED: 2, Fate.REFUSED: 2}
    assert recognised(RULES, gallery.population, found) == {"Ada": 2}
    looser = replace(RULES, threshold=0.45)
    assert recognised(looser, gallery.population, found) == {"Ada": 2, "Bob": 2}


def test_pairs_who_would_be_held_are_named_unless_they_were_confirmed() -> None:
    gallery, found = enrolled(("Ada", person(0)), ("Bob", look(0, 0.35)), ("Carl", look(0, 0.35, 1)))
    assert outlook(RULES, gallery.population, found).held == ()
    looser = replace(RULES, threshold=0.4)
    told = outlook(looser, gallery.population, found, {frozenset({"Ada", "Bob"})})
    assert [near.names for near in told.held] == [("Ada", "Carl")] and told.held_pairs == 1


def test_with_nobody_enrolled_there_is_no_sentence() -> None:
    gallery, found = enrolled()
    told = outlook(RULES, gallery.population, found)
    assert told.sentence is None and told.threshold == 0.3 and not told.held and not told.fates
