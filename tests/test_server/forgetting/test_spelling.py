"""A name is found in each way in which the program writes it, and nowhere else."""

import json
import unicodedata
from urllib.parse import quote, quote_plus

import pytest

from server.forgetting.spelling import Person
from server.support.quoting import quoted

WORD = "erased:0123456789abcdef"


@pytest.mark.parametrize(
    ("text", "replaced"),
    [
        ("Jane Doe", "*"),
        ("accepted 'jane_doe_2.jpg' (Jane Doe): good", "accepted '*_2.jpg' (*): good"),
        ("jane_doe/3.jpg and Jane_Doe (1).JPG", "*/3.jpg and * (1).JPG"),
        ("q=Jane+Doe&name=Jane%20Doe", "q=*&name=*"),
        ("Jane  Doe's photos", "*'s photos"),
        ("Mary-Jane Doe, Jane Doe-Smith, Jane Doering, xJane Doe", None),
        ("JANE DOE", None),
        ("Jane Doe Smith and jane_doe_smith.jpg", None),
        ("Jane Doe, Jane Doe Smith, Jane Doe", "*, Jane Doe Smith, *"),
        ("Mary Jane Doe", None),
    ],
)
def test_words_around_it_tell_whose_it_is(text: str, replaced: str | None) -> None:
    person = Person("Jane Doe", WORD, {"Jane Doe Smith", "Mary Jane Doe", "John Roe"})
    assert person.replaced(text) == (text if replaced is None else replaced.replace("*", WORD))
    assert person.is_in(text) == (replaced is not None)


@pytest.mark.parametrize(
    "name", ["Ada Ünlü", 'Ada "the 1_%" B', "Ada\\B C", "Ада Лавлейс", "Zoë", "A\ud800 B"]
)
def test_every_escape_is_known(name: str) -> None:
    person = Person(name, WORD)
    kept = name.encode("utf-8", "backslashreplace").decode()
    texts = [quoted(name), json.dumps(name), ascii(name), quote(kept), quote_plus(kept), kept]
    texts += [unicodedata.normalize(form, name) for form in ("NFC", "NFD")]
    for text in texts:
        assert person.replaced(f"({text})").count(WORD) == 1, text
        assert name.split()[0] not in person.replaced(text)


def test_a_single_word_is_no_word_of_the_language() -> None:
    person = Person("Will", WORD)
    assert person.replaced("it will do; Will, will.jpg, will/2.png, will_3.jpeg") == (
        f"it will do; {WORD}, {WORD}.jpg, {WORD}/2.png, {WORD}_3.jpeg"
    )


def test_an_accent_makes_another_name() -> None:
    assert not Person("Jane Jose", WORD).is_in(unicodedata.normalize("NFD", "Jane José"))


def test_short_names_are_not_looked_for_in_bytes() -> None:
    assert Person("Ed", WORD).raw == () and b"Ed Poe" in Person("Ed Poe", WORD).raw
