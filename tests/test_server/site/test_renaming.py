"""Whoever gets another name keeps limits, photos and place, however far the rename comes."""

import contextlib
import json
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from server.access.permits import Permit
from server.site import renaming
from server.site.errors import Kind, SiteError
from server.site.people_changes import confirm, hold, set_person
from server.site.placing import put as really_put
from server.site.renaming import NOTE, Rename, rename_person, resume
from server.site.site import Site
from tests.support.site import Server, listed, photo, put, refused, still_site

TEXT = """\
confirmed = [
    ["jane_doe", "June Doe"],  # sisters
]
held = ["jane_doe_2.jpg"]

# Jane: contractor
[people.jane_doe]  # since May
disabled = true

[people."June Doe"]
valid_until = 2026-12-31
"""
RENAMED = (
    TEXT.replace("[people.jane_doe]", '[people."Jane Roe"]')
    .replace('["jane_doe", "June', '["Jane Roe", "June')
    .replace("jane_doe_2.jpg", "jane_roe_2.jpg")
)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = still_site(tmp_path)
    put(made.faces, jane_doe=photo(0), jane_doe_2=photo(0, 0.1), june_doe=photo(1))
    made.people.path.write_text(TEXT)
    return made


def test_photos_and_limits_get_the_new_name_and_comments_stay(site: Site) -> None:
    done = rename_person(site, "Jane Doe", "jane roe")
    paths = {"jane_doe.jpg": "jane_roe.jpg", "jane_doe_2.jpg": "jane_roe_2.jpg"}
    assert done == Rename("Jane Doe", "Jane Roe", paths)
    assert listed(site.faces) == ["jane_roe.jpg", "jane_roe_2.jpg", "june_doe.jpg"]
    assert (site.faces / "jane_roe_2.jpg").read_bytes() == photo(0, 0.1)
    assert site.people.path.read_text() == RENAMED


def test_photos_in_folders_get_another_folder_and_keep_their_names_where_they_can(site: Site) -> None:
    put(site.faces, bob__IMG_1=photo(2), bob__2=photo(3), Bob__IMG_1=photo(4), bob=photo(5))
    (site.faces / "bob" / "notes.txt").touch()
    rename_person(site, "Bob", "Bo B")
    assert listed(site.faces) == [
        "bo_b.jpg",
        "bo_b/2.jpg",
        "bo_b/IMG_1.jpg",
        "bo_b/IMG_1_2.jpg",
        "bob/notes.txt",
        "jane_doe.jpg",
        "jane_doe_2.jpg",
        "june_doe.jpg",
    ]
    assert not (site.faces / "Bob").exists() and site.people.path.read_text() == TEXT


def test_photos_are_put_beside_those_of_the_same_person(site: Site) -> None:
    put(site.faces, june3=photo(1, 0.1))
    site.people.edit(hold("june3.jpg"))
    rename_person(site, "June3", "June Doe", merge=True)
    assert listed(site.faces) == ["jane_doe.jpg", "jane_doe_2.jpg", "june_doe.jpg", "june_doe_2.jpg"]
    assert site.people.read().roster.held == {"jane_doe_2.jpg", "june_doe_2.jpg"}
    assert site.people.read().roster.permits.keys() == {"Jane Doe", "June Doe"}


def test_limits_and_pairs_are_not_lost_by_a_merge(site: Site) -> None:
    put(site.faces, june3=photo(1, 0.1), jill=photo(2))
    with refused(Kind.CONFLICT, "Jane Doe has limits, or is confirmed"):
        rename_person(site, "Jane Doe", "June Doe", merge=True)
    site.people.edit(confirm("June3", "Jill"))
    with refused(Kind.CONFLICT, "June3 has limits, or is confirmed"):
        rename_person(site, "June3", "June Doe", merge=True)
    with refused(Kind.NOT_FOUND, "there is no photo of Ada"):
        rename_person(site, "Jill", "Ada", merge=True)


def test_names_that_are_taken_are_left_alone_and_suffixes_stay(site: Site) -> None:
    (site.faces / "June_Doe.png").write_bytes(photo(2))
    (site.faces / "Jane_ROE.jpg").write_bytes(photo(3))
    (site.faces / "jane_doe_3.webp").write_bytes(photo(0))
    rename_person(site, "Jane Doe", "Jane Roe")
    assert listed(site.faces) == [
        "Jane_ROE.jpg",
        "June_Doe.png",
        "jane_roe_2.jpg",
        "jane_roe_3.jpg",
        "jane_roe_4.webp",
        "june_doe.jpg",
    ]


def test_capitals_alone_can_change(site: Site) -> None:
    rename_person(site, "Jane Doe", "Jane DOE")
    assert listed(site.faces) == ["Jane_DOE_3.jpg", "Jane_DOE_4.jpg", "june_doe.jpg"]


def test_whoever_has_limits_only_can_be_renamed(site: Site) -> None:
    site.people.edit(set_person("Nobody Yet", {"disabled": True}))
    rename_person(site, "Nobody Yet", "Somebody")
    assert site.people.read().roster.permits["Somebody"] == Permit(disabled=True)


@pytest.mark.parametrize(
    ("old", "new", "kind", "words"),
    [
        ("Nobody", "Jane Roe", Kind.NOT_FOUND, "there is no Nobody"),
        ("Jane Doe", "June Doe", Kind.CONFLICT, "there is a June Doe already"),
        ("Jane Doe", "Limits Only", Kind.CONFLICT, "there is a Limits Only already"),
        ("Jane Doe", "Pair Only", Kind.CONFLICT, "there is a Pair Only already"),
        ("Jane Doe", "Jane Doe", Kind.CONFLICT, "already"),
        ("Jane Doe", "A/B", Kind.REFUSED, "no slash"),
        ("Jane Doe", "What?", Kind.REFUSED, "Windows"),
        ("Folder", "Jane (1)", Kind.REFUSED, "no folder can be called after"),
    ],
)
def test_what_must_not_be_done_is_not(site: Site, old: str, new: str, kind: Kind, words: str) -> None:
    put(site.faces, folder__1=photo(3))
    site.people.edit(set_person("Limits Only", {"disabled": True}), confirm("Pair Only", "June Doe"))
    before = listed(site.faces), site.people.path.read_bytes()
    with refused(kind, words):
        rename_person(site, old, new)
    assert (listed(site.faces), site.people.path.read_bytes()) == before


def test_a_people_file_that_cannot_be_used_keeps_everybody_s_name(site: Site) -> None:
    site.people.path.write_text("[")
    with refused(Kind.REFUSED, "cannot be used"):
        rename_person(site, "Jane Doe", "Jane Roe")
    assert "jane_doe.jpg" in listed(site.faces) and len(listed(site.faces)) == 3


@pytest.mark.skipif(os.name != "posix", reason="links")
def test_photos_behind_a_link_are_not_moved(site: Site) -> None:
    elsewhere = site.faces / ".elsewhere"
    elsewhere.mkdir()
    (elsewhere / "1.jpg").write_bytes(photo(3))
    (site.faces / "ada").symlink_to(elsewhere)
    with refused(Kind.REFUSED, "ada is a link to another folder"):
        rename_person(site, "Ada", "Ida")
    assert (elsewhere / "1.jpg").exists() and not (site.faces / NOTE).exists()


def test_photos_are_moved_while_the_server_does_not_look(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    listing = threading.Lock()
    locked: list[bool] = []

    def watched(source: Path, target: Path) -> None:
        locked.append(listing.locked())
        really_put(source, target)

    monkeypatch.setattr(renaming, "put", watched)
    rename_person(replace(site, listing=listing), "Jane Doe", "Jane Roe")
    assert locked == [True, True]


def test_where_one_photo_cannot_be_moved_none_is(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = iter([True, False, True])

    def fail_once(source: Path, target: Path) -> None:
        if not next(calls):
            raise OSError(28, "No space left on device")
        really_put(source, target)

    monkeypatch.setattr(renaming, "put", fail_once)
    put(site.faces, jane_doe__1=photo(0, 0.2))
    with refused(Kind.REFUSED, "Jane Doe is not renamed: no space left on device"):
        rename_person(site, "Jane Doe", "Jane Roe")
    assert not (site.faces / "jane_roe").exists()
    (site.faces / "jane_doe" / "1.jpg").unlink()
    assert listed(site.faces) == ["jane_doe.jpg", "jane_doe_2.jpg", "june_doe.jpg"]
    assert site.people.read().roster.permits.keys() == {"Jane Doe", "June Doe"}
    monkeypatch.undo()
    rename_person(site, "Jane Doe", "Jane Roe")
    assert "jane_roe.jpg" in listed(site.faces)


def test_where_a_photo_would_not_show_the_new_name_nothing_is_renamed(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renaming, "find", lambda root, path: None)
    with refused(Kind.REFUSED, "Jane Doe is not renamed: jane_roe.jpg would not show Jane Roe"):
        rename_person(site, "Jane Doe", "Jane Roe")
    assert listed(site.faces) == ["jane_doe.jpg", "jane_doe_2.jpg", "june_doe.jpg"]


def test_a_server_that_does_not_follow_keeps_the_old_name(site: Site) -> None:
    before = site.in_force.roster()
    deaf = replace(site, in_force=replace(site.in_force, roster=lambda: before))
    with refused(Kind.REFUSED, "Jane Doe is not renamed: the server does not follow"):
        rename_person(deaf, "Jane Doe", "Jane Roe")
    assert listed(site.faces) == ["jane_doe.jpg", "jane_doe_2.jpg", "june_doe.jpg"]
    assert site.people.read().roster.permits.keys() == {"Jane Doe", "June Doe"}


def test_a_server_that_has_not_noticed_the_photos_yet_still_limits_both_names(site: Site) -> None:
    before = site.in_force.gallery()
    blind = replace(site, in_force=replace(site.in_force, gallery=lambda: before))
    with refused(Kind.REFUSED, "has not noticed yet; try again"):
        rename_person(blind, "Jane Doe", "Jane Roe")
    permits = site.people.read().roster.permits
    assert permits["Jane Doe"] == permits["Jane Roe"] == Permit(disabled=True)
    assert resume(site) is not None and resume(site) is None
    assert site.people.path.read_text() == RENAMED


class Killed(BaseException):
    """The program ends here."""


def kill_at(patch: pytest.MonkeyPatch, last: int) -> None:
    """End the program when it is about to change a file for the `last`th time; nothing is tidied up then."""
    left = iter(range(last))
    killed = False

    def change(real: Callable[..., None], *arguments: Any) -> None:
        nonlocal killed
        killed = killed or next(left, None) is None
        if killed:
            raise Killed
        real(*arguments)

    def claim_and_move(source: Path, target: Path) -> None:
        change(target.touch)
        change(os.replace, source, target)

    patch.setattr(renaming, "put", claim_and_move)
    for name in ("replace", "unlink", "rmdir"):
        patch.setattr(os, name, partial(change, getattr(os, name)))
    patch.setattr(Path, "unlink", lambda path, missing_ok=False: os.unlink(path))  # of Python 3.10, too


@pytest.mark.parametrize("last", range(15))
def test_wherever_it_is_killed_nobody_is_without_limits_and_it_can_be_gone_on_with(
    site: Site, monkeypatch: pytest.MonkeyPatch, last: int
) -> None:
    put(site.faces, jane_doe__1=photo(0, 0.2))
    with monkeypatch.context() as patch, contextlib.suppress(Killed):
        kill_at(patch, last)
        rename_person(site, "Jane Doe", "Jane Roe")
        assert last == 14, "there are fewer steps"
    roster = site.people.read().roster
    for person in set(site.in_force.gallery().people) - {"June Doe"}:
        assert roster.permits[person] == Permit(disabled=True)
    for path in ("jane_doe_2.jpg", "jane_roe_2.jpg"):
        assert not (site.faces / path).exists() or path in roster.held
    again = Site(site.faces, site.people, site.in_force, site.listing)
    if resume(again) is None and last == 0:
        rename_person(again, "Jane Doe", "Jane Roe")
    photos = [path for path in listed(site.faces) if path.endswith(".jpg")]
    assert photos == ["jane_roe.jpg", "jane_roe/1.jpg", "jane_roe_2.jpg", "june_doe.jpg"]
    assert site.people.path.read_text() == RENAMED and not (site.faces / NOTE).exists()


def test_another_rename_waits_for_one_that_was_stopped(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        kill_at(patch, 1)
        with pytest.raises(Killed):
            rename_person(site, "Jane Doe", "Jane Roe")
    with refused(Kind.CONFLICT, "Jane Doe is still being renamed to Jane Roe"):
        rename_person(site, "June Doe", "Joan Doe")
    (site.faces / NOTE).write_text(json.dumps({"older": "Jane"}))
    with refused(Kind.REFUSED, "cannot be used"):
        resume(site)


def test_what_was_renamed_in_part_keeps_its_limits_while_the_rest_cannot_be(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = rename_person(site, "Jane Doe", "Jane Roe")
    (site.faces / "jane_roe_2.jpg").rename(site.faces / "jane_doe_2.jpg")
    site.people.path.write_text(TEXT)
    (site.faces / NOTE).write_text(json.dumps({"old": done.old, "new": done.new, "paths": dict(done.paths)}))

    def full(source: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(renaming, "put", full)
    with refused(Kind.REFUSED, "Jane Doe is renamed in part only: no space left on device; try again"):
        resume(site)
    assert site.people.read().roster.permits["Jane Roe"] == Permit(disabled=True)
    monkeypatch.undo()
    resume(site)
    assert site.people.path.read_text() == RENAMED


@pytest.fixture
def server(tmp_path: Path) -> Server:
    made = Server(tmp_path)
    put(made.faces, jane_doe=photo(0), jane_doe_2=photo(0, 0.1), june_doe=photo(1))
    made.site.people.path.write_text(TEXT.replace("held = [", "held = [] # ["))
    return made


def test_a_running_server_never_knows_the_new_name_without_its_limits_nor_a_look_alike_in_its_place(
    server: Server,
) -> None:
    """A twin, who is held, would be enrolled as soon as nobody who came before stands in the way."""
    seen: set[tuple[str, bool]] = set()
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            gallery, roster = server.watcher.gallery, server.roster.roster
            seen.update((name, name in roster.permits) for name in gallery.people)

    with server.running() as site:
        put(site.faces, twin=photo(0, 0.2))
        server.until(lambda: server.watcher.has("twin.jpg"))
        watching = threading.Thread(target=watch)
        watching.start()
        rename_person(site, "Jane Doe", "Jane Roe")
        server.until(lambda: server.roster.roster.permits.keys() == {"Jane Roe", "June Doe"})
        done.set()
        watching.join()
        assert server.watcher.gallery.people == ("Jane Roe", "June Doe")
        assert server.watcher.gallery.photos_of("Jane Roe") == 2
    assert seen == {("Jane Doe", True), ("Jane Roe", True), ("June Doe", True)}


def test_a_held_photo_enrols_nobody_under_the_new_name_either(server: Server) -> None:
    with server.running() as site:
        site.people.edit(hold("jane_doe.jpg"))
        server.until(lambda: server.watcher.gallery.photos_of("Jane Doe") == 1)
        rename_person(site, "Jane Doe", "Jane Roe")
        assert server.watcher.gallery.photos_of("Jane Roe") == 1
        server.until(lambda: server.roster.roster.held == {"jane_roe.jpg"})
        assert server.watcher.gallery.photos_of("Jane Roe") == 1
    accepted = [str(receipt.path) for receipt in server.receipts if receipt.reason == "ok"]
    assert "jane_roe.jpg" not in accepted


def test_a_refusal_is_one_of_four_kinds() -> None:
    assert str(SiteError(Kind.CONFLICT, "so it is")) == "so it is" and len(Kind) == 4
