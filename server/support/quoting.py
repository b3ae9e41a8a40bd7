"""Texts of somebody else's, so that they cannot break a line, hide in it or fill the screen."""

import json

SHOWN_CHARS = 60


def quoted(text: str) -> str:
    """A JSON string whose every invisible character is escaped; letters of any script stay readable."""
    return json_line(text)


def json_line(value: object) -> str:
    """JSON on one line, its strings as `quoted` has them."""
    return "".join(_visible(char) for char in json.dumps(value, ensure_ascii=False))


def shortened(text: str) -> str:
    """The beginning of a text that is too long to be shown."""
    return text if len(text) <= SHOWN_CHARS else f"{text[:SHOWN_CHARS]}..."


def _visible(char: str) -> str:
    if char.isprintable():
        return char
    code = ord(char)
    if code <= 0xFFFF:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
