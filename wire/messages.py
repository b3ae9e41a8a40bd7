"""The messages of protocol version 1, as frozen values. docs/protocol.md is the reference."""

from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

from wire.errors import ErrorCode, ProtocolError
from wire.fields import Fields
from wire.reasons import ProposalOutcome
from wire.result import NOTE_CHARS, Result

VERSION = 1
TOKEN_CHARS = 1024
"""Longest token, in characters: the longest text that the protocol carries."""


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
    `picture_age`: how many seconds ago its camera gave the newest picture."""

    type: ClassVar[str] = "ping"
    id: int
    clock: float | None = None
    picture_age: float | None = None

    def to_map(self) -> dict[str, Any]:
        more = {"clock": self.clock, "picture_age": self.picture_age}
        known = {key: value for key, value in more.items() if value is not None}
        return {"type": self.type, "id": self.id, **known}

    @classmethod
    def read(cls, fields: Fields) -> "Ping":
        return cls(
            fields.uint("id"),
            fields.optional_number("clock"),
            fields.optional_number("picture_age", least=0.0),
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
