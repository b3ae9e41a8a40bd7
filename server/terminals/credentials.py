"""What a peer has shown to prove which terminal it is, and what is wrong with it. Pure."""

import ssl
from dataclasses import dataclass
from datetime import datetime, timezone
from hashlib import sha256
from typing import Any, NamedTuple

from server.audit.security_log import SecurityKind
from server.support.secret import hashed
from server.tokens.accepted import AcceptedTokens
from server.tokens.certificates import urn_of


class Fault(NamedTuple):
    """Why a terminal is refused. `why`: for the log, and for nobody else: a guess is not told right.
    `details`: of the event that it is."""

    kind: SecurityKind
    why: str
    details: dict[str, str]


@dataclass(frozen=True)
class ShownCertificate:
    """TLS has seen to it that an authority which the server knows has made it for a client, and that the peer
    has its key. `fingerprint`: SHA-256, in hexadecimal. `uris`: whose it says it is."""

    fingerprint: str
    uris: frozenset[str]
    since: datetime
    until: datetime

    @classmethod
    def of(cls, connection: "ssl.SSLObject | None") -> "ShownCertificate | None":
        """What the peer of a connection after its handshake has shown; None: nothing, or there is no TLS."""
        whole = None if connection is None else connection.getpeercert(binary_form=True)
        told: dict[str, Any] | None = None if connection is None else connection.getpeercert()
        if whole is None or not told:
            return None
        uris = frozenset(str(value) for kind, value in told.get("subjectAltName", ()) if kind == "URI")
        return cls(sha256(whole).hexdigest(), uris, _moment(told["notBefore"]), _moment(told["notAfter"]))

    def fault(self, terminal: str, now: datetime) -> str | None:
        """Whoever's it is, it must be of that terminal, and its time be right."""
        if urn_of(terminal) not in self.uris:
            return "the certificate of another"
        if now >= self.until:
            return f"a certificate that expired on {self.until:%Y-%m-%d}"
        if now < self.since:
            return f"a certificate that holds only from {self.since:%Y-%m-%d %H:%M} UTC on"
        return None


@dataclass(frozen=True)
class Credentials:
    """`token`: the hash of the token, or of an empty one."""

    terminal: str = ""
    token: str = hashed("")
    certificate: ShownCertificate | None = None

    def fault(self, accepted: AcceptedTokens, now: datetime) -> Fault | None:
        """None: it is that terminal. `accepted`: what holds at this moment. `now`: by the wall clock."""
        if not accepted.accept(self.terminal, self.token):
            given = "none" if self.token == hashed("") else "given"
            return Fault(SecurityKind.WRONG_TOKEN, "wrong or missing token", {"token": given})
        why = self._certificate_fault(accepted, now)
        return None if why is None else Fault(SecurityKind.TERMINAL_CERTIFICATE_REFUSED, why, {"why": why})

    def _certificate_fault(self, accepted: AcceptedTokens, now: datetime) -> str | None:
        on_record = accepted.certificates.get(self.terminal)
        if self.certificate is None:
            needed = on_record is not None or accepted.any_certificate
            return "no certificate" if needed else None
        if why := self.certificate.fault(self.terminal, now):
            return why
        if on_record is not None and self.certificate.fingerprint not in on_record:
            return "a certificate that is not on record, or was revoked"
        return None


def _moment(text: str) -> datetime:
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(text), timezone.utc)
