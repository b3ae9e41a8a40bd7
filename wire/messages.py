"""The messages of protocol version 1, as frozen values. docs/protocol.md is the reference."""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, TypeAlias

from wire.errors import ErrorCode, ProtocolError
from wire.fields import Fields
from wire.reasons import Prompt, ProposalOutcome, Verdict

VERSION = 1
NAME_CHARS = 256
"""Longest person's name that a terminal takes, in characters."""
NOTE_CHARS = 200
"""Longest note to a visitor, in characters."""
TOKEN_CHARS = 1024
"""Longest token, in characters: the longest text that the protocol carries."""
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
class Hello:
    """First message of a terminal. `token` proves that it is the terminal it says it is."""

    type: ClassVar[str] = "hello"
    terminal: str
    token: str | None = None
    version: int = VERSION

    def to_map(self) -> dict[str, Any]:
        return {
            "type": self.type,
            "version": self.version,
            "terminal": self.terminal,
            "token": self.token,
        }

    @classmethod
    def read(cls, fields: Fields) -> "Hello":
        version = fields.uint("version")
        if version != VERSION:
            raise ProtocolError(
                ErrorCode.VERSION_MISMATCH, f"this server speaks version {VERSION}, the terminal {version}"
            )
        return cls(fields.terminal("terminal"), fields.optional_text("token"), version)


@dataclass(frozen=True)
class Frame:
    """One camera picture. `seq` is strictly increasing within a connection."""

    type: ClassVar[str] = "frame"
    seq: int
    jpeg: bytes

    def to_map(self) -> dict[str, Any]:
        return {"type": self.type, "seq": self.seq, "jpeg": self.jpeg}

    @classmethod
    def read(cls, fields: Fields) -> "Frame":
        return cls(fields.uint("seq"), fields.binary("jpeg"))


@dataclass(frozen=True)
class Ping:
    """Asks for a pong with the same id. `clock`: the terminal's, in seconds since 1970 (UTC).
    `picture_age`: how many seconds ago its camera gave the newest picture; `fps`: how many it gave in each of
    the last seconds."""

    type: ClassVar[str] = "ping"
    id: int
    clock: float | None = None
    picture_age: float | None = None
    fps: float | None = None

    def to_map(self) -> dict[str, Any]:
        more = {"clock": self.clock, "picture_age": self.picture_age, "fps": self.fps}
        known = {key: value for key, value in more.items() if value is not None}
        return {"type": self.type, "id": self.id, **known}

    @classmethod
    def read(cls, fields: Fields) -> "Ping":
        return cls(
            fields.uint("id"),
            fields.optional_number("clock"),
            fields.optional_number("picture_age", least=0.0),
            fields.optional_number("fps", least=0.0),
        )


@dataclass(frozen=True)
class Propose:
    """Asks to keep the unknown face of frame `seq` for whoever enrols people. Only for a server whose welcome
    has this type among its features."""

    type: ClassVar[str] = "propose"
    seq: int

    def to_map(self) -> dict[str, Any]:
        return {"type": self.type, "seq": self.seq}

    @classmethod
    def read(cls, fields: Fields) -> "Propose":
        return cls(fields.uint("seq"))


@dataclass(frozen=True)
class Pong:
    """Answers a ping. `clock`: the server's, as in the ping; only where that told one."""

    type: ClassVar[str] = "pong"
    id: int
    clock: float | None = None

    def to_map(self) -> dict[str, Any]:
        fields: dict[str, Any] = {"type": self.type, "id": self.id}
        return fields if self.clock is None else {**fields, "clock": self.clock}

    @classmethod
    def read(cls, fields: Fields) -> "Pong":
        return cls(fields.uint("id"), fields.optional_number("clock"))


@dataclass(frozen=True)
class Limits:
    """What a terminal may send: bytes of one JPEG, pixels of one decoded frame."""

    frame_bytes: int
    frame_pixels: int


@dataclass(frozen=True)
class Welcome:
    """The server's answer to an accepted hello.

    `note`: what a visitor can do while the server cannot be reached, in the administrator's words.
    `features`: the types of messages that the server takes beyond those which every server of this version
    does.
    """

    type: ClassVar[str] = "welcome"
    session: str
    limits: Limits
    version: int = VERSION
    note: str | None = None
    features: tuple[str, ...] = ()

    def to_map(self) -> dict[str, Any]:
        limits = {"frame_bytes": self.limits.frame_bytes, "frame_pixels": self.limits.frame_pixels}
        fields = {"type": self.type, "version": self.version, "session": self.session, "limits": limits}
        if self.note is not None:
            fields["note"] = self.note
        if self.features:
            fields["features"] = list(self.features)
        return fields

    @classmethod
    def read(cls, fields: Fields) -> "Welcome":
        version = fields.uint("version")
        if version != VERSION:
            raise ProtocolError(
                ErrorCode.VERSION_MISMATCH, f"this terminal speaks version {VERSION}, the server {version}"
            )
        limits = fields.nested("limits")
        return cls(
            fields.text("session"),
            Limits(limits.uint("frame_bytes"), limits.uint("frame_pixels")),
            version,
            fields.optional_text("note", max_chars=NOTE_CHARS),
            fields.texts("features") if fields.present("features") else (),
        )


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


@dataclass(frozen=True)
class Proposed:
    """Answers a `Propose` for frame `seq`. An outcome that only a newer server knows reads as None."""

    type: ClassVar[str] = "proposed"
    seq: int
    outcome: ProposalOutcome | None

    def to_map(self) -> dict[str, Any]:
        outcome = self.outcome.value if self.outcome else None
        return {"type": self.type, "seq": self.seq, "outcome": outcome}

    @classmethod
    def read(cls, fields: Fields) -> "Proposed":
        return cls(fields.uint("seq"), fields.known("outcome", ProposalOutcome))


@dataclass(frozen=True)
class ErrorMessage:
    """Something the peer did cannot be served. `seq` names the frame, where it was one."""

    type: ClassVar[str] = "error"
    code: ErrorCode
    message: str
    seq: int | None = None

    def to_map(self) -> dict[str, Any]:
        fields = {"type": self.type, "code": self.code.value, "message": self.message}
        return fields if self.seq is None else {**fields, "seq": self.seq}

    @classmethod
    def read(cls, fields: Fields) -> "ErrorMessage":
        return cls(fields.one_of("code", ErrorCode), fields.text("message"), fields.optional_uint("seq"))


FromClient: TypeAlias = Hello | Frame | Ping | Propose
FromServer: TypeAlias = Welcome | Result | ErrorMessage | Pong | Proposed
Message: TypeAlias = FromClient | FromServer
