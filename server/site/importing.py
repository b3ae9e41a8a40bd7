"""Brings an archive into a site: what it would do, adding what is missing, or replacing everything.

In either case people.toml is changed before the photos, so that nobody is enrolled before the limits that
belong to a photo hold; and what holds for photos that go is lifted after them.
"""

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from server.access.orders import Roster
from server.gallery.folder import BadFile, FolderItem, PhotoFile, ReadError, read_photo, scan
from server.gallery.names import person_name
from server.roster.people_file import roster_of
from server.site.differences import Differences, differing
from server.site.errors import Kind, SiteError, cause
from server.site.file_names import key
from server.site.people_changes import add_missing, keep_limits
from server.site.people_edit import Stored
from server.site.photo_files import refuse_other_folders, unlink
from server.site.placing import UNFINISHED, put, write_aside
from server.site.restoring import Archive
from server.site.site import Site
from server.support.toml_file import document


@dataclass(frozen=True)
class Effect:
    """What an import does. Photos are told by their paths relative to faces/.

    `new`: only in the archive. `same`: here, too. `conflicting`: something else has that path here, or one
    that differs in capitals only. `gone`: only here. `merging`, `replacing`: what changes of people.toml, by
    `merge` and by `replace_all`.
    """

    new: tuple[str, ...]
    same: tuple[str, ...]
    conflicting: tuple[str, ...]
    gone: tuple[str, ...]
    merging: Differences
    replacing: Differences


def compare(site: Site, archive: Archive) -> Effect:
    """What `merge` or `replace_all` would find now. Raises SiteError."""
    return _effect(site.faces, _scanned(site), archive, site.people.read())


def merge(site: Site, archive: Archive, expected: Differences | None = None) -> Effect:
    """Add the photos and limits that are missing here; what is here stays as it is. `expected`: the only
    changes of people.toml that may be made.

    Returns what was done: of `conflicting` and `replacing` nothing. Raises SiteError: nothing was done, or
    the sentence says what was.
    """
    with site.changing:
        stored = site.people.read()
        effect = _effect(site.faces, _scanned(site), archive, stored)
        _require(effect.merging, expected)
        paths = list(map(PurePath, effect.new))
        refuse_other_folders(site.faces, paths)
        with _staged(site.faces, archive, paths) as staged:
            theirs = document(archive.people or b"")
            laid_down = site.people.edit(add_missing(theirs, effect.new), expected=stored.etag).roster
            _wait_for_limits(site, laid_down, _people(paths), effect.new)
            with site.listing:
                late = _put_all(site.faces, staged)
        site.in_force.hasten()
    new = tuple(path for path in effect.new if path not in late)
    return replace(effect, new=new, conflicting=(*effect.conflicting, *late))


def replace_all(site: Site, archive: Archive, expected: Differences | None = None) -> Effect:
    """Have the very photos and the people.toml of the archive here, and no others. `expected`: as above.

    Returns what was done: those `conflicting` are as in the archive, those `gone` are removed. Raises
    SiteError: nothing was done, or the sentence says what was; it can be tried again.
    """
    with site.changing:
        stored = site.people.read()
        items = _scanned(site)
        theirs = archive.people or b""
        effect = _effect(site.faces, items, archive, stored)
        _require(effect.replacing, expected)
        paths = [path for path in archive.photos if path.as_posix() not in effect.same]
        refuse_other_folders(site.faces, [*map(PurePath, effect.gone), *paths])
        _refuse_obstacles(items, archive.photos)
        with _staged(site.faces, archive, paths) as staged:
            between = site.people.changed(theirs, keep_limits(document(stored.data)))
            kept = site.people.replace(between, stored.etag)
            _wait_for_limits(site, kept.roster, kept.roster.permits, kept.roster.held)
            with site.listing:
                _exchange(site.faces, list(map(PurePath, effect.gone)), staged)
        gone = {item.person for item in items if isinstance(item, PhotoFile)} - set(_people(archive.photos))
        if not site.in_force.wait_for(lambda: gone.isdisjoint(site.in_force.gallery().people)):
            sentence = "the photos are replaced, but the server has not noticed yet; try again"
            raise SiteError(Kind.REFUSED, sentence)
        site.people.replace(theirs, kept.etag)
    return effect


def _scanned(site: Site) -> list[FolderItem]:
    try:
        return scan(site.faces)
    except OSError as error:
        raise SiteError(Kind.REFUSED, f"{site.faces} cannot be listed: {cause(error)}") from error


def _require(found: Differences, expected: Differences | None) -> None:
    """Raises SiteError."""
    if expected is not None and found != expected:
        raise SiteError(Kind.CONFLICT, "people.toml has been changed meanwhile; look at the archive again")


def _effect(faces: Path, items: Iterable[FolderItem], archive: Archive, stored: Stored) -> Effect:
    here = {item.path: item for item in items}
    taken = {key(path.as_posix()) for path in here}
    new, same, conflicting = [], [], []
    for path, sha256 in archive.photos.items():
        if path in here and _sha256(faces / path) == sha256:
            same.append(path.as_posix())
        elif key(path.as_posix()) in taken:
            conflicting.append(path.as_posix())
        else:
            new.append(path.as_posix())
    gone = [
        path.as_posix()
        for path, item in here.items()
        if isinstance(item, PhotoFile) and path not in archive.photos
    ]
    theirs = document(archive.people or b"")
    merged = deepcopy(document(stored.data))
    add_missing(theirs, new)(merged)
    return Effect(
        tuple(new),
        tuple(same),
        tuple(conflicting),
        tuple(gone),
        merging=differing(stored.roster, roster_of(merged)),
        replacing=differing(stored.roster, roster_of(theirs)),
    )


def _sha256(path: Path) -> str | None:
    try:
        return hashlib.sha256(read_photo(path)).hexdigest()
    except ReadError:
        return None


def _people(paths: Iterable[PurePath]) -> set[str]:
    """Whom photos at these paths show."""
    people = set()
    for path in paths:
        with contextlib.suppress(ValueError):  # nobody: the photo will be rejected
            people.add(person_name(path))
    return people


def _refuse_obstacles(items: Iterable[FolderItem], photos: Collection[PurePath]) -> None:
    """Raises SiteError: where a photo would lie, or its folder, is something that is no photo."""
    places = {*photos, *(path.parent for path in photos)}
    for item in items:
        if isinstance(item, BadFile) and item.path in places:
            raise SiteError(Kind.CONFLICT, f"{item.path.as_posix()} is in the way: {item.detail}")


@contextlib.contextmanager
def _staged(faces: Path, archive: Archive, paths: Iterable[PurePath]) -> Iterator[Mapping[PurePath, Path]]:
    """These photos of the archive in a hidden folder beside the others. Raises SiteError."""
    try:
        if shutil.disk_usage(faces).free < archive.size:
            raise SiteError(Kind.REFUSED, f"there is no room for the {archive.size} bytes of the archive")
        folder = Path(tempfile.mkdtemp(prefix=UNFINISHED, suffix=".tmp", dir=faces))
    except OSError as error:
        raise SiteError(Kind.REFUSED, f"{faces} cannot be written to: {cause(error)}") from error
    try:
        yield {path: _written(folder, archive.photo(path)) for path in paths}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _written(folder: Path, data: bytes) -> Path:
    try:
        return write_aside(folder, data)
    except OSError as error:
        raise SiteError(Kind.REFUSED, f"{folder.parent} cannot be written to: {cause(error)}") from error


def _wait_for_limits(site: Site, wanted: Roster, names: Collection[str], paths: Collection[str]) -> None:
    if not site.in_force.wait_for(lambda: site.in_force.limits(wanted, names, paths)):
        sentence = f"{site.people.path} is changed, but the server does not follow it; no photo is changed"
        raise SiteError(Kind.REFUSED, sentence)


def _put_all(faces: Path, staged: Mapping[PurePath, Path]) -> list[str]:
    """Returns the paths that something has come to meanwhile. Raises SiteError."""
    late: list[str] = []
    for done, (path, source) in enumerate(staged.items()):
        try:
            (faces / path).parent.mkdir(exist_ok=True)
            put(source, faces / path)
        except FileExistsError:
            late.append(path.as_posix())
        except OSError as error:
            so_far = f"{done - len(late)} photos are added, {path.as_posix()} cannot be"
            raise SiteError(Kind.REFUSED, f"{so_far}: {cause(error)}") from error
    return late


def _exchange(faces: Path, gone: Iterable[PurePath], staged: Mapping[PurePath, Path]) -> None:
    """Raises SiteError."""
    try:
        for path in gone:
            unlink(faces, path)
        for path, source in staged.items():
            (faces / path).parent.mkdir(exist_ok=True)
            os.replace(source, faces / path)
    except OSError as error:
        sentence = f"the photos are replaced in part only: {cause(error)}; try again"
        raise SiteError(Kind.REFUSED, sentence) from error
