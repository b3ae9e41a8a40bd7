"""Gives a person another name: all photos, and all that is laid down.

At no moment is anybody enrolled without the limits that hold for the face, whenever the program is stopped:

1. what is to be done is noted, so that it can be gone on with (`resume`);
2. people.toml lays down the same for both names, and the server goes by that;
3. the photos get their new names, all at once for the server, which keeps their places in the order of
   arrival;
4. when it knows nobody of the old name any more, people.toml gets rid of it.

Where that does not go through the photos get their old names back.
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import chain, count
from pathlib import Path, PurePath

from server.access.orders import Roster
from server.gallery.folder import PhotoFile, find, scan
from server.site.errors import Kind, SiteError, cause
from server.site.file_names import canonical, folder_name, free_name, key, photo_names
from server.site.people_changes import copy_person, drop_copy
from server.site.people_changes import rename_person as move_limits
from server.site.photo_files import refuse_other_folders, remove_empty, stems
from server.site.placing import UNFINISHED, put, remove_placeholder
from server.site.site import Site
from server.support.private_files import replace_private

NOTE = f"{UNFINISHED}rename.json"
"""In faces/, as long as a rename is not done."""


@dataclass(frozen=True)
class Rename:
    """`paths`: from each photo's present path, relative to faces/, to its later one."""

    old: str
    new: str
    paths: Mapping[str, str]


def rename_person(site: Site, old: str, new: str, *, merge: bool = False) -> Rename:
    """Give the person `old` the name `new`, which nobody has. `merge`: which somebody has, to whose photos
    these are added; nothing may be laid down for `old`.

    Raises SiteError: nothing was renamed, or the sentence says how far it came; it can be tried again.
    """
    new = canonical(new)
    with site.changing:
        rename = _noted(site)
        if rename is None:
            rename = _planned(site, old, new, merge)
            _note(site, rename)
        elif (rename.old, rename.new) != (old, new):
            sentence = f"{rename.old} is still being renamed to {rename.new}; have that done first"
            raise SiteError(Kind.CONFLICT, sentence)
        _carry_out(site, rename)
    return rename


def resume(site: Site) -> Rename | None:
    """Go on with a rename that was stopped half-way; None: there is none. Raises SiteError."""
    with site.changing:
        rename = _noted(site)
        if rename is not None:
            _carry_out(site, rename)
    return rename


def _planned(site: Site, old: str, new: str, merge: bool) -> Rename:
    """Raises SiteError: it must not be done."""
    laid_down = site.people.read().roster
    try:
        photos = [item for item in scan(site.faces) if isinstance(item, PhotoFile)]
        own = [photo.path for photo in photos if photo.person == old]
        if not own and not _is_laid_down(laid_down, old):
            raise SiteError(Kind.NOT_FOUND, f"there is no {old}")
        known = any(photo.person == new for photo in photos)
        if merge:
            _require_mergeable(laid_down, old, new, known)
        elif known or _is_laid_down(laid_down, new):
            raise SiteError(Kind.CONFLICT, f"there is a {new} already")
        refuse_other_folders(site.faces, own)
        return Rename(old, new, _new_paths(site.faces, own, new))
    except OSError as error:
        raise SiteError(Kind.REFUSED, f"{site.faces} cannot be listed: {cause(error)}") from error


def _require_mergeable(laid_down: Roster, old: str, new: str, known: bool) -> None:
    """Raises SiteError: limits or pairs would be lost, or there is nobody to get the photos."""
    if not known:
        raise SiteError(Kind.NOT_FOUND, f"there is no photo of {new}")
    if _is_laid_down(laid_down, old):
        sentence = f"{old} has limits, or is confirmed to be another person than a look-alike"
        raise SiteError(Kind.CONFLICT, f"{sentence}; take that back first")


def _is_laid_down(roster: Roster, name: str) -> bool:
    return name in roster.permits or any(name in pair for pair in roster.confirmed)


def _new_paths(faces: Path, own: list[PurePath], new: str) -> dict[str, str]:
    """Raises SiteError: no file, or no folder, can be called so; OSError."""
    folder = PurePath(folder_name(new)) if any(len(path.parts) > 1 for path in own) else PurePath()
    taken = {parent: _stems(faces / parent) for parent in (PurePath(), folder)}
    paths = {}
    for path in own:
        parent = folder if len(path.parts) > 1 else PurePath()
        names = _kept_or_numbered(path) if parent.parts else photo_names(new, path.suffix)
        to = parent / free_name(names, taken[parent])
        taken[parent].add(key(to.stem))
        paths[path.as_posix()] = to.as_posix()
    return paths


def _kept_or_numbered(path: PurePath) -> Iterator[PurePath]:
    """In a person's folder a photo may be called anything."""
    numbered = (PurePath(f"{path.stem}_{number}{path.suffix}") for number in count(2))
    return chain([PurePath(path.name)], numbered)


def _stems(folder: Path) -> set[str]:
    return stems(folder) if folder.exists() else set()


def _carry_out(site: Site, rename: Rename) -> None:
    """What has been done already is not done again. Raises SiteError."""
    old, new, paths = rename.old, rename.new, rename.paths
    both = site.people.edit(copy_person(old, new, paths)).roster
    if not site.in_force.wait_for(lambda: site.in_force.limits(both, [new], paths.values())):
        raise _taken_back(site, rename, f"the server does not follow {site.people.path}")
    try:
        with site.listing:
            _move_all(site.faces, rename)
    except OSError as error:
        raise _taken_back(site, rename, cause(error)) from error
    except SiteError as error:
        raise _taken_back(site, rename, str(error)) from error
    if not site.in_force.wait_for(lambda: old not in site.in_force.gallery()):
        sentence = f"the photos of {old} are renamed, but the server has not noticed yet; try again"
        raise SiteError(Kind.REFUSED, sentence)
    site.people.edit(drop_copy(old, new, paths), move_limits(old, new, paths))
    (site.faces / NOTE).unlink(missing_ok=True)


def _taken_back(site: Site, rename: Rename, why: str) -> SiteError:
    """What to tell; the limits of the new name go, unless a photo has it already. Raises SiteError."""
    if any(os.path.lexists(site.faces / to) for to in rename.paths.values()):
        return SiteError(Kind.REFUSED, f"{rename.old} is renamed in part only: {why}; try again")
    site.people.edit(drop_copy(rename.old, rename.new, rename.paths))
    (site.faces / NOTE).unlink(missing_ok=True)
    return SiteError(Kind.REFUSED, f"{rename.old} is not renamed: {why}")


def _move_all(faces: Path, rename: Rename) -> None:
    """Raises OSError, SiteError: those that had their old names still have them."""
    moved: list[tuple[Path, Path]] = []
    try:
        for path, to in rename.paths.items():
            if os.path.lexists(faces / path):
                (faces / to).parent.mkdir(exist_ok=True)
                remove_placeholder(faces / to)
                put(faces / path, faces / to)
                moved.append((faces / path, faces / to))
            _check(faces, PurePath(to), rename.new)
    except BaseException:
        for source, target in reversed(moved):
            put(target, source)
        remove_empty(faces, rename.paths.values())
        raise
    remove_empty(faces, rename.paths)


def _check(faces: Path, path: PurePath, person: str) -> None:
    """Raises SiteError: the photo does not show that person to the server, as on a file system that keeps the
    capitals which a folder has."""
    item = find(faces, path)
    if os.path.lexists(faces / path) and not (isinstance(item, PhotoFile) and item.person == person):
        raise SiteError(Kind.REFUSED, f"{path.as_posix()} would not show {person}")


def _noted(site: Site) -> Rename | None:
    try:
        return Rename(**json.loads((site.faces / NOTE).read_text("utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        sentence = f"{site.faces / NOTE}, which notes what was being renamed, cannot be used: {error}"
        raise SiteError(Kind.REFUSED, sentence) from error


def _note(site: Site, rename: Rename) -> None:
    try:
        replace_private(site.faces / NOTE, json.dumps(asdict(rename)).encode())
    except OSError as error:
        raise SiteError(Kind.REFUSED, f"{site.faces} cannot be written to: {cause(error)}") from error
