"""The terminals' certificates on record: functions over a connection."""

from dataclasses import dataclass
from urllib.parse import quote

from sqlalchemy import Connection, delete, insert, select, update

from server.tokens.tables import TERMINAL_CERTIFICATE

URN = "urn:doorward:terminal:"


@dataclass(frozen=True)
class StoredCertificate:
    """`fingerprint`: SHA-256 of the whole, in hexadecimal. `created`, `expires`: milliseconds since 1970."""

    terminal: str
    fingerprint: str
    created: int
    expires: int
    revoked: bool = False

    def holds(self, now: int) -> bool:
        return not self.revoked and now < self.expires


def urn_of(terminal: str) -> str:
    """How a certificate says whose it is: among its alternative names, as a URI."""
    return URN + quote(terminal, safe="")


def record(connection: Connection, certificate: StoredCertificate) -> None:
    """From now on its terminal is let in with it, or with another on record, alone."""
    connection.execute(insert(TERMINAL_CERTIFICATE).values(**vars(certificate)))


def revoke(connection: Connection, terminal: str) -> bool:
    """None of the terminal's certificates holds any more; returns whether one did not yet say so."""
    of = (TERMINAL_CERTIFICATE.c.terminal == terminal) & ~TERMINAL_CERTIFICATE.c.revoked
    return connection.execute(update(TERMINAL_CERTIFICATE).where(of).values(revoked=True)).rowcount > 0


def forget_revoked(connection: Connection, terminal: str) -> None:
    """A terminal that begins anew need not show what it cannot have."""
    of = (TERMINAL_CERTIFICATE.c.terminal == terminal) & TERMINAL_CERTIFICATE.c.revoked
    connection.execute(delete(TERMINAL_CERTIFICATE).where(of))


def all_certificates(connection: Connection) -> list[StoredCertificate]:
    """By terminal, those that last longest first."""
    order = TERMINAL_CERTIFICATE.c.terminal, TERMINAL_CERTIFICATE.c.expires.desc()
    rows = connection.execute(select(TERMINAL_CERTIFICATE).order_by(*order))
    return [StoredCertificate(**row) for row in rows.mappings()]


def required(connection: Connection, now: int) -> dict[str, frozenset[str]]:
    """Terminal -> fingerprints of which it must show one; none: it has none that holds, and is refused."""
    return by_terminal([(each, each.holds(now)) for each in all_certificates(connection)])


def by_terminal(judged: list[tuple[StoredCertificate, bool]]) -> dict[str, frozenset[str]]:
    """As `required`, of certificates and whether each holds."""
    of: dict[str, set[str]] = {}
    for certificate, holds in judged:
        fingerprints = of.setdefault(certificate.terminal, set())
        if holds:
            fingerprints.add(certificate.fingerprint)
    return {terminal: frozenset(fingerprints) for terminal, fingerprints in of.items()}
