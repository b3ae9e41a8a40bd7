"""The server's key, known by its fingerprint."""

import hashlib
import re
import ssl
from collections.abc import Collection

CONTEXT, INTEGER, SEQUENCE = 0xA0, 0x02, 0x30
"""DER's tags of a certificate's version, of a number and of a sequence (ITU-T X.690)."""
BEFORE_THE_KEY = INTEGER, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE
"""Of a certificate, between version and key: serial number, algorithm, issuer, validity, subject (RFC 5280,
section 4.1)."""
INDEFINITE = 0x80
"""In place of a length, in BER. OpenSSL reads that, too: what is not DER is refused here, lest the key that
OpenSSL has found in a certificate be another one than is compared."""


class UnpinnedError(OSError):
    """The server has another key than any that is pinned."""


def read_pin(text: str) -> str:
    """64 lower-case hexadecimal digits, however they were written. Raises ValueError."""
    pin = text.replace(":", "").lower()
    if not re.fullmatch("[0-9a-f]{64}", pin):
        raise ValueError(f"{text!r} is not a SHA-256 fingerprint, of 64 hexadecimal digits")
    return pin


def fingerprint(certificate: bytes) -> str:
    """SHA-256 of the public key that a certificate is for (SubjectPublicKeyInfo), in hexadecimal: the same
    after the certificate was renewed. `certificate`: DER. Raises ValueError: it is none."""
    try:
        start, _ = _content(certificate, 0, SEQUENCE)
        place, _ = _content(certificate, start, SEQUENCE)
        if certificate[place] == CONTEXT:
            _, place = _span(certificate, place)
        for tag in BEFORE_THE_KEY:
            _, place = _content(certificate, place, tag)
        _, end = _content(certificate, place, SEQUENCE)
        return hashlib.sha256(certificate[place:end]).hexdigest()
    except IndexError:
        raise ValueError("the certificate ends in the middle") from None


def require_pinned(connection: ssl.SSLSocket, pins: Collection[str]) -> None:
    """After the handshake, by which the server has proved that it has the key. Raises UnpinnedError."""
    if not pins:
        return
    try:
        shown = fingerprint(connection.getpeercert(binary_form=True) or b"")
    except ValueError as error:
        raise UnpinnedError(f"the server's key cannot be compared with --pin: {error}") from error
    if shown not in pins:
        raise UnpinnedError(
            f"the server's key is not the one that is pinned: its fingerprint is {shown},"
            f" --pin says {' or '.join(sorted(pins))}; was it set up anew, or does something stand between?"
        )


def _content(data: bytes, place: int, tag: int) -> tuple[int, int]:
    """Where the content of the element at `place` begins and ends. Raises ValueError: it is no such one."""
    if data[place] != tag:
        raise ValueError("it is no certificate")
    return _span(data, place)


def _span(data: bytes, place: int) -> tuple[int, int]:
    first = data[place + 1]
    start = place + 2
    if first == INDEFINITE:
        raise ValueError("it is no certificate in DER")
    if first < INDEFINITE:
        length = first
    else:
        count = first & 0x7F
        length = int.from_bytes(data[start : start + count], "big")
        start += count
    if start + length > len(data):
        raise IndexError(place)
    return start, start + length
