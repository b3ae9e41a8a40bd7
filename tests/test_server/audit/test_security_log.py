"""The lines of the security log."""

import re
from datetime import datetime, timezone
from pathlib import Path

from server.audit.security_log import PATTERN, Detail, SecurityEvent, SecurityKind

MOMENT = datetime(2026, 11, 22, 8, 0, tzinfo=timezone.utc)
PAGE = Path(__file__).resolve().parents[3] / "docs" / "logs.md"


def test_a_line_has_all_that_is_known_and_the_one_pattern_reads_it() -> None:
    details: dict[str, Detail] = {
        "first": "10.0.0.1",
        "why": 'say "x"\n',
        "seconds": 1.5,
        "events": 3,
        "nothing": None,
    }
    event = SecurityEvent(MOMENT, SecurityKind.SECOND_CONNECTION, "front door", None, details)
    line = event.line()
    assert line == (
        '2026-11-22T08:00:00.000+00:00 second_connection "front door" -'
        r' first=10.0.0.1 why="say \"x\"\n" seconds=1.500 events=3'
    )
    found = PATTERN.match(line)
    assert found is not None and found["terminal"] == '"front door"' and found["source"] == "-"
    assert PATTERN.match(SecurityEvent(MOMENT, SecurityKind.CLOCK_JUMPED).line())


def test_the_page_tells_every_kind_and_has_the_pattern() -> None:
    page = PAGE.read_text("utf-8")
    table = page[page.index("| kind |") : page.index("**It cannot be")]
    told = [
        word for row in re.findall(r"^\| (`.*?) \|", table, re.M) for word in re.findall("`([a-z_]+)`", row)
    ]
    assert sorted(told) == sorted(kind.value for kind in SecurityKind)
    assert f"    {PATTERN.pattern}\n" in page
