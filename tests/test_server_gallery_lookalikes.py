"""A photo in the wrong hands is rejected, and people who look alike are told of."""

from itertools import permutations
from pathlib import PurePath

import numpy as np
import pytest

from server.gallery.lookalikes import LOOK_ALIKE, Enrolled, Review, review
from server.vision.analysis import Embedding
from tests.support.embeddings import look, person, shifted

ADA, BOB, CARL = 0, 1, 2


def reviewed(photos: dict[str, tuple[str, Embedding]], fresh: list[str] | None = None) -> Review:
    everything = {PurePath(path): Enrolled(*photo) for path, photo in photos.items()}
    return review(everything, [PurePath(path) for path in (photos if fresh is None else fresh)])


def misplaced(photos: dict[str, tuple[str, Embedding]]) -> dict[str, str]:
    return {path.as_posix(): other.name for path, other in reviewed(photos).misplaced.items()}


def test_people_unlike_each_other_are_left_in_peace() -> None:
    photos = {name: (name, look(index, 0.25)) for index, name in enumerate(["ada", "bob", "carl"])}
    assert reviewed(photos) == Review({}, {}, {})
    assert reviewed({}) == Review({}, {}, {})


def test_photos_of_one_person_are_no_lookalikes() -> None:
    assert reviewed({"1": ("Ada", person(ADA)), "2": ("Ada", look(ADA, 0.25))}) == Review({}, {}, {})


def test_a_photo_of_somebody_else_is_misplaced() -> None:
    photos = {
        "ada": ("Ada", person(ADA)),
        "ada_2": ("Ada", look(BOB, 0.25)),
        "bob": ("Bob", person(BOB)),
    }
    found = reviewed(photos)
    assert set(found.misplaced) == {PurePath("ada_2")} and found.alike == {}
    other = found.misplaced[PurePath("ada_2")]
    assert other.name == "Bob" and other.distance == pytest.approx(0.25)


@pytest.mark.parametrize("order", list(permutations(range(4))))
@pytest.mark.parametrize("name", ["Ada", "Zoe"])
def test_only_the_misplaced_photo_is_rejected_in_whatever_order(name: str, order: tuple[int, ...]) -> None:
    """bob.jpg is nearer to the misplaced photo than to bob_2.jpg, but bob is where he belongs."""
    photos = [
        (f"{name}", (name, person(ADA))),
        (f"{name}_2", (name, look(BOB, 0.125, 1))),
        ("Bob", ("Bob", person(BOB))),
        ("Bob_2", ("Bob", look(BOB, 0.375, 2))),
    ]
    assert misplaced(dict(photos[at] for at in order)) == {f"{name}_2": "Bob"}


@pytest.mark.parametrize("names", [("Ada", "Bob"), ("Bob", "Ada"), ("Zoe", "Ada")])
def test_who_is_misplaced_does_not_depend_on_names(names: tuple[str, str]) -> None:
    first, second = names
    photos = {
        f"{first}": (first, person(ADA)),
        f"{first}_2": (first, look(BOB, 0.25)),
        f"{second}": (second, person(BOB)),
    }
    assert misplaced(photos) == {f"{first}_2": second}


def test_two_swapped_photos_are_both_misplaced() -> None:
    photos = {
        "ada": ("Ada", person(ADA)),
        "ada_2": ("Ada", look(ADA, 0.25, 1)),
        "ada_3": ("Ada", look(BOB, 0.25, 2)),
        "bob": ("Bob", person(BOB)),
        "bob_2": ("Bob", look(BOB, 0.25, 3)),
        "bob_3": ("Bob", look(ADA, 0.25, 4)),
    }
    assert misplaced(photos) == {"ada_3": "Bob", "bob_3": "Ada"}


def test_the_only_photo_of_a_person_is_never_misplaced_but_told_of() -> None:
    found = reviewed({"ada": ("Ada", person(ADA)), "twin": ("Twin", look(ADA, 0.25))})
    assert found.misplaced == {}
    assert {path.as_posix(): other.name for path, other in found.alike.items()} == {
        "ada": "Twin",
        "twin": "Ada",
    }


def test_a_photo_nearer_to_its_own_person_is_kept_and_told_of() -> None:
    found = reviewed(
        {
            "ada": ("Ada", person(ADA)),
            "ada_2": ("Ada", look(ADA, 0.125, 1)),
            "twin": ("Twin", look(ADA, 0.375, 2)),
        }
    )
    assert found.misplaced == {}
    assert len(found.alike) == 3


@pytest.mark.parametrize(("distance", "alike"), [(LOOK_ALIKE - 0.01, True), (LOOK_ALIKE + 0.01, False)])
def test_people_are_alike_up_to_a_measured_distance(distance: float, alike: bool) -> None:
    found = reviewed({"ada": ("Ada", person(ADA)), "twin": ("Twin", look(ADA, distance))})
    assert bool(found.alike) == alike


def test_a_poor_photo_is_not_misplaced_for_being_poor() -> None:
    """It is nearer to somebody else than to its own person, but like neither: only unlike its own."""
    poor = (person(ADA) + person(BOB) * 2) / np.float32(3)
    found = reviewed({"ada": ("Ada", person(ADA)), "ada_2": ("Ada", poor), "bob": ("Bob", person(BOB))})
    assert (found.misplaced, set(found.unlike), found.alike) == ({}, {PurePath("ada_2")}, {})


@pytest.mark.parametrize(("distance", "unlike"), [(0.59, set()), (0.61, {PurePath("ada_2")})])
def test_a_photo_unlike_the_others_of_its_person_is_refused(distance: float, unlike: set[PurePath]) -> None:
    found = reviewed({"ada": ("Ada", person(ADA)), "ada_2": ("Ada", look(ADA, distance))})
    assert set(found.unlike) == unlike


def test_one_photo_like_it_is_enough_to_belong() -> None:
    photos = {f"ada_{at}": ("Ada", look(ADA, 0.5 * at)) for at in range(4)}
    assert reviewed(photos).unlike == {}


def test_established_photos_speak_before_fresh_ones() -> None:
    photos = {"ada": ("Ada", person(BOB)), "ada_2": ("Ada", person(ADA))}
    assert set(reviewed(photos).unlike) == {PurePath("ada_2")}
    assert set(reviewed(photos, fresh=["ada"]).unlike) == {PurePath("ada")}


def test_fresh_photos_and_those_that_they_put_in_doubt_are_judged() -> None:
    photos = {"ada": ("Ada", person(ADA)), "twin": ("Twin", look(ADA, 0.25)), "bob": ("Bob", person(BOB))}
    assert set(reviewed(photos, fresh=["twin"]).alike) == {PurePath("ada"), PurePath("twin")}
    assert reviewed(photos, fresh=[]) == Review({}, {}, {})


def test_more_photos_than_are_compared_at_once() -> None:
    photos = {f"carl_{at}": ("Carl", look(CARL, 0.25, at % 64)) for at in range(700)}
    photos["ada"] = ("Ada", person(ADA))
    photos["carl_last"] = ("Carl", shifted(person(ADA), 0.125))
    assert misplaced(photos) == {"carl_last": "Ada"}
