"""Forms of Arabic letters."""

import pytest

from client.screen.joining import joined


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ("محمد", "\ufee3\ufea4\ufee4\ufeaa"),
        ("علي", "\ufecb\ufee0\ufef2"),
        ("م", "\ufee1"),
        ("دار", "\ufea9\ufe8d\ufead"),
        ("سلام", "\ufeb3\ufefc\ufee1"),
        ("لا", "\ufefb"),
        ("محمد علي", "\ufee3\ufea4\ufee4\ufeaa \ufecb\ufee0\ufef2"),
        ("گیتی", "\ufb94\ufbff\ufe98\ufbfd"),
        ("م\u0640م", "\ufee3\u0640\ufee2"),
        ("م، 3 ab", "\ufee1، 3 ab"),
        ("שרה", "שרה"),
        ("", ""),
    ],
)
def test_letters_take_the_form_of_their_place(text: str, forms: str) -> None:
    assert joined(text, lambda char: True) == forms


def test_a_form_that_the_font_lacks_is_the_plain_letter() -> None:
    assert joined("محمد", lambda char: char != "\ufea4") == "\ufee3ح\ufee4\ufeaa"
