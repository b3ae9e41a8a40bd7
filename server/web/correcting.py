"""What a correction of a decision would mean, told before it is made. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from server.access.matching.gallery import Gallery
from server.access.matching.templates import Template, distance, score, template
from server.access.odds import refused_at_first, visit_risk
from server.access.rules import Rules
from server.access.seen import PhotoAccepted
from server.gallery.assessed_file import AssessedFile

OTHERS = 2
"""So many of the nearest people are looked at: one of them may be the person."""


@dataclass(frozen=True)
class NearPhoto:
    """A photo of somebody. `distance`: of the look from it alone; None: the look is not known, or no face was
    found on it. `enrolled`: the person is recognised by it."""

    path: str
    distance: float | None
    enrolled: bool


def near_photos(files: Iterable[AssessedFile], look: Template | None, exponent: float) -> list[NearPhoto]:
    """All photos of a person, that nearest to the look first."""
    found = [
        NearPhoto(file.file.path.as_posix(), _distance(file, look, exponent), file.enrolled) for file in files
    ]
    return sorted(found, key=lambda each: (not each.enrolled, each.distance or 0.0, each.path))


def _distance(file: AssessedFile, look: Template | None, exponent: float) -> float | None:
    photo = file.arrived
    if look is None or photo is None:
        return None
    return distance(score(template(photo.rows), look, exponent))


@dataclass(frozen=True)
class Near:
    name: str
    distance: float


@dataclass(frozen=True)
class OneMorePhoto:
    """What it would mean to add a photo to somebody's. `photos`: enrolled now. `refused`, `refused_then`: the
    share of the person's visits that are refused at first, 0 to 1; None: nobody of this name is enrolled.
    `own`: how far the photo is from the others. `other`: who else comes nearest to the person's photos, now
    and then. `threshold`: at which a visit is recognised; `risk`: the share of strangers' visits that it lets
    in, which more photos of one person do not change. `objection`: why the gallery would not take it, or
    empty."""

    photos: int
    refused: float | None
    refused_then: float
    own: float | None
    other: Near | None
    other_then: Near | None
    threshold: float
    risk: float
    objection: str


def one_more_photo(
    name: str, photo: PhotoAccepted, files: Sequence[AssessedFile], gallery: Gallery, rules: Rules
) -> OneMorePhoto:
    """`files`: of that person."""
    population = gallery.population
    rows = np.stack([photo.embedding, photo.mirrored])
    enrolled = [found.rows for file in files if file.enrolled and (found := file.arrived) is not None]
    own = gallery.distance_to(name, template(rows)) if enrolled else None
    threshold = rules.threshold_for(population)
    return OneMorePhoto(
        photos=len(enrolled),
        refused=refused_at_first(rules, population, len(enrolled)) if enrolled else None,
        refused_then=refused_at_first(rules, population, len(enrolled) + 1),
        own=own,
        other=_other(name, template(np.concatenate(enrolled)), gallery) if enrolled else None,
        other_then=_other(name, template(np.concatenate([*enrolled, rows])), gallery),
        threshold=threshold,
        risk=visit_risk(rules, threshold, population),
        objection=_objection(name, own, _other(name, template(rows), gallery), gallery),
    )


def _other(name: str, reference: Template, gallery: Gallery) -> Near | None:
    """The nearest of everybody else."""
    near = gallery.nearest(reference, OTHERS)
    return next((Near(*each) for each in near if each[0] != name), None)


def _objection(name: str, own: float | None, other: Near | None, gallery: Gallery) -> str:
    """As the gallery judges a further photo of somebody (`server.gallery.admission`)."""
    if own is None:
        return ""
    if other is not None and other.distance <= min(own, gallery.recogniser.misplaced):
        return f"The face is nearer to {other.name} than to the other photos of {name}."
    if own > gallery.recogniser.same_person:
        return f"The face is unlike the other photos of {name}."
    return ""
