"""From a file's name to the name on the log line."""

import re
from pathlib import Path, PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.gallery.names import NAME_CHARS, person_name


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
        ("7.jpg", "7"),
        ("дмитрий_иванов.jpg", "Дмитрий Иванов"),
        ("李_小龙.jpg", "李 小龙"),
        ("ßen.jpg", "SSen"),
        ("zoe\u0308.jpg", "Zoë"),
    ],
)
def test_names(path: str, name: str) -> None:
    assert person_name(PurePath(path)) == name


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


def test_the_examples_of_the_manual_are_true() -> None:
    manual = Path(__file__).parents[3] / "docs" / "enrolment.md"
    examples = re.findall(r"^\| `([^`]+\.\w+)` \| ([^,(|]+?) *[,(|]", manual.read_text("utf-8"), re.MULTILINE)
    assert len(examples) >= 5
    assert [(path, person_name(PurePath(path))) for path, _ in examples] == examples
