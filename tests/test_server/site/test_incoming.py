"""What is uploaded is read within limits, and its name tells whom it shows."""

import stat
import struct
import zipfile
from collections.abc import Iterator
from io import BytesIO
from itertools import islice
from typing import BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.gallery.folder import MAX_FILE_BYTES
from server.site import incoming as module
from server.site.errors import Kind, SiteError
from server.site.incoming import Incoming, Received, Rejected, Upload, incoming
from server.site.zip_reading import Allowance, open_zip
from tests.support.site import refused


def upload(name: str, data: bytes = b"photo") -> Upload:
    return Upload(name, BytesIO(data))


def zipped(
    *entries: str | zipfile.ZipInfo, data: bytes = b"photo", method: int = zipfile.ZIP_DEFLATED
) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w", method) as made:
        for entry in entries:
            made.writestr(entry, data)
    return file.getvalue()


def told(*uploads: Upload, person: str | None = None) -> list[tuple[str, str | None]]:
    """Each file's name, and whom it shows or why it is not taken."""
    return [
        (file.name, file.person if isinstance(file, Received) else file.why)
        for file in incoming(uploads, person)
    ]


def test_files_are_named_after_people() -> None:
    photos = [upload("jane_doe.jpg"), upload("bob_2.HEIC", b"other"), upload("staff/ada lovelace/IMG_1.png")]
    assert list(incoming(photos)) == [
        Received("jane_doe.jpg", b"photo", "Jane Doe"),
        Received("bob_2.HEIC", b"other", "Bob"),
        Received("staff/ada lovelace/IMG_1.png", b"photo", "Ada Lovelace"),
    ]


def test_a_name_that_tells_nobody_leaves_that_to_the_sender() -> None:
    (file,) = incoming([upload("IMG_1234.jpg")])
    assert isinstance(file, Received) and file.person is None and "barack_obama.jpg" in file.unnamed
    assert told(upload("IMG_1234.jpg"), upload("june.jpg"), person="jane_doe") == [
        ("IMG_1234.jpg", "Jane Doe"),
        ("june.jpg", "Jane Doe"),
    ]
    with refused(Kind.REFUSED, "no person's name"):
        incoming([], "!?")


def test_a_zip_holds_photos_and_folders_of_people() -> None:
    data = zipped("jane_doe.jpg", "photos/bob.webp", "team/ada/1.jpg", "zoe\\2.png", "ada/", "IMG_1.jpg")
    assert told(upload("All.ZIP", data)) == [
        ("All.ZIP: jane_doe.jpg", "Jane Doe"),
        ("All.ZIP: photos/bob.webp", "Bob"),
        ("All.ZIP: team/ada/1.jpg", "Ada"),
        ("All.ZIP: zoe\\2.png", "Zoe"),
        ("All.ZIP: IMG_1.jpg", None),
    ]


def test_hidden_files_are_passed_over_and_others_rejected() -> None:
    data = zipped("__MACOSX/._jane.jpg", ".DS_Store", "notes.txt", "inner.zip", "jane.gif", ".hid/jane.jpg")
    no_photo = "it is no photo; send heic, heif, jpeg, jpg, png, webp, or a zip of them"
    assert told(upload("a.zip", data), upload(".DS_Store"), upload("jane.pdf")) == [
        ("a.zip: inner.zip", no_photo),
        ("a.zip: jane.gif", no_photo),
        ("jane.pdf", no_photo),
    ]


def test_a_file_that_is_too_large_is_rejected_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_FILE_BYTES", 4)
    data = zipped("jane.jpg", method=zipfile.ZIP_STORED)
    assert told(upload("jane.jpg"), upload("bob.jpg", b"1234"), upload("a.zip", data)) == [
        ("jane.jpg", "it has 5 bytes; at most 4 are taken"),
        ("bob.jpg", "Bob"),
        ("a.zip: jane.jpg", "it has 5 bytes; at most 4 are taken"),
    ]
    assert MAX_FILE_BYTES > 10_000_000


def test_what_is_too_much_together_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PHOTOS", 3)
    photos = [upload("a.jpg"), upload("a.zip", zipped("b.jpg", "c.jpg"))]
    assert len(list(incoming(photos))) == 3
    with refused(Kind.TOO_LARGE, "these are more than 3 files"):
        incoming([*photos, upload("d.jpg")])
    monkeypatch.setattr(module, "MAX_BYTES", 14)
    with refused(Kind.TOO_LARGE, "these are 15 bytes; at most 14"):
        incoming(photos)


def test_files_are_read_one_after_the_other() -> None:
    class Watched(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            read.append(len(read))
            return super().read(size)

    read: list[int] = []
    files: Iterator[Incoming] = incoming([Upload(f"a{at}.jpg", Watched(b"x")) for at in range(5)])
    assert read == []
    assert len(list(islice(files, 2))) == len(read) == 2


def test_a_bomb_is_rejected() -> None:
    assert told(upload("a.zip", zipped("jane.jpg", data=bytes(10_000_000)))) == [
        ("a.zip: jane.jpg", "it is packed too tightly for a photo")
    ]


def test_a_zip_with_a_huge_directory_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    data = zipped(*(f"{at}.jpg" for at in range(100)))
    monkeypatch.setattr(module, "DIRECTORY_BYTES", 1000)
    assert told(upload("a.zip", data)) == [("a.zip", "the zip has too many entries")]
    commented = BytesIO(data)
    with zipfile.ZipFile(commented, "a") as made:
        made.comment = b"x" * 60_000
    assert told(upload("a.zip", commented.getvalue())) == [("a.zip", "the zip has too many entries")]


def test_the_directories_of_all_zips_together_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    data = zipped(*(f"{at}.jpg" for at in range(10)))
    read = len(data) - data.index(b"PK\1\2") + 100
    monkeypatch.setattr(module, "DIRECTORY_BYTES", 2 * read)
    found = told(*(upload(f"{at}.zip", data) for at in range(4)), upload("jane.jpg"))
    assert found[20:] == [
        ("2.zip", "the zip has too many entries"),
        ("3.zip", "the zip has too many entries"),
        ("jane.jpg", "Jane"),
    ]


def test_a_small_rest_of_the_directories_does_not_keep_photos_from_being_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = zipped("jane.jpg", data=bytes(range(256)) * 500, method=zipfile.ZIP_STORED)
    monkeypatch.setattr(module, "DIRECTORY_BYTES", 200)
    assert told(upload("a.zip", data)) == [("a.zip: jane.jpg", "Jane")]


def test_no_more_is_listed_than_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PHOTOS", 3)
    opened: list[object] = []

    def watched(file: BinaryIO, allowance: Allowance) -> object:
        opened.append(file)
        return open_zip(file, allowance)

    monkeypatch.setattr(module, "open_zip", watched)
    data = zipped("a.jpg", "b.jpg", "c.jpg")
    with refused(Kind.TOO_LARGE, "these are more than 3 files"):
        incoming([upload(f"{at}.zip", data) for at in range(9)])
    assert len(opened) == 2


def link() -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo("jane.jpg")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "this is no zip file, or a damaged one"),
        (b"PK\3\4 no zip", "this is no zip file, or a damaged one"),
        (zipped("a.jpg")[:-30], "this is no zip file, or a damaged one"),
        (zipped("../jane.jpg"), "leads out of it"),
        (zipped("a/../../jane.jpg"), "leads out of it"),
        (zipped("/etc/jane.jpg"), "leads out of it"),
        (zipped("C:\\jane.jpg"), "leads out of it"),
        (zipped("..\\jane.jpg"), "leads out of it"),
        (zipped("jane.jpg", method=zipfile.ZIP_LZMA), "packed in a way that is not unpacked here"),
        (zipped("jane.jpg", method=zipfile.ZIP_BZIP2), "packed in a way that is not unpacked here"),
        (zipped(link()), "is a link"),
    ],
)
def test_a_hostile_zip_is_rejected_and_the_others_are_taken(data: bytes, why: str) -> None:
    bad, good = told(upload("bad.zip", data), upload("jane.jpg"))
    assert bad[0] == "bad.zip" and why in str(bad[1])
    assert good == ("jane.jpg", "Jane")


def test_an_entry_that_is_damaged_or_encrypted_is_rejected() -> None:
    data = bytearray(zipped("jane.jpg", data=b"photo" * 30, method=zipfile.ZIP_STORED))
    data[data.index(b"photo")] = 0
    assert told(upload("a.zip", bytes(data))) == [("a.zip: jane.jpg", "'jane.jpg' in the zip is damaged")]
    data = bytearray(zipped("jane.jpg"))
    directory = data.index(b"PK\1\2")
    data[directory + 8 : directory + 10] = struct.pack("<H", 1)
    assert told(upload("a.zip", bytes(data))) == [
        ("a.zip: jane.jpg", "it is encrypted; send it without a password")
    ]


@given(st.binary(max_size=200), st.integers(0, 300), st.binary(max_size=8))
def test_whatever_is_sent_is_received_or_rejected(noise: bytes, at: int, changed: bytes) -> None:
    data = bytearray(zipped("jane.jpg", "team/ada/1.jpg"))
    data[at : at + len(changed)] = changed
    for file in incoming([upload("a.zip", bytes(data)), upload("b.zip", noise), upload("c.jpg", noise)]):
        assert isinstance(file, Received) or (isinstance(file, Rejected) and file.why)


def test_the_errors_are_of_this_part() -> None:
    with pytest.raises(SiteError):
        incoming([upload(f"{at}.jpg") for at in range(2000)])
