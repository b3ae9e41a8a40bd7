"""Gives a TOML text another content, and leaves its comments, order and spelling as they are.

For documents like people.toml: values and sections at the top, in a section entries, in an entry values.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple, TypeAlias

import tomlkit
from tomlkit.container import Container
from tomlkit.items import Array, Item, Key, SingleKey, Table, Whitespace

Content: TypeAlias = dict[str, Any]
LINE_ITEMS = 8
"""Longer lists get a line for each item, also as a line may have only so many dots."""

_CUT, _TOP = "\0\n", "\1\n"
"""Where an entry was, and where a new value comes above the first section: no TOML text has these."""
_COMMENTS_BEFORE = re.compile(r"(?:^[ \t]*#[^\n]*\n)+\Z", re.MULTILINE)
_COMMENTS_BEHIND = re.compile(r"(?:[ \t]*#[^\n]*\n)+(?=[ \t]*\r?\n|\Z)")
_BLANK_LINES = re.compile(r"(?:[ \t]*\r?\n)+")
_ENDS_BLANK = re.compile(r"(?:\A|\n)[ \t]*\r?\n\Z")
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def rewritten(text: str, before: Content, after: Content) -> str:
    """`text`, whose content is `before`, with the content `after`.

    The comment lines directly above an entry's header, and those directly below its values, go with it. Where
    a text is written in an unusual way the result may have another content: for the caller to check. Raises
    ValueError, KeyError, TypeError: it is too unusual.
    """
    end = "\r\n" if "\r\n" in text else "\n"
    document = tomlkit.parse(text if not text or text.endswith("\n") else text + end)
    top, bottom = "", ""
    for key in dict.fromkeys((*before, *after)):
        old, new = before.get(key), after.get(key)
        if isinstance(old, dict) or isinstance(new, dict):
            bottom += _Section(document, key, end).change(old or {}, new or {})
        elif new is None:
            document.remove(key)
        elif old is None:
            top += _line(key, new, end)
        elif old != new:
            _change_value(document, key, old, new)
    _add_on_top(document, top)
    return _finished(document.as_string(), bottom, end)


class _Raw(Whitespace):
    """Text that stands for itself: tomlkit would put new keys behind comments that belong to what follows."""


class _Entry(NamedTuple):
    """A table with a header of its own, and its place."""

    body: list[tuple[Key | None, Item]]
    at: int
    table: Table


class _Section:
    """One section of a document, and what becomes of its entries."""

    def __init__(self, document: Container, name: str, end: str) -> None:
        self._document = document
        self._name = name
        self._end = end

    def change(self, old: Content, new: Content) -> str:
        """Returns what has no place among the entries that are there, and comes at the end."""
        gone = [key for key in old if key not in new]
        fresh = [key for key in new if key not in old]
        for key in tuple(gone):
            if (twin := next((other for other in fresh if new[other] == old[key]), None)) is not None:
                self._rename(key, twin)
                gone.remove(key)
                fresh.remove(twin)
        for key in gone:
            self._remove(key)
        for key in old:
            if key in new and old[key] != new[key]:
                self._change_entry(key, old[key], new[key])
        added = "".join(self._written(key, new[key]) for key in fresh)
        entries = [entry for _, entry in self._entries()]
        if not entries:
            return added
        _insert(entries[-1].table.value.body, added)
        return ""

    def _entries(self) -> Iterator[tuple[str, _Entry]]:
        for key, section in self._document.body:
            if key is not None and key.key == self._name and isinstance(section, Table):
                body = section.value.body
                for at, (name, table) in enumerate(body):
                    if name is not None and isinstance(table, Table) and table.display_name is not None:
                        yield name.key, _Entry(body, at, table)

    def _find(self, key: str) -> _Entry | None:
        return dict(self._entries()).get(key)

    def _rename(self, old: str, new: str) -> None:
        entry = self._find(old)
        if entry is None:
            section: Any = self._document[self._name]
            section[new] = section.pop(old)
            return
        entry.table.display_name = f"{_key(self._name)}.{_key(new)}"
        entry.body[entry.at] = (SingleKey(new), entry.table)

    def _remove(self, key: str) -> None:
        entry = self._find(key)
        if entry is None:
            section: Any = self._document[self._name]
            del section[key]
            return
        body = entry.table.value.body
        behind = "".join(item.as_string() for _, item in body[_behind_last_value(body) :])
        entry.body[entry.at] = (None, _Raw(f"{_CUT}{behind}"))

    def _change_entry(self, key: str, old: Content, new: Content) -> None:
        entry = self._find(key)
        section: Any = self._document
        values: Any = section[self._name][key] if entry is None else entry.table
        for name in old:
            if name not in new:
                del values[name]
            elif old[name] != new[name]:
                _change_value(values, name, old[name], new[name])
        fresh = {name: value for name, value in new.items() if name not in old}
        if entry is None:
            values.update(fresh)
        else:
            _insert(entry.table.value.body, "".join(_line(*each, self._end) for each in fresh.items()))

    def _written(self, key: str, values: Content) -> str:
        lines = (_line(*each, self._end) for each in values.items())
        return f"{self._end}[{_key(self._name)}.{_key(key)}]{self._end}{''.join(lines)}"


def _change_value(holder: Any, key: str | int, old: Any, new: Any) -> None:
    """`holder`: a table, or a list with `key` counted from 0."""
    if not isinstance(new, list):
        holder[key] = new
        return
    array = holder[key]
    if len(old) == len(new):
        for at, item in enumerate(new):
            if item != old[at]:
                _change_value(array, at, old[at], item)
        return
    for at in reversed(range(len(old))):
        if old[at] not in new:
            del array[at]
    for item in new:
        if item not in old:
            array.append(item)
    if array.unwrap() != new:  # in another order
        holder[key] = array = tomlkit.item(new)
    if len(new) > LINE_ITEMS and "\n" not in array.as_string():
        array.multiline(True)


def _add_on_top(document: Container, lines: str) -> None:
    """Behind the last value at the top; where there is none, above the first section and its comment."""
    body = document.body
    tables = [at for at, (_, item) in enumerate(body) if isinstance(item, Table)]
    top = body[: tables[0]] if tables else list(body)
    at = _behind_last_value(top)
    if lines and at:
        body.insert(at, (None, _Raw(lines)))
    elif lines:
        body.insert(len(top), (None, _Raw(f"{_TOP}{lines}{_TOP}")))


def _insert(body: list[tuple[Key | None, Item]], text: str) -> None:
    if text:
        body.insert(_behind_last_value(body), (None, _Raw(text)))


def _behind_last_value(body: list[tuple[Key | None, Item]]) -> int:
    values = [at for at, (key, item) in enumerate(body) if key is not None or isinstance(item, _Raw)]
    return values[-1] + 1 if values else 0


def _finished(text: str, bottom: str, end: str) -> str:
    if _TOP in text:
        head, lines, tail = text.split(_TOP)
        comment = _COMMENTS_BEFORE.search(head)
        at = comment.start() if comment else len(head)
        text = head[:at] + lines + (end if head[at:] + tail else "") + head[at:] + tail
    while _CUT in text:
        head, tail = text.split(_CUT, 1)
        head = _COMMENTS_BEFORE.sub("", head)
        tail = _without(_COMMENTS_BEHIND, tail)
        if not head or _ENDS_BLANK.search(head):
            tail = _without(_BLANK_LINES, tail)
        text = head + tail if tail else f"{head.rstrip()}{end}" if head.strip() else ""
    text = text + bottom if text else bottom.removeprefix(end)
    return re.sub(r"\r?\n", end, text)


def _without(beginning: re.Pattern[str], text: str) -> str:
    found = beginning.match(text)
    return text[found.end() :] if found else text


def _line(key: str, value: Any, end: str) -> str:
    item = tomlkit.item(value)
    if isinstance(item, Array) and len(item) > LINE_ITEMS:
        item.multiline(True)
    return f"{_key(key)} = {item.as_string()}{end}"


def _key(text: str) -> str:
    return text if _BARE.fullmatch(text) else tomlkit.string(text).as_string()
