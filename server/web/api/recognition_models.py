"""What is asked of recognition, and what it answers."""

import base64
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from server.access.decision import Nearest
from server.access.seen import Face, Flaw, Still
from server.gallery.names import NAME_CHARS
from server.recognition.comparison import Bar, Identified, Verified
from server.web.pictures import Asked
from wire.reasons import Reason

Sides = tuple[int, int, int, int]
Liveness = Literal["not_checked"]
Verdict = Literal["Welcome in", "Go away"]


class Shown(Asked):
    """`landmarks`: find 68 points of each face. `preview`: give it back, upright, as a small JPEG."""

    landmarks: bool = False
    preview: bool = False


class VerifyAsked(Shown):
    """A picture, and whom it is said to show: the name of somebody enrolled."""

    person: Annotated[str, Field(min_length=1, max_length=NAME_CHARS)]


class IdentifyAsked(Shown):
    """Pictures."""


class AnalyseAsked(Shown):
    """A picture, and what is wanted of each face."""

    embedding: bool = False
    pseudonym: bool = False


class ThresholdView(BaseModel):
    """What distances are held against. `distance`: the doors' own threshold for those enrolled now. `risk`:
    the share of strangers' pictures that come within it, 0 to 1. `sentence`: both in words."""

    distance: float
    risk: float
    sentence: str

    @classmethod
    def of(cls, bar: Bar) -> "ThresholdView":
        return cls(distance=rounded(bar.threshold), risk=float(f"{bar.risk:.2g}"), sentence=bar.sentence)


class FaceView(BaseModel):
    """`box`: top, right, bottom and left, in pixels of the picture, upright. `quality`: how sharp and frontal
    the face is; more is better. `flaw`: why it cannot be compared; null: it can. `landmarks`: 68 points, x
    and y, in dlib's order (iBUG 300-W), where they were asked for."""

    box: Sides
    quality: float
    flaw: Flaw | None
    landmarks: list[tuple[float, float]] | None


class PictureView(BaseModel):
    """`width`, `height`: in pixels, upright. `preview`: the picture as a data: address, where it was asked
    for."""

    width: int = 0
    height: int = 0
    preview: str | None = None


class VerifiedFace(FaceView):
    """`distance`: from the person claimed; null: the face cannot be compared."""

    distance: float | None
    matched: bool


class Verification(PictureView):
    """`verdict`: what a guard would say. `matched`: whether a face is within the threshold of the person.
    `barred`: why this person may come in nowhere, or not at the terminal that was asked about, whoever is on
    the picture. `distance`: of the nearest face; null: none can be compared. `liveness`: a picture proves no
    living face."""

    verdict: Verdict
    matched: bool
    person: str
    barred: Reason | None
    distance: float | None
    threshold: ThresholdView
    liveness: Liveness = "not_checked"
    faces: list[VerifiedFace]

    @classmethod
    def of(cls, person: str, barred: Reason | None, seen: Still, found: Verified) -> "Verification":
        faces = [
            VerifiedFace(
                **shown(face),
                distance=None if distance is None else rounded(distance),
                matched=distance is not None and distance <= found.bar.threshold,
            )
            for face, distance in zip(seen.faces, found.distances, strict=True)
        ]
        return cls(
            verdict=_verdict(found.matched, barred),
            matched=found.matched,
            person=person,
            barred=barred,
            distance=None if found.nearest is None else rounded(found.nearest),
            threshold=ThresholdView.of(found.bar),
            faces=faces,
            **pictured(seen),
        )


class Candidate(BaseModel):
    """Somebody enrolled, and how far the face is from them."""

    name: str
    distance: float

    @classmethod
    def of(cls, nearest: Nearest) -> "Candidate":
        return cls(name=nearest.name, distance=rounded(nearest.distance))


class IdentifiedFace(FaceView):
    """`name`: who it is; null: nobody whom one could name. `verdict`, `barred`: as in a verification, of
    that person. `reason`: `recognised`, `unknown_face`, `near_tie` (two people are almost as near) or
    `nobody_enrolled`; null: it cannot be compared. `ranked`: up to ten people, nearest first."""

    verdict: Verdict
    name: str | None
    barred: Reason | None
    reason: Reason | None
    ranked: list[Candidate]

    @classmethod
    def of(cls, found: Identified, barred: Reason | None) -> "IdentifiedFace":
        return cls(
            verdict=_verdict(found.name is not None, barred),
            name=found.name,
            barred=barred,
            reason=found.reason,
            ranked=list(map(Candidate.of, found.ranked)),
            **shown(found.face),
        )


class IdentifiedPicture(PictureView):
    """`picture`: what it was called. `problem`: why it cannot be used, in a sentence; null: it can."""

    picture: str
    problem: str | None = None
    faces: list[IdentifiedFace] = []


class Identification(BaseModel):
    """An entry for each picture, in the order of the request. `liveness`: a picture proves no living face."""

    pictures: list[IdentifiedPicture]
    threshold: ThresholdView
    liveness: Liveness = "not_checked"


class AnalysedFace(FaceView):
    """`embedding`: 128 numbers, comparable with those of the same recogniser only. `pseudonym`: the word that
    stands for the person recognised; null for an unknown face. Null unless asked for."""

    embedding: list[float] | None
    pseudonym: str | None

    @classmethod
    def of(cls, face: Face, pseudonym: str | None, *, embedding: bool) -> "AnalysedFace":
        row = face.embedding.tolist() if embedding and face.embedding is not None else None
        return cls(**shown(face), embedding=row, pseudonym=pseudonym)


class Analysed(PictureView):
    """`recogniser`: the network that the embeddings are of. `liveness`: a picture proves no living face."""

    recogniser: str
    liveness: Liveness = "not_checked"
    faces: list[AnalysedFace]


def rounded(distance: float) -> float:
    """As an answer tells it."""
    return round(distance, 4)


def _verdict(known: bool, barred: Reason | None) -> Verdict:
    return "Welcome in" if known and barred is None else "Go away"


def pictured(seen: Still) -> dict[str, Any]:
    """What every view of a picture tells."""
    preview = None
    if seen.preview is not None:
        preview = f"data:image/jpeg;base64,{base64.b64encode(seen.preview).decode()}"
    return {"width": seen.width, "height": seen.height, "preview": preview}


def shown(face: Face) -> dict[str, Any]:
    """What every view of a face tells."""
    points = None if face.landmarks is None else face.landmarks.points.round(1).tolist()
    return {"box": face.box, "quality": round(face.quality, 1), "flaw": face.flaw, "landmarks": points}
