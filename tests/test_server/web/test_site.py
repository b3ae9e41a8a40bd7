"""A site is handed out as one archive, and brought in from one."""

import asyncio
import io
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from fastapi.testclient import TestClient

from server.history.rows import Row
from server.history.tables import DECISION
from server.site.archive import export
from server.site.restoring import open_archive
from server.web import room
from server.web.zip_stream import CHUNK_BYTES, CHUNKS, streamed
from tests.support.console import Site
from tests.support.histories import decision, fill
from tests.support.people import followed_site
from tests.support.site import Server, listed, photo, put

Followed = tuple[Site, Server]
PASSPHRASE = "correct horse battery"


@pytest.fixture
def followed(tmp_path: Path) -> Iterator[Followed]:
    put(tmp_path / "faces", jane_doe=photo(1), john_roe=photo(2))
    with followed_site(tmp_path) as made:
        yield made


def recent(number: int) -> Row:
    """Decision `number`, of this hour."""
    return decision(number, moment=datetime.now(timezone.utc) - timedelta(minutes=number + 1))


def exported(admin: TestClient, passphrase: str | None) -> bytes:
    answer = admin.post("/api/v1/site/export", json={"passphrase": passphrase})
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/zip", answer.text
    return answer.content


def sent(admin: TestClient, archive: bytes) -> str:
    answer = admin.post("/api/v1/site/archives", content=archive)
    assert answer.status_code == 201 and answer.json()["bytes"] == len(archive), answer.text
    return str(answer.json()["archive"])


@pytest.mark.parametrize("passphrase", [None, PASSPHRASE])
def test_a_site_is_exported_whole(followed: Followed, passphrase: str | None) -> None:
    site, _ = followed
    fill(site.database, *(decision(number, "Jané Doe") for number in range(3)))
    admin = site.browser("admin")
    archive = open_archive(io.BytesIO(exported(admin, passphrase)), passphrase)
    assert sorted(map(str, archive.photos)) == ["jane_doe.jpg", "john_roe.jpg"]
    assert set(archive.tables) == {"decision", "visit", "act", "terminal_event"}
    assert [row["name"] for row in archive.rows("decision")] == ["Jané Doe"] * 3
    assert site.record.acts[-1].details == {"encrypted": "no" if passphrase is None else "yes"}


@pytest.mark.parametrize("mode", ["merge", "replace"])
def test_decisions_come_with_an_archive_once(followed: Followed, mode: str) -> None:
    site, _ = followed
    fill(site.database, *(recent(number) for number in range(3)))
    admin = site.browser("admin")
    archive = exported(admin, None)
    site.database.write_here(lambda sql: sql.execute(DECISION.delete().where(DECISION.c.id != "d1")))
    given = {"archive": sent(admin, archive)}
    looked = admin.post("/api/v1/site/import/look", json=given).json()
    assert (looked["decisions"], looked["known"]) == (2, 1)
    for added in (2, 0):
        done = admin.post("/api/v1/site/import", json={**given, "mode": mode})
        assert done.status_code == 200 and done.json()["decisions"] == added, done.text
        assert site.record.acts[-1].details["decisions"] == str(added)
    shown = admin.get("/api/v1/decisions").json()["decisions"]
    assert {each["id"]: each["imported"] for each in shown} == {"d0": True, "d1": False, "d2": True}
    assert "came with an archive" in admin.get("/log/d0").text
    assert "came with an archive" not in admin.get("/log/d1").text


def test_an_archive_whose_history_is_none_changes_nothing(followed: Followed) -> None:
    site, _ = followed
    fill(site.database, {**recent(1), "nearest": "[1]"})
    admin = site.browser("admin")
    given = {"archive": sent(admin, exported(admin, None))}
    for address, more in (("/look", {}), ("", {"mode": "replace"})):
        answer = admin.post(f"/api/v1/site/import{address}", json={**given, **more})
        assert answer.status_code == 422 and "nearest" in answer.json()["detail"]
    assert "site_imported" not in " ".join(site.record.lines())


def test_a_passphrase_that_is_guessed_too_soon_is_refused(followed: Followed) -> None:
    answer = followed[0].browser("admin").post("/api/v1/site/export", json={"passphrase": "short"})
    assert answer.status_code == 422


def test_what_is_missing_is_merged_after_a_look(followed: Followed) -> None:
    site, server = followed
    admin = site.browser("admin")
    archive = exported(admin, PASSPHRASE)
    admin.delete("/api/v1/people/John Roe")
    ident = sent(admin, archive)
    asked = {"archive": ident, "passphrase": PASSPHRASE}
    looked = admin.post("/api/v1/site/import/look", json=asked).json()
    assert looked["new"] == {"count": 1, "first": ["john_roe.jpg"]} and looked["same"]["count"] == 1
    assert listed(server.faces) == ["jane_doe.jpg"], "a look changes nothing"
    wrong = admin.post("/api/v1/site/import/look", json={**asked, "passphrase": "another passphrase"})
    assert wrong.status_code == 422 and "passphrase is wrong" in wrong.json()["detail"]
    done = admin.post("/api/v1/site/import", json={**asked, "mode": "merge"})
    assert done.status_code == 200, done.text
    assert listed(server.faces) == ["jane_doe.jpg", "john_roe.jpg"]
    assert site.record.acts[-1].details == {"mode": "merge", "photos": "2", "decisions": "0"}


def test_everything_is_replaced(followed: Followed) -> None:
    site, server = followed
    admin = site.browser("admin")
    ident = sent(admin, exported(admin, None))
    put(server.faces, mary_major=photo(5))
    server.until(lambda: "Mary Major" in server.watcher.gallery)
    done = admin.post("/api/v1/site/import", json={"archive": ident, "mode": "replace"}).json()
    assert done["gone"]["first"] == ["mary_major.jpg"]
    assert listed(server.faces) == ["jane_doe.jpg", "john_roe.jpg"]


OURS = """\
[people."Jane Doe"]
disabled = true

[terminals.lab]
liveness = "challenge"
"""
THEIRS = """\
confirmed = [["Jane Doe", "John Roe"]]

[terminals.default]
liveness = "off"
attempts = 0

[terminals.lab]
liveness = "off"
"""


def elsewhere(server: Server, people: str | None) -> bytes:
    """An archive of the same photos with another people.toml."""
    file = io.BytesIO()
    data = None if people is None else people.encode()
    export(server.faces, data, {}, file, moment=datetime.now(timezone.utc))
    return file.getvalue()


def test_what_a_merge_would_change_at_the_doors_is_told_and_written_down_first(followed: Followed) -> None:
    site, server = followed
    (server.faces / "people.toml").write_text(OURS)
    server.until(lambda: "lab" in server.roster.roster.terminals)
    admin = site.browser("admin")
    given = {"archive": sent(admin, elsewhere(server, THEIRS))}
    default = "liveness off, was not laid down; attempts 0, was not laid down"
    merging = [
        f"terminal default: {default}",
        "terminal lab: attempts 0, was not laid down",
        "pair Jane Doe and John Roe: confirmed yes, was no",
    ]
    assert admin.post("/api/v1/site/import/look", json=given).json()["merging"] == merging
    done = admin.post("/api/v1/site/import", json={**given, "mode": "merge"})
    assert done.status_code == 200 and done.json()["merging"] == merging, done.text
    assert site.record.lines()[-3:] == [
        "rules_changed account:admin default",
        "rules_changed account:admin lab",
        "site_imported account:admin None",
    ]
    assert site.record.acts[-2].details == {"archive": "merge", "attempts": "0, was not laid down"}
    assert site.record.acts[-1].details["pairs"] == merging[-1]
    assert 'liveness = "challenge"' in (server.faces / "people.toml").read_text()


def test_what_replacing_would_drop_is_told_and_written_down_first(followed: Followed) -> None:
    site, server = followed
    (server.faces / "people.toml").write_text(OURS)
    server.until(lambda: "lab" in server.roster.roster.terminals)
    admin = site.browser("admin")
    given = {"archive": sent(admin, elsewhere(server, None))}
    looked = admin.post("/api/v1/site/import/look", json=given).json()
    person = "person Jane Doe: disabled no, was yes"
    assert looked["replacing"] == ["terminal lab: liveness not laid down, was challenge", person]
    assert looked["merging"] == []
    site.record.broken = True
    assert admin.post("/api/v1/site/import", json={**given, "mode": "replace"}).status_code == 503
    assert (server.faces / "people.toml").read_text() == OURS, "nothing is done that is not written down"
    site.record.broken = False
    assert admin.post("/api/v1/site/import", json={**given, "mode": "replace"}).status_code == 200
    assert site.record.lines()[-2:] == ["rules_changed account:admin lab", "site_imported account:admin None"]
    assert site.record.acts[-1].details["people"] == person


def test_what_is_no_archive_changes_nothing_and_is_not_written_down(followed: Followed) -> None:
    site, server = followed
    admin = site.browser("admin")
    ident = sent(admin, b"no zip at all")
    acts = len(site.record.acts)
    answer = admin.post("/api/v1/site/import", json={"archive": ident, "mode": "replace"})
    assert answer.status_code == 422 and len(site.record.acts) == acts
    assert listed(server.faces) == ["jane_doe.jpg", "john_roe.jpg"]


def test_an_archive_is_kept_until_another_comes_or_it_is_removed(followed: Followed) -> None:
    admin = followed[0].browser("admin")
    first, second = sent(admin, b"one"), sent(admin, b"two")
    assert admin.delete(f"/api/v1/site/archives/{first}").status_code == 404
    assert admin.delete(f"/api/v1/site/archives/{second}").status_code == 204
    assert admin.post("/api/v1/site/import/look", json={"archive": second}).status_code == 404


def test_the_logs_keep_room_on_the_disk(followed: Followed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "SPARE_BYTES", 1 << 60)
    answer = followed[0].browser("admin").post("/api/v1/site/archives", content=b"zip")
    assert answer.status_code == 422 and "no room" in answer.json()["detail"]


def test_a_stream_is_whole_or_ends_with_an_error() -> None:
    big = bytes(range(256)) * 1000 * (CHUNKS + 2)

    async def taken(write: Any) -> bytes:
        return b"".join([chunk async for chunk in streamed(write)])

    def fails(file: BinaryIO) -> None:
        file.write(big)
        raise OSError("the disk is gone")

    assert asyncio.run(taken(lambda file: file.write(big))) == big
    with pytest.raises(ConnectionError):
        asyncio.run(taken(fails))


def test_nothing_is_written_any_more_when_nobody_takes_it() -> None:
    written = []

    def write(file: BinaryIO) -> None:
        for _ in range(100):
            written.append(file.write(bytes(CHUNK_BYTES)))

    async def take_one() -> None:
        stream = streamed(write)
        await stream.__anext__()
        await stream.aclose()  # type: ignore[attr-defined]
        await asyncio.sleep(0.1)

    asyncio.run(take_one())
    assert len(written) < 20
