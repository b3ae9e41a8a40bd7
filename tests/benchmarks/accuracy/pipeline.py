"""From photos to names: the server's own detection, photo check and embedding, against face_recognition's
rule."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from server.access import Recogniser, distance, score, template
from server.access.seen import PhotoAccepted
from server.vision.faces import find_faces
from server.vision.models import Models
from server.vision.photo import SEARCHED_FACE, judge_photo
from server.vision.recognition import embed
from tests.benchmarks.accuracy.identities import Rows
from tests.benchmarks.accuracy.trials import PLAIN_TOLERANCE, plain_rule

Faces = Sequence[Rows]
"""Of each photo or frame float32[2, 128]: its embedding and that of its mirror image."""
Namer = Callable[[dict[str, Faces], Faces], str | None]
"""Whom of the enrolled a visitor's frames show."""
DRAWS = 30
PORTRAITS = {
    "obama": "obama.jpg",
    "biden": "biden.jpg",
    "kit_harington": "kit_harington.jpeg",
    "rose_leslie": "rose_leslie.jpg",
    "lin-manuel-miranda": "lin-manuel-miranda.png",
    "alex-lacamoire": "alex-lacamoire.png",
}
PICTURES = {
    "obama2.jpg": ("obama",),
    "biden2.jpg": ("biden",),
    "two_people.jpg": ("obama", "biden"),
    "obama_and_biden.jpg": ("obama", "biden"),
    "kit_with_rose.jpg": ("kit_harington", "rose_leslie"),
}
"""Who is on each of the pictures."""


@dataclass
class Tally:
    """Visits of the enrolled: named themselves, nobody, another. Visits of strangers: named nobody,
    somebody."""

    right: int = 0
    refused: int = 0
    wrong: int = 0
    turned_away: int = 0
    let_in: int = 0

    def enrolled(self, name: str, found: str | None) -> None:
        self.right += found == name
        self.refused += found is None
        self.wrong += found not in (name, None)

    def stranger(self, found: str | None) -> None:
        self.turned_away += found is None
        self.let_in += found is not None


def doorward(recogniser: Recogniser, risk: float, frames: int) -> Namer:
    """`server.access` at `max_false_accept` = `risk`."""

    def name(gallery: dict[str, Faces], seen: Faces) -> str | None:
        looks = seen if recogniser.mirrored_looks else [face[:1] for face in seen]
        probe = template(np.concatenate(looks))
        apart = {
            who: distance(score(template(np.concatenate(rows)), probe, recogniser.exponent))
            for who, rows in gallery.items()
        }
        nearest = min(apart, key=lambda who: apart[who])
        limit = recogniser.calibration.threshold(risk, len(gallery), looks=frames)
        return nearest if apart[nearest] <= limit else None

    return name


def plain(gallery: dict[str, Faces], seen: Faces) -> str | None:
    """face_recognition's plain rule: the nearest photo, in any frame, within 0.6."""
    frames = [np.stack(list(seen))]
    apart = {who: float(plain_rule([np.stack(list(rows))], frames)[0, 0]) for who, rows in gallery.items()}
    nearest = min(apart, key=lambda who: apart[who])
    return nearest if apart[nearest] <= PLAIN_TOLERANCE else None


def enrolled_photos(models: Models, folder: Path) -> tuple[dict[str, list[Rows]], list[str]]:
    """The faces of `folder`'s people (a folder each) that the photo check accepts, and what it says of the
    others."""
    people: dict[str, list[Rows]] = {}
    refused = []
    for photo in sorted(folder.glob("*/*.jpg")):
        outcome = judge_photo(models, photo.read_bytes())
        if isinstance(outcome, PhotoAccepted):
            people.setdefault(photo.parent.name, []).append(np.stack([outcome.embedding, outcome.mirrored]))
        else:
            refused.append(f"{photo.name}: {outcome.detail}")
    return people, refused


def tally(people: dict[str, list[Rows]], photos: int, frames: int, name: Namer) -> Tally:
    """Everybody is enrolled with `photos` photos and visits with `frames` others: among all, and as a
    stranger to a gallery of the others."""
    random = np.random.default_rng((photos, frames))
    result = Tally()
    for _ in range(DRAWS):
        shuffled = {
            who: [rows[at] for at in random.permutation(len(rows))]
            for who, rows in people.items()
            if len(rows) >= photos + frames
        }
        gallery: dict[str, Faces] = {who: rows[:photos] for who, rows in shuffled.items()}
        for who, rows in shuffled.items():
            result.enrolled(who, name(gallery, rows[-frames:]))
            result.stranger(
                name({other: gallery[other] for other in gallery if other != who}, rows[-frames:])
            )
    return result


def group_pictures(models: Models, folder: Path, name: Namer) -> Tally:
    """Everybody on PICTURES, enrolled by one portrait each."""
    gallery: dict[str, Faces] = {}
    for who, file in PORTRAITS.items():
        outcome = judge_photo(models, (folder / file).read_bytes())
        if isinstance(outcome, PhotoAccepted):
            gallery[who] = [np.stack([outcome.embedding, outcome.mirrored])]
    result = Tally()
    for file, there in PICTURES.items():
        named = [name(gallery, [face]) for face in faces_on(models, folder / file)]
        result.right += sum(who in named for who in there)
        result.refused += sum(who not in named for who in there)
        result.wrong += sum(who is not None and who not in there for who in named)
    return result


def faces_on(models: Models, file: Path) -> list[Rows]:
    """Every face that is found on a picture."""
    read = cv2.imread(str(file))
    if read is None:
        raise ValueError(f"{file} cannot be read")
    picture = np.asarray(cv2.cvtColor(read, cv2.COLOR_BGR2RGB), np.uint8)
    found = [models.recognition.align(picture, box) for box in find_faces(models, picture, SEARCHED_FACE)]
    aligned = [each for each in found if each is not None]
    pairs = embed(models.recognition, aligned, [True] * len(aligned))
    return [np.stack([row, mirrored]) for row, mirrored in pairs if mirrored is not None]
