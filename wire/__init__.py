"""The protocol that terminals and the server share: bytes in, messages out, no sockets."""

from wire.connection import ClientConnection, ServerConnection
from wire.errors import ErrorCode, ProtocolError
from wire.framing import HEADER_BYTES, FrameSplitter, encode
from wire.messages import (
    MAX_FACES,
    NOTE_CHARS,
    TERMINAL_CHARS,
    TOKEN_CHARS,
    VERSION,
    Box,
    DecisionNotice,
    ErrorMessage,
    FaceReport,
    Frame,
    Hello,
    Limits,
    Message,
    Ping,
    Pong,
    Result,
    Timing,
    Welcome,
)
from wire.reasons import Prompt, Reason, Verdict

__all__ = [
    "HEADER_BYTES",
    "MAX_FACES",
    "NOTE_CHARS",
    "TERMINAL_CHARS",
    "TOKEN_CHARS",
    "VERSION",
    "Box",
    "ClientConnection",
    "DecisionNotice",
    "ErrorCode",
    "ErrorMessage",
    "FaceReport",
    "Frame",
    "FrameSplitter",
    "Hello",
    "Limits",
    "Message",
    "Ping",
    "Pong",
    "Prompt",
    "ProtocolError",
    "Reason",
    "Result",
    "ServerConnection",
    "Timing",
    "Verdict",
    "Welcome",
    "encode",
]
