"""Photos keep their place in the order of arrival."""

from hypothesis import given
from hypothesis import strategies as st

from server.gallery.arrivals import Arrival, Arrivals

PEOPLE = ["Ada", "Bob"]
keys = st.tuples(st.sampled_from(PEOPLE), st.sampled_from("abcdef"))


@given(st.lists(keys))
def test_numbers_grow_in_the_order_of_arrival_and_stay(photos: list[tuple[str, str]]) -> None:
    arrivals = Arrivals([])
    numbers = [arrivals.number(*photo, PEOPLE) for photo in photos]
    in_order = list(dict.fromkeys(photos))
    assert sorted(in_order, key=lambda photo: arrivals.number(photo[0], photo[1], PEOPLE)) == in_order
    assert [arrivals.number(*photo, PEOPLE) for photo in photos] == numbers


@given(st.lists(keys, min_size=1), st.sets(keys), keys)
def test_a_restart_changes_nothing(
    photos: list[tuple[str, str]], present: set[tuple[str, str]], new: tuple[str, str]
) -> None:
    arrivals = Arrivals([])
    for photo in photos:
        arrivals.number(*photo, PEOPLE)
    kept = arrivals.keep_only(present)
    assert {(each.person, each.sha256) for each in kept} == present & set(photos)
    again = Arrivals(reversed(kept))
    numbers = [again.number(each.person, each.sha256, PEOPLE) for each in kept]
    assert numbers == [each.number for each in kept]
    if new not in present & set(photos):
        assert all(again.number(*new, PEOPLE) > each.number for each in kept)


def test_a_photo_that_went_and_came_again_is_new() -> None:
    arrivals = Arrivals([Arrival("Ada", "a", 1), Arrival("Bob", "b", 2)])
    arrivals.keep_only([("Bob", "b")])
    assert arrivals.number("Ada", "a", PEOPLE) == 3


def test_the_same_picture_of_another_person_is_new() -> None:
    arrivals = Arrivals([Arrival("Ada", "a", 1)])
    assert (arrivals.number("Bob", "a", PEOPLE), arrivals.number("Ada", "a", PEOPLE)) == (2, 1)


def test_who_has_got_another_name_keeps_the_place() -> None:
    arrivals = Arrivals([Arrival("Ada", "a", 1), Arrival("Bob", "b", 2)])
    assert arrivals.number("Zoe", "a", ["Zoe", "Bob"]) == 1
    assert arrivals.number("Zoe", "c", ["Zoe", "Bob"]) == 3
    assert arrivals.number("Ada", "a", ["Ada", "Zoe"]) == 4, "the place is taken"


def test_of_two_who_left_the_place_the_first_counts() -> None:
    arrivals = Arrivals([Arrival("Ada", "a", 2), Arrival("Bob", "a", 1)])
    assert arrivals.number("Zoe", "a", ["Zoe"]) == 1
