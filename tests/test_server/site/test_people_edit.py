"""people.toml is changed as a whole or not at all, and never over what somebody else wrote."""

import os
import stat
import threading
from collections.abc import Callable
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest

from server.access.orders import EMPTY, Roster
from server.access.permits import Permit
from server.site import people_edit, placing
from server.site.errors import Kind, SiteError
from server.site.people_changes import Change, hold, set_person, set_terminal
from server.site.people_edit import ABSENT, PeopleFile
from server.site.toml_text import Content
from server.support.toml_file import MAX_FILE_BYTES

JANE = b"# Jane\n[people.jane]  # contractor\nvalid_until = 2026-12-31\n"
DISABLE = set_person("Jane", {"disabled": True})
posix = pytest.mark.skipif(os.name != "posix", reason="modes, links and owners are POSIX")


@pytest.fixture
def file(tmp_path: Path) -> PeopleFile:
    (tmp_path / "faces").mkdir()
    made = PeopleFile(tmp_path / "faces" / "people.toml", lambda: EMPTY)
    made.path.write_bytes(JANE)
    return made


def refused(file: PeopleFile, *changes: Change, expected: str | None = None) -> SiteError:
    before = file.path.read_bytes() if file.path.exists() else None
    with pytest.raises(SiteError) as caught:
        file.edit(*changes, expected=expected)
    assert (file.path.read_bytes() if file.path.exists() else None) == before
    assert [path.name for path in file.path.parent.iterdir()] == (
        ["people.toml"] if before is not None else []
    )
    return caught.value


def test_a_change_is_written_and_told_with_what_the_file_says_now(file: PeopleFile) -> None:
    stored = file.edit(DISABLE, hold("jane_2.jpg"), expected=sha256(JANE).hexdigest())
    new = b'held = ["jane_2.jpg"]\n\n' + JANE + b"disabled = true\n"
    assert file.path.read_bytes() == new
    assert stored == (
        sha256(new).hexdigest(),
        Roster(
            {"Jane": Permit(valid_until=date(2026, 12, 31), disabled=True)}, held=frozenset(["jane_2.jpg"])
        ),
        new,
    )
    assert file.read() == stored
    assert [path.name for path in file.path.parent.iterdir()] == ["people.toml"]


def test_what_changes_nothing_is_not_written(file: PeopleFile) -> None:
    before = os.stat(file.path)
    assert file.edit(set_person("Jane", {"valid_until": date(2026, 12, 31)})).etag == sha256(JANE).hexdigest()
    assert os.stat(file.path) == before


def test_whoever_goes_by_another_content_is_told_so(file: PeopleFile) -> None:
    for expected in (ABSENT, sha256(b"").hexdigest()):
        assert refused(file, DISABLE, expected=expected).kind is Kind.CONFLICT


def test_what_another_program_writes_meanwhile_is_not_lost(file: PeopleFile) -> None:
    other = b"[people.jane]\ndisabled = true\n"

    def meanwhile(content: Content) -> None:
        file.path.write_bytes(other)
        DISABLE(content)

    with pytest.raises(SiteError) as caught:
        file.edit(meanwhile)
    assert caught.value.kind is Kind.CONFLICT
    assert file.path.read_bytes() == other
    assert len(list(file.path.parent.iterdir())) == 1


def test_where_there_is_no_file_a_private_one_is_made(file: PeopleFile) -> None:
    file.path.unlink()
    assert file.read() == (ABSENT, EMPTY, b"")
    assert refused(file, DISABLE, expected=sha256(JANE).hexdigest()).kind is Kind.CONFLICT
    file.edit(DISABLE, expected=ABSENT)
    assert file.path.read_bytes() == b"[people.Jane]\ndisabled = true\n"
    if os.name == "posix":
        assert stat.S_IMODE(os.stat(file.path).st_mode) == 0o600


def test_a_file_that_comes_meanwhile_is_not_put_over(
    file: PeopleFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.path.unlink()

    def too_late(source: Path, target: Path) -> None:
        target.write_bytes(JANE)
        put(source, target)

    put = placing.put
    monkeypatch.setattr(people_edit, "put", too_late)
    with pytest.raises(SiteError) as caught:
        file.edit(DISABLE)
    assert caught.value.kind is Kind.CONFLICT and file.path.read_bytes() == JANE
    assert len(list(file.path.parent.iterdir())) == 1


def test_limits_that_outlive_their_file_are_not_lifted_by_a_new_one(file: PeopleFile) -> None:
    file.path.unlink()
    outliving = PeopleFile(file.path, lambda: Roster({"Ada": Permit(disabled=True)}))
    error = refused(outliving, DISABLE)
    assert error.kind is Kind.REFUSED and "its last good content is in force" in str(error)


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"[people.jane]\ndisabled = maybe\n", "correct it by hand first: not valid TOML"),
        (b"[people.jane]\ndisabled = 7\n", "correct it by hand first: [people.jane] disabled: write true or"),
        (b" " * (MAX_FILE_BYTES + 1), "cannot be used: the file has more than"),
    ],
)
def test_a_file_that_cannot_be_used_is_not_changed(file: PeopleFile, data: bytes, complaint: str) -> None:
    file.path.write_bytes(data)
    error = refused(file, DISABLE)
    assert error.kind is Kind.REFUSED and complaint in str(error)
    with pytest.raises(SiteError):
        file.read()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (
            set_person("Jane", {"valid_from": date(2027, 1, 1)}),
            "valid_until, 2026-12-31, is before valid_from",
        ),
        (set_person("Jane", {"schedule": ["mom 07:00-08:00"]}), "there is no day 'mom'"),
        (set_person("Jane", {"dissabled": True}), "there is no key dissabled; the keys are disabled"),
        (set_person("A/B", {"disabled": True}), "a person's name has no slash"),
        (set_terminal("lab", {"note": "a\nb"}), "a note is one line of text"),
        (hold("../jane.jpg"), "is no photo's path"),
    ],
)
def test_what_could_not_be_used_is_not_written(file: PeopleFile, change: Change, complaint: str) -> None:
    error = refused(file, change)
    assert error.kind is Kind.REFUSED and str(error).startswith("that cannot be laid down: ")
    assert complaint in str(error)


def test_a_file_does_not_outgrow_what_is_read(file: PeopleFile) -> None:
    file.path.write_bytes(JANE + b"#" * (MAX_FILE_BYTES - len(JANE) - 5) + b"\n")
    assert refused(file, DISABLE).kind is Kind.TOO_LARGE


def test_a_file_that_only_a_person_can_change_is_left_alone(file: PeopleFile) -> None:
    file.path.write_bytes(b"people = {jane = {valid_until = 2026-12-31}}\n")
    error = refused(file, set_person("Bob", {"disabled": True}))
    assert error.kind is Kind.REFUSED and "change it by hand" in str(error)


def test_the_mark_of_windows_editors_stays(file: PeopleFile) -> None:
    file.path.write_bytes(b"\xef\xbb\xbf" + JANE)
    file.edit(DISABLE)
    assert file.path.read_bytes() == b"\xef\xbb\xbf" + JANE + b"disabled = true\n"


@posix
def test_the_mode_stays_and_a_link_leads_where_it_led(file: PeopleFile, tmp_path: Path) -> None:
    real = tmp_path / "people.toml"
    file.path.rename(real)
    real.chmod(0o640)
    file.path.symlink_to("../people.toml")
    file.edit(DISABLE)
    assert file.path.is_symlink() and b"disabled" in real.read_bytes()
    assert stat.S_IMODE(os.stat(real).st_mode) == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["faces", "people.toml"]


@posix
def test_an_owner_that_cannot_be_kept_and_a_file_that_is_not_ours_are_refused(
    file: PeopleFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deny(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "chown", deny)
    monkeypatch.setattr(people_edit, "put_over", as_of_another_owner(placing.put_over, monkeypatch))
    assert str(refused(file, DISABLE)) == f"{file.path} cannot be replaced: operation not permitted"
    monkeypatch.setattr(people_edit, "barred", lambda path, mode: f"{path} belongs to root")
    assert str(refused(file, DISABLE)) == f"{file.path} belongs to root"


def as_of_another_owner(
    put_over: Callable[[Path, Path], None], monkeypatch: pytest.MonkeyPatch
) -> Callable[[Path, Path], None]:
    def put(source: Path, target: Path) -> None:
        real = os.stat

        def owned_by_another(path: object, **options: object) -> os.stat_result:
            found = list(real(path, **options))  # type: ignore[arg-type]
            if path == target:
                found[4] += 1
            return os.stat_result(found)

        with monkeypatch.context() as patch:
            patch.setattr(os, "stat", owned_by_another)
            put_over(source, target)

    return put


def test_changes_from_many_threads_are_all_kept(file: PeopleFile) -> None:
    threads = [
        threading.Thread(target=file.edit, args=[set_person(f"Person {at}", {"disabled": True})])
        for at in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(file.read().roster.permits) == 9


def test_another_content_takes_the_place_of_the_present_one(file: PeopleFile) -> None:
    with pytest.raises(SiteError):
        file.replace(b"[people.jane]\ndisabled = 7\n")
    with pytest.raises(SiteError):
        file.replace(b"", expected=ABSENT)
    assert file.path.read_bytes() == JANE
    assert file.replace(b"# nobody\n").roster == EMPTY
    assert file.path.read_bytes() == b"# nobody\n"
