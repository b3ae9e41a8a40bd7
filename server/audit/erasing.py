"""Takes a name out of lines of the access log, so that every seal stays good. Pure."""

import re

from server.audit.access_log import NAMED
from server.audit.line import FIELD, quoted, unquoted
from server.audit.seals import erased, sealed, torn_word

_BROKEN_OFF = re.compile(rf'\S+ (?:GRANTED|DENIED) {FIELD} (?P<begun>"(?:[^"\\]|\\.)*\\?)\r?'.encode())
"""A line that ends within a name."""


def word_for(key: bytes, name: str) -> str:
    """What stands in the logs in place of this person's name."""
    return unquoted(erased(key, _bytes(quoted(name))).decode())


def without_name(key: bytes, name: str, line: bytes) -> bytes:
    """The line, without its end, with the person's word in place of the name; any other line as it is.

    Of a line that a crash has torn within a name that may be this one, a keyed word is left.
    """
    found = NAMED.match(line)
    if found is not None:
        if not _says(found["name"], name):
            return line
        return line[: found.start("name")] + erased(key, found["name"]) + line[found.end("name") :]
    torn = None if sealed(line) else _BROKEN_OFF.fullmatch(line)
    if torn is not None and _bytes(quoted(name)).startswith(torn["begun"]):
        return torn_word(key, line)
    return line


def _says(given: bytes, name: str) -> bool:
    """Whether that is the name, however it is escaped."""
    try:
        return _bytes(unquoted(given.decode())) == _bytes(name)
    except ValueError:
        return False


def _bytes(text: str) -> bytes:
    """As a log has it: halves of characters, which names of files may hold, are escaped."""
    return text.encode("utf-8", "backslashreplace")
