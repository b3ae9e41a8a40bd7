"""`python -m server tls terminal`: a certificate for a terminal, without which its token opens nothing."""

from datetime import datetime, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from server.audit.operator_log import ActKind
from server.commands.authority import key_pem, new_key, new_terminal_certificate, pem
from server.commands.terminals import noted
from server.commands.tls import CA, CA_KEY, FOLDER, KEY_END, explained, key_at, write_new
from server.settings import Settings
from server.support.clock import milliseconds
from server.support.errors import StartError
from server.tokens import certificates
from server.tokens.certificates import StoredCertificate, urn_of
from server.tokens.store import TokenError, checked

TERMINALS = "terminals"
"""The folder, beside the authority, of what is to be brought to terminals."""


async def issue(settings: Settings, name: str, folder: Path = FOLDER) -> str:
    """Make a key and a certificate, and put it on record. Nothing is overwritten. Raises StartError: nothing
    has changed."""
    try:
        checked(name)
    except TokenError as error:
        raise StartError(str(error)) from error
    with explained(folder):
        certificate, files = _made(settings, name, folder)
    stored = StoredCertificate(
        name,
        certificate.fingerprint(hashes.SHA256()).hex(),
        milliseconds(datetime.now(timezone.utc)),
        milliseconds(certificate.not_valid_after_utc),
    )
    for file in files:
        if (folder / TERMINALS / file).exists():
            raise StartError(f"{folder / TERMINALS / file} is there: bring it to {name} first, and delete it")
    write_new(folder / TERMINALS, files)
    try:
        kind = ActKind.TERMINAL_CERTIFICATE_MADE
        record = {"fingerprint": stored.fingerprint}
        noted(settings, kind, name, lambda connection: certificates.record(connection, stored), **record)
    except StartError:
        for file in files:
            (folder / TERMINALS / file).unlink()
        raise
    return _told(name, folder / TERMINALS, list(files), certificate)


def _made(settings: Settings, name: str, folder: Path) -> tuple[x509.Certificate, dict[str, bytes]]:
    """And the files that hold it. Raises OSError, ValueError, AuthorityError, StartError."""
    authority = x509.load_pem_x509_certificate((folder / CA).read_bytes())
    if settings.tls_terminals is None:
        raise StartError(
            "the server asks no terminal for a certificate yet, and would refuse this one: put"
            f' tls_terminals = "{(folder / CA).as_posix()}" into doorward.toml, above the first [table],'
            " and restart it"
        )
    if authority not in x509.load_pem_x509_certificates(settings.tls_terminals.read_bytes()):
        raise StartError(f"tls_terminals: {settings.tls_terminals} is another authority than {folder / CA}")
    key = new_key()
    now = datetime.now(timezone.utc)
    certificate = new_terminal_certificate(key, urn_of(name), authority, key_at(folder / CA_KEY), now)
    return certificate, {f"{name}.pem": pem(certificate), f"{name}{KEY_END}": key_pem(key)}


def _told(name: str, folder: Path, files: list[str], certificate: x509.Certificate) -> str:
    until = f"{certificate.not_valid_after_utc:%Y-%m-%d}"
    cert, key = files
    return f"""\
{folder / cert}: the certificate of {name}; valid until {until}
{folder / key}: its key

From now on {name} is refused without it, whoever has its token. Bring both files there, delete them here,
and start the terminal with them:
  python -m client ... --cert "{cert}" --key "{key}"
One that it had before holds until it expires. python -m server terminals revoke ends all of them."""
