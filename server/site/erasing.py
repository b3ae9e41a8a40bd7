"""Erases a person from faces/: all photos, then all that is laid down, so that no limit is lifted too
early."""

from typing import NamedTuple

from server.gallery.folder import PhotoFile, scan
from server.site.errors import Kind, SiteError, cause
from server.site.people_changes import erase_person as take_out
from server.site.photo_files import refuse_other_folders, unlink
from server.site.site import Site


class Erased(NamedTuple):
    """`photos`: how many were removed. `limits`: whether people.toml said something about the person."""

    photos: int
    limits: bool


def erase_person(site: Site, person: str) -> Erased:
    """Remove every photo that is named after a person, and what people.toml says of that person. What the
    server keeps of the photos beside them goes when it sees that they are gone.

    Raises SiteError: nothing was removed, or the sentence says what was; it can be tried again.
    """
    with site.changing:
        before = site.people.read()
        removed = _remove_photos(site, person)
        if removed and not site.in_force.wait_for(lambda: person not in site.in_force.gallery()):
            sentence = f"the photos of {person} are removed, but the server has not noticed yet; try again"
            raise SiteError(Kind.REFUSED, sentence)
        after = site.people.edit(take_out(person))
    if not removed and after == before:
        raise SiteError(Kind.NOT_FOUND, f"there is no {person}")
    return Erased(removed, after != before)


def _remove_photos(site: Site, person: str) -> int:
    """Returns how many. Raises SiteError."""
    removed = 0
    try:
        with site.listing:
            own = [item for item in scan(site.faces) if isinstance(item, PhotoFile) and item.person == person]
            refuse_other_folders(site.faces, [photo.path for photo in own])
            for photo in own:
                unlink(site.faces, photo.path)
                removed += 1
    except OSError as error:
        so_far = (
            f"{removed} of {person}'s photos {'is' if removed == 1 else 'are'} removed, the next cannot be"
        )
        raise SiteError(Kind.REFUSED, f"{so_far}: {cause(error)}") from error
    return removed
