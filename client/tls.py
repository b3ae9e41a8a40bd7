"""Whom the terminal trusts, and by what it proves itself: contexts of TLS."""

import ssl
from pathlib import Path


def context(ca: Path | None, pinned: bool, cert: Path | None, key: Path | None) -> ssl.SSLContext:
    """`ca`: the only authorities that are trusted; None: the system's. `pinned`: the server is known by its
    key, and no authority needs to vouch for it. `cert`, `key`: what is shown to the server, if anything.
    Raises ValueError."""
    made = _made(ca)
    if pinned:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    if cert is not None:
        _show(made, cert, key)
    return made


def _made(ca: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca)
    except OSError as error:
        raise ValueError(f"--ca {ca}: {error.strerror or error}") from error


def _show(context: ssl.SSLContext, cert: Path, key: Path | None) -> None:
    try:
        context.load_cert_chain(cert, key, password=_no_passphrase)
    except ssl.SSLError as error:
        raise ValueError(f"--cert {cert}, --key {key}: no certificate and its key: {error.reason}") from error
    except OSError as error:
        raise ValueError(f"--cert {cert}, --key {key}: {error.strerror or error}") from error


def _no_passphrase() -> str:
    raise ValueError("--key: the key has a passphrase, which nobody could type at a door")
