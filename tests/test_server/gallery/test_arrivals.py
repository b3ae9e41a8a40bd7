"""Photos keep their place in the order of arrival."""

from hypothesis import given
from hypothesis import strategies as st

from server.gallery.arrivals import Arrival, Arrivals

keys = st.tuples(st.sampled_from(["Ada", "Bob"]), st.sampled_from("abcdef"))


@given(st.lists(keys))
def test_numbers_grow_in_the_order_of_arrival_and_stay(photos: list[tuple[str, str]]) -> None:
    arrivals = Arrivals([])
    numbers = [arrivals.number(*photo) for photo in photos]
    in_order = list(dict.fromkeys(photos))
    assert sorted(in_order, key=lambda photo: arrivals.number(*photo)) == in_order
    assert [arrivals.number(*photo) for photo in photos] == numbers


@given(st.lists(keys, min_size=1), st.sets(keys), keys)
def test_a_restart_changes_nothing(
    photos: list[tuple[str, str]], present: set[tuple[str, str]], new: tuple[str, str]
) -> None:
    arrivals = Arrivals([])
    for photo in photos:
        arrivals.number(*photo)
    kept = arrivals.keep_only(present)
    assert {(each.person, each.sha256) for each in kept} == present & set(photos)
    again = Arrivals(reversed(kept))
    assert [again.number(person, sha256) for person, sha256, _ in kept] == [each.number for each in kept]
    if new not in present & set(photos):
        assert all(again.number(*new) > each.number for each in kept)


def test_a_photo_that_went_and_came_again_is_new() -> None:
    arrivals = Arrivals([Arrival("Ada", "a", 1), Arrival("Bob", "b", 2)])
    arrivals.keep_only([("Bob", "b")])
    assert arrivals.number("Ada", "a") == 3


def test_the_same_picture_of_another_person_is_new() -> None:
    arrivals = Arrivals([Arrival("Ada", "a", 1)])
    assert (arrivals.number("Bob", "a"), arrivals.number("Ada", "a")) == (2, 1)
