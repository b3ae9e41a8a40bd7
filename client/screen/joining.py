"""Arabic letters in the forms that they take beside each other, for where nothing else joins them.

Unicode has a character for each form, and tells which letter it is a form of.
"""

import unicodedata
from collections.abc import Callable, Iterable
from itertools import chain, pairwise

TATWEEL = "\u0640"
"""A line that lengthens the join between two letters."""
LAM = "\u0644"
FORM = {
    (False, False): "<isolated>",
    (False, True): "<initial>",
    (True, True): "<medial>",
    (True, False): "<final>",
}
"""By whether a letter is joined to the one before and to the one after."""


def _forms(codes: Iterable[int]) -> dict[tuple[str, str], str]:
    """The characters of these code points that are a form of a letter, or of lam and alef, which are written
    as one: by what they are a form of, and which form."""
    forms: dict[tuple[str, str], str] = {}
    for char in map(chr, codes):
        form, *letters = unicodedata.decomposition(char).split() or [""]
        text = "".join(chr(int(letter, 16)) for letter in letters)
        if len(text) == 1 or (len(text) == 2 and text[0] == LAM):
            forms[text, form] = char
    return forms


FORMS = _forms(chain(range(0xFB50, 0xFBB2), range(0xFBD3, 0xFC00), range(0xFE80, 0xFEFD)))


def joined(text: str, has: Callable[[str], bool]) -> str:
    """`text`, in the order in which it is read and without marks, with those forms of its letters that the
    font `has`."""
    units = _units(text)
    joins = [_reaches_on(one) and _reaches_back(other) for one, other in pairwise(units)]
    shown: list[str] = []
    for letters, before, after in zip(units, [False, *joins], [*joins, False], strict=False):
        char = FORMS.get((letters, FORM[before, after]), "")
        shown.append(char if char and has(char) else letters)
    return "".join(shown)


def _units(text: str) -> list[str]:
    """Letters, of which lam and alef are one."""
    units: list[str] = []
    for char in text:
        if units and units[-1] == LAM and (LAM + char, FORM[False, False]) in FORMS:
            units[-1] += char
        else:
            units.append(char)
    return units


def _reaches_on(letters: str) -> bool:
    return letters == TATWEEL or (letters, FORM[False, True]) in FORMS


def _reaches_back(letters: str) -> bool:
    return letters == TATWEEL or (letters, FORM[True, False]) in FORMS
