"""What may be changed in people.toml, each as a function on the file's content. Pure.

Somebody's entry is found however the name is spelt: `jane_doe` and "Jane Doe" are the same person.
"""

import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date
from pathlib import PurePath
from typing import TypeAlias

from server.access.orders import DEFAULT
from server.gallery.names import person_name
from server.roster.people_file import display_name
from server.site.errors import Kind, SiteError
from server.site.toml_text import Content

Value: TypeAlias = bool | int | str | date | list[str]
Change: TypeAlias = Callable[[Content], None]
"""Changes the content of a valid people.toml in place. Raises SiteError."""


def set_person(name: str, values: Mapping[str, Value | None]) -> Change:
    """Lay down some of a person's limits, by the keys of the file; None lifts one. An entry that says nothing
    any more is taken out."""
    return lambda content: _set(content, "people", _key_of(content, name) or name, values)


def set_terminal(name: str, values: Mapping[str, Value | None]) -> Change:
    """The same for a terminal's rules."""
    return lambda content: _set(content, "terminals", name, values)


def confirm(one: str, other: str) -> Change:
    """Let two people look alike."""

    def change(content: Content) -> None:
        if _names((one, other)) not in map(_names, _pairs(content)):
            content.setdefault("confirmed", []).append([one, other])

    return change


def unconfirm(one: str, other: str) -> Change:
    """The contrary of `confirm`."""

    def change(content: Content) -> None:
        left = [pair for pair in _pairs(content) if _names(pair) != _names((one, other))]
        if len(left) == len(_pairs(content)):
            raise SiteError(Kind.NOT_FOUND, f"{one} and {other} are not confirmed")
        content["confirmed"] = left

    return change


def hold(path: str) -> Change:
    """Have a photo enrol nobody. `path`: relative to faces/."""

    def change(content: Content) -> None:
        try:
            path.encode()
        except UnicodeEncodeError:
            sentence = f"the name of {path!a} is no text, and cannot be written down; rename the file"
            raise SiteError(Kind.REFUSED, sentence) from None
        if not _is_held(content, path):
            content.setdefault("held", []).append(path)

    return change


def release(path: str) -> Change:
    """The contrary of `hold`."""

    def change(content: Content) -> None:
        if not _is_held(content, path):
            raise SiteError(Kind.NOT_FOUND, f"{path} is not held")
        _let_go(content, {path})

    return change


def forget_photos(paths: set[str]) -> Change:
    """Hold nothing that is gone."""
    return lambda content: _let_go(content, paths)


def erase_person(name: str) -> Change:
    """Take out everything about a person."""

    def change(content: Content) -> None:
        if (key := _key_of(content, name)) is not None:
            del content["people"][key]
        if any(name in _names(pair) for pair in _pairs(content)):
            content["confirmed"] = [pair for pair in _pairs(content) if name not in _names(pair)]
        _let_go(content, {path for path in _held(content) if _is_of(path, name)})

    return change


def copy_person(old: str, new: str, paths: Mapping[str, str]) -> Change:
    """Lay down for the name `new` all that is laid down for `old`, whose photos go from one path to another.
    That the two may look alike is not said."""

    def change(content: Content) -> None:
        key = _key_of(content, old)
        if key is not None and _key_of(content, new) is None:
            content["people"][new] = dict(content["people"][key])
        for copied in _renamed_pairs(content, old, new):
            confirm(*copied)(content)
        for path, to in paths.items():
            if _is_held(content, path):
                hold(to)(content)

    return change


def drop_copy(old: str, new: str, paths: Mapping[str, str]) -> Change:
    """Undo `copy_person`, but for what was changed since."""

    def change(content: Content) -> None:
        key, copy = _key_of(content, old), _key_of(content, new)
        if key is not None and copy is not None and content["people"][key] == content["people"][copy]:
            del content["people"][copy]
        copied = [_names(pair) for pair in _renamed_pairs(content, old, new)]
        if copied:
            content["confirmed"] = [pair for pair in _pairs(content) if _names(pair) not in copied]
        _let_go(content, {to for path, to in paths.items() if _is_held(content, path)})

    return change


def rename_person(old: str, new: str, paths: Mapping[str, str]) -> Change:
    """Give everything about a person to the name `new`, under which nothing is laid down yet."""

    def change(content: Content) -> None:
        key = _key_of(content, old)
        if key is not None:
            values = content["people"].pop(key)
            content["people"].setdefault(_key_of(content, new) or new, values)
        if any(old in _names(pair) for pair in _pairs(content)):
            content["confirmed"] = [
                [new if display_name(name) == old else name for name in pair]
                for pair in _pairs(content)
                if _names(pair) != {old, new}
            ]
        moved = {_composed(path): to for path, to in paths.items()}
        if not moved.keys().isdisjoint(map(_composed, _held(content))):
            content["held"] = [moved.get(_composed(path), path) for path in _held(content)]

    return change


def add_missing(theirs: Content, paths: Collection[str]) -> Change:
    """Add what another people.toml lays down and this one says nothing about: of held photos those at
    `paths`, and nothing for a terminal that the entry for all of them here lays down already."""

    def change(content: Content) -> None:
        _add_people(content, theirs)
        _add_terminals(content, theirs)
        for pair in _pairs(theirs):
            confirm(*pair)(content)
        for path in _held(theirs):
            if path in paths:
                hold(path)(content)

    return change


def keep_limits(ours: Content) -> Change:
    """Add to another people.toml the limits of those that it says nothing about, and the held photos."""

    def change(content: Content) -> None:
        _add_people(content, ours)
        for path in _held(ours):
            hold(path)(content)

    return change


def _add_people(content: Content, other: Content) -> None:
    known = set(map(display_name, content.get("people", ())))
    for key, limits in other.get("people", {}).items():
        if display_name(key) not in known:
            content.setdefault("people", {})[key] = limits


def _add_terminals(content: Content, other: Content) -> None:
    laid_down = set(content.get("terminals", {}).get(DEFAULT, ()))
    for name, rules in other.get("terminals", {}).items():
        missing = {key: value for key, value in rules.items() if key not in laid_down}
        if missing and name not in content.get("terminals", ()):
            content.setdefault("terminals", {})[name] = missing


def _set(content: Content, section: str, key: str, values: Mapping[str, Value | None]) -> None:
    entries = content.setdefault(section, {})
    entry = {**entries.get(key, {}), **values}
    entries[key] = {name: value for name, value in entry.items() if value is not None}
    if not entries[key]:
        del entries[key]


def _key_of(content: Content, name: str) -> str | None:
    """As a person's name is spelt in the file."""
    return next((key for key in content.get("people", ()) if display_name(key) == name), None)


def _pairs(content: Content) -> list[list[str]]:
    return list(content.get("confirmed", ()))


def _names(pair: list[str] | tuple[str, str]) -> set[str]:
    return set(map(display_name, pair))


def _renamed_pairs(content: Content, old: str, new: str) -> Iterator[tuple[str, str]]:
    """The pairs that somebody is in, with the name `new`."""
    for pair in _pairs(content):
        others = _names(pair) - {old}
        if len(others) == 1 and others != {new}:
            yield new, others.pop()


def _held(content: Content) -> list[str]:
    return list(content.get("held", ()))


def _is_held(content: Content, path: str) -> bool:
    return _composed(path) in map(_composed, _held(content))


def _is_of(path: str, name: str) -> bool:
    try:
        return person_name(PurePath(path)) == name
    except ValueError:
        return False


def _let_go(content: Content, paths: set[str]) -> None:
    gone = set(map(_composed, paths))
    if not gone.isdisjoint(map(_composed, _held(content))):
        content["held"] = [path for path in _held(content) if _composed(path) not in gone]


def _composed(path: str) -> str:
    """A path as it is compared: file systems differ in how they keep accents."""
    return unicodedata.normalize("NFC", path)
