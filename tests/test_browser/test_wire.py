"""The page's messages are those of `wire`, and what `wire` refuses it refuses."""

import json
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgpack
import pytest

from tests.support.chromium import needs_chromium
from wire import (
    MAX_FACES,
    Box,
    ClientConnection,
    DecisionNotice,
    ErrorCode,
    ErrorMessage,
    FaceReport,
    Frame,
    Hello,
    Limits,
    Ping,
    Pong,
    Prompt,
    ProtocolError,
    Result,
    ServerConnection,
    Timing,
    Verdict,
    Welcome,
    encode,
)
from wire.connection import REPLY_BYTES
from wire.framing import framed
from wire.words import vocabulary

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = needs_chromium

READ = """async ([address, streams, words]) => {
  const {Splitter, read} = await import(address + "/wire.js");
  return streams.map(([stream, welcomed]) => {
    const splitter = new Splitter();
    const said = [];
    try {
      for (const byte of stream) {
        splitter.feed(Uint8Array.of(byte));
        for (let payload; (payload = splitter.next()) !== null; ) said.push(read(payload, welcomed, words));
      }
    } catch (error) {
      return {refused: error.constructor.name, code: error.code ?? "", message: error.message};
    }
    return said;
  });
}"""


Modules = tuple["Page", str]


def read(modules: Modules, streams: list[bytes], welcomed: bool = True) -> list[Any]:
    """What the page makes of each stream, byte by byte: messages, or why not."""
    page, address = modules
    given = [[list(stream), welcomed] for stream in streams]
    said: list[Any] = page.evaluate(READ, [address, given, vocabulary()])
    return said


WHOLE = Result(
    seq=2**32 + 5,
    verdict=Verdict.DENIED,
    faces=(
        FaceReport(Box(-3, 70000, 300, 20), "محمد 王小明 \N{GRINNING FACE}", 0.25, Verdict.GRANTED),
        FaceReport(Box(0, 1, 1, 0), None, None, Verdict.NONE),
    ),
    decision=DecisionNotice("id", Verdict.DENIED, ("A" * 40, "\ufeffB"), "of_a_newer_server", "Ring", 7),
    timing=Timing(1.5, 20.0),
    prompt=Prompt.TURN_LEFT,
    prompt_seconds=3.25,
    prompt_progress=-0.5,
    next_ms=250.0,
)
MESSAGES: list[Result | Pong | ErrorMessage] = [
    WHOLE,
    Result(1, Verdict.NONE, (), None, Timing(0, 0)),
    Pong(2**40),
    ErrorMessage(ErrorCode.BAD_FRAME, "no JPEG", 3),
    ErrorMessage(ErrorCode.TOO_MANY, "x" * 1024),
]


def without_none(value: Any) -> Any:
    """Absent fields and nil are the same."""
    if isinstance(value, dict):
        return {key: without_none(each) for key, each in value.items() if each is not None}
    return [without_none(each) for each in value] if isinstance(value, list) else value


def test_every_message_of_a_server_is_read(modules: Modules) -> None:
    (said,) = read(modules, [b"".join(encode(message) for message in MESSAGES)])
    assert without_none(said) == without_none([message.to_map() for message in MESSAGES])
    welcome = Welcome("session", Limits(2**20, 4_000_000), note="Ring the bell", features=("propose",))
    ((told,),) = read(modules, [encode(welcome)], welcomed=False)
    assert told == {
        "type": "welcome",
        "session": "session",
        "limits": {"frame_bytes": 2**20, "frame_pixels": 4_000_000},
        "note": "Ring the bell",
    }


def test_a_server_reads_every_message_of_the_page(modules: Modules) -> None:
    page, address = modules
    script = """async (address) => {
      const {hello, frame, ping} = await import(address + "/wire.js");
      const parts = [hello("front-döör", "s".repeat(40)), frame(3, new Uint8Array(70000).fill(7)),
                     frame(2 ** 33, Uint8Array.of()), ping(200, 1764313200.25), ping(70000, 5)];
      return parts.map((part) => Array.from(part));
    }"""
    said = [bytes(part) for part in page.evaluate(script, address)]
    connection = ServerConnection(100_000)
    connection.feed(said[0])
    assert list(connection.events()) == [Hello("front-döör", "s" * 40)]
    connection.accept()
    connection.feed(b"".join(said[1:]))
    expected = [Frame(3, b"\x07" * 70000), Frame(2**33, b""), Ping(200, 1764313200.25), Ping(70000, 5)]
    assert list(connection.events()) == expected
    without_token = f'import("{address}/wire.js").then(({{hello}}) => Array.from(hello("a", "")))'
    assert bytes(page.evaluate(without_token)) == encode(Hello("a"))


def changed(**fields: Any) -> bytes:
    return framed(msgpack.packb({**WHOLE.to_map(), **fields}))


def face(**fields: Any) -> list[dict[str, Any]]:
    return [{**WHOLE.faces[0].to_map(), **fields}]


def decision(**fields: Any) -> dict[str, Any]:
    return {**decided(), **fields}


def decided() -> dict[str, Any]:
    assert WHOLE.decision is not None
    return WHOLE.decision.to_map()


REFUSED: dict[str, bytes] = {
    "no map": framed(msgpack.packb([1])),
    "nothing": framed(b""),
    "cut short": framed(msgpack.packb(WHOLE.to_map())[:-1]),
    "followed by more": framed(msgpack.packb(WHOLE.to_map()) + b"\xc0"),
    "a key that is no string": framed(msgpack.packb({1: 2})),
    "an extension type": framed(msgpack.packb({"type": msgpack.ExtType(5, b"x")})),
    "a time": framed(b"\x81\xa4type\xd6\xff\x00\x00\x00\x00"),
    "an unused code": framed(b"\x81\xa4type\xc1"),
    "a text that is no UTF-8": framed(b"\x81\xa4type\xa1\xff"),
    "a long text": changed(more="x" * 4097),
    "many items": changed(more=[0] * 1025),
    "many fields": changed(**{f"f{index}": 0 for index in range(1025)}),
    "an array that is announced only": framed(b"\x81\xa4type\xdd\xff\xff\xff\xff"),
    "a binary that is announced only": framed(b"\x81\xa4type\xc6\xff\xff\xff\xff"),
    "deeply nested": framed(b"\x81\xa4more" + b"\x91" * 5000 + b"\xc0"),
    "no type": framed(msgpack.packb({"seq": 1})),
    "another type": changed(type="welcome"),
    "a newer type": changed(type="of_a_newer_server"),
    "a seq below 0": changed(seq=-1),
    "a seq that is no number": changed(seq="1"),
    "no seq": framed(msgpack.packb({key: value for key, value in WHOLE.to_map().items() if key != "seq"})),
    "a verdict that is none": changed(verdict="GRANTED"),
    "faces that are no array": changed(faces={}),
    "too many faces": changed(faces=face() * (MAX_FACES + 1)),
    "a face that is no map": changed(faces=[1]),
    "a box of three": changed(faces=face(box=[1, 2, 3])),
    "a box of parts": changed(faces=face(box=[1, 2, 3, 0.5])),
    "a long name": changed(faces=face(name="\N{GRINNING FACE}" * 257)),
    "a name that is a map": changed(faces=face(name={"toString": "x"})),
    "a distance that is no number": changed(faces=face(distance=math.nan)),
    "no timing": changed(timing=None),
    "an endless wait": changed(prompt_seconds=math.inf),
    "a wait below 0": changed(prompt_seconds=-1),
    "more than all done": changed(prompt_progress=1.5),
    "a decision that is none": changed(decision=decision(verdict="maybe")),
    "names that are numbers": changed(decision=decision(names=[1])),
    "a long note": changed(decision=decision(note="x" * 201)),
    "an error of no code": framed(msgpack.packb({"type": "error", "code": "bad", "message": ""})),
    "a length over the limit": (REPLY_BYTES + 1).to_bytes(4, "big"),
}


def test_what_is_no_message_is_refused(modules: Modules) -> None:
    said = read(modules, list(REFUSED.values()))
    accepted = [name for name, told in zip(REFUSED, said, strict=True) if not isinstance(told, dict)]
    assert accepted == []
    assert {told["refused"] for told in said} == {"ProtocolError"}
    assert {told["code"] for told in said} == {"bad_message"}


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_by_our_other_terminal_too(name: str) -> None:
    connection = ClientConnection()
    connection.feed(encode(Welcome("session", Limits(1, 1))) + REFUSED[name])
    with pytest.raises(ProtocolError):
        list(connection.events())


@pytest.mark.parametrize("message", [WHOLE, Pong(1)])
def test_nothing_comes_before_the_welcome(modules: Modules, message: Result | Pong) -> None:
    (told,) = read(modules, [encode(message)], welcomed=False)
    assert told["refused"] == "ProtocolError"


def test_another_version_is_told_apart(modules: Modules) -> None:
    welcome = Welcome("session", Limits(1, 1), version=2)
    (told,) = read(modules, [encode(welcome)], welcomed=False)
    assert told["code"] == "version_mismatch"


BEARABLE: list[tuple[Callable[[], bytes], str, Any]] = [
    (lambda: changed(prompt="of_a_newer_server"), "prompt", None),
    (lambda: changed(prompt="toString"), "prompt", None),
    (lambda: changed(more={"__proto__": {"verdict": "granted"}}), "verdict", "denied"),
    (lambda: changed(faces=face(distance=1)), "seq", WHOLE.seq),
]


@pytest.mark.parametrize(("stream", "field", "value"), BEARABLE)
def test_what_only_a_newer_server_knows_does_no_harm(
    modules: Modules, stream: Callable[[], bytes], field: str, value: Any
) -> None:
    ((said,),) = read(modules, [stream()])
    assert said[field] == value, json.dumps(said)
