"""What a terminal would say of the server's certificate, found out without a network."""

import os
import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

EXPIRY_NOTICE = timedelta(days=30)
"""Before the end of its validity people are told of it."""
NO_PAIR = ("KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH", "NO_CERTIFICATE_ASSIGNED")
"""OpenSSL's words for it; the last where the two are of different kinds."""


class CertificateError(Exception):
    """No terminal could connect; the message says why."""


@dataclass(frozen=True)
class Certificate:
    """`names`: what terminals may call the server. `until`: the end of its validity."""

    names: tuple[str, ...]
    until: datetime


def examine(certificate: Path, key: Path) -> Certificate:
    """Have a terminal that trusts this certificate, and nothing else, shake hands with a server that has it.

    Raises CertificateError: one of the files cannot be used, they are not a pair, the time is not right.
    """
    for path in (certificate, key):
        if not os.path.isfile(path):
            raise CertificateError(f"{path} is no file")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    terminal = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    terminal.check_hostname = False
    terminal.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        server.load_cert_chain(certificate, key, password=_no_passphrase)
        terminal.load_verify_locations(certificate)
        found = shake_hands(server, terminal)
    except ssl.SSLCertVerificationError as error:
        raise CertificateError(f"{certificate}: {error.verify_message}") from error
    except ssl.SSLError as error:
        if error.reason in NO_PAIR:
            raise CertificateError(f"{key} is not the key of {certificate}") from error
        files = f"{certificate} and {key}"
        raise CertificateError(f"{files} are no PEM files that can be used: {error}") from error
    except OSError as error:
        files = f"{certificate} and {key}"
        raise CertificateError(f"{files}: {(error.strerror or str(error)).lower()}") from error
    names = tuple(str(value) for _, value in found.get("subjectAltName", ()))
    until = ssl.cert_time_to_seconds(found["notAfter"])
    return Certificate(names, datetime.fromtimestamp(until, timezone.utc))


def _no_passphrase() -> str:
    raise CertificateError("the key has a passphrase, which the server would ask for at every start")


def shake_hands(server: ssl.SSLContext, terminal: ssl.SSLContext) -> dict[str, Any]:
    """What the terminal is shown, as `ssl.SSLSocket.getpeercert` gives it. Raises ssl.SSLError."""
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = terminal.wrap_bio(down, up)
    ends = [client, server.wrap_bio(up, down, server_side=True)]
    while ends:
        for end in tuple(ends):
            try:
                end.do_handshake()
                ends.remove(end)
            except ssl.SSLWantReadError:
                continue
    return client.getpeercert() or {}
