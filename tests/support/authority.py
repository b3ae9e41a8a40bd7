"""An authority of a site, and certificates of its server and terminals, on the disk."""

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import cached_property
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from server.commands.authority import (
    DAYS,
    Names,
    key_pem,
    new_authority,
    new_certificate,
    new_key,
    new_terminal_certificate,
    pem,
)
from server.tokens.certificates import urn_of

NAMES = Names.read(["127.0.0.1", "localhost"])


@dataclass(frozen=True)
class Pair:
    """The files of a certificate and its key. `fingerprint`: SHA-256, in hexadecimal."""

    cert: Path
    key: Path
    fingerprint: str
    until: datetime


class Authority:
    """Makes certificates into a folder; `ca` is its own."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._key = new_key()
        self._certificate = new_authority(self._key, "test", NAMES, datetime.now(timezone.utc))
        self.ca = folder / "ca.pem"
        self.ca.write_bytes(pem(self._certificate))
        (folder / "ca-key.pem").write_bytes(key_pem(self._key))

    @cached_property
    def server(self) -> Pair:
        key, now = new_key(), datetime.now(timezone.utc)
        certificate = new_certificate(key, NAMES, self._certificate, self._key, now)
        return self._write("server", certificate, key_pem(key))

    def terminal(self, terminal: str, file: str | None = None, days: float = DAYS) -> Pair:
        """`days`: how long it is still good, negative: since when it is not."""
        key = new_key()
        made = datetime.now(timezone.utc) + timedelta(days=days - DAYS)
        certificate = new_terminal_certificate(key, urn_of(terminal), self._certificate, self._key, made)
        return self._write(file or terminal, certificate, key_pem(key))

    def _write(self, name: str, certificate: x509.Certificate, key: bytes) -> Pair:
        files = self._folder / f"{name}.pem", self._folder / f"{name}-key.pem"
        files[0].write_bytes(pem(certificate))
        files[1].write_bytes(key)
        fingerprint = certificate.fingerprint(hashes.SHA256()).hex()
        return Pair(*files, fingerprint, certificate.not_valid_after_utc)
