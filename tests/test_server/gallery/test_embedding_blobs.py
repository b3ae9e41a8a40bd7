"""Embeddings in the cache's file, encrypted: none of their bytes, and each at its place alone."""

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from server.access.matching.recogniser import DLIB
from server.access.seen import PhotoAccepted, PhotoFlaw, PhotoRefused
from server.gallery.cache import EmbeddingCache
from server.support.cipher import Cipher
from tests.support.embeddings import person

ADA, BOB = PhotoAccepted(person(0), person(1), 200, 0.5), PhotoAccepted(person(2), person(3), 90, 0.25)
REFUSED = PhotoRefused(PhotoFlaw.NO_FACE, "no face was found")
CIPHER, OTHER = Cipher(b"k" * 32), Cipher(b"o" * 32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "embeddings.sqlite3"


def opened(path: Path, cipher: Cipher | None, as_copy: bool = False) -> "closing[EmbeddingCache]":
    return closing(EmbeddingCache(path, DLIB.pipeline, as_copy=as_copy, cipher=cipher))


def fill(path: Path, cipher: Cipher | None) -> None:
    with opened(path, cipher) as cache:
        cache.put("ada", ADA)
        cache.put("bob", BOB)
        cache.put("none", REFUSED)


def has_all(cache: EmbeddingCache) -> bool:
    found = [cache.get(sha256) for sha256 in ("ada", "bob")]
    return cache.get("none") == REFUSED and all(
        isinstance(one, PhotoAccepted)
        and np.array_equal(one.embedding, other.embedding)
        and np.array_equal(one.mirrored, other.mirrored)
        and one.face_pixels == other.face_pixels
        for one, other in zip(found, (ADA, BOB), strict=True)
    )


def shows_faces(path: Path) -> bool:
    """Whether raw embeddings lie in the folder of this file."""
    data = b"".join(each.read_bytes() for each in path.parent.iterdir())
    faces = (ADA.embedding, ADA.mirrored, BOB.embedding, BOB.mirrored)
    return any(face.astype("<f4").tobytes()[:64] in data for face in faces)


def test_nothing_of_a_face_lies_in_the_file_and_all_comes_back(path: Path) -> None:
    fill(path, CIPHER)
    assert not shows_faces(path)
    for as_copy in (False, True):
        with opened(path, CIPHER, as_copy) as cache:
            assert has_all(cache)
            assert len(cache.looks(["ada", "bob"])[DLIB.pipeline]) == 4


def test_what_was_there_before_is_encrypted_when_it_is_opened_with_a_key(path: Path) -> None:
    fill(path, None)
    assert shows_faces(path)
    with opened(path, CIPHER) as cache:
        assert has_all(cache)
    assert not shows_faces(path)


def test_a_copy_is_read_with_the_key_before_the_file_is_encrypted(path: Path) -> None:
    fill(path, None)
    with opened(path, CIPHER, as_copy=True) as cache:
        assert has_all(cache)
    assert shows_faces(path)


def test_without_the_key_photos_count_as_not_seen(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    fill(path, CIPHER)
    before = path.read_bytes()
    caplog.set_level(logging.INFO)
    for cipher in (None, OTHER):
        with opened(path, cipher) as cache:
            assert cache.get("ada") is None and cache.looks(["ada"]) == {}
    assert path.read_bytes() == before and caplog.text == ""


def test_an_embedding_counts_for_its_photo_and_its_side_alone(path: Path) -> None:
    fill(path, CIPHER)
    for change in (
        "UPDATE photo SET embedding = (SELECT embedding FROM photo WHERE sha256 = 'ada')"
        " WHERE sha256 = 'bob'",
        "UPDATE photo SET embedding = mirrored, mirrored = embedding WHERE sha256 = 'ada'",
    ):
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            database.execute(change)
    with opened(path, CIPHER) as cache:
        assert cache.get("ada") is None and cache.get("bob") is None


@pytest.mark.parametrize("new", [None, OTHER])
def test_another_key_or_none_takes_over_what_the_former_one_encrypted(path: Path, new: Cipher | None) -> None:
    fill(path, CIPHER)
    with opened(path, new) as cache:
        cache.rewrap(CIPHER)
        assert has_all(cache)
    with opened(path, new) as cache:
        assert has_all(cache)
    assert shows_faces(path) == (new is None)
