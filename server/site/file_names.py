"""Which file a photo of somebody can be, so that the file names that person. Pure.

Names are fit for every system that the folder may be moved to: Windows' reserved names and characters are
avoided, and no two files differ in capitals only.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator
from pathlib import PurePath

from server.gallery.folder import is_ignored
from server.gallery.names import person_name
from server.roster.people_file import display_name
from server.site.errors import Kind, SiteError

NAME_BYTES = 255
"""Longest name of a file, in UTF-8, on the file systems of Linux; others count characters."""
PHOTOS = 1000
"""Names for so many photos of one person; more lie in the person's folder."""
SUFFIX = ".jpg"
"""Of photos that were made fit for the gallery."""

_RESERVED = re.compile(r"(?i:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?")
"""Windows' devices, which no file there can be called by, with any suffix."""
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f]')


def canonical(name: str) -> str:
    """A person's name as it is shown. Raises SiteError: nobody can be called so."""
    try:
        return display_name(name)
    except ValueError as error:
        raise SiteError(Kind.REFUSED, str(error)) from None


def photo_names(person: str, suffix: str = SUFFIX) -> Iterator[PurePath]:
    """The names of a person's first, second, … photo, of which as many as wanted may be taken.

    `person`: as `canonical` gives it. Raises SiteError: no file can be called so.
    """
    stem = _stem(person, f"_1{suffix}", in_folder=False)
    first = PurePath(f"{stem}{suffix}")
    if _names(first, person):
        yield first
    else:
        yield PurePath(f"{stem}_1{suffix}")
    for number in range(2, PHOTOS + 1):
        if _names(path := PurePath(f"{stem}_{number}{suffix}"), person):
            yield path
    raise SiteError(Kind.REFUSED, f"{person!r} has all the photos that there are names for; use a folder")


def folder_name(person: str) -> str:
    """The name of a folder whose photos show that person. Raises SiteError: no folder can be called so."""
    return _stem(person, "", in_folder=True)


def key(name: str) -> str:
    """The same for all names that are one file on some system: they differ in capitals or accents' form."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def portable(path: PurePath) -> bool:
    """Whether a file can have this path, relative to faces/, on any system."""
    return not any(map(_impossible, path.parts))


def free_name(candidates: Iterator[PurePath], taken: Collection[str]) -> PurePath:
    """The first candidate that no file stands for. `taken`: the `key` of each name without its suffix."""
    return next(path for path in candidates if key(path.stem) not in taken)


def _stem(person: str, end: str, *, in_folder: bool) -> str:
    """A name that, with `end`, gives `person` back: small letters where they do, with underscores where they
    do."""
    underscored = person.replace(" ", "_")
    for stem in (underscored.lower(), underscored, person):
        path = PurePath(stem, f"1{SUFFIX}") if in_folder else PurePath(stem + end)
        if _names(path, person):
            return stem
    kind = "folder" if in_folder else "file"
    raise SiteError(Kind.REFUSED, f"no {kind} can be called after {person!r}: {_why_not(underscored + end)}")


def _names(path: PurePath, person: str) -> bool:
    """Whether a file can have this path on any system, and shows that person then."""
    try:
        return portable(path) and person_name(path) == person
    except ValueError:
        return False


def _impossible(name: str) -> str:
    """Why there can be no file of that name, or none that counts; empty: there can."""
    if found := _FORBIDDEN.search(name):
        return f"Windows has no names with {found.group()!r}"
    if name.endswith((".", " ")) or name.startswith(" "):
        return "a name does not begin or end with a space, nor end with a dot, on Windows"
    if _RESERVED.fullmatch(name):
        return "Windows keeps this name for a device"
    if len(name.encode(errors="surrogatepass")) > NAME_BYTES:
        return f"it would have more than {NAME_BYTES} bytes"
    return "such files are no photos" if is_ignored(name) else ""


def _why_not(name: str) -> str:
    return _impossible(name) or "it would be taken for another name, or for one that devices give"
