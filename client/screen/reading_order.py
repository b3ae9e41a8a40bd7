"""Which way each letter is read, and in what order letters stand on the screen.

The bidirectional algorithm of Unicode (UAX #9) for one row without control characters.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from itertools import groupby

KINDS = ("L", "R", "AL", "EN", "AN", "ES", "CS", "ET", "NSM")
"""Bidirectional classes that matter here: left to right, right to left (other letters, Arabic ones), European
and Arabic numbers, what separates or goes with numbers, marks. All others are neutral: N."""
RIGHT_TO_LEFT = frozenset(("R", "AL", "AN"))
BRACKETS = {"(": ")", "[": "]", "{": "}"}
MIRRORED = str.maketrans("()[]{}<>«»‹›", ")(][}{><»«›‹")
"""Characters that are drawn as each other where the text is read from right to left."""


def levels(text: str) -> list[int]:
    """How deep each character is embedded: an even level is read from left to right, an odd one from right to
    left. The first letter tells how the row as a whole is read."""
    classes = [unicodedata.bidirectional(char) for char in text]
    if RIGHT_TO_LEFT.isdisjoint(classes):
        return [0] * len(text)
    kinds = [name if name in KINDS else "N" for name in classes]
    base = next(("L" if kind == "L" else "R" for kind in kinds if kind in ("L", "R", "AL")), "L")
    _marks_follow_their_letter(kinds, base)
    _arabic(kinds)
    _numbers(kinds, base)
    _brackets(kinds, text, base)
    _neutrals(kinds, base)
    if base == "L":
        return [{"L": 0, "R": 1}.get(kind, 2) for kind in kinds]
    return [1 if kind == "R" else 2 for kind in kinds]


def visual(levels: Sequence[int]) -> list[int]:
    """Indices of what has these levels in the order in which it stands from left to right."""
    order = list(range(len(levels)))
    for level in range(max(levels, default=0), 0, -1):
        for start, end in _stretches([levels[index] >= level for index in order]):
            order[start:end] = reversed(order[start:end])
    return order


def _stretches(flags: Sequence[bool]) -> Iterator[tuple[int, int]]:
    start = 0
    for flag, group in groupby(flags):
        end = start + len(list(group))
        if flag:
            yield start, end
        start = end


def _marks_follow_their_letter(kinds: list[str], base: str) -> None:
    for index, kind in enumerate(kinds):
        if kind == "NSM":
            kinds[index] = kinds[index - 1] if index else base


def _arabic(kinds: list[str]) -> None:
    """Digits after Arabic letters are Arabic, whatever they look like; the letters are R from here on."""
    strong = ""
    for index, kind in enumerate(kinds):
        strong = kind if kind in ("L", "R", "AL") else strong
        if kind == "EN" and strong == "AL":
            kinds[index] = "AN"
    kinds[:] = ["R" if kind == "AL" else kind for kind in kinds]


def _numbers(kinds: list[str], base: str) -> None:
    """A separator between digits and a sign beside them belong to the number; a number after a letter that is
    read from left to right is read with it."""
    for index in range(1, len(kinds) - 1):
        before, kind, after = kinds[index - 1 : index + 2]
        if before == after and (
            (kind == "CS" and before in ("EN", "AN")) or (kind == "ES" and before == "EN")
        ):
            kinds[index] = before
    for start, end in _stretches([kind == "ET" for kind in kinds]):
        beside = (*kinds[max(0, start - 1) : start], *kinds[end : end + 1])
        kinds[start:end] = ["EN" if "EN" in beside else "N"] * (end - start)
    strong = base
    for index, kind in enumerate(kinds):
        strong = kind if kind in ("L", "R") else strong
        if kind == "EN" and strong == "L":
            kinds[index] = "L"
        elif kind in ("ES", "CS"):
            kinds[index] = "N"


def _direction(kind: str) -> str:
    """L, R or N. Numbers are read from left to right, but lie beside other text as if from right to left."""
    return "R" if kind in ("EN", "AN") else kind


def _brackets(kinds: list[str], text: str, base: str) -> None:
    """Both of a pair are read like what they hold, if that is read like the row; else like what precedes."""
    for start, end in _pairs(text, kinds):
        held = {_direction(kind) for kind in kinds[start + 1 : end]} - {"N"}
        if base in held:
            kinds[start] = kinds[end] = base
        elif held:
            before = [_direction(kind) for kind in kinds[:start]]
            kinds[start] = kinds[end] = next((kind for kind in reversed(before) if kind != "N"), base)


def _pairs(text: str, kinds: Sequence[str]) -> list[tuple[int, int]]:
    """Where brackets open and close, in the order of their opening."""
    pairs: list[tuple[int, int]] = []
    open_at: list[int] = []
    for index, char in enumerate(text):
        if kinds[index] != "N":
            continue
        if char in BRACKETS:
            open_at.append(index)
        for depth in range(len(open_at) - 1, -1, -1):
            if BRACKETS[text[open_at[depth]]] == char:
                pairs.append((open_at[depth], index))
                del open_at[depth:]
                break
    return sorted(pairs)


def _neutrals(kinds: list[str], base: str) -> None:
    """What is neutral is read like what lies on both sides, or like the row."""
    for start, end in _stretches([kind == "N" for kind in kinds]):
        before = _direction(kinds[start - 1]) if start else base
        after = _direction(kinds[end]) if end < len(kinds) else base
        kinds[start:end] = [before if before == after else base] * (end - start)
