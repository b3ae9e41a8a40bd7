"""The lines of the access log: their exact form, and that they give back what was put in."""

import re
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.access.decision import Decision
from server.audit.access_log import PATTERN, AccessEntry, parse
from wire import Verdict
from wire.reasons import Reason

DOCS = Path(__file__).parents[3] / "docs" / "access_log.md"
MOMENT = datetime(2024, 5, 6, 7, 8, 9, 123456, timezone(timedelta(hours=2)))
GRANTED = Decision("ab12", Verdict.GRANTED, "Ada Lovelace", Reason.RECOGNISED, 0.3125, 0.75, 0.45, 3)
DENIED = Decision("cd34", Verdict.DENIED, None, Reason.NOBODY_ENROLLED, None, None, 0.45, 7)


def line(decision: Decision = GRANTED, terminal: str = "front", latency_ms: int = 120) -> str:
    return AccessEntry(MOMENT, terminal, decision, latency_ms).line()


def test_a_grant() -> None:
    assert line() == (
        '2024-05-06T07:08:09.123+02:00 GRANTED front "Ada Lovelace" distance=0.312 runner_up=0.750'
        " threshold=0.450 frames=3 liveness=off reason=recognised latency_ms=120 id=ab12"
    )


def test_a_denial() -> None:
    assert line(DENIED, "back door", 0) == (
        '2024-05-06T07:08:09.123+02:00 DENIED "back door" unknown threshold=0.450 frames=7'
        " liveness=off reason=nobody_enrolled latency_ms=0 id=cd34"
    )


def test_a_line_can_be_read_back() -> None:
    assert parse(line()) == {
        "time": "2024-05-06T07:08:09.123+02:00",
        "verdict": "GRANTED",
        "terminal": "front",
        "name": "Ada Lovelace",
        "distance": "0.312",
        "runner_up": "0.750",
        "threshold": "0.450",
        "frames": "3",
        "liveness": "off",
        "reason": "recognised",
        "latency_ms": "120",
        "id": "ab12",
    }


def test_somebody_called_unknown_is_not_unknown() -> None:
    assert parse(line(replace(GRANTED, name="unknown")))["name"] == "unknown"
    assert parse(line(replace(GRANTED, name="unknown"))) != parse(line(replace(GRANTED, name=None)))
    assert parse(line(DENIED))["name"] is None


@pytest.mark.parametrize(
    "evil",
    [
        '" GRANTED',
        'x" "Ada" id=1',
        "\n2024-01-01T00:00:00.000+00:00 GRANTED front Ada",
        "\\",
        '\\"',
        " id=forged",
        "\u2028",
    ],
)
def test_no_value_forges_a_field(evil: str) -> None:
    fields = parse(line(replace(GRANTED, name=evil), evil))
    assert (fields["verdict"], fields["terminal"], fields["name"], fields["id"]) == (
        "GRANTED",
        evil,
        evil,
        "ab12",
    )


texts = st.text(min_size=1) | st.text(st.characters(categories=["Cc", "Cf", "Zl", "Zp", "Zs"]), min_size=1)
distances = st.none() | st.floats(0, 4)
decisions = st.builds(
    Decision,
    texts,
    st.sampled_from([Verdict.GRANTED, Verdict.DENIED]),
    st.none() | texts,
    st.sampled_from(Reason),
    distances,
    distances,
    st.floats(0.2, 0.6),
    st.integers(0, 10**9),
)


@given(decisions, texts, st.integers(0, 10**9), st.datetimes(timezones=st.just(timezone.utc)))
def test_any_entry_is_one_visible_line_and_comes_back(
    decision: Decision, terminal: str, latency_ms: int, moment: datetime
) -> None:
    text = AccessEntry(moment, terminal, decision, latency_ms).line()
    assert len(text.splitlines()) == 1 and text.isprintable()
    assert PATTERN.match(text)
    fields = parse(text)
    assert (fields["terminal"], fields["name"], fields["id"]) == (terminal, decision.name, decision.id)
    assert fields["verdict"] == decision.verdict.value.upper()
    assert (fields["reason"], fields["latency_ms"]) == (decision.reason.value, str(latency_ms))
    assert ("distance" in fields, "runner_up" in fields) == (
        decision.distance is not None,
        decision.runner_up is not None,
    )
    written = fields["time"]
    assert written is not None
    assert datetime.fromisoformat(written) == moment.replace(microsecond=moment.microsecond // 1000 * 1000)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rubbish",
        line().replace("GRANTED", "GRANTEE"),
        line()[:-10] + '"torn',
        line().replace('"Ada Lovelace"', "Ada"),
        " " + line(),
        line() + "\n" + line(),
    ],
)
def test_anything_else_is_not_a_line(text: str) -> None:
    with pytest.raises(ValueError, match="not a line"):
        parse(text)


def test_the_manual_gives_the_regular_expression_and_lines_that_it_reads() -> None:
    shown = re.findall(r"^    (\S.*)$", DOCS.read_text("utf-8"), re.MULTILINE)
    assert PATTERN.pattern in shown
    lines = [text for text in shown if text.startswith("20")]
    assert [parse(text)["verdict"] for text in lines] == ["GRANTED", "DENIED"]
    assert list(parse(lines[0])) == [*parse(line()), "seal"]


def test_the_manual_has_every_reason() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (granted|denied) \|", DOCS.read_text("utf-8"), re.MULTILINE)
    assert dict(rows) == {
        reason.value: "granted" if reason is Reason.RECOGNISED else "denied" for reason in Reason
    }
