"""Hypothesis strategies for every message of the protocol."""

from typing import Any

from hypothesis import strategies as st

from wire import (
    NOTE_CHARS,
    TERMINAL_CHARS,
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
    Result,
    Timing,
    Verdict,
    Welcome,
)

uints = st.integers(0, 2**64 - 1)
texts = st.text(max_size=40)
terminals = st.text(st.characters(categories=("L", "N", "S")), min_size=1, max_size=TERMINAL_CHARS)
numbers = st.floats(allow_nan=False, allow_infinity=False)
verdicts = st.sampled_from(Verdict)
boxes = st.builds(Box, *[st.integers(-(2**63), 2**64 - 1)] * 4)
faces = st.builds(FaceReport, boxes, st.none() | texts, st.none() | numbers, verdicts)
notes = st.none() | st.text(max_size=NOTE_CHARS)
decisions = st.builds(
    DecisionNotice, texts, verdicts, st.lists(texts, max_size=3).map(tuple), texts, notes, st.none() | uints
)
features = st.lists(texts, max_size=3).map(tuple)
prompts = st.none() | st.sampled_from(Prompt)
prompt_seconds = st.none() | st.floats(0, allow_infinity=False)

BY_KIND: dict[type, st.SearchStrategy[Any]] = {
    Hello: st.builds(Hello, terminals, st.none() | texts),
    Frame: st.builds(Frame, uints, st.binary(max_size=200)),
    Ping: st.builds(Ping, uints, st.none() | numbers),
    Propose: st.builds(Propose, uints),
    Pong: st.builds(Pong, uints),
    Welcome: st.builds(Welcome, texts, st.builds(Limits, uints, uints), note=notes, features=features),
    Result: st.builds(
        Result,
        uints,
        verdicts,
        st.lists(faces, max_size=3).map(tuple),
        st.none() | decisions,
        st.builds(Timing, numbers, numbers),
        prompts,
        prompt_seconds,
        st.none() | st.floats(-1, 1),
    ),
    Proposed: st.builds(Proposed, uints, st.none() | st.sampled_from(ProposalOutcome)),
    ErrorMessage: st.builds(ErrorMessage, st.sampled_from(ErrorCode), texts, st.none() | uints),
}


def any_message() -> st.SearchStrategy[Message]:
    return st.one_of(*BY_KIND.values())
