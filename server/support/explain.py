"""What pydantic finds wrong with a document, in sentences for whoever wrote it."""

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from pydantic import ValidationError

from server.support.quoting import quoted, shortened

MAX_PROBLEMS = 20
"""So many problems are told at once; more would hide the first ones."""
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]{1,60}")
_SHOWN_DEPTH = 3

Place: TypeAlias = Sequence[Any]
"""Keys and positions that lead from the top of the document to a value; empty: the document as a whole."""


class Words(NamedTuple):
    """What only the owner of a document can say of it.

    `where`: how a place is called. `right`: what is to be written there, like "true or false". `unknown`: the
    whole sentence on a key, at the end of its place and with its value, that there is none of. `secret`:
    whether the value there must not be shown.
    """

    where: Callable[[Place], str]
    right: Callable[[Place], str]
    unknown: Callable[[Place, object], str]
    secret: Callable[[Place], bool] = lambda place: False


def sentences(error: ValidationError, words: Words) -> list[str]:
    """One for each problem: where it is, what would be right, and what is there instead."""
    found = error.errors(include_url=False, include_context=False)
    return [_sentence(problem["loc"], problem["type"], problem, words) for problem in found]


def at_most(problems: Sequence[str]) -> list[str]:
    """The first `MAX_PROBLEMS`, and how many more there are."""
    more = len(problems) - MAX_PROBLEMS
    return [*problems[:MAX_PROBLEMS], *([f"and {more} more"] if more > 0 else [])]


def _sentence(place: Place, kind: str, problem: Mapping[str, Any], words: Words) -> str:
    if kind == "extra_forbidden":
        return words.unknown(place, problem["input"])
    where = f"{words.where(place)}: " if place else ""
    if kind == "value_error":  # a validator of ours, whose message says it all
        return where + str(problem["msg"]).removeprefix("Value error, ")
    instead = "" if words.secret(place) else f", not {shown(problem['input'])}"
    return f"{where}write {words.right(place)}{instead}"


def key(text: str) -> str:
    """A key about as TOML writes it."""
    return text if _BARE_KEY.fullmatch(text) else shortened(quoted(text))


def choice(values: Sequence[str]) -> str:
    """Such as '"a", "b" or "c"'."""
    *first, last = map(quoted, values)
    return f"{', '.join(first)} or {last}" if first else last


def shown(value: object, depth: int = _SHOWN_DEPTH) -> str:
    """A value about as TOML writes it, and short."""
    if isinstance(value, str):
        return shortened(quoted(value[:1000]))
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list):
        items = ", ".join(shown(item, depth - 1) for item in value[:20]) if depth else "..."
        return shortened(f"[{items}]")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and abs(value) > sys.maxsize:  # str() refuses the largest
        return "so large a number"
    return shortened(quoted(str(value))[1:-1])
