"""Embeddings outlive a restart, and a damaged cache costs time, no more."""

import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from server.access.matching.recogniser import DLIB, EMBEDDING_SIZE, Embedding
from server.access.seen import PhotoAccepted, PhotoFlaw, PhotoRefused
from server.gallery.arrivals import Arrival
from server.gallery.cache import CACHE_FILE, EmbeddingCache, copy_of_cache, open_cache
from server.support.errors import StartError
from tests.support.embeddings import person

ADA = PhotoAccepted(person(0), person(1), 200, 0.5)
REFUSED = PhotoRefused(PhotoFlaw.NO_FACE, "no face was found")
Open = Callable[..., EmbeddingCache]
posix = pytest.mark.skipif(sys.platform == "win32", reason="permissions and links of POSIX")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "embeddings.sqlite3"


@pytest.fixture
def reopen(path: Path) -> Iterator[Open]:
    """Opens the cache, as often as wanted, as a restarted server would."""
    opened: list[EmbeddingCache] = []

    def open_again(pipeline: str = DLIB.pipeline) -> EmbeddingCache:
        for each in opened:
            each.close()
        opened[:] = [EmbeddingCache(path, pipeline)]
        return opened[0]

    yield open_again
    for each in opened:
        each.close()


def same(one: object, other: PhotoAccepted) -> bool:
    return (
        isinstance(one, PhotoAccepted)
        and one.embedding.dtype == np.float32
        and np.array_equal(one.embedding, other.embedding)
        and np.array_equal(one.mirrored, other.mirrored)
        and (one.face_pixels, one.sharpness) == (other.face_pixels, other.sharpness)
    )


any_embedding = arrays(
    np.float32, EMBEDDING_SIZE, elements=st.floats(width=32, allow_nan=False, allow_infinity=False)
).filter(np.any)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(any_embedding, any_embedding, st.integers(1, 10_000), st.floats(0, 1e6))
def test_an_accepted_photo_comes_back_exactly(
    reopen: Open, embedding: Embedding, mirrored: Embedding, face_pixels: int, sharpness: float
) -> None:
    outcome = PhotoAccepted(embedding, mirrored, face_pixels, sharpness)
    reopen().put("a", outcome)
    assert same(reopen().get("a"), outcome)


@pytest.mark.parametrize(
    "damage",
    [
        "embedding = NULL",
        "embedding = 'text'",
        "embedding = x'00'",
        "embedding = randomblob(508) || x'0000c07f'",
        "embedding = zeroblob(512)",
        "mirrored = NULL",
        "mirrored = zeroblob(512)",
        "face_pixels = NULL",
        "sharpness = 'sharp'",
        "flaw = 'unheard_of'",
        "flaw = 'no_face', detail = NULL",
    ],
)
def test_a_row_that_we_did_not_write_is_no_row(reopen: Open, path: Path, damage: str) -> None:
    reopen().put("a", ADA)
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute(f"UPDATE photo SET {damage}")
    assert reopen().get("a") is None


def test_a_forgotten_face_leaves_no_bytes_behind(reopen: Open, path: Path) -> None:
    embedding, mirrored = np.random.default_rng(0).random((2, EMBEDDING_SIZE)).astype(np.float32)
    cache = reopen()
    cache.put("a", PhotoAccepted(embedding, mirrored, 100, 10.0))

    def on_disk() -> bytes:
        return b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))

    assert embedding.tobytes() in on_disk() and mirrored.tobytes() in on_disk()
    cache.keep_only([])
    assert embedding.tobytes()[:64] not in on_disk() and mirrored.tobytes()[:64] not in on_disk()


@pytest.mark.parametrize("flaw", [flaw for flaw in PhotoFlaw if flaw is not PhotoFlaw.UNREADABLE])
def test_a_refusal_comes_back(reopen: Open, flaw: PhotoFlaw) -> None:
    reopen().put("a", PhotoRefused(flaw, "because"))
    assert reopen().get("a") == PhotoRefused(flaw, "because")


def test_an_unreadable_photo_is_looked_at_again(reopen: Open) -> None:
    cache = reopen()
    cache.put("a", PhotoRefused(PhotoFlaw.UNREADABLE, "cut short"))
    assert cache.get("a") is None


def test_an_unknown_photo_is_unknown(reopen: Open) -> None:
    assert reopen().get("a") is None


def test_the_last_outcome_counts(reopen: Open) -> None:
    cache = reopen()
    cache.put("a", REFUSED)
    cache.put("a", ADA)
    assert same(cache.get("a"), ADA)


def test_photos_that_are_gone_are_forgotten(reopen: Open) -> None:
    cache = reopen()
    for name in "abc":
        cache.put(name, ADA)
    cache.keep_only(["b", "z"])
    assert [name for name in "abcz" if cache.get(name)] == ["b"]
    cache.keep_only([])
    assert cache.get("b") is None


def test_outcomes_of_another_pipeline_are_not_used_and_not_lost(reopen: Open) -> None:
    reopen().put("a", ADA)
    other = reopen("better models")
    assert other.get("a") is None
    other.put("a", REFUSED)
    assert other.get("a") == REFUSED
    assert same(reopen().get("a"), ADA)


def test_an_embedding_of_another_size_is_not_used(reopen: Open) -> None:
    cache = reopen()
    cache.put("a", PhotoAccepted(np.ones(64, np.float32), person(0), 1, 1.0))
    assert cache.get("a") is None


@pytest.mark.parametrize("damage", [b"rubbish" * 1000, b"SQLite format 3\x00" + b"\xff" * 5000, b"x"])
def test_a_damaged_file_is_made_anew(reopen: Open, path: Path, damage: bytes) -> None:
    cache = reopen()
    cache.put("a", ADA)
    cache.close()
    path.write_bytes(damage)
    cache = reopen()
    assert cache.get("a") is None
    cache.put("b", ADA)
    assert same(reopen().get("b"), ADA)


def damage_inside(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[8192:] = b"\xff" * (len(data) - 8192)
    path.write_bytes(data)


def test_damage_inside_the_file_is_found_at_the_start(reopen: Open, path: Path) -> None:
    cache = reopen()
    for number in range(200):
        cache.put(f"{number:03}", ADA)
    cache.close()
    damage_inside(path)
    cache = reopen()
    assert cache.get("000") is None
    cache.put("000", ADA)
    assert same(cache.get("000"), ADA)


def test_damage_while_running_costs_a_second_look(
    reopen: Open, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cache = reopen()
    cache.keep_arrivals([Arrival("Ada", "a", 1)])
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.executescript("DROP TABLE photo; DROP TABLE arrival")
    assert cache.get("a") is None and cache.arrivals() == []
    assert caplog.text.count("cannot be read") == 2


def test_an_empty_file_is_a_new_cache(reopen: Open, path: Path) -> None:
    path.touch()
    cache = reopen()
    cache.put("a", ADA)
    assert same(cache.get("a"), ADA)


def test_a_place_that_cannot_be_used_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="embeddings"):
        EmbeddingCache(tmp_path / "nowhere" / "embeddings.sqlite3", DLIB.pipeline)


def test_a_cache_that_cannot_be_written_is_no_failure(
    reopen: Open, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cache = reopen()
    cache.put("a", ADA)
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute(
            "CREATE TRIGGER full BEFORE INSERT ON photo BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
        )
        database.execute(
            "CREATE TRIGGER stuck BEFORE DELETE ON photo BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
        )
    cache.put("b", ADA)
    cache.keep_only([])
    assert caplog.text.count("cannot be written: disk is full") == 2
    assert same(cache.get("a"), ADA) and cache.get("b") is None


@posix
def test_faces_are_for_their_owner_only(reopen: Open, path: Path) -> None:
    reopen()
    assert path.stat().st_mode & 0o077 == 0
    path.chmod(0o644)
    reopen().put("a", ADA)
    assert path.stat().st_mode & 0o077 == 0 and same(reopen().get("a"), ADA)


@posix
def test_a_link_in_the_files_place_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "target"
    (tmp_path / CACHE_FILE).symlink_to(target)
    with pytest.raises(StartError, match=r"logs: cannot use .*link"):
        open_cache(tmp_path, DLIB.pipeline)
    assert not target.exists()


def test_the_logs_folder_is_made_where_it_is_missing(tmp_path: Path) -> None:
    open_cache(tmp_path / "deep" / "logs", DLIB.pipeline).close()
    assert (tmp_path / "deep" / "logs" / CACHE_FILE).exists()


def test_a_logs_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "logs").write_bytes(b"")
    with pytest.raises(StartError, match="logs: cannot use"):
        open_cache(tmp_path / "logs", DLIB.pipeline)


def test_a_copy_for_commands_makes_no_folder(tmp_path: Path) -> None:
    copy_of_cache(tmp_path / "logs", DLIB.pipeline).close()
    assert not (tmp_path / "logs").exists()


def test_threads_may_share_it(reopen: Open) -> None:
    cache = reopen()
    found: list[bool] = []

    def work(name: str) -> None:
        for _ in range(20):
            cache.put(name, ADA)
            found.append(same(cache.get(name), ADA))

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 80


def test_it_is_a_plain_sqlite_file(reopen: Open, path: Path) -> None:
    reopen().put("a", ADA)
    reopen().close()
    database = sqlite3.connect(path)
    assert database.execute("SELECT count(*) FROM photo").fetchone() == (1,)
    database.close()


OLD_TABLE = """
CREATE TABLE photo (
    sha256 TEXT NOT NULL, pipeline TEXT NOT NULL,
    embedding BLOB, face_pixels INTEGER, sharpness REAL, flaw TEXT, detail TEXT,
    PRIMARY KEY (sha256, pipeline)
)
"""


@pytest.mark.parametrize("table", [OLD_TABLE, "CREATE TABLE photo (x BLOB)"])
def test_a_file_of_another_layout_is_made_anew(reopen: Open, path: Path, table: str) -> None:
    face = np.random.default_rng(0).bytes(512)
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute(table)
        columns = table.count(",") - 1 if table is OLD_TABLE else 1
        values = ["a", DLIB.pipeline, face, 100, 10.0, None, None][:columns] if columns > 1 else [face]
        database.execute(f"INSERT INTO photo VALUES ({', '.join('?' * len(values))})", values)
    assert face[:64] in path.read_bytes()
    cache = reopen()
    assert cache.get("a") is None and cache.arrivals() == []
    assert face[:64] not in path.read_bytes()
    cache.put("a", ADA)
    assert same(reopen().get("a"), ADA)


def test_the_order_of_arrival_outlives_a_restart(reopen: Open) -> None:
    arrivals = [Arrival("Ada", "a", 7), Arrival("Bob", "a", 3), Arrival('Zoë "Z"', "b", 9)]
    reopen().keep_arrivals([*arrivals, Arrival("Gone", "c", 1)])
    cache = reopen()
    cache.keep_arrivals(arrivals)
    assert sorted(reopen().arrivals()) == sorted(arrivals)


def test_an_order_that_we_did_not_write_is_no_order(reopen: Open, path: Path) -> None:
    reopen().keep_arrivals([Arrival("Ada", "a", 1), Arrival("Bob", "b", 2)])
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("UPDATE arrival SET number = 'first' WHERE person = 'Ada'")
    assert reopen().arrivals() == [Arrival("Bob", "b", 2)]


def test_an_order_that_cannot_be_kept_is_no_failure(reopen: Open, caplog: pytest.LogCaptureFixture) -> None:
    cache = reopen()
    cache.keep_arrivals([Arrival("Ada", "a", 1)])
    cache.keep_arrivals([Arrival("Bob", "a", 1), Arrival("Bob", "a", 2)])
    assert "cannot be written" in caplog.text
    assert cache.arrivals() == [Arrival("Ada", "a", 1)]


def test_a_copy_knows_what_the_file_knows_and_leaves_it_alone(path: Path, reopen: Open) -> None:
    server = reopen()
    server.put("a" * 64, ADA)
    server.keep_arrivals([Arrival("Ada", "a" * 64, 7)])
    before = path.read_bytes()
    copy = EmbeddingCache(path, DLIB.pipeline, as_copy=True)
    assert same(copy.get("a" * 64), ADA) and copy.arrivals() == [Arrival("Ada", "a" * 64, 7)]
    copy.put("b" * 64, ADA)
    copy.keep_only(["b" * 64])
    copy.keep_arrivals([])
    assert copy.get("a" * 64) is None and same(copy.get("b" * 64), ADA)
    copy.close()
    assert path.read_bytes() == before and list(path.parent.iterdir()) == [path]
    assert same(server.get("a" * 64), ADA) and server.get("b" * 64) is None


@pytest.mark.parametrize("content", [None, b"", b"no database at all, and long enough" * 40])
def test_a_copy_of_nothing_is_empty(
    path: Path, content: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    if content is not None:
        path.write_bytes(content)
    copy = EmbeddingCache(path, DLIB.pipeline, as_copy=True)
    assert copy.get("a" * 64) is None and not copy.arrivals()
    copy.put("a" * 64, ADA)
    assert same(copy.get("a" * 64), ADA)
    copy.close()
    assert (path.read_bytes() if path.exists() else None) == content
    assert bool(caplog.records) == bool(content)
