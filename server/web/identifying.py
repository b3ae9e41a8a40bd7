"""Who the faces of a picture are, and the line that says that somebody asked."""

import asyncio
from collections.abc import Sequence

from server.access.matching.gallery import Gallery
from server.access.rules import Rules
from server.access.seen import Still
from server.accounts.rights import Caller
from server.audit.operator_log import ActKind
from server.recognition.comparison import Identified, bar_of_all, identify
from server.web.acting import note
from server.web.pictures import Picture
from server.web.running import Running


async def identified(seen: Still, gallery: Gallery, rules: Rules) -> list[Identified]:
    """Each face, compared with everybody. Beside the event loop: many people take a while."""
    return await asyncio.to_thread(lambda: [identify(face, gallery, rules) for face in seen.faces])


async def note_identified(
    running: Running, caller: Caller, picture: Picture, gallery: Gallery, found: Sequence[Identified]
) -> None:
    """Write it down, before anything is told. Raises ProblemError."""
    compared = [each for each in found if each.ranked]
    nearest = min((each.ranked[0] for each in compared), key=lambda each: each.distance, default=None)
    names = sorted({each.name for each in found if each.name is not None})
    threshold = bar_of_all(gallery, running.rules.rules).threshold
    await note(
        running,
        caller,
        ActKind.IDENTIFIED,
        None if nearest is None else nearest.name,
        result=", ".join(names) or "nobody",
        **details(picture, len(found), None if nearest is None else nearest.distance, threshold),
    )


def details(picture: Picture, faces: int, distance: float | None, threshold: float) -> dict[str, str]:
    """What such an act says beside its result."""
    measured = {} if distance is None else {"distance": f"{distance:.3f}"}
    return {**measured, "threshold": f"{threshold:.3f}", "faces": str(faces), "picture": picture.name}
