"""A terminal is called as people call a door, in any script; never as what could hide or lead elsewhere."""

import pytest

from wire import TERMINAL_CHARS, terminal_name

NAMES = [
    "front-door",
    "Gate 2 (north)",
    "x" * TERMINAL_CHARS,
    "Haustür",
    "Haustu\u0308r",
    "מבוא 1",
    "درب اصلی",
    "मुख्य द्वार",
    "正面\u3000入口",
    "현관",
    "🚪 1",
    "...",
    ".lab",
    "a&b?c=d#e%2F",
    'a" GRANTED "b',
]
NO_NAMES = [
    "",
    "x" * (TERMINAL_CHARS + 1),
    ".",
    "..",
    "../lab",
    "a/b",
    "a\\b",
    " front",
    "front ",
    "front\u3000",
    "a\nb",
    "a\tb",
    "a\0b",
    "a\x7fb",
    "a\x85b",
    "a\u2028b",
    "a\u2029b",
    "a\u200bb",
    "a\u202eb",
    "a\u2066b",
    "\ufefflab",
    "a\ud800b",
    "a\ue000b",
    "a\uffffb",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_can_be_seen_is_taken_as_it_is(name: str) -> None:
    assert terminal_name(name) == name


@pytest.mark.parametrize("name", NO_NAMES, ids=ascii)
def test_what_could_hide_or_lead_elsewhere_is_no_name(name: str) -> None:
    with pytest.raises(ValueError, match="a terminal's name has 1 to 64 characters"):
        terminal_name(name)
