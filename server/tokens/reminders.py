"""Which terminals will soon be refused, as their tokens expire: told once a day. Pure."""

from collections.abc import Iterable
from datetime import datetime

from server.support.clock import moment
from server.tokens.store import DAY_MS, TerminalTokens

TOKEN_NOTICE_DAYS = 14
"""Before a token expires people are told of it."""


def expiring(known: TerminalTokens, now: int) -> datetime | None:
    """When the terminal has no token any more, where that is soon."""
    ends = [token.expires for token in known.holding(now)]
    dated = [end for end in ends if end is not None]
    if not dated or len(dated) < len(ends) or max(dated) - now > TOKEN_NOTICE_DAYS * DAY_MS:
        return None
    return moment(max(dated))


class Reminders:
    """`due` gives each day's reminders once."""

    def __init__(self) -> None:
        self._next = 0

    def due(self, tokens: Iterable[TerminalTokens], now: int) -> list[str]:
        """A sentence for each terminal. `now`: milliseconds since 1970."""
        if now < self._next:
            return []
        self._next = now + DAY_MS
        ends = [(known.terminal, expiring(known, now)) for known in tokens]
        return [
            f"{terminal!a}: its token expires on {end:%Y-%m-%d %H:%M}; then it is refused: terminals rotate"
            for terminal, end in ends
            if end is not None
        ]
