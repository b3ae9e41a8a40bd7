"""Somebody's visits leave a recording; those of others are decided again as before."""

from pathlib import Path

import pytest

from server.access.matching.templates import Template, template
from server.access.seen import Face
from server.events import DoorClosed, FrameObserved
from server.recording.erasing import erase, names
from server.recording.files import Recording, find
from server.recording.format import FormatError
from server.recording.recorder import Recorder
from server.settings import Settings
from tests.support.embeddings import face, gallery, look, person, stranger
from tests.support.recorded import LiveDoor
from tests.support.recorded_site import SETTINGS

JANE, JOHN = person(1), person(2)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Jane, John, Jane together with a stranger, somebody unknown who is Jane all the same, a stranger."""
    rules = Settings.model_validate(SETTINGS).rules()
    door = LiveDoor(rules, gallery({"Jane Doe": JANE, "John Roe": JOHN}))
    came: list[list[Face]] = [
        [face(look(1, 0.1))],
        [face(look(2, 0.1))],
        [face(look(1, 0.6))],
        [face(stranger(0))],
    ]
    for at, faces in enumerate(came):
        for number in range(26):
            door.see(faces if number < 16 else [], at * 20 + number * 0.25)
    recorder = Recorder.in_folder(tmp_path)
    for frame in door.frames:
        recorder.take(FrameObserved("s", "door", frame, rules))
    recorder.take(DoorClosed("s", "door", door.close(), rules))
    recorder.close()
    (found,), _ = find(tmp_path)
    return found.path


def who(path: Path) -> list[str]:
    """Everybody named, each once, in order."""
    named = (name for entry in Recording(path).entries() for name in names(entry))
    return list(dict.fromkeys(name for name in named if name))


def test_visits_that_name_the_person_are_gone(recording: Path) -> None:
    assert "Jane Doe" in who(recording) and "John Roe" in who(recording)
    before = len(list(Recording(recording).entries()))
    gone = erase(recording, "Jane Doe", {})
    after = list(Recording(recording).entries())
    assert 0 < gone == before - len(after) and "Jane Doe" not in who(recording)
    assert after[0].cut and not any(entry.cut for entry in after[1:20])
    assert "John Roe" in who(recording) and recording.stat().st_mode & 0o777 == 0o600


def test_visits_that_show_the_person_unnamed_are_gone(recording: Path) -> None:
    templates: dict[str, Template] = {"dlib": template(look(1, 0.6)[None])}
    first = erase(recording, "nobody", templates)
    assert first > 0 and erase(recording, "nobody", templates) == 0
    assert "John Roe" in who(recording)


def test_who_is_in_none_changes_nothing(recording: Path) -> None:
    before = recording.read_bytes()
    assert erase(recording, "Jim Poe", {"dlib": template(person(9)[None])}) == 0
    assert recording.read_bytes() == before


def test_a_file_of_which_nothing_is_left_is_removed(recording: Path) -> None:
    for name in ("Jane Doe", "John Roe"):
        erase(recording, name, {})
    for seen in (stranger(0), look(1, 0.6)):
        assert recording.exists()
        erase(recording, "", {"dlib": template(seen[None])})
    assert not recording.exists()


def test_what_cannot_be_read_to_its_end_is_not_touched(recording: Path) -> None:
    data = recording.read_bytes()
    recording.write_bytes(data + b"\0\0\0\4abcd")
    with pytest.raises(FormatError):
        erase(recording, "Jane Doe", {})
    assert recording.read_bytes().startswith(data)
