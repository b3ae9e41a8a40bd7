"""Decisions out of an archive are added once, and believed only when they are some."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from server.database.database import Database, opened
from server.history.exporting import rows_of
from server.history.importing import Counted, Span, bring_in, count, forget_twins
from server.history.queries import decision_by_id, decisions, decisions_after, latest_number
from server.history.tables import DECISION
from server.support.clock import milliseconds
from tests.support.histories import decision, fill, minutes
from wire.reasons import Reason

ALWAYS = Span(0, 2**62)


@pytest.fixture
def database(address: str) -> Iterator[Database]:
    with opened(address) as database:
        yield database


def exported(tmp_path: Path, *rows: dict[str, Any]) -> list[dict[str, Any]]:
    """As an archive of another site has them."""
    with opened(f"sqlite:///{tmp_path / 'theirs.sqlite3'}") as theirs:
        fill(theirs, *rows)
        lines: list[dict[str, Any]] = json.loads(json.dumps(list(rows_of(theirs, DECISION))))
    return lines


def test_each_is_added_once_whatever_is_there(database: Database, tmp_path: Path) -> None:
    fill(database, decision(1), decision(4))
    undelivered = decision(3, "Bob", reason=Reason.UNDELIVERED)
    rows = exported(tmp_path, *(decision(number, "Bob") for number in range(4)), undelivered)
    assert count(database, rows, ALWAYS) == Counted(4, 1)
    assert bring_in(database, rows * 2, ALWAYS) == Counted(4, 1)
    assert count(database, rows, ALWAYS) == bring_in(database, rows, ALWAYS) == Counted(0, 5)
    found = database.read_here(decisions)
    assert [each.id for each in found] == ["d4", "d3", "d3", "d2", "d1", "d0"]
    assert [each.imported for each in found] == [False, True, True, True, False, True]
    assert database.read_here(lambda sql: decision_by_id(sql, "d1"))[0].name == "Ada", "ours stays"


def test_what_this_site_has_decided_itself_no_archive_decides(database: Database, tmp_path: Path) -> None:
    fill(database, decision(1))
    rows = exported(tmp_path, decision(1, None, reason=Reason.UNKNOWN_FACE))
    assert rows[0]["verdict"] == "denied"
    assert count(database, rows, ALWAYS) == bring_in(database, rows, ALWAYS) == Counted(0, 1)
    assert [each.verdict for each in database.read_here(decisions)] == ["granted"]


def test_lines_of_this_site_decide_where_an_archive_came_first(database: Database, tmp_path: Path) -> None:
    fill(database, decision(1))
    (theirs,) = exported(tmp_path, decision(1, None, reason=Reason.UNKNOWN_FACE))
    del theirs["number"]
    fill(database, {**theirs, "terminal": "back", "imported": True})

    def lines(terminals: list[str] | None = None) -> list[str]:
        found = database.read_here(lambda sql: decision_by_id(sql, "d1", terminals))
        return [each.verdict for each in found]

    assert lines() == lines(["front"]) == ["granted"] and lines(["back"]) == []
    database.write_here(forget_twins)
    assert [each.imported for each in database.read_here(decisions)] == [False]


def test_texts_cannot_break_a_line_or_hide_in_it(database: Database, tmp_path: Path) -> None:
    (row,) = exported(tmp_path, decision(1))
    texts = {
        "terminal": "\x1b[2K" + "x" * 99,
        "name": "Ada\nBob" + "x" * 999,
        "reason": "a\u202e" + "x" * 99,
        "liveness": "live\r" + "x" * 99,
        "id": "d\t1",
        "nearest": json.dumps([["Ada\n" + "x" * 999, 0.5]]),
    }
    bring_in(database, [{**row, **texts}], ALWAYS)
    (kept,) = database.read_here(decisions)
    found = {**vars(kept), "nearest": kept.nearest[0].name}
    assert all(found[key].isprintable() for key in texts)
    assert {key: len(found[key]) for key in texts} == {
        "terminal": 64,
        "name": 256,
        "reason": 64,
        "liveness": 64,
        "id": 4,
        "nearest": 256,
    }
    assert found["terminal"].startswith("\\x1b[2Kxxx") and found["name"].startswith("Ada\\nBob")


def test_what_has_not_happened_now_is_no_news(database: Database, tmp_path: Path) -> None:
    fill(database, decision(1))
    read = database.read_here(latest_number)
    bring_in(database, exported(tmp_path, decision(2)), ALWAYS)
    fill(database, decision(3))
    assert [each.id for each in database.read_here(lambda sql: decisions_after(sql, read))] == ["d3"]


def test_what_is_too_old_to_be_kept_or_of_tomorrow_is_left_out(database: Database, tmp_path: Path) -> None:
    span = Span(milliseconds(minutes(2)), milliseconds(minutes(3)))
    rows = exported(tmp_path, *map(decision, range(6)))
    assert bring_in(database, rows, span) == Counted(2, 0)
    assert [each.id for each in database.read_here(decisions)] == ["d3", "d2"]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("moment", "today"),
        ("moment", -1),
        ("utc_offset", 1440),
        ("verdict", "perhaps"),
        ("distance", float("nan")),
        ("looks", 2**63),
        ("name", ["Ada"]),
        ("id", ""),
        ("id", "x" * 65),
        ("nearest", "[1]"),
        ("nearest", '[["Ada", NaN]]'),
        ("nearest", "["),
        ("reason", None),
    ],
)
def test_what_is_no_decision_is_told(database: Database, tmp_path: Path, column: str, value: object) -> None:
    (row,) = exported(tmp_path, decision(1))
    with pytest.raises(ValueError, match=column):
        bring_in(database, [{**row, column: value}], ALWAYS)
    assert database.read_here(decisions) == []
