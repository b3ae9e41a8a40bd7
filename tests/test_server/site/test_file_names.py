"""A photo's file names the very person that it is for."""

import contextlib
from itertools import islice
from pathlib import PurePath

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from server.gallery.folder import is_ignored
from server.gallery.names import displayed, person_name
from server.site.errors import Kind, SiteError
from server.site.file_names import PHOTOS, canonical, folder_name, free_name, key, photo_names
from tests.test_server.gallery.test_device_names import REAL_NAMES


def first(person: str, count: int = 3) -> list[str]:
    return [path.as_posix() for path in islice(photo_names(person), count)]


@pytest.mark.parametrize(
    ("person", "names"),
    [
        ("Jane Doe", ["jane_doe.jpg", "jane_doe_2.jpg", "jane_doe_3.jpg"]),
        ("Joan McDonald", ["Joan_McDonald.jpg", "Joan_McDonald_2.jpg", "Joan_McDonald_3.jpg"]),
        ("Jean-Luc Picard", ["jean-luc_picard.jpg", "jean-luc_picard_2.jpg", "jean-luc_picard_3.jpg"]),
        ("Jane Doe 2", ["jane_doe_2_1.jpg", "jane_doe_2_2.jpg", "jane_doe_2_3.jpg"]),
        ("Jane Doe (1)", ["jane_doe_(1)_1.jpg", "jane_doe_(1)_2.jpg", "jane_doe_(1)_3.jpg"]),
        ("Jane Copy", ["jane_copy.jpg", "jane_copy_2.jpg", "jane_copy_3.jpg"]),
        ("Con", ["con_1.jpg", "con_2.jpg", "con_3.jpg"]),
        ("Lpt1", ["lpt1_1.jpg", "lpt1_2.jpg", "lpt1_3.jpg"]),
        ("Sammy Davis Jr.", ["sammy_davis_jr..jpg", "sammy_davis_jr._2.jpg", "sammy_davis_jr._3.jpg"]),
        ("SSen", ["SSen.jpg", "SSen_2.jpg", "SSen_3.jpg"]),
        ("Zoë", ["zoë.jpg", "zoë_2.jpg", "zoë_3.jpg"]),
        ("李 小龙", ["李_小龙.jpg", "李_小龙_2.jpg", "李_小龙_3.jpg"]),
        ("Дмитрий Иванов", ["дмитрий_иванов.jpg", "дмитрий_иванов_2.jpg", "дмитрий_иванов_3.jpg"]),
        ("Jane.tmp", ["jane.tmp.jpg", "jane.tmp_2.jpg", "jane.tmp_3.jpg"]),
    ],
)
def test_photos_are_numbered(person: str, names: list[str]) -> None:
    assert first(person) == names


@pytest.mark.parametrize(
    ("person", "why"),
    [
        ("What?", "Windows has no names with '?'"),
        ("A: B", "Windows has no names with ':'"),
        ("A\\B", "Windows has no names with"),
        (".Ada", "such files are no photos"),
        ("Image 1234", "one that devices give"),
        ("李" * 85, "it would have more than 255 bytes"),
    ],
)
def test_whoever_cannot_be_a_files_name_is_told_why(person: str, why: str) -> None:
    with pytest.raises(SiteError) as refused:
        first(person)
    assert refused.value.kind is Kind.REFUSED and why in str(refused.value)


@pytest.mark.parametrize(("text", "name"), [("jane_doe", "Jane Doe"), ("Zoe\u0308", "Zoë")])
def test_a_name_is_taken_as_it_is_shown(text: str, name: str) -> None:
    assert canonical(text) == name


@pytest.mark.parametrize("text", ["", "  ", "!?", "a/b", "x" * 101])
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(SiteError):
        canonical(text)


def test_a_folder_is_called_after_the_person() -> None:
    assert folder_name("Jane Doe") == "jane_doe"
    assert folder_name("Jane Doe 2") == "jane_doe_2"
    for person, why in [
        ("Jane (1)", "taken for another name"),
        ("Con", "for a device"),
        ("Jane.tmp", "such files are no photos"),
        ("Sammy Davis Jr.", "nor end with a dot"),
    ]:
        with pytest.raises(SiteError, match=f"no folder can be called after '.*{why}"):
            folder_name(person)


def test_there_are_only_so_many_names() -> None:
    with pytest.raises(SiteError, match="use a folder"):
        list(photo_names("Jane Doe"))
    assert len(list(islice(photo_names("Jane Doe"), PHOTOS))) == PHOTOS


def test_a_name_that_differs_in_capitals_or_suffix_only_is_taken() -> None:
    taken = {key("Jane_Doe"), key("zoe\u0308"), key("jane_doe_2")}
    assert free_name(photo_names("Jane Doe"), taken) == PurePath("jane_doe_3.jpg")
    assert free_name(photo_names("Zoë"), taken) == PurePath("zoë_2.jpg")


def check(person: str) -> None:
    for path in islice(photo_names(person), 12):
        assert person_name(path) == person
        assert not is_ignored(path.name) and len(path.name.encode()) <= 255
        assert not set('<>:"/\\|?*') & set(path.name)


@pytest.mark.parametrize("text", [name for name in REAL_NAMES if not set(name) & set('/<>:"\\|?*')])
def test_whoever_is_called_so_has_photos_and_a_folder(text: str) -> None:
    for person in {canonical(text), canonical(text.lower()), canonical(text.upper())}:
        check(person)


@given(st.text(max_size=12) | st.text("aA_ .-(1)cCopy2İßΣ", max_size=12))
def test_any_name_comes_back_from_its_file_or_is_refused(text: str) -> None:
    try:
        person = displayed(text)
    except ValueError:
        assume(False)
    with contextlib.suppress(SiteError):
        check(person)
    with contextlib.suppress(SiteError):
        folder = folder_name(person)
        assert person_name(PurePath(folder, "IMG_1.jpg")) == person and not is_ignored(folder)
