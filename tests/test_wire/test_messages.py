"""Every message keeps its meaning over the wire, and every wrong field is named."""

import math
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import messages as strategies
from wire import (
    NOTE_CHARS,
    TERMINAL_CHARS,
    VERSION,
    Box,
    DecisionNotice,
    ErrorCode,
    ErrorMessage,
    FaceReport,
    Frame,
    Hello,
    Limits,
    Message,
    Ping,
    Pong,
    Prompt,
    ProposalOutcome,
    Propose,
    Proposed,
    ProtocolError,
    Reason,
    Result,
    Timing,
    Verdict,
    Welcome,
    messages,
)
from wire.fields import Fields

MISSING = object()
BOX = Box(10, 40, 30, 20)

PINNED: dict[type, tuple[Message, dict[str, Any]]] = {
    Hello: (
        Hello("front door", "secret"),
        {"type": "hello", "version": 1, "terminal": "front door", "token": "secret"},
    ),
    Frame: (Frame(7, b"\xff\xd8"), {"type": "frame", "seq": 7, "jpeg": b"\xff\xd8"}),
    Ping: (
        Ping(3, 1.5e9, 7.5),
        {"type": "ping", "id": 3, "clock": 1.5e9, "picture_age": 7.5},
    ),
    Propose: (Propose(7), {"type": "propose", "seq": 7}),
    Proposed: (
        Proposed(7, ProposalOutcome.TOO_MANY),
        {"type": "proposed", "seq": 7, "outcome": "too_many"},
    ),
    Pong: (Pong(3, 1.5e9), {"type": "pong", "id": 3, "clock": 1.5e9}),
    Welcome: (
        Welcome("ab12", Limits(1000, 2000), note="Ring the bell", features=("propose",)),
        {
            "type": "welcome",
            "version": 1,
            "session": "ab12",
            "limits": {"frame_bytes": 1000, "frame_pixels": 2000},
            "note": "Ring the bell",
            "features": ["propose"],
        },
    ),
    Result: (
        Result(
            7,
            Verdict.GRANTED,
            (FaceReport(BOX, "Ada", 0.25, Verdict.GRANTED), FaceReport(BOX, None, None, Verdict.CHECKING)),
            DecisionNotice("d1", Verdict.GRANTED, ("Ada",), "recognised", "Ring the bell", seq=5),
            Timing(1.5, 20.0),
            Prompt.TURN_LEFT,
            2.5,
            -0.25,
            250.0,
            True,
        ),
        {
            "type": "result",
            "seq": 7,
            "verdict": "granted",
            "faces": [
                {"box": [10, 40, 30, 20], "name": "Ada", "distance": 0.25, "verdict": "granted"},
                {"box": [10, 40, 30, 20], "name": None, "distance": None, "verdict": "checking"},
            ],
            "decision": {
                "id": "d1",
                "verdict": "granted",
                "names": ["Ada"],
                "reason": "recognised",
                "note": "Ring the bell",
                "seq": 5,
            },
            "timing": {"queue_ms": 1.5, "work_ms": 20.0},
            "prompt": "turn_left",
            "prompt_seconds": 2.5,
            "prompt_progress": -0.25,
            "next_ms": 250.0,
            "overloaded": True,
        },
    ),
    ErrorMessage: (
        ErrorMessage(ErrorCode.BAD_FRAME, "not a JPEG", 7),
        {"type": "error", "code": "bad_frame", "message": "not a JPEG", "seq": 7},
    ),
}


def discovered() -> set[type]:
    return {
        kind
        for kind in vars(messages).values()
        if isinstance(kind, type) and isinstance(vars(kind).get("type"), str)
    }


def read(values: dict[str, Any]) -> Message:
    kind = next(kind for kind in PINNED if kind.type == values["type"])  # type: ignore[attr-defined]
    message: Message = kind.read(Fields(values, values["type"]))  # type: ignore[attr-defined]
    return message


def test_every_message_class_is_known_to_the_union_and_to_these_tests() -> None:
    assert discovered() == set(get_args(Message)) == set(PINNED) == set(strategies.BY_KIND)


@pytest.mark.parametrize("kind", PINNED, ids=lambda kind: kind.__name__)
def test_wire_form_is_pinned(kind: type) -> None:
    message, wire_form = PINNED[kind]
    assert message.to_map() == wire_form
    assert read(wire_form) == message


@given(strategies.any_message())
def test_every_message_survives_its_map(message: Message) -> None:
    assert read(message.to_map()) == message


@given(strategies.any_message(), st.dictionaries(st.text(min_size=20), st.integers()))
def test_unknown_keys_are_ignored(message: Message, unknown: dict[str, int]) -> None:
    assert read({**unknown, **message.to_map()}) == message


def test_closed_vocabularies_are_pinned() -> None:
    assert [verdict.value for verdict in Verdict] == ["none", "checking", "granted", "denied"]
    assert [code.value for code in ErrorCode] == [
        "bad_message",
        "bad_frame",
        "frame_too_big",
        "version_mismatch",
        "unauthorized",
        "too_many",
        "overloaded",
        "internal",
    ]
    assert [reason.value for reason in Reason] == [
        "recognised",
        "unknown_face",
        "near_tie",
        "disagreeing",
        "too_few_looks",
        "nobody_enrolled",
        "not_alone",
        "revoked",
        "left",
        "log_unavailable",
        "undelivered",
        "too_dark",
        "too_bright",
        "too_blurred",
        "looking_away",
        "not_live",
        "challenge_failed",
        "disabled",
        "not_yet_valid",
        "expired",
        "outside_schedule",
        "wrong_terminal",
        "locked_out",
    ]
    assert [prompt.value for prompt in Prompt] == [
        "come_closer",
        "look_at_camera",
        "more_light",
        "less_light",
        "hold_still",
        "move_a_little",
        "turn_left",
        "turn_right",
        "open_mouth",
        "blink",
        "step_away",
        "wait",
    ]
    assert [outcome.value for outcome in ProposalOutcome] == [
        "kept",
        "no_unknown_face",
        "too_many",
        "too_late",
    ]
    assert (VERSION, TERMINAL_CHARS, NOTE_CHARS) == (1, 64, 200)


def test_only_a_bad_frame_leaves_the_connection_open() -> None:
    assert [code for code in ErrorCode if not code.closes] == [ErrorCode.BAD_FRAME]


def test_an_error_without_a_frame_has_no_seq_key() -> None:
    assert "seq" not in ErrorMessage(ErrorCode.INTERNAL, "").to_map()


def test_what_may_be_absent_is_no_new_key() -> None:
    """What older terminals and servers say stays as it was, byte for byte."""
    assert not {"note", "features"} & set(Welcome("ab12", Limits(1000, 2000)).to_map())
    assert Ping(3).to_map() == {"type": "ping", "id": 3}
    assert Pong(3).to_map() == {"type": "pong", "id": 3}
    assert "seq" not in DecisionNotice("d1", Verdict.DENIED, (), "left").to_map()


def test_box_measures() -> None:
    assert (BOX.width, BOX.height) == (20, 20)
    assert Box._fields == ("top", "right", "bottom", "left")


NOT_UINT: list[Any] = [None, -1, 2**64, True, 1.0, "1", b"1", [1], {}]
NOT_TEXT: list[Any] = [None, 1, b"x", ["x"], {}, True, "x" * 1025]
NOT_NUMBER: list[Any] = [None, True, "1", [], math.nan, math.inf, -math.inf]
NOT_MAP: list[Any] = [None, 1, "x", []]
NOT_WORD: list[Any] = [None, 1, "", "GRANTED", [], {}, b"granted"]


@dataclass(frozen=True)
class Wrong:
    """Message kind, path of the field, what its name in the error is, and values it must not have."""

    kind: type
    path: tuple[str | int, ...]
    named: str
    values: list[Any]
    required: bool = True


WRONG = [
    Wrong(Hello, ("version",), "hello.version", NOT_UINT),
    Wrong(Hello, ("terminal",), "hello.terminal", [*NOT_TEXT, "", "x" * 65, "..", "a/b", "a\nb"]),
    Wrong(Hello, ("token",), "hello.token", NOT_TEXT[1:], required=False),
    Wrong(Frame, ("seq",), "frame.seq", NOT_UINT),
    Wrong(Frame, ("jpeg",), "frame.jpeg", [None, "x", 1, []]),
    Wrong(Ping, ("id",), "ping.id", NOT_UINT),
    Wrong(Ping, ("clock",), "ping.clock", NOT_NUMBER[1:], required=False),
    Wrong(Ping, ("picture_age",), "ping.picture_age", [*NOT_NUMBER[1:], -0.1], required=False),
    Wrong(Propose, ("seq",), "propose.seq", NOT_UINT),
    Wrong(Proposed, ("seq",), "proposed.seq", NOT_UINT),
    Wrong(Proposed, ("outcome",), "proposed.outcome", NOT_TEXT[1:], required=False),
    Wrong(Pong, ("id",), "pong.id", NOT_UINT),
    Wrong(Pong, ("clock",), "pong.clock", NOT_NUMBER[1:], required=False),
    Wrong(Welcome, ("version",), "welcome.version", NOT_UINT),
    Wrong(Welcome, ("session",), "welcome.session", NOT_TEXT),
    Wrong(Welcome, ("limits",), "welcome.limits", NOT_MAP),
    Wrong(Welcome, ("limits", "frame_bytes"), "welcome.limits.frame_bytes", NOT_UINT),
    Wrong(Welcome, ("limits", "frame_pixels"), "welcome.limits.frame_pixels", NOT_UINT),
    Wrong(Welcome, ("note",), "welcome.note", [*NOT_TEXT[1:], "x" * (NOTE_CHARS + 1)], required=False),
    Wrong(Welcome, ("features",), "welcome.features", ["x", 1, {}, [1], [None]], required=False),
    Wrong(Result, ("seq",), "result.seq", NOT_UINT),
    Wrong(Result, ("verdict",), "result.verdict", NOT_WORD),
    Wrong(Result, ("faces",), "result.faces", [None, {}, "x", 1]),
    Wrong(Result, ("faces", 0), "result.faces[0]", NOT_MAP),
    Wrong(
        Result,
        ("faces", 1, "box"),
        "result.faces[1].box",
        [None, [1, 2, 3], [1, 2, 3, 4, 5], [1, 2, 3, 4.0], [1, 2, 3, True], "abcd", {}],
    ),
    Wrong(Result, ("faces", 1, "name"), "result.faces[1].name", NOT_TEXT[1:], required=False),
    Wrong(Result, ("faces", 1, "distance"), "result.faces[1].distance", NOT_NUMBER[1:], required=False),
    Wrong(Result, ("faces", 1, "verdict"), "result.faces[1].verdict", NOT_WORD),
    Wrong(Result, ("decision",), "result.decision", NOT_MAP[1:], required=False),
    Wrong(Result, ("decision", "id"), "result.decision.id", NOT_TEXT),
    Wrong(Result, ("decision", "verdict"), "result.decision.verdict", NOT_WORD),
    Wrong(Result, ("decision", "names"), "result.decision.names", [None, "Ada", [1], [None], {}]),
    Wrong(Result, ("decision", "reason"), "result.decision.reason", NOT_TEXT),
    Wrong(
        Result,
        ("decision", "note"),
        "result.decision.note",
        [*NOT_TEXT[1:], "x" * (NOTE_CHARS + 1)],
        required=False,
    ),
    Wrong(Result, ("decision", "seq"), "result.decision.seq", NOT_UINT[1:], required=False),
    Wrong(Result, ("prompt",), "result.prompt", NOT_TEXT[1:], required=False),
    Wrong(Result, ("prompt_seconds",), "result.prompt_seconds", [*NOT_NUMBER[1:], -0.001], required=False),
    Wrong(
        Result,
        ("prompt_progress",),
        "result.prompt_progress",
        [*NOT_NUMBER[1:], -1.001, 1.001],
        required=False,
    ),
    Wrong(Result, ("next_ms",), "result.next_ms", [*NOT_NUMBER[1:], -0.001, 60_000.1], required=False),
    Wrong(Result, ("overloaded",), "result.overloaded", [0, 1, "true", [True]], required=False),
    Wrong(Result, ("timing",), "result.timing", NOT_MAP),
    Wrong(Result, ("timing", "queue_ms"), "result.timing.queue_ms", NOT_NUMBER),
    Wrong(Result, ("timing", "work_ms"), "result.timing.work_ms", NOT_NUMBER),
    Wrong(ErrorMessage, ("code",), "error.code", NOT_WORD),
    Wrong(ErrorMessage, ("message",), "error.message", NOT_TEXT),
    Wrong(ErrorMessage, ("seq",), "error.seq", NOT_UINT[1:], required=False),
]


def changed(values: Any, path: tuple[str | int, ...], new: object) -> Any:
    """A copy of `values` with the item at `path` replaced, or left out when `new` is `MISSING`."""
    key, rest = path[0], path[1:]
    copy: Any = list(values) if isinstance(values, list) else dict(values)
    if rest:
        copy[key] = changed(values[key], rest, new)
    elif new is MISSING:
        del copy[key]
    else:
        copy[key] = new
    return copy


def paths(values: Any, prefix: tuple[str | int, ...] = ()) -> set[tuple[str | int, ...]]:
    """Every field in a map, without the numbers of array items."""
    found: set[tuple[str | int, ...]] = set()
    if isinstance(values, dict):
        for key, value in values.items():
            found |= {(*prefix, key), *paths(value, (*prefix, key))}
    elif isinstance(values, list):
        found = found.union(*(paths(value, prefix) for value in values))
    return found


def test_every_field_has_its_wrong_values() -> None:
    for kind, (_, values) in PINNED.items():
        covered = {
            tuple(key for key in wrong.path if isinstance(key, str)) for wrong in WRONG if wrong.kind is kind
        }
        assert covered == paths(values) - {("type",)}


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.named)
def test_wrong_values_are_refused_by_the_name_of_the_field(wrong: Wrong) -> None:
    _, values = PINNED[wrong.kind]
    for bad in [*wrong.values, MISSING] if wrong.required and wrong.path[-1] != 0 else wrong.values:
        with pytest.raises(ProtocolError) as refusal:
            read(changed(values, wrong.path, bad))
        assert refusal.value.code is ErrorCode.BAD_MESSAGE, bad
        assert refusal.value.message.startswith(f"{wrong.named} must be "), bad


@pytest.mark.parametrize("wrong", [wrong for wrong in WRONG if not wrong.required], ids=lambda w: w.named)
def test_optional_fields_may_be_nil_or_missing(wrong: Wrong) -> None:
    _, values = PINNED[wrong.kind]
    assert read(changed(values, wrong.path, MISSING)) == read(changed(values, wrong.path, None))


@pytest.mark.parametrize("version", [0, 2, 2**64 - 1])
@pytest.mark.parametrize("kind", ["hello", "welcome"])
def test_another_version_is_told_apart_whatever_else_it_says(kind: str, version: int) -> None:
    with pytest.raises(ProtocolError) as refusal:
        read({"type": kind, "version": version})
    assert refusal.value.code is ErrorCode.VERSION_MISMATCH
    assert str(version) in refusal.value.message and "1" in refusal.value.message


def test_whole_numbers_are_fit_for_fractions() -> None:
    timing = {"queue_ms": 3, "work_ms": 2**64 - 1}
    message = read({**PINNED[Result][1], "timing": timing})
    assert isinstance(message, Result)
    assert message.timing == Timing(3.0, float(2**64 - 1))


NEWER_KEYS = ("prompt", "prompt_seconds", "prompt_progress", "next_ms", "overloaded")


def test_a_server_that_knows_no_prompts_and_notes_is_understood() -> None:
    message, values = PINNED[Result]
    assert isinstance(message, Result) and message.decision
    for key in NEWER_KEYS:
        values = changed(values, (key,), MISSING)
    values = changed(values, ("decision", "note"), MISSING)
    values = changed(values, ("decision", "seq"), MISSING)
    decision = replace(message.decision, note=None, seq=None)
    plain = replace(
        message,
        decision=decision,
        prompt=None,
        prompt_seconds=None,
        prompt_progress=None,
        next_ms=None,
        overloaded=False,
    )
    assert read(values) == plain
    assert plain == Result(
        message.seq,
        message.verdict,
        message.faces,
        DecisionNotice("d1", Verdict.GRANTED, ("Ada",), "recognised"),
        message.timing,
    )


@given(st.text(max_size=40).filter(lambda word: word not in {prompt.value for prompt in Prompt}))
def test_a_prompt_of_a_newer_server_is_none(word: str) -> None:
    message, values = PINNED[Result]
    assert isinstance(message, Result)
    assert read({**values, "prompt": word}) == replace(message, prompt=None)


@given(strategies.texts)
def test_a_reason_of_a_newer_server_is_kept(word: str) -> None:
    message = read(changed(PINNED[Result][1], ("decision", "reason"), word))
    assert isinstance(message, Result) and message.decision and message.decision.reason == word


def test_the_bounds_of_notes_and_seconds_are_fit() -> None:
    values = changed(PINNED[Result][1], ("decision", "note"), "x" * NOTE_CHARS)
    message = read({**values, "prompt_seconds": 0, "prompt_progress": -1})
    assert isinstance(message, Result) and message.decision
    assert (message.decision.note, message.prompt_seconds) == ("x" * NOTE_CHARS, 0.0)
    assert message.prompt_progress == -1.0


def test_a_protocol_error_reads_as_code_and_message() -> None:
    assert str(ProtocolError(ErrorCode.TOO_MANY, "full")) == "too_many: full"


def test_the_manual_has_every_error_code() -> None:
    manual = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` \| .* \| (stays|closed) \|$", manual, re.MULTILINE)
    assert dict(rows) == {code.value: "closed" if code.closes else "stays" for code in ErrorCode}


def test_the_manual_has_every_prompt_and_no_other() -> None:
    manual = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text("utf-8")
    section = manual.split("## Prompts")[1].split("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == [prompt.value for prompt in Prompt]
