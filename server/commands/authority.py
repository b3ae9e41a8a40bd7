"""A certificate authority for one site, and what it vouches for. Pure: files are others' work."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Key: TypeAlias = ec.EllipticCurvePrivateKey
Address: TypeAlias = IPv4Address | IPv6Address

AUTHORITY_DAYS = 3650
DAYS = 397
"""A server's certificate, or a terminal's. Browsers refuse a server's that is good for more than 398."""
SKEW = timedelta(hours=1)
"""By how much the clock of a phone may be behind."""
LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
HOST_NAME = re.compile(rf"{LABEL}(\.{LABEL})*")
HOST_NAME_CHARS = 253
LOCAL_NAMES = ("local", "localhost", "lan", "internal", "home.arpa")
"""Ends of names that nobody can have on the Internet."""
LOCAL_NETWORKS: tuple[IPv4Network | IPv6Network, ...] = tuple(
    ip_network(each)
    for each in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8"),
        *("fc00::/7", "fe80::/10", "::1/128"),
    )
)
"""Addresses that nobody can have on the Internet."""


class AuthorityError(Exception):
    """Nothing can be vouched for so; the message says why, to whoever asked."""


@dataclass(frozen=True)
class Names:
    """What a server is called: host names, and addresses."""

    hosts: tuple[str, ...]
    addresses: tuple[Address, ...]

    @classmethod
    def read(cls, texts: Iterable[str]) -> "Names":
        """Raises AuthorityError: one is neither."""
        hosts: list[str] = []
        addresses: list[Address] = []
        for text in texts:
            try:
                addresses.append(ip_address(text.strip("[]")))
            except ValueError:
                hosts.append(_host(text))
        return cls(tuple(dict.fromkeys(hosts)), tuple(dict.fromkeys(addresses)))

    def __str__(self) -> str:
        return ", ".join([*self.hosts, *map(str, self.addresses)])

    def general(self) -> list[x509.GeneralName]:
        return [*map(x509.DNSName, self.hosts), *map(x509.IPAddress, self.addresses)]


def _host(text: str) -> str:
    try:
        host = text.encode("idna").decode().lower()
    except UnicodeError:
        host = ""
    if len(host) > HOST_NAME_CHARS or not HOST_NAME.fullmatch(host):
        raise AuthorityError(f"{text!a} is neither a host name nor an address")
    return host


def new_key() -> Key:
    """Of a kind that every browser, phone and terminal takes."""
    return ec.generate_private_key(ec.SECP256R1())


def new_authority(key: Key, owner: str, names: Names, now: datetime) -> x509.Certificate:
    """A certificate for the authority itself. `owner`: the machine whose it is, as people will read it.

    It vouches for `names`, and for what cannot be on the Internet, and for nothing else: whoever installs it
    need not fear for other sites, even if its key is stolen.
    """
    title = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Doorward on {owner}"[:64])])
    hosts = dict.fromkeys([*names.hosts, *LOCAL_NAMES])
    networks = dict.fromkeys([*map(ip_network, names.addresses), *LOCAL_NETWORKS])
    permitted = [*map(x509.DNSName, hosts), *map(x509.IPAddress, networks)]
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return (
        _dated(x509.CertificateBuilder(), now, now + timedelta(days=AUTHORITY_DAYS))
        .subject_name(title)
        .issuer_name(title)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.NameConstraints(permitted, excluded_subtrees=None), critical=True)
        .add_extension(identifier, critical=False)
        .sign(key, hashes.SHA256())
    )


def new_certificate(
    key: Key, names: Names, authority: x509.Certificate, authority_key: Key, now: datetime
) -> x509.Certificate:
    """A server's, by which it may be called any of `names`. Raises AuthorityError: the authority may not
    vouch for one of them, or not any more."""
    if foreign := [str(name.value) for name in names.general() if not _may_vouch(authority, name)]:
        raise AuthorityError(f"this authority may not vouch for {', '.join(foreign)}; a new one may")
    builder = _builder("Doorward server", names.general(), ExtendedKeyUsageOID.SERVER_AUTH)
    return _signed(builder, key, authority, authority_key, now)


def new_terminal_certificate(
    key: Key, urn: str, authority: x509.Certificate, authority_key: Key, now: datetime
) -> x509.Certificate:
    """A terminal's, good for nothing but to prove that it is the one of that `urn`. Raises AuthorityError."""
    name = x509.UniformResourceIdentifier(urn)
    builder = _builder("Doorward terminal", [name], ExtendedKeyUsageOID.CLIENT_AUTH)
    return _signed(builder, key, authority, authority_key, now)


def names_of(certificate: x509.Certificate) -> Names:
    """What its server may be called."""
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    addresses: Sequence[Address] = [
        each for each in found.get_values_for_type(x509.IPAddress) if isinstance(each, Address)
    ]
    return Names(tuple(found.get_values_for_type(x509.DNSName)), tuple(addresses))


def fingerprint(certificate: x509.Certificate) -> str:
    """As browsers and phones show it."""
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def key_fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the public key (SubjectPublicKeyInfo), in hexadecimal: a renewed certificate keeps it."""
    info = serialization.PublicFormat.SubjectPublicKeyInfo
    return sha256(certificate.public_key().public_bytes(serialization.Encoding.DER, info)).hexdigest()


def pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def key_pem(key: Key) -> bytes:
    """Without a passphrase, which a server would ask for at every start."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _builder(
    title: str, names: Iterable[x509.GeneralName], purpose: x509.ObjectIdentifier
) -> x509.CertificateBuilder:
    """`title`: no name to check, which its space says."""
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, title)]))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
    )


def _signed(
    builder: x509.CertificateBuilder,
    key: Key,
    authority: x509.Certificate,
    authority_key: Key,
    now: datetime,
) -> x509.Certificate:
    """Raises AuthorityError: it has expired."""
    end = authority.not_valid_after_utc
    if now >= end:
        raise AuthorityError(f"this authority has expired, on {end:%Y-%m-%d}; a new one is needed")
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    return (
        _dated(builder, now, min(now + timedelta(days=DAYS), end))
        .issuer_name(authority.subject)
        .public_key(key.public_key())
        .add_extension(issuer, critical=False)
        .sign(authority_key, hashes.SHA256())
    )


def _dated(builder: x509.CertificateBuilder, now: datetime, end: datetime) -> x509.CertificateBuilder:
    number = x509.random_serial_number()
    return builder.serial_number(number).not_valid_before(now - SKEW).not_valid_after(end)


def _usage(signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _may_vouch(authority: x509.Certificate, name: x509.GeneralName) -> bool:
    try:
        limits = authority.extensions.get_extension_for_class(x509.NameConstraints).value
    except x509.ExtensionNotFound:
        return True
    permitted = [each for each in limits.permitted_subtrees or () if isinstance(each, type(name))]
    if isinstance(name, x509.IPAddress):
        return any(name.value in each.value for each in permitted)
    return any(name.value == each.value or name.value.endswith(f".{each.value}") for each in permitted)
