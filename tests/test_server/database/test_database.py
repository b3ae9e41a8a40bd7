"""Opening, reading and writing; what cannot be used is told in words."""

import asyncio
import os
import sqlite3
import stat
import threading
import time
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from server.database.database import DamagedError, Database, DatabaseError, address_of, opened
from server.database.migrate import FOLDER, STEPS


def count(connection: Connection) -> int:
    return int(connection.execute(text("SELECT count(*) FROM thing")).scalar_one())


def fill(connection: Connection) -> None:
    connection.execute(text("CREATE TABLE IF NOT EXISTS thing (value INTEGER)"))
    connection.execute(text("INSERT INTO thing VALUES (1)"))


def doubled(connection: Connection) -> None:
    connection.execute(text("INSERT INTO thing SELECT * FROM thing"))


def test_what_is_written_is_read_and_is_its_owners_alone(tmp_path: Path) -> None:
    address = address_of(tmp_path, None)
    with opened(address) as database:
        database.write_here(fill)
        assert database.read_here(count) == 1
        assert asyncio.run(database.read(count)) == 1
    for path in tmp_path.iterdir():
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    with opened(address) as database:
        assert database.read_here(count) == 1


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    def half(connection: Connection) -> None:
        fill(connection)
        raise RuntimeError("halfway")

    with opened(address_of(tmp_path, None)) as database:
        database.write_here(fill)
        with pytest.raises(RuntimeError, match="halfway"):
            database.write_here(half)
        assert database.read_here(count) == 1


def test_a_reader_does_not_wait_for_a_writer(tmp_path: Path) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(connection: Connection) -> None:
        fill(connection)
        begun.set()
        assert go_on.wait(60)

    with opened(address_of(tmp_path, None)) as database:
        database.write_here(fill)
        writing = threading.Thread(target=database.write_here, args=(slow,))
        writing.start()
        assert begun.wait(60)
        assert database.read_here(count) == 1
        go_on.set()
        writing.join()
        assert database.read_here(count) == 2


def test_a_write_is_done_though_nobody_waits_any_more(tmp_path: Path) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(connection: Connection) -> None:
        begun.set()
        assert go_on.wait(60)
        fill(connection)

    async def cancelled(database: Database) -> None:
        writing = asyncio.ensure_future(database.write(slow))
        await asyncio.to_thread(begun.wait, 60)
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        go_on.set()

    with opened(address_of(tmp_path, None)) as database:
        asyncio.run(cancelled(database))
        assert database.write_here(count) == 1


def test_a_damaged_file_is_told_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "doorward.sqlite3"
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(DamagedError, match=r"doorward\.sqlite3: file is not a database"):
        Database.open(address_of(tmp_path, None))
    assert path.read_bytes() == b"no database" * 1000


def test_a_damaged_page_is_found_at_the_start(tmp_path: Path) -> None:
    with opened(address_of(tmp_path, None)) as database:
        database.write_here(fill)
        for _ in range(9):
            database.write_here(
                lambda connection: connection.execute(text("INSERT INTO thing SELECT * FROM thing"))
            )
    path = tmp_path / "doorward.sqlite3"
    data = bytearray(path.read_bytes())
    data[-4096:-2048] = b"\xff" * 2048
    path.write_bytes(data)
    with pytest.raises(DamagedError, match="damaged"):
        Database.open(address_of(tmp_path, None))


def test_the_layout_of_a_newer_version_is_not_touched(tmp_path: Path) -> None:
    Database.open(address_of(tmp_path, None)).close()
    with sqlite3.connect(tmp_path / "doorward.sqlite3") as file:
        file.execute("UPDATE alembic_version SET version_num = '9999'")
        file.execute(
            "INSERT INTO alembic_version SELECT '9999' WHERE NOT EXISTS (SELECT 1 FROM alembic_version)"
        )
    file.close()
    with pytest.raises(DatabaseError, match="9999, is one that only a newer version knows"):
        Database.open(address_of(tmp_path, None))


def test_the_steps_are_those_that_alembic_knows_in_its_order() -> None:
    script = ScriptDirectory(str(FOLDER))
    assert [step.revision for step in script.walk_revisions()][::-1] == STEPS


def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "doorward.sqlite3").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DatabaseError, match="something that is no file"):
        Database.open(address_of(tmp_path, None))
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize(
    ("address", "words"),
    [("nonsense", "this is no address"), ("mysql://a:secret@b/c", "mysql is not supported")],
)
def test_a_wrong_address_is_explained_without_its_password(address: str, words: str) -> None:
    with pytest.raises(DatabaseError, match=words) as raised:
        Database.open(address)
    assert "secret" not in str(raised.value)


def test_a_server_that_does_not_answer_is_told_without_the_password() -> None:
    with pytest.raises(DatabaseError) as raised:
        Database.open("postgresql://user:secret@127.0.0.1:1/nothing")
    assert "secret" not in str(raised.value) and "127.0.0.1" in str(raised.value)


def test_writes_that_wait_are_counted(tmp_path: Path) -> None:
    with opened(address_of(tmp_path, None)) as database:
        begun, go_on = threading.Event(), threading.Event()

        def slow(_: Connection) -> None:
            begun.set()
            go_on.wait(10)

        writers = [threading.Thread(target=database.write_here, args=(work,)) for work in (slow, fill)]
        writers[0].start()
        assert begun.wait(10)
        writers[1].start()
        while database.waiting < 2:
            time.sleep(0)
        go_on.set()
        for writer in writers:
            writer.join(10)
        assert database.waiting == 0
