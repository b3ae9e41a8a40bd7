"""`python -m server tls`: a certificate for the server, where no authority on the Internet gives one."""

import contextlib
import socket
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from server.audit.operator_log import COMMAND_LINE, Act, ActKind, append
from server.commands.authority import (
    AuthorityError,
    Key,
    Names,
    fingerprint,
    key_fingerprint,
    key_pem,
    names_of,
    new_authority,
    new_certificate,
    new_key,
    pem,
)
from server.settings import Settings
from server.support.errors import StartError
from server.support.private_files import open_private, write_whole

FOLDER = Path("tls")
CA, CA_KEY, SERVER, SERVER_KEY = "ca.pem", "ca-key.pem", "server.pem", "server-key.pem"
KEY_END = "-key.pem"
ELSEWHERE = ("192.0.2.1", "2001:db8::1")
"""Addresses for documentation, which nobody has: to learn which of its own this machine would send from."""


async def init(settings: Settings, folder: Path = FOLDER, names: Sequence[str] = ()) -> str:
    """Make an authority and the server's certificate. Nothing is overwritten. Raises StartError."""
    for name in (CA, CA_KEY, SERVER, SERVER_KEY):
        if (folder / name).exists():
            again = "python -m server tls renew gives the server a new certificate of the same authority"
            raise StartError(f"{folder / name} exists already, and nothing is overwritten; {again}")
    now = datetime.now(timezone.utc)
    try:
        called = Names.read(names or own_names())
        authority_key, server_key = new_key(), new_key()
        authority = new_authority(authority_key, socket.gethostname() or "this machine", called, now)
        certificate = new_certificate(server_key, called, authority, authority_key, now)
    except AuthorityError as error:
        raise StartError(str(error)) from error
    _note(settings, called)
    write_new(
        folder,
        {
            CA: pem(authority),
            CA_KEY: key_pem(authority_key),
            SERVER: pem(certificate),
            SERVER_KEY: key_pem(server_key),
        },
    )
    return _told(settings, folder, authority, certificate)


async def renew(settings: Settings, folder: Path = FOLDER, names: Sequence[str] = ()) -> str:
    """A new certificate for the server's key, from the authority that is trusted already; without names for
    those of the old one. Raises StartError: nothing has changed."""
    with explained(folder):
        authority = x509.load_pem_x509_certificate((folder / CA).read_bytes())
        authority_key, server_key = key_at(folder / CA_KEY), key_at(folder / SERVER_KEY)
        before = x509.load_pem_x509_certificate((folder / SERVER).read_bytes())
        called = Names.read(names) if names else names_of(before)
        now = datetime.now(timezone.utc)
        certificate = new_certificate(server_key, called, authority, authority_key, now)
        _note(settings, called)
        unfinished = folder / f".{SERVER}.new"
        unfinished.write_bytes(pem(certificate))
        unfinished.replace(folder / SERVER)
    return f"{_certificate_line(folder, certificate)}\nA server that runs takes it within seconds."


@contextlib.contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Where the authority in `folder` is to be used. Raises StartError: what is wrong with it, in words."""
    try:
        yield
    except OSError as error:
        raise StartError(f"{error.filename}: {(error.strerror or str(error)).lower()}") from error
    except ValueError as error:
        raise StartError(f"{folder}: what is there cannot be read as keys and certificates") from error
    except AuthorityError as error:
        raise StartError(f"{folder}: {error}: python -m server tls init --folder ANOTHER") from error


def _note(settings: Settings, called: Names) -> None:
    """In the operators' record, before it is so. Raises StartError: it cannot be written."""
    act = Act(datetime.now().astimezone(), COMMAND_LINE, ActKind.CERTIFICATE_MADE, str(called))
    try:
        append(settings.logs, act)
    except OSError as error:
        raise StartError(f"the operators' record cannot be written, so nothing is done: {error}") from error


def own_names() -> list[str]:
    """What this machine is called, by itself and in its network, and its addresses."""
    host = socket.gethostname().lower()
    hosts = [host, f"{host.partition('.')[0]}.local"]
    try:
        Names.read(hosts)
    except AuthorityError:  # a name that only this machine understands
        hosts = []
    return [*hosts, "localhost", *_addresses(), "127.0.0.1", "::1"]


def _addresses() -> Iterator[str]:
    """Those that this machine would send from. Nothing is sent."""
    for family, there in zip((socket.AF_INET, socket.AF_INET6), ELSEWHERE, strict=True):
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((there, 9))
            yield str(probe.getsockname()[0]).partition("%")[0]


def key_at(path: Path) -> Key:
    """Raises OSError, ValueError."""
    key = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError(f"{path} is a key of another kind")
    return key


def write_new(folder: Path, files: dict[str, bytes]) -> None:
    """All of them or none. Keys are their owner's alone. Raises StartError."""
    written: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            path = folder / name
            with open_private(path, "xb") if name.endswith(KEY_END) else open(path, "xb", 0) as file:
                written.append(path)
                write_whole(file, data)
    except OSError as error:
        for path in written:
            path.unlink()
        raise StartError(f"{error.filename}: {(error.strerror or str(error)).lower()}") from error


def _certificate_line(folder: Path, certificate: x509.Certificate) -> str:
    until = f"{certificate.not_valid_after_utc:%Y-%m-%d}"
    return f"""\
{folder / SERVER}: the server may be called {names_of(certificate)}; valid until {until}
its key, which tls renew keeps, for python -m client --pin: {key_fingerprint(certificate)}"""


def _told(
    settings: Settings, folder: Path, authority: x509.Certificate, certificate: x509.Certificate
) -> str:
    name = str(names_of(certificate)).partition(", ")[0]
    until = f"{authority.not_valid_after_utc:%Y-%m-%d}"
    return f"""\
{_certificate_line(folder, certificate)}
{folder / CA}: the authority that vouches for it, and for no public site; valid until {until}

Put into doorward.toml, above the first [table]:
  tls_cert = "{(folder / SERVER).as_posix()}"
  tls_key = "{(folder / SERVER_KEY).as_posix()}"

Terminals get a copy of {folder / CA}:
  python -m client --server {name}:{settings.port} --ca {CA} ...
Phones, tablets and browsers install it once; a running server hands it out at
  https://{name}:{settings.web_port}/terminal/ca.pem
docs/browser-terminal.md tells how. What they show must have this fingerprint (SHA-256):
  {fingerprint(authority)}

{folder / CA_KEY} is needed again for python -m server tls renew, in {_days(certificate)} days at the latest.
Whoever has it can pose as this server: keep it from others."""


def _days(certificate: x509.Certificate) -> int:
    return (certificate.not_valid_after_utc - datetime.now(timezone.utc)).days
