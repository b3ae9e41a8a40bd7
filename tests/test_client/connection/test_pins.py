"""A server that is known by its key: that one and no other, and nobody else gets the token."""

import ssl
from datetime import datetime, timezone
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.hashes import SHA256, Hash
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from client.connection.pins import fingerprint, read_pin
from client.exits import Exit
from client.tls import context
from server.commands.authority import key_pem
from tests.support.authority import Authority, Pair
from tests.support.fake_server import FakeServer, wait_until
from tests.support.running_link import running

NOW = datetime.now(timezone.utc)


def made(key: CertificateIssuerPrivateKeyTypes, serial: int | None = None) -> x509.Certificate:
    title = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x" * 60)])
    builder = x509.CertificateBuilder().subject_name(title).issuer_name(title)
    builder = builder.not_valid_before(NOW).not_valid_after(NOW.replace(year=NOW.year + 50))
    builder = builder.public_key(key.public_key()).serial_number(serial or x509.random_serial_number())
    return builder.sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else SHA256())


def told(certificate: x509.Certificate) -> str:
    digest = Hash(SHA256())
    digest.update(certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    return digest.finalize().hex()


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP256R1()),
        rsa.generate_private_key(65537, 2048),
        ed25519.Ed25519PrivateKey.generate(),
    ],
    ids=["EC", "RSA", "Ed25519"],
)
def test_the_fingerprint_is_that_of_the_key(key: CertificateIssuerPrivateKeyTypes) -> None:
    assert fingerprint(made(key).public_bytes(Encoding.DER)) == told(made(key))


def test_what_is_no_certificate_has_none() -> None:
    whole = made(ec.generate_private_key(ec.SECP256R1())).public_bytes(Encoding.DER)
    for length in range(0, len(whole), 7):
        with pytest.raises(ValueError, match=r"ends in the middle|no certificate"):
            fingerprint(whole[:length])
    for wrong in (b"", b"\x30", b"\x31\x00", b"\x30\x80", b"\x30\x84\xff\xff\xff\xff", b"\x30\x02\x30\x00"):
        with pytest.raises(ValueError, match=r"ends in the middle|no certificate"):
            fingerprint(wrong)


def test_a_pin_may_be_written_as_other_programs_show_it() -> None:
    assert read_pin("AB:" * 31 + "CD") == "ab" * 31 + "cd"
    for wrong in ("", "ab", "x" * 64, "ab" * 33):
        with pytest.raises(ValueError, match="is not a SHA-256 fingerprint"):
            read_pin(wrong)


def server_side(pair: Pair) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(pair.cert, pair.key)
    return made


def pin_of(pair: Pair) -> str:
    return told(x509.load_pem_x509_certificate(pair.cert.read_bytes()))


def test_no_authority_needs_to_vouch_for_the_key_that_is_pinned(tmp_path: Path) -> None:
    pair = Authority(tmp_path).server
    trusting = context(None, pinned=True, cert=None, key=None)
    pins = frozenset({"00" * 32, pin_of(pair)})
    with FakeServer(tls=server_side(pair)) as server, running(server.port, trusting, pins=pins) as run:
        wait_until(run.answered(1), "an answer")


@pytest.mark.parametrize("vouched", [False, True], ids=["alone", "beside an authority"])
def test_another_key_ends_the_terminal_before_it_says_its_token(tmp_path: Path, vouched: bool) -> None:
    authority = Authority(tmp_path)
    trusting = context(authority.ca if vouched else None, pinned=not vouched, cert=None, key=None)
    pins = frozenset({"00" * 32})
    with FakeServer(tls=server_side(authority.server)) as server:
        with running(server.port, trusting, pins=pins) as run:
            wait_until(lambda: run.fatal, "the distrust")
        assert not server.hellos
    assert run.fatal and run.fatal.code is Exit.REFUSED
    assert f"its fingerprint is {pin_of(authority.server)}, --pin says {'00' * 32};" in run.fatal.message


def element(tag: bytes, content: bytes) -> bytes:
    return tag + b"\x82" + len(content).to_bytes(2, "big") + content


def disguised(certificate: bytes, spki: bytes, indefinite: bool) -> bytes:
    """The certificate, whose algorithm has another key as its parameters: who takes the encoding for DER
    comes upon that before the certificate's own. OpenSSL takes it for what it is."""
    whole, head = certificate[4:], b"\xa0\x03\x02\x01\x02\x02\x01"
    body, signature = (
        whole[4 : 4 + int.from_bytes(whole[2:4], "big")],
        whole[4 + int.from_bytes(whole[2:4], "big") :],
    )
    number = body[len(head) : len(head) + 1]
    rest = body[len(head) + 1 :]
    algorithm, rest = rest[2 : 2 + rest[1]], rest[2 + rest[1] :]
    if indefinite:
        algorithm = b"\x30\x80" + algorithm + b"\x30\x80\x05\x00" + spki + bytes(4)
    else:  # the tag of a sequence in two bytes, of which the second is taken for the length
        hidden = element(b"\x30", b"\x05\x00" * 3 + spki)
        algorithm = element(b"\x3f\x10", algorithm + hidden)
    return element(b"\x30", element(b"\x30", head + number + algorithm + rest) + signature)


@pytest.mark.parametrize("indefinite", [True, False], ids=["no length", "a tag of two bytes"])
def test_a_key_that_only_lies_in_the_certificate_is_not_the_servers(tmp_path: Path, indefinite: bool) -> None:
    ours, evil = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    spki = ours.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    certificate = disguised(made(evil, serial=5).public_bytes(Encoding.DER), spki, indefinite)
    pair = tmp_path / "evil.pem"
    pair.write_text(ssl.DER_cert_to_PEM_cert(certificate) + key_pem(evil).decode())
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pair)
    trusting = context(None, pinned=True, cert=None, key=None)
    with FakeServer(tls=tls) as server:
        with running(server.port, trusting, pins=frozenset({sha256(spki).hexdigest()})) as run:
            wait_until(lambda: run.fatal, "the distrust")
        assert not server.hellos
    assert run.fatal and "cannot be compared with --pin: it is no certificate" in run.fatal.message


def test_beside_an_authority_that_must_vouch_for_it_too(tmp_path: Path) -> None:
    pair, other = Authority(tmp_path / "ours").server, Authority(tmp_path / "other")
    trusting = context(other.ca, pinned=False, cert=None, key=None)
    with FakeServer(tls=server_side(pair)) as server:
        with running(server.port, trusting, pins=frozenset({pin_of(pair)})) as run:
            wait_until(lambda: run.fatal, "the distrust")
        assert not server.hellos
    assert run.fatal and "certificate is not trusted" in run.fatal.message


def test_what_the_terminal_shows_is_read_when_it_starts(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    pair, other = authority.terminal("front"), authority.terminal("back")
    context(authority.ca, pinned=False, cert=pair.cert, key=pair.key)
    with pytest.raises(ValueError, match="KEY_VALUES_MISMATCH"):
        context(authority.ca, pinned=False, cert=pair.cert, key=other.key)
    with pytest.raises(ValueError, match="No such file"):
        context(authority.ca, pinned=False, cert=tmp_path / "none.pem", key=other.key)
    with pytest.raises(ValueError, match="--ca"):
        context(tmp_path / "none.pem", pinned=False, cert=None, key=None)
