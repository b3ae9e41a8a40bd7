"""Every photo is judged against those that came before it, and nobody is put out by a newcomer."""

from collections.abc import Sequence
from pathlib import PurePath

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.access.matching.recogniser import DLIB, EMBEDDING_SIZE, Embedding
from server.access.matching.templates import distance, score, template
from server.gallery.admission import NEAR, Admission, Arrived, Judgement, LookAlikes, Pair, Ruling, warnings
from server.gallery.receipts import LookAlike
from tests.support.embeddings import look, person, shifted

ADA, BOB, CARL = 0, 1, 2
LIMIT = 0.3
NOBODY: frozenset[Pair] = frozenset()
TWINS = frozenset([frozenset(["Ada", "Twin"])])


def arrived(path: str, embedding: Embedding) -> Arrived:
    """`path`: a name, and perhaps a number: "Ada 2"."""
    return Arrived(PurePath(path), f"sha of {path}", path.split()[0], embedding[None])


def in_order(photos: dict[str, Embedding]) -> list[Arrived]:
    return [arrived(path, embedding) for path, embedding in photos.items()]


def verdicts(
    photos: dict[str, Embedding], confirmed: frozenset[Pair] = NOBODY, limit: float = LIMIT
) -> dict[str, Judgement]:
    found = Admission(DLIB, lambda people: limit).review(in_order(photos), confirmed)
    return {path.as_posix(): verdict for path, verdict in found.items()}


def refused(photos: dict[str, Embedding], confirmed: frozenset[Pair] = NOBODY) -> dict[str, Ruling]:
    found = verdicts(photos, confirmed)
    return {path: each.ruling for path, each in found.items() if each.ruling is not Ruling.ADMITTED}


def test_people_unlike_each_other_are_admitted() -> None:
    assert refused({"Ada": person(ADA), "Bob": look(BOB, 0.25), "Ada 2": look(ADA, 0.25)}) == {}
    assert verdicts({}) == {}


def test_who_looks_like_somebody_is_held_if_he_came_later() -> None:
    ada, twin = person(ADA), look(ADA, 0.25)
    held = Judgement(Ruling.HELD, other=LookAlike("Ada", 0.25))
    assert verdicts({"Ada": ada, "Twin": twin}) == {"Ada": Judgement(Ruling.ADMITTED), "Twin": held}
    assert refused({"Twin": twin, "Ada": ada}) == {"Ada": Ruling.HELD}


@pytest.mark.parametrize(("apart", "held"), [(LIMIT - 0.001, True), (LIMIT + 0.001, False)])
def test_who_is_held_follows_from_the_threshold(apart: float, held: bool) -> None:
    assert bool(refused({"Ada": person(ADA), "Twin": look(ADA, apart)})) == held


def test_the_threshold_is_that_for_all_people_who_have_photos() -> None:
    asked: list[int] = []

    def threshold(people: int) -> float:
        asked.append(people)
        return LIMIT

    photos = {"Ada": person(ADA), "Twin": look(ADA, 0.1), "Ada 2": person(ADA), "Bob": person(BOB)}
    Admission(DLIB, threshold).review(in_order(photos), NOBODY)
    assert set(asked) == {3}


def test_those_who_are_confirmed_to_be_two_are_both_admitted() -> None:
    photos = {"Ada": person(ADA), "Twin": look(ADA, 0.1), "Twin 2": person(ADA), "Ada 2": look(ADA, 0.1)}
    assert refused(photos, TWINS) == {}


def test_a_third_who_looks_like_both_is_held_until_both_pairs_are_confirmed() -> None:
    photos = {"Ada": person(ADA), "Twin": look(ADA, 0.1), "Third": look(ADA, 0.1, 1)}
    more = TWINS | {frozenset(["Ada", "Third"])}
    assert set(refused(photos, TWINS)) == set(refused(photos, more)) == {"Third"}
    assert refused(photos, more | {frozenset(["Twin", "Third"])}) == {}


def test_a_hundred_look_alikes_are_all_held() -> None:
    photos = {"Ada": person(ADA), **{f"Clone{at}": look(ADA, 0.1, at % 64) for at in range(100)}}
    assert set(refused(photos)) == set(photos) - {"Ada"}


def test_a_copy_of_a_photo_puts_out_nobody() -> None:
    """The copies are nearer to each of Ada's photos than her other one is."""
    ada = {"Ada": person(ADA), "Ada 2": look(ADA, 0.4)}
    copies = {"Mallory": person(ADA), "Mallory 2": look(ADA, 0.4)}
    assert set(refused({**ada, **copies})) == set(copies)


def test_one_s_own_face_under_a_resident_s_name_is_refused() -> None:
    photos = {"Ada": person(ADA), "Bob": person(BOB), "Ada 2": look(BOB, 0.2), "Ada 3": person(CARL)}
    found = verdicts(photos)
    assert found["Ada 2"] == Judgement(Ruling.MISPLACED, other=LookAlike("Bob", 0.2))
    assert found["Ada 3"] == Judgement(Ruling.UNLIKE, distance=1.4142)


@pytest.mark.parametrize(("apart", "unlike"), [(0.419, False), (0.421, True)])
def test_a_photo_unlike_the_earlier_ones_is_refused(apart: float, unlike: bool) -> None:
    assert DLIB.same_person == 0.42
    found = refused({"Ada": person(ADA), "Ada 2": look(ADA, apart)})
    assert found == ({"Ada 2": Ruling.UNLIKE} if unlike else {})


@pytest.mark.parametrize(("apart", "found"), [(0.329, Ruling.MISPLACED), (0.331, Ruling.UNLIKE)])
def test_a_photo_is_misplaced_only_when_it_is_very_like_the_other(apart: float, found: Ruling) -> None:
    assert DLIB.misplaced == 0.33
    assert refused({"Ada": person(ADA), "Bob": person(BOB), "Ada 2": look(BOB, apart)}) == {"Ada 2": found}


def test_a_photo_nearer_to_its_own_person_is_not_misplaced() -> None:
    """Without the limit, as otherwise it would be held."""
    near_both = {"Ada": person(ADA), "Near": look(ADA, 0.32), "Ada 2": look(ADA, 0.1)}
    found = verdicts(near_both, limit=0.0)
    assert {verdict.ruling for verdict in found.values()} == {Ruling.ADMITTED}
    nearer = {**near_both, "Ada 2": look(ADA, 0.2)}
    assert verdicts(nearer, limit=0.0)["Ada 2"].ruling is Ruling.MISPLACED


def test_a_photo_that_brings_its_person_too_near_to_another_is_held() -> None:
    near = look(ADA, 0.36)
    photos = {"Near": near, "Ada": person(ADA), "Ada 2": look(ADA, 0.18)}
    with_it = template(np.array([person(ADA), look(ADA, 0.18)]))
    apart = distance(score(template(near[None]), with_it, DLIB.exponent))
    assert 0.18 < apart < LIMIT
    found = verdicts({**photos, "Ada 2": look(ADA, 0.17)})
    assert found["Ada 2"].ruling is Ruling.HELD and found["Ada"].ruling is Ruling.ADMITTED


def test_a_held_photo_of_somebody_does_not_keep_out_another_one() -> None:
    photos = {"Ada": person(ADA), "Twin": look(ADA, 0.25), "Twin 2": look(ADA, 0.5)}
    assert set(refused(photos)) == {"Twin"}


def test_people_who_are_near_each_other_are_told_of() -> None:
    admission = Admission(DLIB, lambda people: LIMIT)
    photos = in_order(
        {
            "Twin": look(ADA, 0.1),
            "Ada": person(ADA),
            "Near": look(BOB, LIMIT * NEAR - 0.001),
            "Bob": person(BOB),
        }
    )
    far = arrived("Far", look(CARL, LIMIT * NEAR + 0.001))
    admission.review([*photos, far, arrived("Carl", person(CARL))], TWINS)
    assert admission.look_alikes() == [
        LookAlikes(("Ada", "Twin"), 0.1, True),
        LookAlikes(("Bob", "Near"), 0.329, False),
    ]
    assert warnings(admission.look_alikes()) == {
        "Bob": LookAlike("Near", 0.329),
        "Near": LookAlike("Bob", 0.329),
    }


def test_the_nearest_of_several_is_warned_of() -> None:
    pairs = [
        LookAlikes(("Ada", "Bob"), 0.31, False),
        LookAlikes(("Ada", "Carl"), 0.32, False),
        LookAlikes(("Carl", "Dora"), 0.33, True),
    ]
    found = {name: other.name for name, other in warnings(pairs).items()}
    assert found == {"Ada": "Bob", "Bob": "Ada", "Carl": "Ada"}


@pytest.mark.parametrize("name", ["Ada", "Zoe"])
def test_the_distance_of_near_people_follows_their_photos(name: str) -> None:
    admission = Admission(DLIB, lambda people: LIMIT)
    first, near, another = person(ADA), look(ADA, 0.328), look(ADA, 0.05, 5)
    photos = in_order({name: first, "Near": near})
    admission.review(photos, NOBODY)
    assert [pair.distance for pair in admission.look_alikes()] == [0.328]
    admission.review([*photos, arrived(f"{name} 2", another)], NOBODY)
    apart = distance(score(template(np.array([first, another])), near, DLIB.exponent))
    assert [pair.distance for pair in admission.look_alikes()] == [round(apart, 4)] != [0.328]
    admission.review(photos, NOBODY)
    admission.review([*photos, arrived(f"{name} 3", look(ADA, -0.2))], NOBODY)
    assert admission.look_alikes() == []


def test_when_the_other_is_removed_the_held_one_is_admitted() -> None:
    admission = Admission(DLIB, lambda people: LIMIT)
    ada, twin = in_order({"Ada": person(ADA), "Twin": look(ADA, 0.1)})
    assert admission.review([ada, twin], NOBODY)[twin.path].ruling is Ruling.HELD
    assert admission.review([twin], NOBODY)[twin.path].ruling is Ruling.ADMITTED
    assert admission.look_alikes() == []


def faces(seed: int, photos: int) -> list[Arrived]:
    """A few people who are all rather alike, with photos that are more so, and some under another name."""
    random = np.random.default_rng(seed)
    people = 1.0 + 0.2 * random.standard_normal((4, EMBEDDING_SIZE))
    shown = random.integers(0, 4, photos)
    named = np.where(random.random(photos) < 0.1, random.integers(0, 4, photos), shown)
    looks = people[shown] + 0.15 * random.standard_normal((photos, EMBEDDING_SIZE))
    paths = [f"{'ABCD'[number]} {at}" for at, number in enumerate(named)]
    return [arrived(path, row.astype(np.float32)) for path, row in zip(paths, looks, strict=True)]


scenes = st.builds(faces, st.integers(0, 1000), st.integers(0, 12))
pairs = st.frozensets(st.frozensets(st.sampled_from("ABCD"), min_size=2, max_size=2), max_size=2)


def fewer_with_more(people: int) -> float:
    """Like the real one, falling."""
    return 0.42 - 0.03 * people


def admitted(photos: Sequence[Arrived], confirmed: frozenset[Pair], limit: float) -> set[PurePath]:
    found = Admission(DLIB, lambda people: limit).review(photos, confirmed)
    return {path for path, verdict in found.items() if verdict.ruling is Ruling.ADMITTED}


@given(scenes, pairs, st.data())
def test_one_by_one_is_the_same_as_all_at_once(
    photos: list[Arrived], confirmed: frozenset[Pair], data: st.DataObject
) -> None:
    """Whatever was laid down, or held, on the way."""
    strictness = 1.0

    def threshold(people: int) -> float:
        return strictness * fewer_with_more(people)

    step_by_step = Admission(DLIB, threshold)
    present: list[Arrived] = []
    for photo in photos:
        present.append(photo)
        strictness = data.draw(st.sampled_from([1.0, 0.7, 1.4]))
        if data.draw(st.booleans()):
            step_by_step.review(present, data.draw(pairs))
        if data.draw(st.integers(0, 5)) == 0:
            present.pop(data.draw(st.integers(0, len(present) - 1)))
        step_by_step.review(present, confirmed)
    at_once = Admission(DLIB, threshold)
    assert step_by_step.review(present, confirmed) == at_once.review(present, confirmed)
    assert step_by_step.look_alikes() == at_once.look_alikes()


def test_photos_are_current_until_another_threshold_holds() -> None:
    limit = LIMIT
    admission = Admission(DLIB, lambda people: limit)
    assert admission.current, "nothing was judged"
    admission.review(in_order({"Ada": person(ADA)}), NOBODY)
    assert admission.current
    limit = 0.5
    assert not admission.current
    admission.review(in_order({"Ada": person(ADA)}), NOBODY)
    assert admission.current


@given(scenes, pairs, st.sampled_from([0.25, 0.3, 0.35]))
def test_no_two_people_are_enrolled_who_could_be_taken_for_each_other(
    photos: list[Arrived], confirmed: frozenset[Pair], limit: float
) -> None:
    inside = admitted(photos, confirmed, limit)
    names = sorted({photo.name for photo in photos if photo.path in inside})
    templates = {
        name: template(np.concatenate([at.rows for at in photos if at.name == name and at.path in inside]))
        for name in names
    }
    for at, one in enumerate(names):
        for other in names[at + 1 :]:
            if frozenset((one, other)) not in confirmed:
                assert distance(score(templates[one], templates[other], DLIB.exponent)) > limit - 1e-4


@given(scenes, pairs)
def test_a_newcomer_changes_nothing_for_those_who_are_there(
    photos: list[Arrived], confirmed: frozenset[Pair]
) -> None:
    everything = admitted(photos, confirmed, LIMIT)
    for count in range(len(photos)):
        earlier = {photo.path for photo in photos[:count]}
        assert admitted(photos[:count], confirmed, LIMIT) == everything & earlier


def test_more_people_than_there_was_room_for() -> None:
    random = np.random.default_rng(0)
    rows = random.standard_normal((200, EMBEDDING_SIZE)).astype(np.float32)
    photos = {f"P{at}": row / np.linalg.norm(row) for at, row in enumerate(rows)}
    copies = {f"Q{at}": shifted(photos[f"P{at}"], 0.1) for at in (0, 63, 64, 199)}
    assert set(refused({**photos, **copies})) == set(copies)
