"""The lines of logs/operator_log.txt, of what operators do: what they look like and how to read them back."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from pathlib import Path

from server.audit.durable import DurableLog
from server.audit.line import FIELD, pairs, timestamp, unquoted, word

FILE = "operator_log.txt"
"""In the logs folder."""
COMMAND_LINE = "command line"
"""The operator who types commands on the server's machine."""
NOTHING = "-"
"""Stands, unquoted, for an act that is on nobody and nothing."""
PATTERN = re.compile(
    rf"^(?P<time>\S+) (?P<kind>[a-z_]+) (?P<operator>{FIELD}) (?P<subject>{FIELD})"
    rf"(?P<pairs>(?: [a-z_]+={FIELD})*)$"
)
"""Parses every line of the operator log."""
_PAIR = re.compile(rf" ([a-z_]+)=({FIELD})")
_KEY = re.compile("[a-z_]+")


class ActKind(str, Enum):
    """What an operator does."""

    SIGN_IN = "sign_in"
    SIGN_OUT = "sign_out"
    PERSON_ADDED = "person_added"
    PERSON_RENAMED = "person_renamed"
    PERSON_CHANGED = "person_changed"
    PERSON_ERASED = "person_erased"
    PHOTO_ADDED = "photo_added"
    PHOTO_REMOVED = "photo_removed"
    PHOTO_HELD = "photo_held"
    PHOTO_CONFIRMED = "photo_confirmed"
    PHOTO_DISMISSED = "photo_dismissed"
    DECISION_CORRECTED = "decision_corrected"
    STRANGER_DISMISSED = "stranger_dismissed"
    RULES_CHANGED = "rules_changed"
    SETTINGS_APPLIED = "settings_applied"
    ACCOUNT_ADDED = "account_added"
    ACCOUNT_CHANGED = "account_changed"
    ACCOUNT_REMOVED = "account_removed"
    ACCOUNT_PASSWORD_CHANGED = "account_password_changed"  # noqa: S105
    ACCOUNT_RESET = "account_reset"
    ACCOUNT_SECOND_FACTOR_ADDED = "account_second_factor_added"
    ACCOUNT_SECOND_FACTOR_REMOVED = "account_second_factor_removed"
    ACCOUNT_SIGNED_OUT = "account_signed_out"
    KEY_ADDED = "key_added"
    KEY_REVOKED = "key_revoked"
    TERMINAL_TOKEN_ADDED = "terminal_token_added"  # noqa: S105
    TERMINAL_TOKEN_ROTATED = "terminal_token_rotated"  # noqa: S105
    TERMINAL_TOKEN_REVOKED = "terminal_token_revoked"  # noqa: S105
    CERTIFICATE_MADE = "certificate_made"
    TERMINAL_CERTIFICATE_MADE = "terminal_certificate_made"
    SITE_EXPORTED = "site_exported"
    SITE_IMPORTED = "site_imported"
    HISTORY_EXPORTED = "history_exported"
    HISTORY_REBUILT = "history_rebuilt"
    VERIFIED = "verified"
    IDENTIFIED = "identified"


@dataclass(frozen=True)
class Act:
    """Something that an operator does. `moment`: with a time zone. `operator`: such as "account:jane",
    "key:jane/reporting" or `COMMAND_LINE`. `source`: the address it came from, where it came over a network.
    `subject`: on whom or what. `details`: what else there is to know, and never a secret; a key is made of
    lower-case letters and underscores, and is not `source`."""

    moment: datetime
    operator: str
    kind: ActKind
    subject: str | None = None
    source: str | None = None
    details: Mapping[str, str] = field(default_factory=dict)

    def line(self) -> str:
        """The log line, without its line end. Raises ValueError: a key of `details` cannot be one."""
        for key in self.details:
            if key == "source" or not _KEY.fullmatch(key):
                raise ValueError(f"{key!r} is no key of an act's details")
        subject = NOTHING if self.subject is None else word(self.subject)
        details = pairs({"source": self.source, **self.details})
        head = f"{timestamp(self.moment)} {self.kind.value} {word(self.operator)} {subject}"
        return f"{head} {details}".rstrip()


def parse(line: str) -> Act:
    """The act that a line tells of. Raises ValueError: not such a line."""
    found = PATTERN.match(line)
    if found is None:
        raise ValueError("not a line of an operator log")
    details = {key: unquoted(value) for key, value in _PAIR.findall(found["pairs"])}
    subject = found["subject"]
    return Act(
        moment=datetime.fromisoformat(found["time"]),
        operator=unquoted(found["operator"]),
        kind=ActKind(found["kind"]),
        subject=None if subject == NOTHING else unquoted(subject),
        source=details.pop("source", None),
        details=details,
    )


def append(folder: Path, act: Act) -> None:
    """For a command, beside a server or without one: returns when the act is on disk. Raises OSError: it is
    not, and is not done."""
    log = DurableLog(folder / FILE)
    try:
        log.append([act.line()])
    finally:
        log.close()
