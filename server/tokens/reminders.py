"""Which terminals will soon be refused, as their tokens or certificates expire: told once a day. Pure."""

import shlex
from collections.abc import Iterable
from datetime import datetime

from server.support.certificate import EXPIRY_NOTICE
from server.support.clock import moment
from server.tokens.certificates import StoredCertificate
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


def expiring_certificates(certificates: Iterable[StoredCertificate], now: int) -> dict[str, datetime]:
    """Terminal -> when it has no certificate any more that holds, where that is soon."""
    last: dict[str, int] = {}
    for each in certificates:
        if each.holds(now):
            last[each.terminal] = max(last.get(each.terminal, 0), each.expires)
    notice = round(EXPIRY_NOTICE.total_seconds() * 1000)
    return {terminal: moment(end) for terminal, end in last.items() if end - now <= notice}


class Reminders:
    """`due` gives each day's reminders once."""

    def __init__(self) -> None:
        self._next = 0

    def due(
        self, tokens: Iterable[TerminalTokens], certificates: Iterable[StoredCertificate], now: int
    ) -> list[str]:
        """A sentence for each terminal. `now`: milliseconds since 1970."""
        if now < self._next:
            return []
        self._next = now + DAY_MS
        ends = [(known.terminal, "token", "terminals rotate", expiring(known, now)) for known in tokens]
        ends += [
            (terminal, "certificate", "tls terminal", end)
            for terminal, end in expiring_certificates(certificates, now).items()
        ]
        return [
            f"{terminal!a}: its {what} expires on {end:%Y-%m-%d %H:%M}; then it is refused:"
            f" python -m server {cure} {shlex.quote(terminal)}"
            for terminal, what, cure, end in ends
            if end is not None
        ]
