"""What a terminal may be called: its name stands in addresses, on pages and in the lines of logs."""

import unicodedata

TERMINAL_CHARS = 64
"""Longest terminal name, in characters."""
RULE = (
    f"a terminal's name has 1 to {TERMINAL_CHARS} characters, of any script, all of which can be seen;"
    " no slash or backslash, no space at either end; and it is not . or .."
)
_UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
"""Unicode's categories of control and format characters, those that turn the direction among them, of ends of
lines and paragraphs, and of what is no character."""


def terminal_name(text: str) -> str:
    """The name as it is. Raises ValueError: no terminal is called so."""
    if (
        not 1 <= len(text) <= TERMINAL_CHARS
        or text != text.strip()
        or text in (".", "..")
        or any(char in "/\\" or unicodedata.category(char) in _UNSEEN for char in text)
    ):
        raise ValueError(RULE)
    return text
