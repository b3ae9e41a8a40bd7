"""An archive adds what is missing, or takes the place of everything, and never lifts a limit too early."""

import os
import shutil
import threading
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import pytest

from server.site import importing
from server.site.archive import export
from server.site.differences import Changed, Difference, Subject
from server.site.errors import Kind, SiteError
from server.site.importing import Effect, compare, merge, replace_all
from server.site.placing import UNFINISHED, clean
from server.site.restoring import Archive, open_archive
from server.site.site import Site
from tests.support.site import Server, listed, photo, put, refused, still_site
from tests.test_server.site.test_archive import MOMENT

OURS = """\
confirmed = [["Ada", "Bob"]]
held = ["ada.jpg"]

# Ada, here
[people.Ada]
disabled = true

[people.bob]
valid_until = 2026-12-31

[terminals.lab]
attempts = 3
"""
THEIRS = """\
confirmed = [["Bob", "Cy"]]
held = ["cy.jpg", "bob.jpg"]

[people.Bob]
disabled = true

# Cy, there
[people.cy]
disabled = true

[terminals.lab]
attempts = 5

[terminals.door]
attempts = 0
"""


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = still_site(tmp_path)
    put(made.faces, ada=photo(0), bob=photo(1), bob_2=photo(1, 0.1), DAN__1=photo(3))
    made.people.path.write_text(OURS)
    return made


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    faces = tmp_path / "elsewhere"
    put(faces, bob=photo(1), bob_2=photo(1, 0.2), cy=photo(2), dan__1=photo(3, 0.1), eve__1=photo(4))
    return archived(faces, THEIRS.encode())


def archived(faces: Path, people: bytes | None) -> Archive:
    file = BytesIO()
    export(faces, people, {}, file, moment=MOMENT)
    return open_archive(file)


def told(subject: Subject, name: str, key: str, before: str, after: str) -> Difference:
    return Difference(subject, name, (Changed(key, before, after),))


EFFECT = Effect(
    new=("cy.jpg", "eve/1.jpg"),
    same=("bob.jpg",),
    conflicting=("bob_2.jpg", "dan/1.jpg"),
    gone=("DAN/1.jpg", "ada.jpg"),
    merging=(
        told(Subject.TERMINAL, "door", "attempts", "not laid down", "0"),
        told(Subject.PERSON, "Cy", "disabled", "no", "yes"),
        told(Subject.PAIR, "Bob and Cy", "confirmed", "no", "yes"),
        told(Subject.PHOTO, "cy.jpg", "held", "no", "yes"),
    ),
    replacing=(
        told(Subject.TERMINAL, "door", "attempts", "not laid down", "0"),
        told(Subject.TERMINAL, "lab", "attempts", "3", "5"),
        told(Subject.PERSON, "Ada", "disabled", "yes", "no"),
        Difference(
            Subject.PERSON,
            "Bob",
            (Changed("valid_until", "2026-12-31", "not laid down"), Changed("disabled", "no", "yes")),
        ),
        told(Subject.PERSON, "Cy", "disabled", "no", "yes"),
        told(Subject.PAIR, "Ada and Bob", "confirmed", "yes", "no"),
        told(Subject.PAIR, "Bob and Cy", "confirmed", "no", "yes"),
        told(Subject.PHOTO, "ada.jpg", "held", "yes", "no"),
        told(Subject.PHOTO, "bob.jpg", "held", "no", "yes"),
        told(Subject.PHOTO, "cy.jpg", "held", "no", "yes"),
    ),
)


def test_what_an_import_would_do_is_told_and_nothing_is_done(site: Site, archive: Archive) -> None:
    before = listed(site.faces)
    assert compare(site, archive) == EFFECT
    assert listed(site.faces) == before and site.people.path.read_text() == OURS


def test_merging_adds_what_is_missing_and_leaves_what_is_here(site: Site, archive: Archive) -> None:
    assert merge(site, archive) == EFFECT
    assert listed(site.faces) == ["DAN/1.jpg", "ada.jpg", "bob.jpg", "bob_2.jpg", "cy.jpg", "eve/1.jpg"]
    assert (site.faces / "bob_2.jpg").read_bytes() == photo(1, 0.1)
    assert (site.faces / "cy.jpg").read_bytes() == photo(2)
    assert (
        site.people.path.read_text()
        == OURS.replace('"Bob"]]', '"Bob"], ["Bob", "Cy"]]')
        .replace('held = ["ada.jpg"]', 'held = ["ada.jpg", "cy.jpg"]')
        .replace("2026-12-31\n", "2026-12-31\n\n[people.cy]\ndisabled = true\n")
        + "\n[terminals.door]\nattempts = 0\n"
    )
    again = merge(site, archive)
    assert again.new == () and set(again.same) == {"bob.jpg", "cy.jpg", "eve/1.jpg"}


def test_replacing_makes_the_site_what_the_archive_is(site: Site, archive: Archive) -> None:
    (site.faces / "notes.txt").touch()
    assert replace_all(site, archive) == EFFECT
    assert listed(site.faces) == ["bob.jpg", "bob_2.jpg", "cy.jpg", "dan/1.jpg", "eve/1.jpg", "notes.txt"]
    assert (site.faces / "bob_2.jpg").read_bytes() == photo(1, 0.2)
    assert (site.faces / "dan" / "1.jpg").read_bytes() == photo(3, 0.1)
    assert site.people.path.read_text() == THEIRS
    effect = replace_all(site, archive)
    assert (effect.new, effect.conflicting, effect.gone, effect.replacing) == ((), (), (), ())


def test_an_archive_without_people_toml_lifts_all_limits_only_when_it_replaces(
    site: Site, tmp_path: Path
) -> None:
    put(tmp_path / "other", eve=photo(4))
    without = archived(tmp_path / "other", None)
    effect = merge(site, without)
    assert site.people.path.read_text() == OURS and effect.merging == ()
    assert "person Ada: disabled no, was yes" in map(str, effect.replacing)
    assert "terminal lab: attempts not laid down, was 3" in map(str, effect.replacing)
    replace_all(site, without)
    assert site.people.path.read_text() == "" and listed(site.faces) == ["eve.jpg"]


def test_what_people_toml_says_by_then_is_what_was_told_or_nothing_is_done(
    site: Site, archive: Archive
) -> None:
    effect = compare(site, archive)
    site.people.path.write_text(
        OURS.replace("attempts = 3", "attempts = 2") + "\n[terminals.gate]\nattempts = 1\n"
    )
    with refused(Kind.CONFLICT, "changed meanwhile; look at the archive again"):
        replace_all(site, archive, effect.replacing)
    site.people.path.write_text(OURS + "\n[terminals.door]\nattempts = 1\n")
    with refused(Kind.CONFLICT, "changed meanwhile; look at the archive again"):
        merge(site, archive, effect.merging)
    site.people.path.write_text(OURS)
    assert merge(site, archive, effect.merging) == EFFECT


def test_an_empty_site_becomes_what_the_archive_is(tmp_path: Path, archive: Archive) -> None:
    for import_it in (merge, replace_all):
        (tmp_path / import_it.__name__).mkdir()
        site = still_site(tmp_path / import_it.__name__)
        import_it(site, archive)
        assert len(listed(site.faces)) == 5
        assert site.people.read().roster.permits.keys() == {"Bob", "Cy"}


def test_a_people_file_that_cannot_be_used_is_not_replaced(site: Site, archive: Archive) -> None:
    site.people.path.write_text("[")
    for import_it in (compare, merge, replace_all):
        with refused(Kind.REFUSED, "correct it by hand first"):
            import_it(site, archive)
    assert len(listed(site.faces)) == 4


def test_an_archive_that_changes_under_way_changes_nothing(
    site: Site, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(path: Path) -> bytes:
        if path.name == "1.jpg":
            raise SiteError(Kind.REFUSED, "damaged")
        return photo(9)

    monkeypatch.setattr(archive, "photo", damaged)
    for import_it in (merge, replace_all):
        with refused(Kind.REFUSED, "damaged"):
            import_it(site, archive)
        assert listed(site.faces) == ["DAN/1.jpg", "ada.jpg", "bob.jpg", "bob_2.jpg"]
        assert site.people.path.read_text() == OURS


def test_without_room_nothing_changes(site: Site, archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=3))
    for import_it in (merge, replace_all):
        with refused(Kind.REFUSED, "there is no room"):
            import_it(site, archive)
    assert site.people.path.read_text() == OURS


def test_a_server_that_does_not_follow_gets_no_photo(site: Site, archive: Archive) -> None:
    before = site.in_force.roster()
    deaf = replace(site, in_force=replace(site.in_force, roster=lambda: before))
    for import_it in (merge, replace_all):
        with refused(Kind.REFUSED, "the server does not follow it; no photo is changed"):
            import_it(deaf, archive)
        assert listed(site.faces) == ["DAN/1.jpg", "ada.jpg", "bob.jpg", "bob_2.jpg"]


def test_limits_stay_until_the_server_knows_that_photos_are_gone(site: Site, archive: Archive) -> None:
    before = site.in_force.gallery()
    blind = replace(site, in_force=replace(site.in_force, gallery=lambda: before))
    with refused(Kind.REFUSED, "the server has not noticed yet; try again"):
        replace_all(blind, archive)
    assert site.people.read().roster.permits.keys() == {"Ada", "Bob", "Cy"}
    assert "ada.jpg" in site.people.read().roster.held
    replace_all(site, archive)
    assert site.people.path.read_text() == THEIRS


def test_what_comes_meanwhile_is_not_put_over(
    site: Site, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_all = importing._put_all

    def late(faces: Path, staged: object) -> list[str]:
        put(faces, cy=photo(7))
        (faces / "eve").touch()
        return put_all(faces, staged)  # type: ignore[arg-type]

    monkeypatch.setattr(importing, "_put_all", late)
    effect = merge(site, archive)
    assert effect.new == () and effect.conflicting == (*EFFECT.conflicting, "cy.jpg", "eve/1.jpg")
    assert (site.faces / "cy.jpg").read_bytes() == photo(7)


def test_a_disk_that_fills_up_is_told_with_what_was_done(
    site: Site, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(importing, "put", full)
    with refused(Kind.REFUSED, "0 photos are added, cy.jpg cannot be: no space left"):
        merge(site, archive)
    monkeypatch.setattr(importing, "unlink", full)
    with refused(Kind.REFUSED, "the photos are replaced in part only: no space left on device; try again"):
        replace_all(site, archive)
    monkeypatch.setattr(importing, "write_aside", full)
    with refused(Kind.REFUSED, "cannot be written to"):
        merge(site, archive)
    assert not any(UNFINISHED in path for path in listed(site.faces))
    monkeypatch.undo()
    replace_all(site, archive)
    assert site.people.path.read_text() == THEIRS


def test_what_is_no_photo_is_in_the_way(site: Site, archive: Archive) -> None:
    (site.faces / "cy.jpg").mkdir()
    assert "cy.jpg" in merge(site, archive).conflicting
    with refused(Kind.CONFLICT, "cy.jpg is in the way: a folder, not a photo"):
        replace_all(site, archive)
    assert "ada.jpg" in listed(site.faces)


@pytest.mark.skipif(os.name != "posix", reason="links")
def test_nothing_is_written_behind_a_link(site: Site, archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (site.faces / "eve").symlink_to(tmp_path / "outside")
    for import_it in (merge, replace_all):
        with refused(Kind.REFUSED, "eve is a link to another folder"):
            import_it(site, archive)
    assert listed(tmp_path / "outside") == [] and site.people.path.read_text() == OURS


def test_what_a_crash_left_is_cleaned_away(site: Site) -> None:
    (site.faces / f"{UNFINISHED}abc.tmp").mkdir()
    (site.faces / f"{UNFINISHED}abc.tmp" / "photo").touch()
    clean(site.faces)
    assert listed(site.faces) == ["DAN/1.jpg", "ada.jpg", "bob.jpg", "bob_2.jpg"]


def test_a_running_server_never_enrols_anybody_without_the_limits(tmp_path: Path, archive: Archive) -> None:
    server = Server(tmp_path)
    put(server.faces, ada=photo(0), bob=photo(1), bob_2=photo(1, 0.1))
    (server.faces / "people.toml").write_text(OURS.replace("held", "# held"))
    seen: set[tuple[str, bool]] = set()
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            roster, gallery = server.roster.roster, server.watcher.gallery
            if server.roster.roster is roster:  # the two were there at one moment
                seen.update((name, name in roster.permits) for name in gallery.people)

    with server.running() as site:
        watching = threading.Thread(target=watch)
        watching.start()
        replace_all(site, archive)
        server.until(lambda: server.roster.roster.permits.keys() == {"Bob", "Cy"})
        server.until(lambda: server.watcher.gallery.people == ("Bob", "Dan", "Eve"))
        done.set()
        watching.join()
    assert seen == {("Ada", True), ("Bob", True), ("Dan", False), ("Eve", False)}
