"""Encrypted recordings: nothing of a face in the file, and no record elsewhere than where it was written."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from server.access.matching.recogniser import DLIB
from server.events import DoorClosed, FrameObserved
from server.recording.erasing import erase
from server.recording.files import Recording, find, in_order
from server.recording.format import FormatError
from server.recording.looks import look_of
from server.recording.recorder import Recorder
from server.recording.replaying import choose
from server.recording.unknown import picture, unknown_on
from server.recording.wrapping import Wrapping, rewrap
from server.settings import Settings
from server.support.cipher import Cipher
from server.support.framing import read_framed
from tests.support.embeddings import face, gallery, look, person, stranger
from tests.support.recorded import LiveDoor
from tests.support.recorded_site import SETTINGS
from wire.framing import HEADER

CIPHER, OTHER = Cipher(b"k" * 32), Cipher(b"o" * 32)
PEOPLE = gallery({"Jane Doe": person(1)})
STRANGER = stranger(0)
JPEG = b"\xff\xd8\xff\xe0 somebody's picture"


def recorded(folder: Path, cipher: Cipher | None) -> Path:
    """Jane, then a stranger; between them the file is closed, and goes on."""
    rules = Settings.model_validate(SETTINGS).rules()
    door = LiveDoor(rules, PEOPLE)
    for at, seen in enumerate((look(1, 0.1), STRANGER)):
        for number in range(26):
            door.see([face(seen)] if number < 16 else [], at * 20 + number * 0.25)
    recorder = Recorder.in_folder(folder, pictures=True, cipher=cipher)
    for frame in door.frames:
        recorder.take(FrameObserved("s", "door", replace(frame, jpeg=JPEG), rules))
    recorder.take(DoorClosed("s", "door", door.close(), rules))
    recorder.close()
    (path,) = folder.rglob("*.rec")
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return recorded(tmp_path, CIPHER)


def shows_faces(path: Path) -> bool:
    data = path.read_bytes()
    return JPEG[:4] in data or STRANGER.astype("<f4").tobytes()[:64] in data or b"Jane" in data


def records(path: Path) -> Iterator[bytes]:
    """As they lie in the file, each with its length."""
    with path.open("rb") as file:
        while (record := read_framed(file, 1 << 26)) is not None:
            yield HEADER.pack(len(record)) + record


def test_nothing_of_a_face_lies_in_the_file_and_all_is_read(path: Path, tmp_path: Path) -> None:
    plain = recorded(tmp_path / "plain", None)
    assert shows_faces(plain) and not shows_faces(path)
    entries = list(Recording(path, CIPHER).entries())
    assert len(entries) == len(list(Recording(plain).entries())) > 30
    assert Recording(path, CIPHER).header.terminal == "door"
    assert Recording(path, CIPHER).numbered(entries[3].number) is not None


def test_whoever_looks_into_recordings_needs_the_key(path: Path, tmp_path: Path) -> None:
    (day,) = {date.fromisoformat(path.parent.name)}
    (visit,) = unknown_on(tmp_path, DLIB, [day], CIPHER)[day]
    assert visit.shown is not None and picture(visit.shown, CIPHER) == JPEG
    assert picture(visit.shown) is None
    asked = tmp_path, visit.decision, "door", visit.moment, PEOPLE
    assert look_of(*asked, CIPHER) is not None and look_of(*asked) is None
    assert choose(tmp_path, "dlib", cipher=CIPHER).terminals == ("door",)
    assert find(tmp_path) == ([], [f"{path}: it is encrypted, and encryption_key is not set"])
    _, (problem,) = find(tmp_path, cipher=OTHER)
    assert problem.endswith("cannot be decrypted: it was changed, or encrypted by another key")


def test_with_a_key_recordings_of_before_are_read_as_well(tmp_path: Path) -> None:
    recorded(tmp_path, None)
    assert list(in_order(find(tmp_path, cipher=CIPHER)[0]))


@pytest.mark.parametrize("change", ["swapped", "left out", "twice", "of another file"])
def test_records_that_were_moved_are_found(path: Path, tmp_path: Path, change: str) -> None:
    lie = list(records(path))
    whole = len(list(Recording(path, CIPHER).entries()))
    empty = [at for at in range(10, 20) if len(lie[at]) == len(lie[at + 1])]
    at = empty[0]
    if change == "swapped":
        lie[at], lie[at + 1] = lie[at + 1], lie[at]
    elif change == "left out":
        del lie[at]
    elif change == "twice":
        lie.insert(at, lie[at])
    else:
        lie[at] = list(records(recorded(tmp_path / "other", CIPHER)))[at]
    path.write_bytes(b"".join(lie))
    recording = Recording(path, CIPHER)
    assert len(list(recording.entries())) < whole
    assert recording.complaint is not None and "cannot be decrypted" in recording.complaint


def test_what_is_left_when_somebody_is_erased_is_encrypted_again(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(FormatError, match="encryption_key is not set"):
        erase(path, "Jane Doe", {})
    assert path.read_bytes() == before
    assert erase(path, "Jane Doe", {}, CIPHER) > 0
    assert not shows_faces(path) and list(Recording(path, CIPHER).entries())


def test_a_recording_of_before_stays_plain_when_somebody_is_erased_from_it(tmp_path: Path) -> None:
    path = recorded(tmp_path, None)
    assert erase(path, "Jane Doe", {}, CIPHER) > 0
    assert list(Recording(path).entries())


@pytest.mark.parametrize(("old", "new"), [(None, CIPHER), (CIPHER, None), (CIPHER, OTHER)])
def test_a_file_can_be_encrypted_decrypted_or_given_another_key(
    tmp_path: Path, old: Cipher | None, new: Cipher | None
) -> None:
    path = recorded(tmp_path, old)
    count = len(list(Recording(path, old).entries()))
    assert rewrap(path, old, new)
    recording = Recording(path, new)
    assert len(list(recording.entries())) == count and recording.complaint is None
    assert shows_faces(path) == (new is None) and path.stat().st_mode & 0o777 == 0o600
    before = path.read_bytes()
    assert not rewrap(path, old, new) and path.read_bytes() == before


def test_a_file_that_cannot_be_read_stays_as_it_is(path: Path) -> None:
    before = path.read_bytes()
    for old in (None, OTHER):
        with pytest.raises(FormatError):
            rewrap(path, old, Cipher(b"n" * 32))
    assert path.read_bytes() == before and list(path.parent.iterdir()) == [path]


def test_two_files_have_two_keys() -> None:
    assert Wrapping.new(CIPHER).beginning != Wrapping.new(CIPHER).beginning
