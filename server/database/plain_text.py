"""Text that every database takes, whatever it holds."""

from typing import Any

from sqlalchemy import Column, Dialect, Text
from sqlalchemy.types import TypeDecorator

INDEXED = 500
"""Most characters of a text that an index is on: PostgreSQL takes 2,700 bytes."""


def plain(text: str, longest: int | None = None) -> str:
    """The text as `PlainText` keeps it."""
    return text.replace("\0", "\\x00").encode("utf-8", "backslashreplace").decode()[:longest]


class PlainText(TypeDecorator[str]):
    """Text of any length, or the beginning of it. NUL and halves of characters, which the names of files and
    terminals may hold, are escaped."""

    impl = Text
    cache_ok = True

    def __init__(self, longest: int | None = None) -> None:
        super().__init__()
        self.longest = longest

    @property
    def python_type(self) -> type[str]:
        return str

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else plain(value, self.longest)


def as_kept(column: Column[Any], value: Any) -> Any:
    """What a column holds when it is given that value."""
    if isinstance(column.type, PlainText) and value is not None:
        return plain(value, column.type.longest)
    return value
