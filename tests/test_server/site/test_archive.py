"""A site goes into an archive and comes out of it; what is not just what was exported is refused."""

import json
import os
import stat
import struct
import zipfile
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timezone
from hashlib import sha256
from io import BytesIO, RawIOBase
from pathlib import Path, PurePath
from typing import Any

import pytest
import pyzipper
from hypothesis import given
from hypothesis import strategies as st

from server.gallery.folder import MAX_FILE_BYTES
from server.site import restoring
from server.site.archive import Exported, export
from server.site.errors import Kind, SiteError
from server.site.restoring import Archive, open_archive
from tests.support.site import photo, put, refused

MOMENT = datetime(2026, 11, 22, 8, 0, 1, tzinfo=timezone.utc)
PASSPHRASE = "correct horse battery"
PEOPLE = b"# hand-written\n[people.jane]\ndisabled = true\n"
TABLES = {
    "visits": [{"at": MOMENT, "day": date(2026, 11, 22), "name": "Zoë\n", "distance": 0.5, "x": None}],
    "acts": [],
}
ROWS = [{"at": "2026-11-22T08:00:01+00:00", "day": "2026-11-22", "name": "Zoë\n", "distance": 0.5, "x": None}]


class Stream(RawIOBase):
    """Somebody at the other end of a connection: nothing can be changed any more."""

    def __init__(self) -> None:
        self.data = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.data += data
        return len(data)


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    put(tmp_path / "faces", jane=photo(0), zoë__IMG_1=photo(1))
    (tmp_path / "faces" / "notes.gif").write_bytes(b"no photo")
    return tmp_path / "faces"


def exported(faces: Path, passphrase: str | None = None, people: bytes | None = PEOPLE) -> bytes:
    stream = Stream()
    export(faces, people, TABLES, stream, moment=MOMENT, passphrase=passphrase)  # type: ignore[arg-type]
    return bytes(stream.data)


def opened(data: bytes, passphrase: str | None = None) -> Archive:
    return open_archive(BytesIO(data), passphrase)


@pytest.mark.parametrize("passphrase", [None, PASSPHRASE])
def test_all_that_goes_in_comes_out(faces: Path, passphrase: str | None) -> None:
    archive = opened(exported(faces, passphrase), passphrase)
    hashes = {"jane.jpg": photo(0), "zoë/IMG_1.jpg": photo(1)}
    assert archive.photos == {PurePath(path): sha256(data).hexdigest() for path, data in hashes.items()}
    assert archive.photo(PurePath("zoë/IMG_1.jpg")) == photo(1)
    assert archive.size == sum(map(len, hashes.values()))
    assert archive.people == PEOPLE and sorted(archive.tables) == ["acts", "visits"]
    assert list(archive.rows("visits")) == ROWS and list(archive.rows("acts")) == []


def test_a_site_without_people_toml_has_none_in_the_archive(faces: Path) -> None:
    assert opened(exported(faces, people=None)).people is None


def test_any_program_opens_it_and_sees_the_names(faces: Path) -> None:
    with zipfile.ZipFile(BytesIO(exported(faces))) as zipped:
        assert zipped.testzip() is None
        assert zipped.namelist() == [
            "people.toml",
            "photos/jane.jpg",
            "photos/zoë/IMG_1.jpg",
            "history/visits.jsonl",
            "history/acts.jsonl",
            "manifest.json",
        ]
        assert {stat.S_IMODE(info.external_attr >> 16) for info in zipped.infolist()} == {0o600}
        assert zipped.read("people.toml") == PEOPLE


def test_an_encrypted_archive_tells_no_name_and_is_strongly_encrypted(faces: Path) -> None:
    data = exported(faces, PASSPHRASE)
    assert b"jane" not in data and "zoë".encode() not in data
    for info in zipfile.ZipFile(BytesIO(data)).infolist():
        assert info.flag_bits & 1 and info.compress_type == 99
        assert struct.unpack("<HHH2sBH", info.extra[-11:])[3:5] == (b"AE", 3), "AES with 256 bits"


def test_nothing_is_held_in_memory(faces: Path) -> None:
    stream = Stream()
    sizes: list[int] = []

    def rows() -> Iterator[Mapping[str, object]]:
        for number in range(3000):
            sizes.append(len(stream.data))
            yield {"number": number, "noise": os.urandom(64).hex()}

    told = export(faces, None, {"rows": rows()}, stream, moment=MOMENT)  # type: ignore[arg-type]
    assert told == Exported(photos=2, rows=3000, skipped=())
    assert len(set(sizes)) > 5


@pytest.mark.skipif(os.name != "posix", reason="links, and names that are no text")
def test_photos_that_cannot_be_read_are_skipped_and_told(faces: Path) -> None:
    (faces / "pipe.jpg").symlink_to("nowhere")
    (faces / "ada\udcff.jpg").write_bytes(photo(2))
    (faces / "bob.jpg").touch()
    os.truncate(faces / "bob.jpg", MAX_FILE_BYTES + 1)
    told = export(faces, None, {}, Stream(), moment=MOMENT)  # type: ignore[arg-type]
    assert told.photos == 2
    assert [why.split(":")[0] for why in told.skipped] == ["'ada\\udcff.jpg'", "'bob.jpg'"]
    assert told.skipped[0].endswith("its name is no text")


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such names")
def test_a_name_that_other_systems_do_not_have_is_kept_in_the_manifest(faces: Path) -> None:
    (faces / "what?.jpg").write_bytes(photo(2))
    data = exported(faces)
    assert "photos/000002.jpg" in zipfile.ZipFile(BytesIO(data)).namelist()
    assert opened(data).photo(PurePath("what?.jpg")) == photo(2)


def test_what_cannot_be_exported_is_an_error(faces: Path) -> None:
    with refused(Kind.REFUSED, "at least 12 characters"):
        export(faces, None, {}, BytesIO(), moment=MOMENT, passphrase="short")
    with pytest.raises(ValueError, match="name of a table"):
        export(faces, None, {"../x": []}, BytesIO(), moment=MOMENT)
    with pytest.raises(TypeError, match="bytes cannot be exported"):
        export(faces, None, {"rows": [{"x": b""}]}, BytesIO(), moment=MOMENT)


@pytest.mark.parametrize(
    ("passphrase", "given", "words"),
    [
        (PASSPHRASE, "wrong horse battery", "the passphrase is wrong"),
        (PASSPHRASE, None, "the archive is encrypted: its passphrase is needed"),
        (None, PASSPHRASE, "not everything in the archive is encrypted"),
    ],
)
def test_a_wrong_passphrase_is_told(
    faces: Path, passphrase: str | None, given: str | None, words: str
) -> None:
    data = exported(faces, passphrase)
    with refused(Kind.REFUSED, words):
        opened(data, given)


@pytest.mark.parametrize("passphrase", [None, PASSPHRASE])
def test_wherever_an_archive_is_cut_off_or_changed_it_is_refused(faces: Path, passphrase: str | None) -> None:
    data = exported(faces, passphrase)
    for at in range(0, len(data) - 1, 37):
        with pytest.raises(SiteError):
            opened(data[:at], passphrase)
    zipped = zipfile.ZipFile(BytesIO(data))
    for info in zipped.infolist():
        changed = bytearray(data)
        name_length, extra_length = struct.unpack(
            "<HH", data[info.header_offset + 26 : info.header_offset + 30]
        )
        start = info.header_offset + 30 + name_length + extra_length
        changed[start + info.compress_size // 2] ^= 0x55
        if info.file_size:
            with pytest.raises(SiteError):
                opened(bytes(changed), passphrase)


Entries = dict[str, bytes]


def rezipped(data: bytes, change: Callable[[Entries, Any], None], method: int = zipfile.ZIP_STORED) -> bytes:
    """The archive with other entries and another manifest."""
    with zipfile.ZipFile(BytesIO(data)) as zipped:
        entries = {name: zipped.read(name) for name in zipped.namelist()}
    manifest = json.loads(entries.pop("manifest.json"))
    change(entries, manifest)
    file = BytesIO()
    with zipfile.ZipFile(file, "w", method) as made:
        for name, content in entries.items():
            made.writestr(name, content)
        if manifest is not None:
            made.writestr("manifest.json", json.dumps(manifest))
    return file.getvalue()


def told_of(content: bytes) -> dict[str, object]:
    return {"sha256": sha256(content).hexdigest(), "size": len(content)}


def with_entry(name: str, content: bytes, path: str | None = None) -> Callable[[Entries, Any], None]:
    def change(entries: Entries, manifest: Any) -> None:
        entries[name] = content
        manifest["entries"][name] = told_of(content)
        if path is not None:
            manifest["photos"] = {**manifest["photos"], path: name}

    return change


def with_manifest(**values: object) -> Callable[[Entries, Any], None]:
    return lambda entries, manifest: manifest.update(values)


def photo_at(path: str) -> Callable[[Entries, Any], None]:
    return with_entry("photos/000009.jpg", photo(9), path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda entries, manifest: entries.pop("people.toml"), "just what its manifest says"),
        (lambda entries, manifest: entries.update({"extra.txt": b""}), "just what its manifest says"),
        (lambda entries, manifest: entries.update({"people.toml": PEOPLE + b"#"}), "of other sizes"),
        (
            lambda entries, manifest: entries.update({"people.toml": PEOPLE[:-1] + b"#"}),
            "is not what the manifest",
        ),
        (
            lambda entries, manifest: entries.update({"photos/jane.jpg": photo(5)}),
            "is not what the manifest says",
        ),
        (lambda entries, manifest: manifest["photos"].pop("jane.jpg"), "not those that its manifest names"),
        (lambda entries, manifest: manifest["photos"].update(x="people.toml"), "not those that its manifest"),
        (with_manifest(version=2), "of another version"),
        (with_manifest(format="other"), "of another version"),
        (with_manifest(version="x"), "none that is known"),
        (with_manifest(more=1), "none that is known"),
        (with_manifest(entries={"people.toml": {"sha256": "x", "size": 1}}), "none that is known"),
        (
            with_entry("people.toml", b"[people.jane]\ndisabled = 7\n"),
            "cannot be used: [people.jane] disabled",
        ),
        (with_entry("people.toml", b"#" * 1_000_001), "of other sizes"),
        (with_entry("history/visits.jsonl", b"no json\n"), "history is damaged"),
        (with_entry("history/visits.jsonl", b"[1]\n"), "history is damaged"),
        (with_entry("history/visits.jsonl", b'{"a": 1}'), "history is damaged"),
        (with_entry("history/visits.jsonl", b"[" * 100_000 + b"\n"), "history is damaged"),
        (with_entry("history/visits.jsonl", b"{}\n" + b" " * 2_000_000), "history is damaged"),
        (with_entry("history/UP.jsonl", b""), "has a table 'history/UP.jsonl'"),
        (with_entry("evil.sh", b""), "an entry 'evil.sh', of no known kind"),
        *(
            (photo_at(path), "could not lie in faces/")
            for path in (
                "../jane.jpg",
                "/etc/jane.jpg",
                "a/../jane.jpg",
                "a/b/c.jpg",
                ".jane.jpg",
                ".hidden/1.jpg",
                "people.toml",
                "jane.sh",
                "a//b.jpg",
                "x\0.jpg",
                "",
            )
        ),
    ],
)
def test_what_is_not_just_what_was_exported_is_refused(
    faces: Path, change: Callable[[Entries, Any], None], words: str
) -> None:
    with refused(Kind.REFUSED, words):
        opened(rezipped(exported(faces), change))


def test_a_zip_of_something_else_is_refused() -> None:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("jane.jpg", b"photo")
    with refused(Kind.REFUSED, "it has no manifest"):
        opened(file.getvalue())
    with refused(Kind.REFUSED, "no zip file"):
        opened(b"no zip")


def test_an_entry_that_is_there_twice_is_refused(faces: Path) -> None:
    file = BytesIO(exported(faces))
    with zipfile.ZipFile(file, "a") as zipped, pytest.warns(UserWarning, match="Duplicate"):
        zipped.writestr("photos/jane.jpg", photo(0))
    with refused(Kind.REFUSED, "just what its manifest says"):
        opened(file.getvalue())


def test_entries_that_anybody_could_have_added_to_an_encrypted_archive_are_refused(faces: Path) -> None:
    file = BytesIO(exported(faces, PASSPHRASE))
    with zipfile.ZipFile(file, "a") as zipped, pytest.warns(UserWarning, match="Duplicate"):
        zipped.writestr("people.toml", b"")
    with refused(Kind.REFUSED, "not everything in the archive is encrypted"):
        opened(file.getvalue(), PASSPHRASE)


@pytest.mark.parametrize(
    ("limit", "value", "words"),
    [
        ("MAX_BYTES", 10, "holds more than 10 bytes"),
        ("MAX_MANIFEST_BYTES", 10, "manifest is too large"),
        ("MAX_PHOTOS", 1, "more than 1 photos"),
        ("DIRECTORY_BYTES", 100, "too many entries"),
    ],
)
def test_there_are_limits(
    faces: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int, words: str
) -> None:
    monkeypatch.setattr(restoring, limit, value)
    with refused(Kind.TOO_LARGE, words):
        opened(exported(faces))


def test_a_file_that_changes_after_it_was_checked_is_noticed(faces: Path) -> None:
    file = BytesIO(rezipped(exported(faces), lambda entries, manifest: None))
    archive = open_archive(file)
    with file.getbuffer() as view:
        at = bytes(view).index(photo(0))
        view[at] ^= 1
    with refused(Kind.REFUSED, "is damaged"):
        archive.photo(PurePath("jane.jpg"))


@given(st.binary(max_size=300))
def test_noise_is_refused(noise: bytes) -> None:
    with pytest.raises(SiteError):
        opened(noise)
    with pytest.raises(SiteError):
        opened(noise, PASSPHRASE)


def test_an_archive_of_another_encryption_is_refused(faces: Path) -> None:
    file = BytesIO()
    with pyzipper.AESZipFile(file, "w", encryption=pyzipper.WZ_AES) as zipped:
        zipped.setpassword(b"other")
        zipped.writestr("manifest.json", b"{}")
    with refused(Kind.REFUSED, "none that is known"):
        opened(file.getvalue(), "other")
