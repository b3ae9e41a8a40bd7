"""Embeddings as the cache's file has them: as they are, or each encrypted for its place in the table."""

from typing import TypeAlias

import numpy as np

from server.access.matching.recogniser import EMBEDDING_SIZE, Embedding
from server.support.cipher import Cipher, DecryptionError

_BYTES = EMBEDDING_SIZE * 4
_Pair: TypeAlias = tuple[Embedding, Embedding]


class EmbeddingBlobs:
    """How the two embeddings of a photo, of the face and of its mirror image, are written and read."""

    def __init__(self, cipher: Cipher | None) -> None:
        """`cipher`: that of the server; None: they are not encrypted."""
        self._cipher = None if cipher is None else cipher.derived(b"embeddings")

    def packed(self, pair: _Pair, sha256: str, pipeline: str) -> tuple[bytes, bytes]:
        """Float32 numbers, little-endian; as they are, or encrypted for this photo and pipeline."""
        face, mirrored = (each.astype("<f4").tobytes() for each in pair)
        if self._cipher is None:
            return face, mirrored
        at_face, at_mirrored = _places(sha256, pipeline)
        return self._cipher.encrypt(face, at_face), self._cipher.encrypt(mirrored, at_mirrored)

    def pair(self, blobs: tuple[object, object], sha256: str, pipeline: str) -> _Pair | None:
        """float32[128] each, with a direction. None: they are not both what `packed` writes for this place,
        with this key."""
        found = [
            self._embedding(blob, place) for blob, place in zip(blobs, _places(sha256, pipeline), strict=True)
        ]
        face, mirrored = found
        return None if face is None or mirrored is None else (face, mirrored)

    def _embedding(self, blob: object, place: bytes) -> Embedding | None:
        plain = self._plain(blob, place) if isinstance(blob, bytes) else b""
        if len(plain) != _BYTES:
            return None
        values = np.frombuffer(plain, dtype="<f4").astype(np.float32)
        return values if np.isfinite(values).all() and values.any() else None

    def _plain(self, blob: bytes, place: bytes) -> bytes:
        if self._cipher is None:
            return blob
        try:
            return self._cipher.decrypt(blob, place)
        except DecryptionError:
            return b""


def _places(sha256: str, pipeline: str) -> tuple[bytes, bytes]:
    face, mirrored = ("\0".join((sha256, pipeline, which)).encode() for which in ("face", "mirrored"))
    return face, mirrored
