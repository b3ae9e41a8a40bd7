"""From a photo's path to the person it shows."""

import re
import unicodedata
from functools import lru_cache
from pathlib import PurePath
from typing import Literal

from server.gallery.device_names import is_device_name

NAME_CHARS = 100
"""Longest name, in characters."""
WORDS_IN_PLACE = ("erased:", "person:")
"""Beginnings of the words that stand in logs in place of people: no name may be taken for one."""
PHOTO_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp"})

_NUMBER = re.compile(r"_\d+$")
_COPY = re.compile(
    r"""(?x) (?:
        \s? \(\d+\)                                                   # browsers, Windows
        | \s-\s (?i:copy|kopie|copie|copia|cópia|kopia)               # Windows
        | \s copy (?:\s\d+)?                                          # macOS
        | \s \( (?:another\ |\d+(?:st|nd|rd|th)\ )? copy (?:\s\d+)? \)  # Linux desktops
    )\Z"""
)
"""What is put behind the name of a copy."""
_FORMS: tuple[Literal["NFC", "NFD"], ...] = ("NFC", "NFD")
_INITIAL = re.compile(r"(?:^|(?<=-))\w")
_HOW = "call it like barack_obama.jpg, or put it into a folder like barack_obama"


def person_name(photo: PurePath) -> str:
    """The display name for a photo's path relative to faces/.

    `barack_obama_2.jpg`, `barack_obama (1).jpg` and `barack_obama/any.jpg` all give "Barack Obama".

    Raises ValueError, in words for the person who named the file: also for what cameras and programs call
    files, which would enrol "IMG 1234".
    """
    in_folder = len(photo.parts) > 1
    return _name(photo.parent.name if in_folder else photo.stem, in_folder)


@lru_cache(maxsize=1 << 16)
def _name(given: str, in_folder: bool) -> str:
    """From a file's name without its suffix, or its folder's. Kept, as a large folder is scanned for ever."""
    stem = _without_copy_marks(_visible(given))
    name = displayed(stem if in_folder else _NUMBER.sub("", stem))
    if is_device_name(stem):
        whose = "folder's" if in_folder else "file's"
        raise ValueError(f"the {whose} name is one that devices and programs give, not a person's; {_HOW}")
    return name


def displayed(text: str) -> str:
    """A person's name as it is shown, from itself or from the form of a file's name: "Jane Doe" from
    `jane_doe`. Characters that cannot be seen or could reorder a line (control, format, line separators) are
    dropped.

    Raises ValueError, in words for the person who wrote it.
    """
    words = _visible(text).replace("_", " ").split()
    name = " ".join(capitalised(word) if word.islower() else word for word in words)
    if not any(char.isalnum() for char in name):
        raise ValueError(f"the file's name holds no person's name; {_HOW}")
    if name.casefold().startswith(WORDS_IN_PLACE):
        begins = name[: name.index(":") + 1].casefold()
        raise ValueError(f"names that begin with {begins!a} stand for people in the logs; {_HOW}")
    if len(name) > NAME_CHARS:
        raise ValueError(f"the name has {len(name)} characters; at most {NAME_CHARS} are accepted")
    return name


def capitalised(word: str) -> str:
    """A word of small letters as it is shown."""
    return _INITIAL.sub(lambda initial: initial.group().upper(), word)


def spellings(path: str) -> tuple[PurePath, ...]:
    """A path as somebody wrote it, and as file systems keep it: with composed and with decomposed letters."""
    return tuple(PurePath(each) for each in (path, *(unicodedata.normalize(form, path) for form in _FORMS)))


def _without_copy_marks(stem: str) -> str:
    """Of a copy of a copy, too."""
    while (found := _COPY.search(stem)) is not None:
        stem = stem[: found.start()]
    return stem


def _visible(text: str) -> str:
    composed = unicodedata.normalize("NFC", text)
    return "".join(
        " " if char.isspace() else char for char in composed if char.isspace() or char.isprintable()
    )
