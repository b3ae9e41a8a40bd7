"""Both ends of a connection: the order in which things may be said, and what a hostile peer can cause."""

import contextlib
import struct
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.messages import BY_KIND
from wire import (
    ClientConnection,
    ErrorCode,
    ErrorMessage,
    Frame,
    Hello,
    Limits,
    Message,
    Ping,
    Pong,
    ProposalOutcome,
    Propose,
    Proposed,
    ProtocolError,
    Result,
    ServerConnection,
    Timing,
    Verdict,
    Welcome,
    encode,
)
from wire.connection import FRAME_OVERHEAD_BYTES, HELLO_BYTES, REPLY_BYTES

FRAME_BYTES = 10_000
HELLO = Hello("front")
WELCOME = Welcome("s1", Limits(FRAME_BYTES, 100))
PROPOSED = Proposed(1, ProposalOutcome.KEPT)
RESULT = Result(1, Verdict.NONE, (), None, Timing(0, 0))


def packed(values: dict[Any, Any]) -> bytes:
    payload: bytes = msgpack.packb(values)
    return struct.pack(">I", len(payload)) + payload


def heard(connection: ServerConnection | ClientConnection, data: bytes) -> list[Message]:
    """What the connection makes of `data`; a server accepts the hello as soon as it hears it."""
    connection.feed(data)
    messages: list[Message] = []
    for message in connection.events():
        messages.append(message)
        if isinstance(connection, ServerConnection) and isinstance(message, Hello):
            connection.accept()
    return messages


def refused(connection: ServerConnection | ClientConnection, data: bytes) -> ProtocolError:
    with pytest.raises(ProtocolError) as refusal:
        heard(connection, data)
    return refusal.value


@pytest.fixture
def server() -> ServerConnection:
    return ServerConnection(FRAME_BYTES)


@pytest.fixture
def greeted(server: ServerConnection) -> ServerConnection:
    assert heard(server, encode(HELLO)) == [HELLO]
    return server


@pytest.fixture
def client() -> ClientConnection:
    return ClientConnection()


@pytest.fixture
def welcomed(client: ClientConnection) -> ClientConnection:
    assert heard(client, encode(WELCOME)) == [WELCOME]
    return client


def test_a_whole_conversation_byte_by_byte(server: ServerConnection) -> None:
    said: list[Message] = [HELLO, Frame(0, b"a"), Ping(5), Propose(0), Frame(7, b"b")]
    stream = b"".join(encode(message) for message in said)
    assert [message for at in range(len(stream)) for message in heard(server, stream[at : at + 1])] == said
    assert not server.mid_message


def test_nothing_is_read_between_hello_and_accept(server: ServerConnection) -> None:
    server.feed(encode(HELLO) + b"\xff\xff\xff\xff rubbish")
    assert list(server.events()) == [HELLO]
    assert list(server.events()) == []
    server.accept()
    with pytest.raises(ProtocolError):
        list(server.events())


def test_what_came_with_the_hello_is_read_after_accept(server: ServerConnection) -> None:
    server.feed(encode(HELLO) + encode(Ping(1)))
    assert list(server.events()) == [HELLO]
    server.accept()
    assert list(server.events()) == [Ping(1)]


@pytest.mark.parametrize("message", [Frame(1, b""), Ping(1), WELCOME, Pong(1)])
def test_hello_comes_first(server: ServerConnection, message: Message) -> None:
    error = refused(server, encode(message))
    assert (error.code, error.message) == (ErrorCode.BAD_MESSAGE, "the first message must be hello")


def test_an_unknown_type_before_hello_is_refused(server: ServerConnection) -> None:
    assert refused(server, packed({"type": "nonsense"})).code is ErrorCode.BAD_MESSAGE


def test_hello_is_said_once(greeted: ServerConnection) -> None:
    error = refused(greeted, encode(HELLO))
    assert (error.code, error.message) == (ErrorCode.BAD_MESSAGE, "hello was already said")


@pytest.mark.parametrize("values", [{}, {"type": None}, {"type": 1}, {"type": b"ping"}])
def test_a_message_has_a_type(greeted: ServerConnection, values: dict[str, Any]) -> None:
    error = refused(greeted, packed(values))
    assert error.code is ErrorCode.BAD_MESSAGE
    assert error.message.startswith("message.type must be ")


def test_an_unknown_type_is_shown_short_and_in_ascii(greeted: ServerConnection) -> None:
    error = refused(greeted, packed({"type": "é\u202e" + "x" * 100}))
    assert error.code is ErrorCode.BAD_MESSAGE
    assert error.message == "unknown message type '\\xe9\\u202e" + "x" * 30 + "'"


@pytest.mark.parametrize(
    "message", [WELCOME, RESULT, Pong(1), PROPOSED, ErrorMessage(ErrorCode.INTERNAL, "")]
)
def test_a_terminal_cannot_speak_like_a_server(greeted: ServerConnection, message: Message) -> None:
    assert refused(greeted, encode(message)).code is ErrorCode.BAD_MESSAGE


@pytest.mark.parametrize(("first", "second"), [(0, 0), (5, 5), (5, 4), (2**64 - 1, 0)])
def test_seq_must_increase(greeted: ServerConnection, first: int, second: int) -> None:
    assert heard(greeted, encode(Frame(first, b""))) == [Frame(first, b"")]
    error = refused(greeted, encode(Frame(second, b"")))
    assert error.code is ErrorCode.BAD_MESSAGE
    assert error.message == f"frame.seq must increase; {second} came after {first}"


def test_another_version_is_a_mismatch_even_if_nothing_else_is_said(server: ServerConnection) -> None:
    assert refused(server, packed({"type": "hello", "version": 2})).code is ErrorCode.VERSION_MISMATCH


def test_4_gib_are_refused_by_the_header_alone(server: ServerConnection) -> None:
    assert refused(server, b"\xff\xff\xff\xff").code is ErrorCode.BAD_MESSAGE


def test_4_gib_are_refused_by_the_header_alone_after_hello_too(greeted: ServerConnection) -> None:
    assert refused(greeted, b"\xff\xff\xff\xff").code is ErrorCode.FRAME_TOO_BIG


def test_a_hello_is_small(server: ServerConnection) -> None:
    assert HELLO_BYTES == 4096
    assert refused(server, struct.pack(">I", 4097)).code is ErrorCode.BAD_MESSAGE


def test_a_hello_of_the_largest_size_is_read(server: ServerConnection) -> None:
    empty = len(packed({**HELLO.to_map(), "pad": bytes(256)})) - 256
    padded = packed({**HELLO.to_map(), "pad": bytes(HELLO_BYTES + 4 - empty)})
    assert len(padded) == HELLO_BYTES + 4
    assert heard(server, padded) == [HELLO]


def test_a_jpeg_of_the_largest_size_is_read(greeted: ServerConnection) -> None:
    frame = Frame(1, bytes(FRAME_BYTES))
    assert heard(greeted, encode(frame)) == [frame]


def test_a_jpeg_one_byte_larger_is_too_big(greeted: ServerConnection) -> None:
    error = refused(greeted, encode(Frame(1, bytes(FRAME_BYTES + 1))))
    assert error.code is ErrorCode.FRAME_TOO_BIG
    assert error.message == f"a JPEG of {FRAME_BYTES + 1} bytes; the limit is {FRAME_BYTES}"


def test_a_message_larger_than_any_frame_is_refused_by_its_header(greeted: ServerConnection) -> None:
    assert heard(greeted, struct.pack(">I", FRAME_BYTES + FRAME_OVERHEAD_BYTES)) == []
    other = ServerConnection(FRAME_BYTES)
    header = struct.pack(">I", FRAME_BYTES + FRAME_OVERHEAD_BYTES + 1)
    assert refused(other, encode(HELLO) + header).code is ErrorCode.FRAME_TOO_BIG


def test_part_of_a_message_is_mid_message(greeted: ServerConnection) -> None:
    assert not greeted.mid_message
    ping = encode(Ping(1))
    assert heard(greeted, ping[:1]) == [] and greeted.mid_message
    assert heard(greeted, ping[1:]) == [Ping(1)] and not greeted.mid_message


def test_a_terminal_hears_all_that_a_server_says(welcomed: ClientConnection) -> None:
    said: list[Message] = [RESULT, Pong(4), PROPOSED, ErrorMessage(ErrorCode.BAD_FRAME, "no", 2)]
    assert heard(welcomed, b"".join(encode(message) for message in said)) == said


def test_an_error_may_come_instead_of_a_welcome(client: ClientConnection) -> None:
    error = ErrorMessage(ErrorCode.UNAUTHORIZED, "no")
    assert heard(client, encode(error)) == [error]


@pytest.mark.parametrize("message", [RESULT, Pong(1), PROPOSED, HELLO, Frame(1, b"")])
def test_nothing_but_welcome_or_error_comes_first(client: ClientConnection, message: Message) -> None:
    error = refused(client, encode(message))
    assert error.code is ErrorCode.BAD_MESSAGE
    assert error.message == "the server's first message must be welcome or error"


@pytest.mark.parametrize("message", [WELCOME, HELLO, Ping(1), Propose(1), Frame(1, b"")])
def test_a_server_cannot_speak_like_a_terminal_nor_welcome_twice(
    welcomed: ClientConnection, message: Message
) -> None:
    error = refused(welcomed, encode(message))
    assert error.code is ErrorCode.BAD_MESSAGE
    assert error.message == f"unexpected message type {message.type!r}"


def test_a_server_of_another_version_is_told_apart(client: ClientConnection) -> None:
    assert refused(client, packed({"type": "welcome", "version": 9})).code is ErrorCode.VERSION_MISMATCH


def test_a_reply_may_have_a_mebibyte(welcomed: ClientConnection) -> None:
    assert REPLY_BYTES == 1 << 20
    assert heard(welcomed, struct.pack(">I", REPLY_BYTES)) == []
    assert refused(ClientConnection(), struct.pack(">I", REPLY_BYTES + 1)).code is ErrorCode.FRAME_TOO_BIG


any_chunks = st.lists(st.binary(max_size=80), max_size=6)
payloads = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
known_keys = st.sampled_from(["type", "version", "terminal", "token", "seq", "jpeg", "id", "faces", "timing"])
known_types = st.sampled_from(["hello", "frame", "ping", "welcome", "result", "error", "pong"])
near_messages = st.builds(
    lambda kind, rest: packed({**rest, "type": kind}), known_types, st.dictionaries(known_keys, payloads)
)


def survives(connection: ServerConnection | ClientConnection, chunks: list[bytes]) -> None:
    with contextlib.suppress(ProtocolError):
        for chunk in chunks:
            heard(connection, chunk)


@given(any_chunks, st.booleans())
def test_arbitrary_bytes_raise_nothing_but_protocol_errors(chunks: list[bytes], greet: bool) -> None:
    survives(ServerConnection(FRAME_BYTES), [encode(HELLO), *chunks] if greet else chunks)
    survives(ClientConnection(), [encode(WELCOME), *chunks] if greet else chunks)


@given(st.lists(near_messages, max_size=4))
def test_maps_that_look_like_messages_raise_nothing_but_protocol_errors(stream: list[bytes]) -> None:
    survives(ServerConnection(FRAME_BYTES), [encode(HELLO), *stream])
    survives(ServerConnection(FRAME_BYTES), stream)
    survives(ClientConnection(), [encode(WELCOME), *stream])


@given(
    st.lists(st.one_of(BY_KIND[Frame], BY_KIND[Ping]), max_size=3),
    st.lists(BY_KIND[Result], min_size=1, max_size=2),
    st.lists(st.tuples(st.integers(0, 5_000), st.binary(min_size=1, max_size=3)), min_size=1, max_size=4),
)
def test_damaged_streams_raise_nothing_but_protocol_errors(
    to_server: list[Message], to_client: list[Message], damage: list[tuple[int, bytes]]
) -> None:
    connections: list[tuple[ServerConnection | ClientConnection, list[Message]]] = [
        (ServerConnection(FRAME_BYTES), [HELLO, *to_server]),
        (ClientConnection(), [WELCOME, *to_client]),
    ]
    for connection, messages in connections:
        stream = bytearray(b"".join(encode(message) for message in messages))
        for at, change in damage:
            at %= len(stream)
            stream[at : at + len(change)] = change
        survives(connection, [bytes(stream)])
