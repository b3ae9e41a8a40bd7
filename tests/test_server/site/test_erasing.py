"""Whoever is erased stands nowhere any more, and had limits as long as there was a photo."""

import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from server.access.orders import EMPTY
from server.site import erasing
from server.site.erasing import erase_person
from server.site.errors import Kind
from server.site.photo_files import unlink
from server.site.site import Site
from tests.support.site import Server, listed, photo, put, refused, still_site

TEXT = """\
confirmed = [["June Doe", "jane_doe"]]
held = ["jane_doe_2.jpg"]

[people.jane_doe]
disabled = true

# Bob stays.
[people.bob]
disabled = true
"""
LEFT = "confirmed = []\nheld = []\n\n# Bob stays.\n[people.bob]\ndisabled = true\n"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = still_site(tmp_path)
    put(made.faces, jane_doe=photo(0), jane_doe_2=photo(0, 0.1), Jane_Doe__1=photo(0, 0.2), june_doe=photo(1))
    made.people.path.write_text(TEXT)
    return made


def test_all_photos_and_all_that_is_laid_down_go(site: Site) -> None:
    assert erase_person(site, "Jane Doe") == (3, True)
    assert listed(site.faces) == ["june_doe.jpg"] and not (site.faces / "Jane_Doe").exists()
    assert site.people.path.read_text() == LEFT
    with refused(Kind.NOT_FOUND, "there is no Jane Doe"):
        erase_person(site, "Jane Doe")


def test_whoever_has_photos_or_limits_only_is_erased_too(site: Site) -> None:
    put(site.faces, ada=photo(2))
    assert erase_person(site, "Ada") == (1, False)
    assert erase_person(site, "Bob") == (0, True)
    assert site.people.read().roster.permits.keys() == {"Jane Doe"}


def test_limits_stay_when_a_photo_does(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = iter([True, False])

    def fail_once(faces: Path, path: Path) -> None:
        if not next(calls, True):
            raise OSError(13, "Permission denied")
        unlink(faces, path)

    monkeypatch.setattr(erasing, "unlink", fail_once)
    with refused(Kind.REFUSED, "1 of Jane Doe's photos is removed, the next cannot be: permission denied"):
        erase_person(site, "Jane Doe")
    assert site.people.path.read_text() == TEXT
    assert erase_person(site, "Jane Doe") == (2, True)
    assert site.people.path.read_text() == LEFT


def test_nothing_goes_while_people_toml_cannot_be_used(site: Site) -> None:
    site.people.path.write_text("[")
    with refused(Kind.REFUSED, "correct it by hand first"):
        erase_person(site, "Jane Doe")
    assert len(listed(site.faces)) == 4


@pytest.mark.skipif(os.name != "posix", reason="links")
def test_photos_behind_a_link_stay(site: Site) -> None:
    elsewhere = site.faces / ".elsewhere"
    elsewhere.mkdir()
    (elsewhere / "1.jpg").write_bytes(photo(0))
    (site.faces / "jane doe").symlink_to(elsewhere)
    with refused(Kind.REFUSED, "jane doe is a link to another folder"):
        erase_person(site, "Jane Doe")
    assert "jane_doe.jpg" in listed(site.faces) and (elsewhere / "1.jpg").exists()


def test_limits_stay_until_the_server_knows_that_the_photos_are_gone(site: Site) -> None:
    before = site.in_force.gallery()
    blind = replace(site, in_force=replace(site.in_force, gallery=lambda: before))
    with refused(Kind.REFUSED, "are removed, but the server has not noticed yet; try again"):
        erase_person(blind, "Jane Doe")
    assert site.people.path.read_text() == TEXT
    assert erase_person(site, "Jane Doe") == (0, True)


def test_a_running_server_forgets_whoever_is_erased_and_lifts_no_limit_before(tmp_path: Path) -> None:
    server = Server(tmp_path)
    put(server.faces, jane_doe=photo(0), june_doe=photo(1))
    (server.faces / "people.toml").write_text(TEXT)
    seen: set[bool] = set()
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            gallery, roster = server.watcher.gallery, server.roster.roster
            if "Jane Doe" in gallery:
                seen.add("Jane Doe" in roster.permits)

    with server.running() as site:
        (sha256,) = [file.sha256 for file in server.watcher.files_of("Jane Doe")]
        assert sha256 is not None and server.cache.get(sha256) is not None
        watching = threading.Thread(target=watch)
        watching.start()
        erase_person(site, "Jane Doe")
        server.until(lambda: server.roster.roster.permits.keys() == {"Bob"})
        done.set()
        watching.join()
        server.until(lambda: server.cache.get(sha256) is None)
    assert seen == {True} and server.roster.roster != EMPTY
