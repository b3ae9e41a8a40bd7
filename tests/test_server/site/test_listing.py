"""Everybody is found, in order and page by page, with all that can be edited; others are not looked at."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.access.orders import Roster
from server.access.permits import Permit, Window
from server.access.seen import PhotoAccepted, PhotoFlaw, PhotoOutcome, PhotoRefused
from server.gallery.admission import Judgement, LookAlikes, Ruling
from server.gallery.assessed_file import AssessedFile
from server.gallery.folder import PhotoFile, Signature
from server.gallery.receipts import LookAlike, Status
from server.site.listing import Known, PersonView, folded
from tests.support.embeddings import gallery, person

ADMITTED = Judgement(Ruling.ADMITTED)
TWINS = LookAlike("June", 0.25)
GOOD = PhotoAccepted(person(0), person(0), 200, 1.0)
PAIR = frozenset({"Jane", "June"})


def file(path: str, name: str, outcome: PhotoOutcome = GOOD, judgement: Judgement = ADMITTED) -> AssessedFile:
    photo = PhotoFile(PurePath(path), name, Signature(1, 2, 3, 4))
    return AssessedFile(photo, f"hash of {path}", outcome, judgement=judgement)


JANE = [
    file("jane.jpg", "Jane"),
    file("jane_2.jpg", "Jane", PhotoRefused(PhotoFlaw.NO_FACE, "no face was found")),
    file("jane_3.jpg", "Jane", judgement=Judgement(Ruling.SET_ASIDE)),
]
JUNE = [file("june.jpg", "June", judgement=Judgement(Ruling.HELD, other=LookAlike("Jane", 0.2)))]


class Asked:
    """The files of people, and whose were asked for."""

    def __init__(self, files: Mapping[str | None, Sequence[AssessedFile]]) -> None:
        self.files = files
        self.asked: list[str | None] = []

    def __call__(self, name: str | None) -> Sequence[AssessedFile]:
        self.asked.append(name)
        return self.files.get(name, ())


def known(
    files: Mapping[str, Sequence[AssessedFile]], roster: Roster | None = None, *pairs: LookAlikes
) -> Known:
    enrolled = {name: [person(0)] for name, own in files.items() if any(each.enrolled for each in own)}
    return Known(
        named=list(files),
        files_of=Asked(dict(files.items())),
        gallery=gallery(enrolled),
        roster=roster or Roster(),
        look_alikes=pairs,
        refused=lambda population, photos: 0.3 / photos,
    )


def view(state: Known, name: str) -> PersonView:
    found = state.person(name)
    assert found is not None
    return found


def test_all_that_is_known_of_a_person_is_told() -> None:
    permit = Permit(valid_until=date(2026, 12, 31))
    near = LookAlikes(("Jane", "June"), 0.25, False)
    state = known(
        {"Jane": JANE, "June": JUNE}, Roster({"Jane": permit}, held=frozenset(["jane_3.jpg"])), near
    )
    jane = view(state, "Jane")
    assert [(photo.path, photo.status, photo.reason, photo.held) for photo in jane.photos] == [
        ("jane.jpg", Status.ACCEPTED, "ok", False),
        ("jane_2.jpg", Status.REJECTED, "no_face", False),
        ("jane_3.jpg", Status.HELD, "held_by_hand", True),
    ]
    assert jane.photos[0].sha256 == "hash of jane.jpg" and jane.photos[1].sentence == "no face was found"
    assert (jane.enrolled, jane.permit, jane.alike) == (1, permit, (near,))
    assert jane.warnings == (
        "Jane looks like June (distance 0.25): neither may be recognised while both are enrolled",
    )
    assert jane.advice.startswith("1 photo of Jane: at the present threshold about 30 of 100 visits")
    june = view(state, "June")
    assert june.warnings[0] == "no photo enrols June" and june.advice == "" and june.permit is None
    assert june.photos[0].look_alike == LookAlike("Jane", 0.2)
    assert "June could be taken for Jane" in june.photos[0].sentence


def test_a_confirmed_pair_is_told_and_no_warning() -> None:
    near = LookAlikes(("Jane", "June"), 0.25, True)
    jane = view(known({"Jane": JANE}, Roster(confirmed=frozenset({PAIR})), near), "Jane")
    assert jane.alike == (near,) and jane.warnings == ()


def test_whoever_is_only_laid_down_something_for_is_listed_too() -> None:
    state = known({}, Roster({"Ada": Permit(disabled=True)}, confirmed=frozenset({PAIR})))
    assert [each.name for each in state.page(10).people] == ["Ada", "Jane", "June"]
    assert view(state, "Ada").warnings == ("no photo enrols Ada",)
    assert state.person("ada") is None


def test_files_that_name_nobody_are_told() -> None:
    nobody = AssessedFile(JANE[0].file, None, PhotoRefused(PhotoFlaw.NOT_A_PHOTO, "not a photo"))
    state = replace(known({}), files_of=Asked({None: [nobody]}))
    assert [(photo.path, photo.sentence) for photo in state.unnamed()] == [("jane.jpg", "not a photo")]


def test_a_held_photo_is_found_in_whatever_form_its_accents_are() -> None:
    state = known({"Zoë": [file("zoe\u0308.jpg", "Zoë")]}, Roster(held=frozenset(["zo\u00eb.jpg"])))
    assert view(state, "Zoë").photos[0].held


NAMES = ["ada", "Åsa", "Ana", "Ána", "Zoë", "zoe", "Bob B", "ÀNA", "ß", "李"]


def test_people_are_in_order_whatever_their_capitals_and_accents() -> None:
    state = known({name: [] for name in NAMES})
    assert [each.name for each in state.page(100).people] == sorted(
        NAMES, key=lambda name: (folded(name), name)
    )
    assert [each.name for each in state.page(4).people] == ["ada", "Ana", "ÀNA", "Ána"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("ana", {"Ana", "Ána", "ÀNA"}),
        ("ÁN", {"Ana", "Ána", "ÀNA"}),
        ("ZOE", {"zoe", "Zoë"}),
        ("  b   b ", {"Bob B"}),
        ("ss", {"ß"}),
        ("李", {"李"}),
        ("nobody", set()),
        ("", set(NAMES)),
    ],
)
def test_people_are_found_by_a_part_of_the_name(query: str, found: set[str]) -> None:
    page = known({name: [] for name in NAMES}).page(100, query=query)
    assert {each.name for each in page.people} == found and page.found == len(found) and not page.more


@given(st.sets(st.text(max_size=4)), st.integers(1, 5), st.text(max_size=1))
def test_pages_follow_each_other_without_gaps(names: set[str], size: int, query: str) -> None:
    state = known({name: [] for name in names})
    told: list[str] = []
    after = None
    while True:
        page = state.page(size, query=query, after=after)
        told += [each.name for each in page.people]
        if not page.more:
            break
        after = told[-1]
    assert told == [each.name for each in state.page(1000, query=query).people]
    assert page.found == len(told) == len(set(told))


def test_a_page_goes_on_behind_somebody_who_is_gone() -> None:
    state = known({name: [] for name in ("Ada", "Cy", "Dan")})
    assert [each.name for each in state.page(1, after="Bob").people] == ["Cy"]


def test_only_those_of_one_page_are_looked_at() -> None:
    refused: list[int] = []
    people = {f"Person {at:04}": [file(f"{at}.jpg", f"Person {at:04}")] for at in range(1000)}

    def count(population: object, photos: int) -> float:
        refused.append(photos)
        return 0.3 / photos

    state = replace(known(people), refused=count)
    state.page(20, after="Person 0499")
    assert isinstance(state.files_of, Asked)
    assert state.files_of.asked == [f"Person {at:04}" for at in range(500, 520)]
    assert sorted(refused) == [1, 2, 3], "once for each number of photos"


LIMITS = Permit(date(2026, 1, 1), date(2026, 12, 31), (Window.read("mon 07:00-08:00"),), frozenset({"lab"}))


def test_the_etag_is_another_one_whenever_something_that_can_be_edited_is() -> None:
    def etag(own: Sequence[AssessedFile] = JANE, roster: Roster | None = None, *pairs: LookAlikes) -> str:
        return view(known({"Jane": own}, roster, *pairs), "Jane").etag

    permits = [
        Permit(),
        LIMITS,
        replace(LIMITS, disabled=True),
        replace(LIMITS, valid_from=None),
        replace(LIMITS, valid_until=None),
        replace(LIMITS, schedule=None),
        replace(LIMITS, schedule=(Window.read("tue 07:00-08:00"),)),
        replace(LIMITS, terminals=None),
        replace(LIMITS, terminals=frozenset({"lab", "door"})),
    ]
    etags = [
        etag(),
        etag(JANE[:2]),
        etag([replace(JANE[0], sha256="another"), *JANE[1:]]),
        etag(roster=Roster(held=frozenset(["jane.jpg"]))),
        etag(roster=Roster(confirmed=frozenset({PAIR}))),
        *(etag(roster=Roster({"Jane": permit})) for permit in permits),
    ]
    assert len(set(etags)) == len(etags)
    other = Roster({"Bob": LIMITS}, held=frozenset(["bob.jpg"]), confirmed=frozenset({frozenset({"A", "B"})}))
    assert etag(JANE, other, LookAlikes(("Jane", "June"), 0.25, False)) == etag()


def test_look_alikes_are_those_of_the_receipts() -> None:
    twin = replace(JANE[0], look_alike=TWINS)
    assert view(known({"Jane": [twin]}), "Jane").photos[0].look_alike == TWINS
