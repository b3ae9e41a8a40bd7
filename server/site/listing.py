"""Everybody who has a photo or is laid down something for, in pages, and all that is known of one. Pure.

Of ten thousand people only those of one page are looked at closely.
"""

import hashlib
import json
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from heapq import nsmallest
from typing import NamedTuple

from server.access.matching.gallery import Gallery
from server.access.orders import Roster
from server.access.permits import Permit
from server.gallery.admission import LookAlikes
from server.gallery.advice import Refused, advice
from server.gallery.assessed_file import AssessedFile
from server.gallery.receipts import LookAlike, Status


@dataclass(frozen=True)
class PhotoView:
    """A photo, or another file that is named after somebody. `sentence`: what to do, or nothing. `held`:
    people.toml holds it."""

    path: str
    sha256: str | None
    status: Status
    reason: str
    sentence: str
    look_alike: LookAlike | None
    held: bool


@dataclass(frozen=True)
class PersonView:
    """`enrolled`: by how many photos. `permit`: None without an entry in people.toml. `alike`: the pairs that
    the person is in. `advice`: what one more photo would gain, or nothing. `etag`: another one whenever
    something that can be edited is otherwise."""

    name: str
    photos: tuple[PhotoView, ...]
    enrolled: int
    permit: Permit | None
    alike: tuple[LookAlikes, ...]
    warnings: tuple[str, ...]
    advice: str
    etag: str

    @classmethod
    def nobody(cls, name: str) -> "PersonView":
        """Of somebody who has no photo, and is laid down nothing for."""
        etag = _etag(name, (), None, ())
        return cls(name, photos=(), enrolled=0, permit=None, alike=(), warnings=(), advice="", etag=etag)


class Page(NamedTuple):
    """`found`: how many people there are on all pages. `more`: whether others follow."""

    people: list[PersonView]
    found: int
    more: bool


@dataclass(frozen=True)
class Known:
    """What the server knows at one moment. `named`: whom files are named after; `files_of`: their files, and
    with None those that name nobody. `look_alikes`: those who are enrolled and near each other. `refused`: as
    in `Enrolling`."""

    named: Sequence[str]
    files_of: Callable[[str | None], Sequence[AssessedFile]]
    gallery: Gallery
    roster: Roster
    look_alikes: Sequence[LookAlikes]
    refused: Refused

    def page(self, size: int, *, query: str = "", after: str | None = None) -> Page:
        """The next `size` people by name, who have `query` in their names; capitals and accents do not
        count. `after`: the last name of the page before."""
        wanted = folded(query)
        places = [place for name in self._everybody if wanted in (place := (folded(name), name))[0]]
        rest = places if after is None else [place for place in places if place > (folded(after), after)]
        shown = nsmallest(size, rest)
        return Page([self._view(name) for _, name in shown], len(places), len(rest) > len(shown))

    def person(self, name: str) -> PersonView | None:
        """None: nobody is called so, exactly."""
        return self._view(name) if name in self._everybody else None

    def mistaken_for(self, name: str) -> list[str]:
        """The photos of others that enrol nobody because they look like this person; without this person
        they would."""
        files = (file for other in self.named if other != name for file in self.files_of(other))
        return sorted(file.file.path.as_posix() for file in files if file.looks_like == name)

    def unnamed(self) -> list[PhotoView]:
        """Files in faces/ that are named after nobody."""
        return [self._photo(file) for file in self.files_of(None)]

    @cached_property
    def _everybody(self) -> set[str]:
        pairs = (name for pair in self.roster.confirmed for name in pair)
        return {*self.named, *self.roster.permits, *pairs}

    @cached_property
    def _alike(self) -> Mapping[str, list[LookAlikes]]:
        found = defaultdict(list)
        for pair in self.look_alikes:
            for name in pair.names:
                found[name].append(pair)
        return found

    @cached_property
    def _held(self) -> set[str]:
        return set(map(_composed, self.roster.held))

    @cached_property
    def _refused(self) -> Callable[[int], float]:
        """Everybody with as many photos is refused as often."""
        return lru_cache(partial(self.refused, self.gallery.population))

    def _view(self, name: str) -> PersonView:
        photos = tuple(self._photo(file) for file in self.files_of(name))
        enrolled = self.gallery.photos_of(name)
        permit = self.roster.permits.get(name)
        alike = tuple(self._alike.get(name, ()))
        return PersonView(
            name=name,
            photos=photos,
            enrolled=enrolled,
            permit=permit,
            alike=alike,
            warnings=tuple(_warnings(name, enrolled, alike)),
            advice=advice(name, enrolled, self._refused) if enrolled else "",
            etag=_etag(name, photos, permit, (pair for pair in self.roster.confirmed if name in pair)),
        )

    def _photo(self, file: AssessedFile) -> PhotoView:
        receipt = file.receipt()
        path = receipt.path.as_posix()
        return PhotoView(
            path=path,
            sha256=file.sha256,
            status=receipt.status,
            reason=receipt.reason,
            sentence=receipt.detail,
            look_alike=receipt.look_alike,
            held=_composed(path) in self._held,
        )


@lru_cache(maxsize=1 << 15)
def folded(text: str) -> str:
    """The same for texts that differ in capitals, accents and spaces only."""
    letters = unicodedata.normalize("NFKD", " ".join(text.split()).casefold())
    return "".join(char for char in letters if not unicodedata.combining(char))


def _warnings(name: str, enrolled: int, alike: Iterable[LookAlikes]) -> Iterable[str]:
    if not enrolled:
        yield f"no photo enrols {name}"
    for pair in alike:
        if not pair.confirmed:
            other = pair.names[pair.names[0] == name]
            near = f"{name} looks like {other} (distance {pair.distance:.2f})"
            yield f"{near}: neither may be recognised while both are enrolled"


def _etag(
    name: str, photos: Iterable[PhotoView], permit: Permit | None, pairs: Iterable[frozenset[str]]
) -> str:
    limits = permit and (
        permit.disabled,
        str(permit.valid_from),
        str(permit.valid_until),
        None if permit.schedule is None else list(map(str, permit.schedule)),
        None if permit.terminals is None else sorted(permit.terminals),
    )
    shown = [(photo.path, photo.sha256, photo.held) for photo in photos]
    content = json.dumps([name, shown, limits, sorted(map(sorted, pairs))])
    return hashlib.sha256(content.encode()).hexdigest()


def _composed(path: str) -> str:
    return unicodedata.normalize("NFC", path)
