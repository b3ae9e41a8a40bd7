"""One route as programs around Flask and DeepFace have it, so that they need not be changed much."""

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict

from server.recognition.comparison import Identified, bar_of_all
from server.web.api.recognition_models import Liveness, Sides, rounded
from server.web.callers import Ports, Verifier
from server.web.identifying import identified, note_identified
from server.web.pictures import Asked, body_of, read
from server.web.stills import Desk

router = APIRouter(tags=["compatibility"])
FIELDS = ("image", "frame")


class FrameAsked(Asked):
    """A picture: `image` in JSON, base64 with or without data:image/jpeg;base64, before it, or `frame` of a
    form. What else there may be is not read."""

    model_config = ConfigDict(extra="ignore")


class ProcessedFace(BaseModel):
    """`box`: top, right, bottom and left, in pixels of the picture. `name`: null for an unknown face.
    `distance`: from the nearest person; null: nobody is enrolled, or the face cannot be compared."""

    box: Sides
    name: str | None
    distance: float | None

    @classmethod
    def of(cls, found: Identified) -> "ProcessedFace":
        distance = rounded(found.ranked[0].distance) if found.ranked else None
        return cls(box=found.face.box, name=found.name, distance=distance)


class ProcessedFrame(BaseModel):
    """`threshold`: up to which distance a face is named. `liveness`: a picture proves no living face."""

    faces: list[ProcessedFace]
    threshold: float
    liveness: Liveness = "not_checked"


@router.post("/process-frame/", openapi_extra=body_of(FrameAsked, fields=FIELDS))
async def process_frame(request: Request, caller: Verifier, running: Ports, desk: Desk) -> ProcessedFrame:
    """Who is on a picture, in the form that many small face recognition servers answer in. For new programs
    there is /api/v1/identify. It needs an API key as well, and opens no door."""
    desk.admit(caller)
    _, (picture,) = await read(request, FrameAsked, running, caller, fields=FIELDS)
    seen = await desk.look_at(picture)
    gallery, rules = running.gallery(), running.rules.rules
    found = await identified(seen, gallery, rules)
    await note_identified(running, caller, picture, gallery, found)
    faces = list(map(ProcessedFace.of, found))
    return ProcessedFrame(faces=faces, threshold=rounded(bar_of_all(gallery, rules).threshold))
