"""Which lines are no rows yet."""

from pathlib import Path

import pytest

from server.audit.operator_log import Act, ActKind
from server.database.database import Database
from server.history import missing as module
from server.history.logs import Logs
from server.history.missing import missing
from server.history.rows import act_row
from server.history.tables import ACT
from server.history.writing import add
from tests.support.histories import act, decision, entry, fill, minutes, write_log
from wire.reasons import Reason


@pytest.mark.parametrize("batch", [2, 5000])
def test_lines_without_a_row_are_found(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(module, "BATCH_LINES", batch)
    undone = entry(1, reason=Reason.UNDELIVERED)
    path = write_log(tmp_path / "a", entry(1), undone, act(2), entry(3), act(4), entry(5))
    fill(database, decision(1), decision(3))
    database.write_here(lambda connection: add(connection, [(ACT, act_row(act(2)))]))
    found = database.read_here(lambda each: list(missing(each, Logs(-(2**63)).lines([path]))))
    assert [line.number for line in found] == [2, 5, 6]


def test_what_is_kept_otherwise_than_it_was_written_is_not_missing(
    database: Database, tmp_path: Path
) -> None:
    hostile = Act(minutes(1), "x" * 999, ActKind.SIGN_IN, "\0" * 999, "\0", {"agent": "\0" * 999})
    path = write_log(tmp_path / "a", hostile)
    database.write_here(lambda connection: add(connection, [(ACT, act_row(hostile))]))
    assert database.read_here(lambda each: list(missing(each, Logs(-(2**63)).lines([path])))) == []
