"""`forget`: somebody is gone from a whole site, everybody else is as they were, and nothing is left."""

import asyncio
import contextlib
import gzip
import hashlib
import re
import shutil
from pathlib import Path, PurePath

import pytest

from server.access.decision import Nearest
from server.access.seen import PhotoAccepted
from server.audit.access_log import FILE as ACCESS_LOG
from server.audit.folder_lock import FolderLock
from server.audit.operator_log import FILE as OPERATOR_LOG
from server.audit.operator_log import ActKind, parse
from server.audit.sealed_log import SealedLog
from server.audit.trail import SEAL_KEY
from server.commands.forget import forget
from server.commands.history import check
from server.commands.verify_log import verify
from server.database.database import address_of, opened
from server.gallery.arrivals import Arrival
from server.gallery.cache import CACHE_FILE, open_cache
from server.gallery.names import person_name
from server.history.rows import act_row
from server.history.tables import ACT
from server.history.writing import add
from server.recognition.pseudonyms import FILE as PSEUDONYM_KEY
from server.recognition.pseudonyms import Pseudonyms
from server.recording.files import FOLDER as RECORDINGS
from server.recording.files import find
from server.roster.backup import BACKUP_FILE
from server.settings import Settings
from server.startup.recogniser import photo_pipeline
from server.support.console import LOG_FILE
from server.support.errors import StartError, WrongError
from server.support.key_file import key_of
from tests.support.embeddings import look
from tests.support.furnished_site import furnished_site
from tests.support.histories import act, decision, entry, fill, write_log
from tests.support.site import listed

PEOPLE = """confirmed = [["Jane Doe", "Jane Low"]]
[people."Jane Doe"]
disabled = true
[people."John Roe"]
disabled = true
"""


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site that was in use: photos, decisions, acts, recordings."""
    folder = tmp_path_factory.mktemp("site")
    with furnished_site(folder):
        pass
    return folder


@pytest.fixture
def settings(furnished: Path, tmp_path: Path) -> Settings:
    shutil.copytree(furnished, tmp_path / "logs")
    shutil.move(tmp_path / "logs" / "faces", tmp_path / "faces")
    shutil.rmtree(tmp_path / "logs" / "logs")
    settings = Settings.model_validate(
        {"faces": tmp_path / "faces", "logs": tmp_path / "logs", "recogniser": "dlib", "threshold": 0.4}
    )
    _furnish(settings)
    return settings


def _furnish(settings: Settings) -> None:
    logs, faces = settings.logs, settings.faces
    for name in (faces / "people.toml", logs / BACKUP_FILE):
        name.write_text(PEOPLE, "utf-8")
    (faces / "joe_low.jpg").unlink()
    arrivals = []
    with contextlib.closing(open_cache(logs, photo_pipeline(settings))) as cache:
        for at, path in enumerate(sorted(faces.glob("*.jpg"))):
            arrivals.append(
                Arrival(
                    person_name(PurePath(path.name)),
                    sha256 := hashlib.sha256(path.read_bytes()).hexdigest(),
                    at,
                )
            )
            seen = look({"john": 2}.get(path.name[:4], 1), 0.05 * at)
            cache.put(sha256, PhotoAccepted(seen, seen, 200, 1.0))
        cache.keep_arrivals(arrivals)
    near = [Nearest("Jane Doe", 0.4), Nearest("Jane Doe Smith", 1.2)]
    names = ["Jane Doe", "John Roe", None, "Jane Doe Smith", "Jane Doe"]
    entries = [entry(at, name, nearest=near) for at, name in enumerate(names, 100)]
    with contextlib.closing(SealedLog(logs / ACCESS_LOG, key_of(logs / SEAL_KEY))) as log:
        log.append([each.line() for each in entries[:2]])
        old = logs / f"{ACCESS_LOG}-20261101.gz"
        old.write_bytes(gzip.compress((logs / ACCESS_LOG).read_bytes()))
        (logs / ACCESS_LOG).unlink()
        log.append([each.line() for each in entries[2:]])
    acts = [act(1, subject="Jane Doe"), act(2, ActKind.PERSON_RENAMED, "Jane Low")]
    write_log(logs / OPERATOR_LOG, *acts)
    (logs / LOG_FILE).write_text("12:00 INFO accepted 'jane_doe.jpg' (Jane Doe)\n")
    (logs / f"{LOG_FILE}.1").write_text("12:00 INFO accepted 'john_roe.jpg' (John Roe)\nJane Doe\n")
    with opened(address_of(logs, None)) as database:
        fill(database, *(decision(at, name, nearest=near) for at, name in enumerate(names, 100)))
        database.write_here(lambda sql: add(sql, [(ACT, act_row(each)) for each in acts]))


def told(settings: Settings, name: str = "Jane Doe") -> str:
    return asyncio.run(forget(settings, name))


def containing(folder: Path, pattern: bytes) -> list[str]:
    """Files whose bytes, unpacked, match."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            data = gzip.decompress(data) if path.suffix == ".gz" else data
            if re.search(pattern, data):
                found.append(path.name)
    return sorted(found)


def test_nothing_is_left_and_others_are_as_they_were(settings: Settings) -> None:
    logs, faces = settings.logs, settings.faces
    blob = look(1, 0.0).astype("<f4").tobytes()
    before = containing(logs, rb"(?i)jane[ _]doe(?! Smith)")
    expected = {ACCESS_LOG, f"{ACCESS_LOG}-20261101.gz", OPERATOR_LOG, LOG_FILE, f"{LOG_FILE}.1", BACKUP_FILE}
    assert expected <= set(before) and {"doorward.sqlite3", CACHE_FILE} <= set(before)
    assert CACHE_FILE in containing(logs, re.escape(blob))
    report = told(settings)
    assert "LEFT" not in report and "photos 2," in report and "nothing is left of the name" in report
    assert containing(logs.parent, rb"(?i)jane[ _]doe(?! Smith)") == []
    assert containing(logs.parent, re.escape(blob)) == []
    assert listed(faces) == ["jane_low.jpg", "john_roe.jpg"]
    assert containing(faces, rb"Jane Doe") == [] and b"John Roe" in (faces / "people.toml").read_bytes()
    assert '"Jane Doe Smith"' in (logs / ACCESS_LOG).read_text()
    assert asyncio.run(verify(settings)) == "lines as they were written: 5"
    assert find(logs / RECORDINGS)[1] == []


def test_the_word_of_a_pseudonymous_log_goes_as_the_name_does(settings: Settings) -> None:
    logs = settings.logs
    word, other = (Pseudonyms(logs / PSEUDONYM_KEY).word(name) for name in ("Jane Doe", "John Roe"))
    near = [Nearest(word, 0.4), Nearest(other, 1.2)]
    entries = [entry(at, name, nearest=near) for at, name in enumerate((word, other), 200)]
    with contextlib.closing(SealedLog(logs / ACCESS_LOG, key_of(logs / SEAL_KEY))) as log:
        log.append([each.line() for each in entries])
    (logs / f"{LOG_FILE}.2").write_text(f"12:00 INFO granted {word}\n")
    with opened(address_of(logs, None)) as database:
        fill(database, *(decision(at, name, nearest=near) for at, name in enumerate((word, other), 200)))
    assert len(containing(logs, word.encode())) == 3
    assert "LEFT" not in told(settings)
    assert containing(logs, word.encode()) == []
    assert {ACCESS_LOG, "doorward.sqlite3"} <= set(containing(logs, other.encode()))
    assert asyncio.run(verify(settings)) == "lines as they were written: 7"
    with pytest.raises(StartError, match="nothing here tells of anybody"):
        told(settings)


def test_the_record_says_that_somebody_was_erased_and_not_who(settings: Settings) -> None:
    report = told(settings)
    last = parse((settings.logs / OPERATOR_LOG).read_text().splitlines()[-1])
    assert last.kind is ActKind.PERSON_ERASED and last.operator == "command line"
    assert last.subject is not None and last.subject.startswith("erased:")
    assert report.startswith(f"Jane Doe is {last.subject} now: ")
    assert f'"{last.subject}"' in (settings.logs / ACCESS_LOG).read_text()


def test_the_history_still_agrees_with_the_logs(settings: Settings) -> None:
    told(settings)
    report = asyncio.run(check(settings))
    assert "decisions: 5 lines, 0 of them MISSING" in report
    assert "acts of operators: 2 lines, 0 of them MISSING" in report


def test_a_look_alike_stays_out(settings: Settings) -> None:
    (settings.faces / "people.toml").write_text("")
    report = told(settings)
    assert "jane_low.jpg looks like this person, and is held" in report
    assert "jane_low.jpg" in (settings.faces / "people.toml").read_text()


def test_what_is_left_is_told(settings: Settings) -> None:
    (settings.faces / "people.toml").write_text(f"# Jane Doe has left\n{PEOPLE}")
    (settings.faces / "notes.txt").write_text("ask jane_doe\n")
    (settings.faces / "jane_doe.gif").write_bytes(b"GIF")
    shutil.copy(settings.faces / "jane_doe.jpg", settings.faces / ".hidden")
    with pytest.raises(WrongError) as left:
        told(settings)
    found = [line for line in str(left.value).splitlines() if line.startswith("LEFT: ")]
    faces = settings.faces
    assert f"LEFT: {faces}/people.toml: line 1" in found
    assert f"LEFT: {faces}/notes.txt: line 1" in found
    assert f"LEFT: {faces}/jane_doe.gif: it is called so" in found
    assert f"LEFT: {faces}/.hidden: it is one of the photos" in found
    assert "not reached from here: backups" in str(left.value)


def test_a_log_that_cannot_be_rewritten_is_told_and_no_other_left_out(
    settings: Settings, tmp_path: Path
) -> None:
    logs = settings.logs
    (tmp_path / "elsewhere").write_text("Jane Doe\n")
    link, damaged = logs / f"{ACCESS_LOG}.1", logs / f"{OPERATOR_LOG}-20261101.gz"
    link.symlink_to(tmp_path / "elsewhere")
    damaged.write_bytes(gzip.compress(b"Jane Doe\n")[:-9])
    (logs / f".{ACCESS_LOG}.abcd_123.tmp").write_text("Jane Doe\n")
    with pytest.raises(WrongError) as left:
        told(settings)
    found = [line for line in str(left.value).splitlines() if line.startswith("LEFT: ")]
    assert {line.partition(" cannot be rewritten: ")[0] for line in found[:2]} == {
        f"LEFT: {link}",
        f"LEFT: {damaged}",
    }
    assert f"LEFT: {link}: it is a link, and what it leads to is not looked at" in found[2:]
    assert len(found) == 4 and any(
        line.startswith(f"LEFT: {damaged}: it cannot be looked at: ") for line in found[2:]
    )
    damaged.unlink()
    assert containing(logs, rb"(?i)jane[ _]doe(?! Smith)") == [link.name]


def test_a_former_name_is_told(settings: Settings) -> None:
    renamed = act(2, ActKind.PERSON_RENAMED, "Jana Doe")
    line = renamed.line().replace("photo=2.jpg", 'to="Jane Doe"').encode()
    write_log(settings.logs / OPERATOR_LOG, line + b"\n")
    assert "was called 'Jana Doe' before: erase that name, too" in told(settings)


def test_it_can_be_asked_for_again_where_it_was_broken_off(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise OSError("no space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("server.commands.forget.forget_recordings", fails)
        with pytest.raises(StartError, match="no space"):
            told(settings)
    assert listed(settings.faces) == ["jane_low.jpg", "john_roe.jpg"]
    assert "LEFT" not in told(settings)
    with pytest.raises(StartError, match="nothing here tells of anybody called 'Jane Doe'"):
        told(settings)


def test_nobody_is_erased_beside_a_running_server(settings: Settings) -> None:
    with (
        contextlib.closing(FolderLock(settings.logs)),
        pytest.raises(StartError, match="erase the person in its console, or stop it first"),
    ):
        told(settings)
    assert (settings.faces / "jane_doe.jpg").exists()
