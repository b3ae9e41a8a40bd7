"""The protocol that terminals and the server share: bytes in, messages out, no sockets."""

from wire.connection import ClientConnection, ServerConnection
from wire.errors import ErrorCode, ProtocolError
from wire.framing import HEADER_BYTES, FrameSplitter, encode
from wire.messages import (
    TOKEN_CHARS,
    VERSION,
    ErrorMessage,
    Frame,
    Hello,
    Limits,
    Message,
    Ping,
    Pong,
    Propose,
    Proposed,
    Welcome,
)
from wire.reasons import Prompt, ProposalOutcome, Reason, Verdict
from wire.result import MAX_FACES, NOTE_CHARS, Box, DecisionNotice, FaceReport, Result, Timing
from wire.terminal_name import TERMINAL_CHARS, terminal_name

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
    "ProposalOutcome",
    "Propose",
    "Proposed",
    "ProtocolError",
    "Reason",
    "Result",
    "ServerConnection",
    "Timing",
    "Verdict",
    "Welcome",
    "encode",
    "terminal_name",
]
