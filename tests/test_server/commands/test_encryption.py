"""A key is made, and what is kept is encrypted by it, by another one, or decrypted."""

import asyncio
from contextlib import closing
from pathlib import Path

import pytest

from server.access.seen import PhotoAccepted
from server.audit.folder_lock import FolderLock
from server.commands.encryption import apply, key
from server.gallery.cache import CACHE_FILE, open_cache
from server.recording.files import FOLDER, find
from server.settings import Settings
from server.startup.encryption import CHECK_FILE, cipher_of
from server.startup.recogniser import photo_pipeline
from server.support.errors import StartError, WrongError
from tests.support.embeddings import person
from tests.test_server.recording.test_wrapping import recorded, shows_faces

ADA = PhotoAccepted(person(0), person(1), 200, 0.5)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """With an embedding and a recording, as they are."""
    plain = Settings.model_validate({"logs": tmp_path / "logs"})
    with closing(open_cache(plain.logs, photo_pipeline(plain))) as cache:
        cache.put("ada", ADA)
    recorded(plain.logs / FOLDER, None)
    for name in ("one.key", "other.key"):
        asyncio.run(key(plain, tmp_path / name))
    return tmp_path


def settings(site: Path, name: str | None) -> Settings:
    return Settings.model_validate(
        {"logs": site / "logs", "encryption_key": None if name is None else site / name}
    )


def lies_open(site: Path) -> bool:
    (path,) = (site / "logs" / FOLDER).rglob("*.rec")
    faces = [ADA.embedding.astype("<f4").tobytes(), ADA.mirrored.astype("<f4").tobytes()]
    cached = (site / "logs" / CACHE_FILE).read_bytes()
    shown = {any(face in cached for face in faces), shows_faces(path)}
    assert len(shown) == 1
    return shown.pop()


def is_read(site: Path, name: str | None) -> bool:
    given = settings(site, name)
    cipher = cipher_of(given)
    found, problems = find(given.logs / FOLDER, cipher=cipher)
    with closing(open_cache(given.logs, photo_pipeline(given), cipher)) as cache:
        return bool(found) and not problems and isinstance(cache.get("ada"), PhotoAccepted)


def test_a_key_is_32_bytes_for_its_owner_and_none_is_overwritten(site: Path) -> None:
    made = site / "one.key"
    before = made.read_bytes()
    assert len(before) == 32 and made.stat().st_mode & 0o777 == 0o600
    assert before != (site / "other.key").read_bytes()
    with pytest.raises(StartError, match=r"one\.key: file exists"):
        asyncio.run(key(settings(site, None), made))
    assert made.read_bytes() == before


def test_all_of_it_is_encrypted_given_another_key_and_decrypted(site: Path) -> None:
    assert lies_open(site)
    told = asyncio.run(apply(settings(site, "one.key")))
    assert told.endswith("one.key; recordings changed: 1")
    assert not lies_open(site) and is_read(site, "one.key")
    asyncio.run(apply(settings(site, "other.key"), site / "one.key"))
    assert not lies_open(site) and is_read(site, "other.key")
    told = asyncio.run(apply(settings(site, None), site / "other.key"))
    assert "lies there as it is" in told
    assert lies_open(site) and is_read(site, None) and not (site / "logs" / CHECK_FILE).exists()


def test_asked_again_it_changes_nothing(site: Path) -> None:
    asyncio.run(apply(settings(site, "one.key")))
    assert asyncio.run(apply(settings(site, "one.key"))).endswith("recordings changed: 0")
    assert is_read(site, "one.key")


def test_without_the_key_of_before_nothing_is_touched(site: Path) -> None:
    asyncio.run(apply(settings(site, "one.key")))
    files = {path: path.read_bytes() for path in (site / "logs").rglob("*") if path.is_file()}
    for name, old in (("other.key", None), (None, None), (None, site / "other.key")):
        with pytest.raises(StartError, match="is encrypted by another key: name it by --old-key FILE"):
            asyncio.run(apply(settings(site, name), old))
    assert files == {path: path.read_bytes() for path in (site / "logs").rglob("*") if path.is_file()}


def test_a_recording_that_cannot_be_read_is_named_and_kept(site: Path) -> None:
    damaged = site / "logs" / FOLDER / "2026-11-23" / "damaged.rec"
    damaged.parent.mkdir()
    damaged.write_bytes(b"\xff" * 99)
    with pytest.raises(WrongError, match=r"recordings changed: 1\nLEFT AS IT IS: .*damaged\.rec: not a reco"):
        asyncio.run(apply(settings(site, "one.key")))
    assert damaged.read_bytes() == b"\xff" * 99 and (site / "logs" / CHECK_FILE).exists()


def test_beside_a_server_it_refuses(site: Path) -> None:
    with closing(FolderLock(site / "logs")), pytest.raises(StartError, match="a server is using the folder"):
        asyncio.run(apply(settings(site, "one.key")))
    assert lies_open(site)
