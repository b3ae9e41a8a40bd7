"""The lines of logs/security_log.txt, of what may be an attack or hide one: what they look like."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol, TypeAlias

from server.audit.line import FIELD, pairs, timestamp, word

FILE = "security_log.txt"
"""In the logs folder."""
NOTHING = "-"
"""Stands, unquoted, for a terminal or source that an event does not have."""
PATTERN = re.compile(
    rf"^(?P<time>\S+) (?P<kind>[a-z_]+) (?P<terminal>{FIELD}) (?P<source>{FIELD})"
    rf"(?P<pairs>(?: [a-z_]+={FIELD})*)$"
)
"""Parses every line of the security log."""
Detail: TypeAlias = str | int | float | None
"""None is left out."""


class SecurityKind(str, Enum):
    """What has happened. What operators do is no such event: it is in their own record."""

    SERVER_STARTED = "server_started"
    SERVER_STOPPED = "server_stopped"
    WRONG_TOKEN = "wrong_token"  # noqa: S105
    TOO_MANY_GUESSES = "too_many_guesses"
    TOKEN_ENDED = "token_ended"  # noqa: S105
    SECOND_CONNECTION = "second_connection"
    BAD_PROTOCOL = "bad_protocol"
    CROWDED_OUT = "crowded_out"
    SENT_TOO_MUCH = "sent_too_much"
    LOCKOUT_BEGUN = "lockout_begun"
    LOCKOUT_ENDED = "lockout_ended"
    SIGN_IN_REFUSED = "sign_in_refused"
    SIGN_IN_THROTTLED = "sign_in_throttled"
    PROOF_REFUSED = "proof_refused"
    KEY_REFUSED = "key_refused"
    CLOCK_JUMPED = "clock_jumped"
    CERTIFICATE_EXPIRING = "certificate_expiring"
    CERTIFICATE_UNUSABLE = "certificate_unusable"
    CERTIFICATE_RENEWED = "certificate_renewed"
    CERTIFICATE_REFUSED = "certificate_refused"
    TERMINAL_CERTIFICATE_REFUSED = "terminal_certificate_refused"
    LOG_ALTERED = "log_altered"
    LOG_NOT_WRITTEN = "log_not_written"
    EVENTS_LOST = "events_lost"


BY_SOURCE = frozenset(
    {
        SecurityKind.WRONG_TOKEN,
        SecurityKind.TOO_MANY_GUESSES,
        SecurityKind.BAD_PROTOCOL,
        SecurityKind.CROWDED_OUT,
        SecurityKind.SIGN_IN_REFUSED,
        SecurityKind.SIGN_IN_THROTTLED,
        SecurityKind.KEY_REFUSED,
    }
)
"""What strangers do, who may call a terminal whatever they like: repetitions count by where they come from,
and by the account that there is."""


@dataclass(frozen=True)
class SecurityEvent:
    """`moment`: with a time zone. `terminal`: the one it is about, or that somebody says to be. `source`: an
    address, without its port. `details`: keys of lower-case letters and underscores; never a secret."""

    moment: datetime
    kind: SecurityKind
    terminal: str | None = None
    source: str | None = None
    details: Mapping[str, Detail] = field(default_factory=dict)

    def line(self) -> str:
        """The log line, without its line end."""
        where = " ".join(NOTHING if each is None else word(each) for each in (self.terminal, self.source))
        return f"{timestamp(self.moment)} {self.kind.value} {where} {pairs(dict(self.details))}".rstrip()


class Notice(Protocol):
    """Takes note of a security event now, and never waits: `Events.notice`."""

    def __call__(
        self,
        kind: SecurityKind,
        /,
        *,
        terminal: str | None = None,
        source: str | None = None,
        **details: Detail,
    ) -> None: ...
