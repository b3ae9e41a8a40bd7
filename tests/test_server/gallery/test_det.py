"""The detection error trade-off of the people enrolled."""

from pathlib import PurePath

import numpy as np

from server.access.matching.gallery import Gallery
from server.access.matching.recogniser import DLIB, Embedding
from server.gallery.admission import Arrived
from server.gallery.det import Errors, errors_at
from server.gallery.self_test import self_test
from tests.support.embeddings import look, person


def curve(*photos: tuple[str, Embedding]) -> list[Errors]:
    arrived = [
        Arrived(PurePath(f"{at}.jpg"), f"{at:064}", name, embedding[None])
        for at, (name, embedding) in enumerate(photos)
    ]
    gallery = Gallery.build(DLIB, 1, [(photo.name, photo.rows) for photo in arrived])
    return errors_at(self_test(arrived, gallery))


def test_the_nearer_the_fewer_strangers_and_the_more_own_photos_are_missed() -> None:
    found = curve(
        ("Ada", person(0)), ("Ada", look(0, 0.2)), ("Bob", look(0, 0.4, 1)), ("Bob", look(0, 0.9, 2))
    )
    fmr, fnmr = [each.fmr for each in found], [each.fnmr for each in found]
    assert fmr == sorted(fmr) and fnmr == sorted(fnmr, reverse=True)
    assert fmr[0] == 0 and fnmr[0] == 1 and fnmr[-1] == 0 and fmr[-1] > 0
    assert np.all(np.diff([each.distance for each in found]) > 0)


def test_where_both_errors_can_be_avoided_the_gap_is_shown() -> None:
    found = curve(("Ada", person(0)), ("Ada", look(0, 0.2)), ("Bob", person(1)), ("Bob", look(1, 0.2, 1)))
    assert any(each.fmr == each.fnmr == 0 for each in found)
    assert found[0].distance < 0.2 and found[-1].distance > 1.4


def test_without_two_photos_of_somebody_or_anybody_else_there_is_no_curve() -> None:
    assert curve(("Ada", person(0)), ("Bob", person(1))) == []
    assert curve(("Ada", person(0)), ("Ada", look(0, 0.2))) == []
    assert curve() == []
