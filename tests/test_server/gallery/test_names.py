"""From a file's name to the name on the log line."""

import re
from pathlib import Path, PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.audit.erasing import word_for
from server.gallery.names import NAME_CHARS, WORDS_IN_PLACE, displayed, person_name
from server.recognition.pseudonyms import Pseudonyms


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("barack_obama.jpg", "Barack Obama"),
        ("barack_obama_2.jpg", "Barack Obama"),
        ("barack_obama_0012.JPEG", "Barack Obama"),
        ("barack_obama/any.jpg", "Barack Obama"),
        ("barack_obama/michelle.jpg", "Barack Obama"),
        ("barack obama.png", "Barack Obama"),
        ("barack__obama_.webp", "Barack Obama"),
        ("ada.lovelace.jpg", "Ada.lovelace"),
        ("jean-luc_picard.jpg", "Jean-Luc Picard"),
        ("JFK.jpg", "JFK"),
        ("ronald_McDonald.jpg", "Ronald McDonald"),
        ("o'neill.jpg", "O'neill"),
        ("agent_7_smith.jpg", "Agent 7 Smith"),
        ("дмитрий_иванов.jpg", "Дмитрий Иванов"),
        ("李_小龙.jpg", "李 小龙"),
        ("ßen.jpg", "SSen"),
        ("zoe\u0308.jpg", "Zoë"),
    ],
)
def test_names(path: str, name: str) -> None:
    assert person_name(PurePath(path)) == name


@pytest.mark.parametrize(
    "path",
    [
        "joe_biden (1).jpg",
        "joe_biden(2).jpg",
        "joe_biden (1) (1).jpg",
        "joe_biden_2 (1).jpg",
        "joe_biden - Copy.jpg",
        "joe_biden - Copy (2).jpg",
        "joe_biden - Copy - Copy.jpg",
        "joe_biden - Kopie.jpg",
        "Joe Biden - copia (3).jpg",
        "joe_biden copy.jpg",
        "joe_biden copy 2.jpg",
        "joe_biden (copy).jpg",
        "joe_biden (another copy).jpg",
        "joe_biden (3rd copy).jpg",
        "joe_biden (1)/a.jpg",
        "joe_biden - Copy/a.jpg",
    ],
)
def test_a_copy_shows_the_same_person(path: str) -> None:
    assert person_name(PurePath(path)) == "Joe Biden"


@pytest.mark.parametrize("path", ["IMG_1234 (1).jpg", "IM\u200bG_1234.jpg", "2 (1).jpg", "image - Copy.jpg"])
def test_a_copy_of_nobody_is_nobody(path: str) -> None:
    with pytest.raises(ValueError, match="devices and programs"):
        person_name(PurePath(path))


@pytest.mark.parametrize("path", ["(1).jpg", " - Copy.jpg", " copy.jpg"])
def test_a_mark_alone_is_nobody(path: str) -> None:
    with pytest.raises(ValueError, match="holds no person's name"):
        person_name(PurePath(path))


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("ada\nGRANTED_bob.jpg", "Ada GRANTED Bob"),
        ("ada\u202ebob.jpg", "Adabob"),
        ("\u200fada.jpg", "Ada"),
        ("ada\x1b[31m.jpg", "Ada[31m"),
        ("ada\u2028bob.jpg", "Ada Bob"),
        ("ada\u00a0bob.jpg", "Ada Bob"),
        ("ada\udcff.jpg", "Ada"),
    ],
)
def test_what_cannot_be_seen_is_dropped(path: str, name: str) -> None:
    assert person_name(PurePath(path)) == name


@pytest.mark.parametrize("path", ["_2.jpg", "___.jpg", "-.jpg", "\u202e.jpg", "__/ada.jpg", "!?.png"])
def test_a_name_holds_a_letter_or_a_digit(path: str) -> None:
    with pytest.raises(ValueError, match=r"call it like barack_obama\.jpg"):
        person_name(PurePath(path))


def test_the_length_of_a_name_is_limited() -> None:
    assert person_name(PurePath("a" * NAME_CHARS + ".jpg")) == "A" + "a" * (NAME_CHARS - 1)
    with pytest.raises(ValueError, match="has 101 characters; at most 100"):
        person_name(PurePath("a" * (NAME_CHARS + 1) + ".jpg"))
    with pytest.raises(ValueError, match="300"):
        person_name(PurePath("a" * 300, "1.jpg"))


file_names = st.text(st.characters(exclude_characters="/\x00"), min_size=1).filter(lambda s: s not in "..")


@given(file_names, st.none() | file_names)
def test_any_path_gives_a_printable_name_or_a_reason(stem: str, folder: str | None) -> None:
    path = PurePath(folder, stem + ".jpg") if folder else PurePath(stem + ".jpg")
    try:
        name = person_name(path)
    except ValueError as error:
        name = str(error)
    else:
        assert 0 < len(name) <= NAME_CHARS
        assert name == " ".join(name.split())
    assert name.isprintable()


MANUAL = (Path(__file__).parents[3] / "docs" / "enrolment.md").read_text("utf-8")


def test_the_examples_of_the_manual_are_true() -> None:
    examples = re.findall(r"^\| `([^`]+\.\w+)` \| ([^,(|]+?) *[,(|]", MANUAL, re.MULTILINE)
    assert len(examples) >= 8
    assert [(path, person_name(PurePath(path))) for path, _ in examples] == examples


def test_what_the_manual_says_is_rejected_is() -> None:
    (rejected,) = re.findall(r"^These are rejected: (.*?)\n\n", MANUAL, re.MULTILINE | re.DOTALL)
    paths = re.findall(r"`([^`]+)`", rejected)
    assert len(paths) >= 8
    for path in paths:
        with pytest.raises(ValueError, match="devices and programs"):
            person_name(PurePath(path))


@pytest.mark.parametrize(
    "path", ["erased:ab12.jpg", "Erased:AB12.jpg", "person:0123456789abcdef/1.jpg", "PERSON: jane_2.jpg"]
)
def test_nobody_is_called_like_the_words_that_stand_for_people(path: str) -> None:
    with pytest.raises(ValueError, match="stand for people in the logs"):
        person_name(PurePath(path))


def test_that_goes_for_every_word_that_the_program_makes(tmp_path: Path) -> None:
    for word in (word_for(b"key", "Jane Doe"), Pseudonyms(tmp_path / "key").word("Jane Doe")):
        assert word.startswith(WORDS_IN_PLACE)
        with pytest.raises(ValueError, match="stand for people in the logs"):
            displayed(word)
