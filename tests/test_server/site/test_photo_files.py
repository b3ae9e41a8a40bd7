"""Photos are added and removed one by one, and nothing else is touched."""

import os
import stat
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path, PurePath

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.access.seen import PhotoFlaw, PhotoRefused
from server.gallery.assessed_file import AssessedFile
from server.gallery.folder import PhotoFile, find, scan
from server.site import photo_files
from server.site.errors import Kind, SiteError
from server.site.people_changes import hold
from server.site.photo_files import add, read, remove
from server.site.placing import UNFINISHED, clean, put_over
from server.site.site import Site
from tests.support.site import listed, photo, put, refused, still_site

posix = pytest.mark.skipif(os.name != "posix", reason="modes, links and FIFOs are POSIX")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return still_site(tmp_path)


def own(site: Site, person: str) -> Sequence[AssessedFile]:
    files = [item for item in scan(site.faces) if isinstance(item, PhotoFile) and item.person == person]
    hashes = [sha256((site.faces / file.path).read_bytes()).hexdigest() for file in files]
    outcome = PhotoRefused(PhotoFlaw.NO_FACE, "no")
    return [AssessedFile(file, sha, outcome) for file, sha in zip(files, hashes, strict=True)]


def added(site: Site, person: str, data: bytes) -> str:
    return add(site, person, data, own(site, person)).as_posix()


def test_photos_are_numbered_and_private(site: Site) -> None:
    assert [added(site, "Jane Doe", photo(0, at / 10)) for at in range(3)] == [
        "jane_doe.jpg",
        "jane_doe_2.jpg",
        "jane_doe_3.jpg",
    ]
    assert (site.faces / "jane_doe_2.jpg").read_bytes() == photo(0, 0.1)
    assert listed(site.faces) == ["jane_doe.jpg", "jane_doe_2.jpg", "jane_doe_3.jpg"]
    if os.name == "posix":
        assert stat.S_IMODE(os.stat(site.faces / "jane_doe.jpg").st_mode) == 0o600


def test_a_photo_lies_where_the_others_of_the_person_do(site: Site) -> None:
    put(site.faces, jane_doe=photo(0), Jane_Doe__IMG_1=photo(0, 0.1), jane_doe__1=photo(0, 0.2))
    assert added(site, "Jane Doe", photo(0, 0.3)) == "Jane_Doe/1.jpg"
    assert added(site, "Jane Doe", photo(0, 0.4)) == "Jane_Doe/2.jpg"


def test_no_photo_is_put_over_another_whatever_its_capitals_and_suffix(site: Site) -> None:
    put(site.faces, JANE_DOE=photo(1))
    (site.faces / "jane_doe_2.PNG").write_bytes(photo(2))
    assert added(site, "Jane Doe", photo(0)) == "jane_doe_3.jpg"


def test_a_name_that_somebody_else_takes_meanwhile_is_left_to_them(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(site.faces, jane_doe=photo(1))
    monkeypatch.setattr(photo_files, "stems", lambda folder: set())
    assert added(site, "Jane Doe", photo(0)) == "jane_doe_2.jpg"
    assert (site.faces / "jane_doe.jpg").read_bytes() == photo(1)
    assert listed(site.faces) == ["jane_doe.jpg", "jane_doe_2.jpg"]


def test_the_same_photo_is_not_added_twice(site: Site) -> None:
    put(site.faces, jane_doe__IMG_1=photo(0))
    with refused(Kind.CONFLICT, "there already: jane_doe/IMG_1.jpg"):
        added(site, "Jane Doe", photo(0))
    assert added(site, "June Doe", photo(0)) == "june_doe.jpg", "of somebody else it can be"


def test_whoever_cannot_be_a_file_is_not_added(site: Site) -> None:
    for name in ("../jane", "a/b", "IMG 1234", "What?", ""):
        with pytest.raises(SiteError) as error:
            added(site, name, photo(0))
        assert error.value.kind is Kind.REFUSED
    assert listed(site.faces) == []


def test_a_disk_that_takes_nothing_is_told(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(source: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(photo_files, "put", full)
    with refused(Kind.REFUSED, "cannot be written to: no space left on device"):
        added(site, "Jane Doe", photo(0))
    assert listed(site.faces) == []


def test_a_photo_is_removed_and_held_no_longer(site: Site) -> None:
    put(site.faces, jane_doe=photo(0), jane_doe_2=photo(1))
    site.people.edit(hold("jane_doe.jpg"), hold("jane_doe_2.jpg"))
    remove(site, "jane_doe.jpg", sha256(photo(0)).hexdigest())
    assert listed(site.faces) == ["jane_doe_2.jpg"]
    assert site.people.read().roster.held == {"jane_doe_2.jpg"}


def test_a_folder_goes_with_its_last_photo(site: Site) -> None:
    put(site.faces, jane_doe__1=photo(0), jane_doe__2=photo(1), june__1=photo(2))
    (site.faces / "june" / "notes.txt").touch()
    remove(site, "jane_doe/1.jpg")
    assert (site.faces / "jane_doe").exists()
    remove(site, "jane_doe/2.jpg")
    remove(site, "june/1.jpg")
    assert sorted(path.name for path in site.faces.iterdir()) == ["june"]


def test_another_photo_than_was_meant_is_not_removed(site: Site) -> None:
    put(site.faces, jane_doe=photo(0))
    with refused(Kind.CONFLICT, "jane_doe.jpg is another photo by now"):
        remove(site, "jane_doe.jpg", sha256(photo(1)).hexdigest())
    assert listed(site.faces) == ["jane_doe.jpg"]


def test_that_a_removed_photo_may_still_be_held_is_told(site: Site) -> None:
    put(site.faces, jane_doe=photo(0))
    site.people.edit(hold("jane_doe.jpg"))
    roster = site.in_force.roster()
    site.people.path.write_text("[")
    broken = replace(site, in_force=replace(site.in_force, roster=lambda: roster))
    with refused(Kind.REFUSED, "jane_doe.jpg is removed, but may still be held"):
        remove(broken, "jane_doe.jpg")
    assert listed(site.faces) == []


OUTSIDE = [
    "",
    ".",
    "..",
    "../secret.jpg",
    "/etc/passwd",
    "jane/../../secret.jpg",
    "jane/../jane/1.jpg",
    "a\0.jpg",
]


@pytest.mark.parametrize(
    "path", [*OUTSIDE, "people.toml", ".hidden.jpg", "jane/.hidden.jpg", "jane", "no.jpg"]
)
def test_what_is_no_photo_can_neither_be_read_nor_removed(site: Site, path: str) -> None:
    put(site.faces, jane__1=photo(0))
    for other in ("../secret.jpg", "people.toml", ".hidden.jpg", "jane/.hidden.jpg"):
        (site.faces / other).write_bytes(b"secret")
    for act in (read, remove):
        with refused(Kind.NOT_FOUND, "there is no"):
            act(site, path)
    assert len(list(site.faces.parent.rglob("*"))) == 7


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from(["..", ".", "/", "jane", "1.jpg", "secret.jpg", "people.toml", "", "\0", "~"]))
)
def test_only_what_scan_finds_is_found(site: Site, parts: list[str]) -> None:
    put(site.faces, jane__1=photo(0))
    (site.faces.parent / "secret.jpg").write_bytes(b"secret")
    item = find(site.faces, PurePath("/".join(parts)))
    assert item in [*scan(site.faces), None]


@posix
def test_links_are_removed_themselves_and_what_they_lead_to_stays(site: Site, tmp_path: Path) -> None:
    elsewhere = site.faces / ".elsewhere"
    elsewhere.mkdir()
    (elsewhere / "1.jpg").write_bytes(photo(0))
    (site.faces / "jane.jpg").symlink_to(elsewhere / "1.jpg")
    (site.faces / "ada.jpg").symlink_to("nowhere")
    (site.faces / "june").symlink_to(elsewhere)
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    (site.faces / "eve.jpg").symlink_to(tmp_path / "secret.jpg")
    assert read(site, "june/1.jpg") == read(site, "jane.jpg") == photo(0)
    with refused(Kind.REFUSED, "june is a link to another folder; change the photos there"):
        remove(site, "june/1.jpg")
    with refused(Kind.REFUSED, "eve.jpg cannot be read: it leads out of the photo folder"):
        read(site, "eve.jpg")
    for path in ("jane.jpg", "ada.jpg", "eve.jpg"):
        remove(site, path)
    assert (tmp_path / "secret.jpg").exists()
    assert sorted(os.listdir(site.faces)) == [".elsewhere", "june"] and os.listdir(elsewhere) == ["1.jpg"]
    assert added(site, "June", photo(1)) == "june_2.jpg", "not into the linked folder"


@posix
def test_odd_files_are_left_alone(site: Site) -> None:
    os.mkfifo(site.faces / "pipe.jpg")
    (site.faces / "folder.jpg").mkdir()
    with refused(Kind.REFUSED, "pipe.jpg cannot be read: not a regular file"):
        read(site, "pipe.jpg")
    with refused(Kind.REFUSED, "folder.jpg cannot be removed"):
        remove(site, "folder.jpg")
    assert (site.faces / "folder.jpg").is_dir()


def test_what_a_crash_left_is_cleaned_away(site: Site) -> None:
    put(site.faces, jane__1=photo(0))
    for name in (f"{UNFINISHED}a1.tmp", f"jane/{UNFINISHED}b2.tmp", f"{UNFINISHED}rename.json"):
        (site.faces / name).touch()
    clean(site.faces)
    assert listed(site.faces) == [f"{UNFINISHED}rename.json", "jane/1.jpg"]


def test_nothing_is_put_over_what_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "new").touch()
    with pytest.raises(FileNotFoundError):
        put_over(tmp_path / "new", tmp_path / "old")
