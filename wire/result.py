"""The answer to a frame: the message that has most in it."""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from wire.fields import Fields
from wire.reasons import Prompt, Verdict

NAME_CHARS = 256
"""Longest person's name that a terminal takes, in characters."""
NOTE_CHARS = 200
"""Longest note to a visitor, in characters."""
NEXT_MS = 60_000.0
"""Longest that a terminal is asked to wait before the next frame: it counts as gone after as long."""
MAX_FACES = 64
"""Most faces in one result."""


class Box(NamedTuple):
    """A face rectangle in pixels of the frame as sent; bottom and right are exclusive."""

    top: int
    right: int
    bottom: int
    left: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def area(self) -> int:
        return self.width * self.height

    @classmethod
    def read(cls, fields: Fields, key: str) -> "Box":
        return cls(*fields.integers(key, 4))


@dataclass(frozen=True)
class FaceReport:
    """One face of a frame. `name`: None until it is recognised and proven to be a living one. `distance`: of
    its looks together to the nearest person enrolled."""

    box: Box
    name: str | None
    distance: float | None
    verdict: Verdict

    def to_map(self) -> dict[str, Any]:
        return {
            "box": list(self.box),
            "name": self.name,
            "distance": self.distance,
            "verdict": self.verdict.value,
        }

    @classmethod
    def read(cls, fields: Fields) -> "FaceReport":
        return cls(
            Box.read(fields, "box"),
            fields.optional_text("name", max_chars=NAME_CHARS),
            fields.optional_number("distance"),
            fields.one_of("verdict", Verdict),
        )


@dataclass(frozen=True)
class DecisionNotice:
    """The decision of one visit; `id` is the id of its line in the access log.

    `reason`: the value of a `Reason`, or of one that only a newer server knows. `note`: what the visitor can
    do instead, in the administrator's words. `seq`: the frame that last showed whom the decision is about,
    where that is not the frame that the result answers.
    """

    id: str
    verdict: Verdict
    names: tuple[str, ...]
    reason: str
    note: str | None = None
    seq: int | None = None

    def to_map(self) -> dict[str, Any]:
        fields = {
            "id": self.id,
            "verdict": self.verdict.value,
            "names": list(self.names),
            "reason": self.reason,
            "note": self.note,
        }
        return fields if self.seq is None else {**fields, "seq": self.seq}

    @classmethod
    def read(cls, fields: Fields) -> "DecisionNotice":
        return cls(
            id=fields.text("id"),
            verdict=fields.one_of("verdict", Verdict),
            names=fields.texts("names"),
            reason=fields.text("reason"),
            note=fields.optional_text("note", max_chars=NOTE_CHARS),
            seq=fields.optional_uint("seq"),
        )


@dataclass(frozen=True)
class Timing:
    """Where the server spent its time on a frame, in milliseconds: waiting, then working."""

    queue_ms: float
    work_ms: float


@dataclass(frozen=True)
class Result:
    """The answer to frame `seq`; it also closes every earlier frame.

    `prompt`: what the visitor is asked to do now; `prompt_seconds`: how long is left to do it;
    `prompt_progress`: how much of it is done, -1 to 1, below 0 where the opposite is. A prompt that only a
    newer server knows reads as None. `next_ms`: in how many milliseconds the next frame is wanted, None: at
    once. `overloaded`: the frame was not looked at, because the server has too much to do.
    """

    type: ClassVar[str] = "result"
    seq: int
    verdict: Verdict
    faces: tuple[FaceReport, ...]
    decision: DecisionNotice | None
    timing: Timing
    prompt: Prompt | None = None
    prompt_seconds: float | None = None
    prompt_progress: float | None = None
    next_ms: float | None = None
    overloaded: bool = False

    def to_map(self) -> dict[str, Any]:
        fields = {
            "type": self.type,
            "seq": self.seq,
            "verdict": self.verdict.value,
            "faces": [face.to_map() for face in self.faces],
            "decision": self.decision.to_map() if self.decision else None,
            "timing": {"queue_ms": self.timing.queue_ms, "work_ms": self.timing.work_ms},
            "prompt": self.prompt.value if self.prompt else None,
            "prompt_seconds": self.prompt_seconds,
            "prompt_progress": self.prompt_progress,
        }
        if self.next_ms is not None:
            fields["next_ms"] = self.next_ms
        return {**fields, "overloaded": True} if self.overloaded else fields

    @classmethod
    def read(cls, fields: Fields) -> "Result":
        timing = fields.nested("timing")
        return cls(
            seq=fields.uint("seq"),
            verdict=fields.one_of("verdict", Verdict),
            faces=tuple(FaceReport.read(face) for face in fields.nested_items("faces", MAX_FACES)),
            decision=DecisionNotice.read(fields.nested("decision")) if fields.present("decision") else None,
            timing=Timing(timing.number("queue_ms"), timing.number("work_ms")),
            prompt=fields.known("prompt", Prompt),
            prompt_seconds=fields.optional_number("prompt_seconds", least=0.0),
            prompt_progress=fields.optional_number("prompt_progress", least=-1.0, most=1.0),
            next_ms=fields.optional_number("next_ms", least=0.0, most=NEXT_MS),
            overloaded=fields.flag("overloaded"),
        )
