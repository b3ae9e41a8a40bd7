"""How the records of one file lie in it: as they are, or each encrypted for its place in that file."""

import secrets
from pathlib import Path
from typing import BinaryIO

from server.recording.format import MAX_RECORD_BYTES, FormatError, pack_encrypted_mark, salt_of
from server.support.cipher import ADDED_BYTES, Cipher, DecryptionError
from server.support.framing import TooLongError, read_framed
from server.support.private_files import replacing_private, write_whole
from wire.framing import HEADER_BYTES, framed

SALT_BYTES = 16
"""Random, of each file: its records have a key of their own, and can be read in no other file."""


class Wrapping:
    """`beginning`: what stands in the file before its header. Without a cipher records lie as they are."""

    def __init__(self, beginning: bytes = b"", cipher: Cipher | None = None) -> None:
        """`cipher`: of this file alone."""
        self.beginning = beginning
        self._cipher = cipher

    @property
    def encrypts(self) -> bool:
        return self._cipher is not None

    @classmethod
    def new(cls, cipher: Cipher | None) -> "Wrapping":
        """For a file that is begun. `cipher`: of all recordings; None: they are not encrypted."""
        return cls() if cipher is None else cls.salted(secrets.token_bytes(SALT_BYTES), cipher)

    @classmethod
    def salted(cls, salt: bytes, cipher: Cipher) -> "Wrapping":
        return cls(pack_encrypted_mark(salt), cipher.derived(b"recording " + salt))

    @classmethod
    def of(cls, file: BinaryIO, cipher: Cipher | None) -> "Wrapping":
        """That of this file, which then stands at its header. Raises FormatError, OSError."""
        file.seek(0)
        record = _read(file, MAX_RECORD_BYTES)
        salt = None if record is None else salt_of(record)
        if salt is None:
            file.seek(0)
            return cls()
        if cipher is None:
            raise FormatError("it is encrypted, and encryption_key is not set")
        return cls.salted(salt, cipher)

    def wrap(self, record: bytes, at: int) -> bytes:
        """`record`: with its length. `at`: the number of bytes before it in the file."""
        if self._cipher is None:
            return record
        return framed(self._cipher.encrypt(record[HEADER_BYTES:], _place(at)))

    def next(self, file: BinaryIO) -> bytes | None:
        """The next record, without its length; None where the file ends or breaks off. Raises FormatError,
        OSError."""
        if self._cipher is None:
            return _read(file, MAX_RECORD_BYTES)
        at = file.tell()
        record = _read(file, MAX_RECORD_BYTES + ADDED_BYTES)
        try:
            return None if record is None else self._cipher.decrypt(record, _place(at))
        except DecryptionError:
            raise FormatError(
                f"what stands at byte {at} cannot be decrypted: it was changed, or encrypted by another key"
            ) from None

    def whole(self, records: list[bytes]) -> bytes:
        """A file of these records, each with its length."""
        data = bytearray(self.beginning)
        for record in records:
            data += self.wrap(record, len(data))
        return bytes(data)


def rewrap(path: Path, old: Cipher | None, new: Cipher | None) -> bool:
    """Have this file's records be encrypted by `new`, or not at all; whether they were not. `old`: by which
    they may be encrypted. What breaks off at its end is left out. Raises FormatError, OSError: the file is as
    it was."""
    with path.open("rb") as file:
        wrapping = _found(file, new)
        if wrapping is not None and wrapping.encrypts == (new is not None):
            return False
        wrapping = wrapping or Wrapping.of(file, old)
        written, at = Wrapping.new(new), 0
        with replacing_private(path) as whole:
            write_whole(whole, written.beginning)
            at = len(written.beginning)
            while (record := wrapping.next(file)) is not None:
                data = written.wrap(framed(record), at)
                write_whole(whole, data)
                at += len(data)
    return True


def _found(file: BinaryIO, cipher: Cipher | None) -> Wrapping | None:
    """That of this file, by this key or none; None: it is encrypted by another."""
    try:
        wrapping = Wrapping.of(file, cipher)
        wrapping.next(file)
    except FormatError:
        return None
    return Wrapping.of(file, cipher)


def _place(at: int) -> bytes:
    return at.to_bytes(8, "big")


def _read(file: BinaryIO, limit: int) -> bytes | None:
    try:
        return read_framed(file, limit)
    except TooLongError:
        raise FormatError("not a recording, or a damaged one: a record is too long") from None
