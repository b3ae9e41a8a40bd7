"""Who is on a picture: verified against one person, identified among all, or only analysed. A picture proves
no life, and nothing here opens a door."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from fastapi import APIRouter, Request

from server.access.seen import PictureError
from server.audit.operator_log import ActKind
from server.gallery.names import displayed
from server.recognition.comparison import bar_of_all, verify
from server.web.acting import note
from server.web.api.recognition_models import (
    AnalyseAsked,
    Analysed,
    AnalysedFace,
    Identification,
    IdentifiedFace,
    IdentifiedPicture,
    IdentifyAsked,
    ThresholdView,
    Verification,
    VerifyAsked,
    pictured,
)
from server.web.callers import Ports, Verifier
from server.web.identifying import details, identified, note_identified
from server.web.pictures import MOST_PICTURES, body_of, read
from server.web.problems import ProblemError
from server.web.running import Running
from server.web.stills import Desk, sentence
from wire.reasons import Reason

router = APIRouter(tags=["recognition"])
ANYWHERE = frozenset({Reason.DISABLED, Reason.EXPIRED, Reason.NOT_YET_VALID})
"""Why somebody may come in at no terminal."""


@router.post("/verify", openapi_extra=body_of(VerifyAsked))
async def verify_picture(request: Request, caller: Verifier, running: Ports, desk: Desk) -> Verification:
    """Whether a face on a picture is the person that it is said to be (1:1), by the doors' own threshold for
    those enrolled now. A picture proves no living face, and opens no door."""
    desk.admit(caller)
    asked, (picture,) = await read(request, VerifyAsked, running, caller)
    person = _enrolled(running, asked.person)
    seen = await desk.look_at(picture, landmarks=asked.landmarks, preview=asked.preview)
    gallery, rules = running.gallery(), running.rules.rules
    if person not in gallery:
        raise _nobody()
    found = await asyncio.to_thread(verify, seen.faces, person, gallery, rules)
    result = "matched" if found.matched else "not_matched"
    told = details(picture, len(seen.faces), found.nearest, found.bar.threshold)
    await note(running, caller, ActKind.VERIFIED, person, result=result, **told)
    return Verification.of(person, _barred(running, person, asked.terminal), seen, found)


@router.post("/identify", openapi_extra=body_of(IdentifyAsked, most=MOST_PICTURES))
async def identify_pictures(request: Request, caller: Verifier, running: Ports, desk: Desk) -> Identification:
    """Who each face on the pictures is (1:N): up to ten people for each, nearest first. A face is named when
    the nearest is within the doors' own threshold, and nobody else almost as near. A picture that cannot be
    used says why, and the others are identified."""
    desk.admit(caller)
    asked, pictures = await read(request, IdentifyAsked, running, caller, most=MOST_PICTURES)
    desk.admit(caller, len(pictures) - 1)
    looked = await desk.look(pictures, landmarks=asked.landmarks, preview=asked.preview)
    gallery, rules = running.gallery(), running.rules.rules
    answers = []
    for picture, seen in zip(pictures, looked, strict=True):
        if isinstance(seen, PictureError):
            answers.append(IdentifiedPicture(picture=picture.name, problem=sentence(seen)))
            continue
        found = await identified(seen, gallery, rules)
        await note_identified(running, caller, picture, gallery, found)
        faces = [IdentifiedFace.of(each, _barred(running, each.name, asked.terminal)) for each in found]
        answers.append(IdentifiedPicture(picture=picture.name, faces=faces, **pictured(seen)))
    return Identification(pictures=answers, threshold=ThresholdView.of(bar_of_all(gallery, rules)))


@router.post("/analyse", openapi_extra=body_of(AnalyseAsked))
async def analyse_picture(request: Request, caller: Verifier, running: Ports, desk: Desk) -> Analysed:
    """Where the faces on a picture are, and how good they are to be compared; on request their points, their
    embeddings, and the words that stand for the people on it (which is written down as an identification)."""
    desk.admit(caller)
    asked, (picture,) = await read(request, AnalyseAsked, running, caller)
    seen = await desk.look_at(picture, landmarks=asked.landmarks, preview=asked.preview)
    gallery = running.gallery()
    words: Sequence[str | None] = [None] * len(seen.faces)
    if asked.pseudonym:
        found = await identified(seen, gallery, running.rules.rules)
        await note_identified(running, caller, picture, gallery, found)
        words = [await desk.pseudonym(each.name) for each in found]
    faces = [
        AnalysedFace.of(face, word, embedding=asked.embedding)
        for face, word in zip(seen.faces, words, strict=True)
    ]
    return Analysed(recogniser=gallery.recogniser.name, faces=faces, **pictured(seen))


def _enrolled(running: Running, person: str) -> str:
    """The display name of somebody enrolled, from however it is spelt. Raises ProblemError."""
    try:
        name = displayed(person)
    except ValueError:
        raise _nobody() from None
    if name not in running.gallery():
        raise _nobody()
    return name


def _nobody() -> ProblemError:
    return ProblemError.not_found("Nobody of this name is enrolled.")


def _barred(running: Running, person: str | None, terminal: str | None) -> Reason | None:
    """Why the person may come in at no terminal, or not at this one now."""
    if person is None:
        return None
    reason = running.roster().orders(terminal or "", datetime.now()).bar(person)
    return reason if terminal is not None or reason in ANYWHERE else None
