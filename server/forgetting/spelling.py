"""Every way in which the program writes a person's name, found in texts and replaced. Pure."""

import json
import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote, quote_plus

from server.gallery.names import PHOTO_SUFFIXES, capitalised
from server.support.quoting import quoted

_BETWEEN = r"(?:[ _+]|%20)+"
_BEFORE = r"(?<![^\W_])(?<!-)"
_BEHIND = r"(?![^\W_]|-\w|[\u0300-\u036f])"
_OF_A_PHOTO = rf"(?=[^\s\"'/]*(?i:{'|'.join(map(re.escape, sorted(PHOTO_SUFFIXES)))})\b|/)"


@dataclass(frozen=True)
class Person:
    """Somebody to be erased. `name`: as it is shown. `word`: what is to stand in its place. `others`: people
    who stay; in whose names this one may be contained ("Ann Lee" in "Ann Lee Smith")."""

    name: str
    word: str
    others: Collection[str] = ()

    def is_in(self, text: str) -> bool:
        """Whether the text names the person."""
        return self._may_be_in(text) and any(found["own"] for found in self._pattern.finditer(text))

    def replaced(self, text: str) -> str:
        """The text with the word in place of the name."""
        if not self._may_be_in(text):
            return text
        return self._pattern.sub(lambda found: self.word if found["own"] else found[0], text)

    @property
    def raw(self) -> tuple[bytes, ...]:
        """The name as it lies in files that are no text, where nothing tells its beginning and its end; empty
        where it is so short that it would be found by chance."""
        if " " not in self.name and len(self.name) < 6:
            return ()
        return tuple({text.encode("utf-8", "backslashreplace") for text in _encoded(self.name)})

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        own = re.compile(_spelled(self.name))
        longer = sorted((each for each in self.others if own.search(each)), key=len, reverse=True)
        others = [_spelled(each) for each in longer if each != self.name]
        return re.compile("|".join([*others, f"(?P<own>{_spelled(self.name)})"]))

    @cached_property
    def _beginnings(self) -> frozenset[str]:
        return frozenset(each for form in _forms(self.name.split(" ")[0]) for each in _encoded(form))

    def _may_be_in(self, text: str) -> bool:
        """Told in a fraction of the time."""
        return any(each in text for each in self._beginnings)


def _spelled(name: str) -> str:
    """A regular expression."""
    words = name.split(" ")
    if len(words) == 1:  # in small letters it may be a word of the language
        small = [form for form in _forms(name) if form != name]
        of_a_photo = [f"(?:{_any(each)}){_OF_A_PHOTO}" for each in small]
        return f"{_BEFORE}(?:{'|'.join([_any(name), *of_a_photo])}){_BEHIND}"
    spelled = ("|".join(map(_any, _forms(word))) for word in words)
    return _BEFORE + _BETWEEN.join(f"(?:{each})" for each in spelled) + _BEHIND


def _any(form: str) -> str:
    return "|".join(map(re.escape, sorted(_encoded(form), key=len, reverse=True)))


def _forms(word: str) -> Iterator[str]:
    """A word of a name as it is shown, and in the name of a file."""
    yield word
    small = word.lower()
    if small != word and any(map(str.isalnum, small)) and capitalised(small) == word:
        yield small


def _encoded(text: str) -> set[str]:
    """As logs, addresses and file systems have it."""
    found = set()
    for form in ("NFC", "NFD"):
        normal = unicodedata.normalize(form, text)
        plain = normal.encode("utf-8", "backslashreplace").decode()
        found |= {normal, plain, quoted(normal)[1:-1], json.dumps(normal)[1:-1], ascii(normal)[1:-1]}
        found |= {quote(plain), quote_plus(plain)}
    return found
