"""Takes a name out of the lines of each log. Pure."""

import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

from server.audit.access_log import FILE as ACCESS_LOG
from server.audit.erasing import without_name
from server.audit.line import FIELD, quoted, unquoted, word
from server.audit.log_files import rotations_of
from server.audit.operator_log import FILE as OPERATOR_LOG
from server.audit.operator_log import PATTERN as ACT
from server.audit.rewriting import Change
from server.audit.trail import ENROLMENT_LOG
from server.forgetting.spelling import Person
from server.gallery.receipt_writer import PATTERN as RECEIPT
from server.support.console import LOG_FILE

_PAIR = re.compile(rf" (?P<key>[a-z_]+)=(?P<value>{FIELD})")
_OURS = frozenset({"reason", "source"})
"""Keys whose values name nobody."""


def changes(person: Person, key: bytes) -> dict[str, Change]:
    """Log -> what is to become of a line of it. `key`: which seals the access log."""
    return {
        ACCESS_LOG: partial(without_name, key, person.name),
        ENROLMENT_LOG: partial(_changed, partial(_receipt, person)),
        OPERATOR_LOG: partial(_changed, partial(_act, person)),
    }


def other_logs(logs: Path) -> list[Path]:
    """Those of no form, and what rotations have made of them. Raises OSError."""
    return rotations_of(logs, (Path(LOG_FILE).stem,))


def of_any_text(person: Person) -> Change:
    """The same for lines of no form."""
    return partial(_changed, person.replaced)


def _changed(change: Callable[[str], str], line: bytes) -> bytes:
    """What is no UTF-8 stays as it is."""
    return change(line.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


def _receipt(person: Person, line: str) -> str:
    found = RECEIPT.match(line)
    if found is None:
        return person.replaced(line)
    path, whose = (_value(person, found[name]) for name in ("path", "person"))
    return f"{found['head']} {path} {whose}{_pairs(person, found['pairs'])}"


def _act(person: Person, line: str) -> str:
    found = ACT.match(line)
    if found is None:
        return person.replaced(line)
    head = f"{found['time']} {found['kind']} {found['operator']}"
    return f"{head} {_value(person, found['subject'])}{_pairs(person, found['pairs'])}"


def _pairs(person: Person, pairs: str) -> str:
    def changed(pair: re.Match[str]) -> str:
        value = pair["value"] if pair["key"] in _OURS else _value(person, pair["value"])
        return f" {pair['key']}={value}"

    return _PAIR.sub(changed, pairs)


def _value(person: Person, value: str) -> str:
    try:
        text = unquoted(value)
    except json.JSONDecodeError:
        return person.replaced(value)
    new = person.replaced(text)
    if new == text:
        return value
    return quoted(new) if value.startswith('"') else word(new)
