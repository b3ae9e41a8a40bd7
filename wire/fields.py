"""Typed access to the fields of a decoded map; every failure names the field."""

import math
from collections.abc import Mapping
from enum import Enum
from typing import Any, NoReturn, TypeVar

from wire.errors import ErrorCode, ProtocolError
from wire.terminal_name import terminal_name

UINT_MAX = 2**64 - 1

E = TypeVar("E", bound=Enum)


class Fields:
    """Reads one map of a message. `where` prefixes field names in errors, e.g. `result.faces[2]`."""

    def __init__(self, values: Any, where: str) -> None:
        if not isinstance(values, Mapping):
            raise ProtocolError(ErrorCode.BAD_MESSAGE, f"{where} must be a map")
        self._values = values
        self._where = where

    def _bad(self, key: str, wanted: str) -> NoReturn:
        raise ProtocolError(ErrorCode.BAD_MESSAGE, f"{self._where}.{key} must be {wanted}")

    def present(self, key: str) -> bool:
        return self._values.get(key) is not None

    def text(self, key: str, *, max_chars: int = 1024, min_chars: int = 0) -> str:
        value = self._values.get(key)
        if not isinstance(value, str) or not min_chars <= len(value) <= max_chars:
            self._bad(key, f"a string of {min_chars} to {max_chars} characters")
        return value

    def optional_text(self, key: str, *, max_chars: int = 1024) -> str | None:
        return self.text(key, max_chars=max_chars) if self.present(key) else None

    def terminal(self, key: str) -> str:
        try:
            return terminal_name(self.text(key))
        except ValueError as error:
            self._bad(key, f"a name: {error}")

    def uint(self, key: str) -> int:
        value = self._values.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= UINT_MAX:
            self._bad(key, "an unsigned integer")
        return value

    def optional_uint(self, key: str) -> int | None:
        return self.uint(key) if self.present(key) else None

    def number(self, key: str) -> float:
        value = self._values.get(key)
        if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
            self._bad(key, "a finite number")
        return float(value)

    def optional_number(self, key: str, *, least: float = -math.inf, most: float = math.inf) -> float | None:
        if not self.present(key):
            return None
        value = self.number(key)
        if not least <= value <= most:
            self._bad(
                key, f"a number of at least {least:g}" + (f", at most {most:g}" if most < math.inf else "")
            )
        return value

    def flag(self, key: str) -> bool:
        """False where it is nil or missing."""
        value = self._values.get(key, False)
        if value is not None and not isinstance(value, bool):
            self._bad(key, "a boolean")
        return bool(value)

    def binary(self, key: str) -> bytes:
        value = self._values.get(key)
        if not isinstance(value, bytes):
            self._bad(key, "binary")
        return value

    def one_of(self, key: str, kind: type[E]) -> E:
        try:
            return kind(self._values.get(key))
        except ValueError:
            self._bad(key, "one of " + ", ".join(str(member.value) for member in kind))

    def known(self, key: str, kind: type[E]) -> E | None:
        """A word of a vocabulary that may grow: None where it is nil, missing or not known here."""
        word = self.optional_text(key)
        return next((member for member in kind if member.value == word), None)

    def items(self, key: str) -> list[Any]:
        value = self._values.get(key)
        if not isinstance(value, list):
            self._bad(key, "an array")
        return value

    def integers(self, key: str, count: int) -> list[int]:
        values = self.items(key)
        if len(values) != count or not all(isinstance(v, int) and not isinstance(v, bool) for v in values):
            self._bad(key, f"an array of {count} integers")
        return values

    def texts(self, key: str) -> tuple[str, ...]:
        values = self.items(key)
        if not all(isinstance(value, str) for value in values):
            self._bad(key, "an array of strings")
        return tuple(values)

    def nested(self, key: str) -> "Fields":
        return Fields(self._values.get(key), f"{self._where}.{key}")

    def nested_items(self, key: str, most: int) -> list["Fields"]:
        if len(self.items(key)) > most:
            self._bad(key, f"an array of at most {most}")
        return [Fields(item, f"{self._where}.{key}[{i}]") for i, item in enumerate(self.items(key))]
