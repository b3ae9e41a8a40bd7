"""Adds photos to faces/ and removes them. Nothing outside the folder is reached by any name."""

import contextlib
import hashlib
import os
from collections.abc import Iterable, Sequence
from itertools import count
from pathlib import Path, PurePath

from server.gallery.assessed_file import AssessedFile
from server.gallery.folder import FolderItem, ReadError, find, read_photo, stays_in
from server.site.errors import Kind, SiteError, cause
from server.site.file_names import SUFFIX, canonical, free_name, key, photo_names
from server.site.people_changes import forget_photos
from server.site.placing import put, write_aside
from server.site.site import Site


def read(site: Site, path: str) -> bytes:
    """A photo, or what else `scan` finds at this path relative to faces/. Raises SiteError."""
    item = _found(site, path)
    if not stays_in(site.faces, site.faces / item.path):
        raise SiteError(Kind.REFUSED, f"{path} cannot be read: it leads out of the photo folder")
    try:
        return read_photo(site.faces / item.path)
    except ReadError as error:
        raise SiteError(Kind.REFUSED, f"{path} cannot be read: {error}") from error


def add(site: Site, person: str, photo: bytes, own: Sequence[AssessedFile]) -> PurePath:
    """Add a photo of somebody; returns its path relative to faces/.

    `photo`: a JPEG fit for the gallery. `own`: the files of that person by now (`PhotoWatcher.files_of`);
    where they lie in a folder the photo does, too. Raises SiteError.
    """
    person = canonical(person)
    sha256 = hashlib.sha256(photo).hexdigest()
    for file in own:
        if file.sha256 == sha256:
            raise SiteError(Kind.CONFLICT, f"this very photo is there already: {file.file.path.as_posix()}")
    with site.changing:
        try:
            path = _put_aside_then_in_place(site.faces, _folder(site.faces, own), person, photo)
        except OSError as error:
            raise SiteError(Kind.REFUSED, f"{site.faces} cannot be written to: {cause(error)}") from error
    site.in_force.hasten()
    return path


def remove(site: Site, path: str, sha256: str | None = None) -> None:
    """Remove one photo. `sha256`: of the content that it must have. Raises SiteError: it is still there, or
    the sentence says that it is not."""
    with site.changing:
        item = _found(site, path)
        refuse_other_folders(site.faces, [item.path])
        if sha256 is not None and hashlib.sha256(read(site, path)).hexdigest() != sha256:
            raise SiteError(Kind.CONFLICT, f"{path} is another photo by now")
        try:
            unlink(site.faces, item.path)
        except OSError as error:
            raise SiteError(Kind.REFUSED, f"{path} cannot be removed: {cause(error)}") from error
        site.in_force.hasten()
        if site.in_force.roster().held:
            try:
                site.people.edit(forget_photos({path}))
            except SiteError as error:
                raise SiteError(error.kind, f"{path} is removed, but may still be held: {error}") from error


def refuse_other_folders(faces: Path, paths: Iterable[PurePath]) -> None:
    """Photos behind a link to another folder are enrolled, and are changed there. Raises SiteError."""
    for folder in {path.parent for path in paths}:
        if not _is_own(faces, folder):
            sentence = f"{folder.as_posix()} is a link to another folder; change the photos there"
            raise SiteError(Kind.REFUSED, sentence)


def unlink(faces: Path, path: PurePath) -> None:
    """Remove a file, or a link itself, and its folder if that is empty then. Raises OSError."""
    os.unlink(faces / path)
    remove_empty(faces, [path.as_posix()])


def remove_empty(faces: Path, paths: Iterable[str]) -> None:
    """Remove the folders in which these paths are, if nothing is there."""
    for folder in {PurePath(path).parent for path in paths} - {PurePath()}:
        with contextlib.suppress(OSError):  # something is, or it is gone
            os.rmdir(faces / folder)


def stems(folder: Path) -> set[str]:
    """The `key` of all names in a folder without their suffixes. Raises OSError."""
    return {key(PurePath(name).stem) for name in os.listdir(folder)}


def _found(site: Site, path: str) -> FolderItem:
    item = find(site.faces, PurePath(path))
    if item is None:
        raise SiteError(Kind.NOT_FOUND, f"there is no {path!a}")
    return item


def _is_own(faces: Path, folder: PurePath) -> bool:
    return Path(os.path.realpath(faces / folder)) == Path(os.path.realpath(faces)) / folder


def _folder(faces: Path, own: Sequence[AssessedFile]) -> PurePath:
    """Where a person's photos lie, relative to faces/."""
    folders = (file.file.path.parent for file in own if len(file.file.path.parts) > 1)
    return next((folder for folder in folders if _is_own(faces, folder)), PurePath())


def _put_aside_then_in_place(faces: Path, folder: PurePath, person: str, photo: bytes) -> PurePath:
    """Raises OSError, SiteError."""
    taken = stems(faces / folder)
    aside = write_aside(faces / folder, photo)
    try:
        while True:
            numbered = (PurePath(f"{number}{SUFFIX}") for number in count(1))
            name = free_name(numbered if folder.parts else photo_names(person), taken)
            with contextlib.suppress(FileExistsError):  # somebody else was faster
                put(aside, faces / folder / name)
                return folder / name
            taken.add(key(name.stem))
    finally:
        aside.unlink(missing_ok=True)
