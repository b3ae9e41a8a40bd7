"""What makes the access log tamper-evident: each line ends with its number and a seal, which only a key makes
and which depends on all lines before it. Pure.

A name counts as its keyed word, so that it can be replaced by that word afterwards: whoever is erased leaves
the log, and every seal stays good.
"""

import hashlib
import hmac
import re
from typing import NamedTuple

from server.audit.access_log import NAMED

SEAL_BYTES = 8
"""A truncated HMAC-SHA256: whoever has not the key has one chance in 2^64 to seal a line; NIST SP 800-107r1
(5.3.3) asks for 4 bytes at least, where wrong ones are noticed."""
TORN_LINES = 16
"""A crash leaves part of one line; where it does so again and again, of so many at most."""
_DIGITS = b"[0-9a-f]{%d}" % (2 * SEAL_BYTES)
_SEALED = re.compile(rb"(?P<text>.*) seal=(?P<number>[1-9]\d{0,17})-(?P<seal>" + _DIGITS + rb")")
_ERASED = re.compile(rb'"erased:' + _DIGITS + rb'"')
_TORN = re.compile(rb"torn:" + _DIGITS)


class Link(NamedTuple):
    """Where the chain has come to: so many lines, and the seal of the last."""

    number: int
    seal: bytes


ORIGIN = Link(0, bytes(SEAL_BYTES))


class Sealed(NamedTuple):
    """A line, without its end, taken apart."""

    text: bytes
    link: Link


def sealed(line: bytes) -> Sealed | None:
    """None: the line has no seal."""
    found = _SEALED.fullmatch(line)
    if found is None:
        return None
    return Sealed(found["text"], Link(int(found["number"]), bytes.fromhex(found["seal"].decode())))


def following(key: bytes, before: Link, text: bytes, torn: bytes = b"") -> Link:
    """What seals `text` as the line after `before`. `torn`: what a crash has left between the two, which is
    no line, and which whoever went on has seen."""
    number = before.number + 1
    left = b"\n".join(torn_word(key, piece) for piece in torn.split(b"\n") if piece)
    told = b"".join(
        (before.seal, number.to_bytes(8, "big"), len(left).to_bytes(8, "big"), left, committed(key, text))
    )
    return Link(number, keyed(key, b"line", told))


def with_seal(text: bytes, link: Link) -> bytes:
    """The line as it is written."""
    return b"%s seal=%d-%s" % (text, link.number, link.seal.hex().encode())


def last_sealed(tail: bytes) -> tuple[Link, bytes]:
    """The last sealed line in the end of a file, and what stands behind it without one, as a crash leaves it.
    Where none is sealed: `ORIGIN`, and the last line if it has no end."""
    lines = tail.split(b"\n")
    for at in range(len(lines) - 2, -1, -1):
        if (found := sealed(lines[at])) is not None:
            behind = [line for line in lines[at + 1 :] if line]
            return found.link, b"\n".join(behind) if len(behind) <= TORN_LINES else b""
    return ORIGIN, lines[-1]


def committed(key: bytes, text: bytes) -> bytes:
    """A line of the access log with a keyed word in place of the name; any other line as it is."""
    found = NAMED.match(text)
    if found is None or _ERASED.fullmatch(found["name"]):
        return text
    return text[: found.start("name")] + erased(key, found["name"]) + text[found.end("name") :]


def erased(key: bytes, name: bytes) -> bytes:
    """What stands in a line in place of a name, as it is quoted there, once that person is erased."""
    return b'"erased:%s"' % keyed(key, b"name", name).hex().encode()


def torn_word(key: bytes, piece: bytes) -> bytes:
    """What counts, and may stand, for what a crash has left of a line, which may end within a name."""
    if _TORN.fullmatch(piece):
        return piece
    return b"torn:" + keyed(key, b"torn", committed(key, piece)).hex().encode()


def keyed(key: bytes, purpose: bytes, told: bytes) -> bytes:
    """Nobody without the key can tell it, and of one purpose it says nothing for another."""
    return hmac.digest(key, purpose + b"\0" + told, hashlib.sha256)[:SEAL_BYTES]
