"""From a photo's path to the person it shows."""

import re
import unicodedata
from pathlib import PurePath

NAME_CHARS = 100
"""Longest name, in characters."""
PHOTO_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp"})

_NUMBER = re.compile(r"_\d+$")
_INITIAL = re.compile(r"(?:^|(?<=-))\w")


def person_name(photo: PurePath) -> str:
    """The display name for a photo's path relative to faces/.

    `barack_obama_2.jpg` and `barack_obama/any.jpg` both give "Barack Obama". Characters that cannot be seen
    or could reorder a line (control, format, line separators) are dropped.

    Raises ValueError, in words for the person who named the file.
    """
    stem = photo.parent.name if len(photo.parts) > 1 else _NUMBER.sub("", photo.stem)
    words = _visible(stem).replace("_", " ").split()
    name = " ".join(_capitalised(word) if word.islower() else word for word in words)
    if not any(char.isalnum() for char in name):
        raise ValueError("the file's name holds no person's name; call it like barack_obama.jpg")
    if len(name) > NAME_CHARS:
        raise ValueError(f"the name has {len(name)} characters; at most {NAME_CHARS} are accepted")
    return name


def _capitalised(word: str) -> str:
    return _INITIAL.sub(lambda initial: initial.group().upper(), word)


def _visible(text: str) -> str:
    composed = unicodedata.normalize("NFC", text)
    return "".join(
        " " if char.isspace() else char for char in composed if char.isspace() or char.isprintable()
    )
