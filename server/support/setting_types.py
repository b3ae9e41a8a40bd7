"""What a setting's value must be for the system to take it: paths, addresses, names, tokens."""

import os
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

from wire import TOKEN_CHARS, terminal_name

MIN_TOKEN_CHARS = 16
MAX_PATH_BYTES, MAX_PART_BYTES = 4000, 255
"""What the usual file systems take; some bytes of the former are left for the names of our own files."""


def _host(text: str) -> str:
    try:
        text.encode("idna")  # as the system's resolver is asked
    except UnicodeError:
        raise ValueError("this cannot be the name of a machine") from None
    if not text.isprintable() or " " in text:
        raise ValueError("an address has no spaces and no control characters")
    return text


def _not_empty(value: object) -> object:
    if value == "":
        raise ValueError("a path is not empty; for this folder write .")
    return value


def _path(path: Path) -> Path:
    encoded = os.fsencode(path)
    if b"\0" in encoded:
        raise ValueError("a path has no NUL character")
    if len(encoded) > MAX_PATH_BYTES or max(map(len, encoded.split(b"/"))) > MAX_PART_BYTES:
        raise ValueError(f"a path has at most {MAX_PATH_BYTES} bytes, and {MAX_PART_BYTES} between slashes")
    return path


def _token(token: str) -> str:
    if not (MIN_TOKEN_CHARS <= len(token) <= TOKEN_CHARS and token.isprintable()):
        raise ValueError(f"a token has {MIN_TOKEN_CHARS} to {TOKEN_CHARS} printable characters")
    return token


FilePath = Annotated[Path, BeforeValidator(_not_empty), AfterValidator(_path)]
TerminalName = Annotated[str, AfterValidator(terminal_name)]
Token = Annotated[str, AfterValidator(_token)]
Address = Annotated[str, AfterValidator(_host)]
