"""Corrections: told of each decision, and counted."""

from datetime import datetime

from sqlalchemy import Connection

from server.audit.operator_log import Act, ActKind
from server.database.database import Database
from server.history.conditions import Span
from server.history.corrections import (
    Correction,
    CorrectionKind,
    correction_counts,
    corrections,
    dismissed_strangers,
)
from server.history.rows import act_row
from server.history.tables import ACT
from server.history.writing import add
from tests.support.histories import decision, fill, minutes


def corrected(database: Database, number: int, of: str, kind: str, **details: str) -> Act:
    act = Act(
        moment=minutes(number),
        operator="account:jane",
        kind=ActKind.DECISION_CORRECTED,
        subject=of,
        details={"correction": kind, **details},
    )
    database.write_here(lambda connection: add(connection, [(ACT, act_row(act))]))
    return act


def test_the_last_correction_of_a_decision_is_told(database: Database) -> None:
    corrected(database, 1, "d1", "not_her", person="Ada", photo="ada.jpg")
    last = corrected(database, 2, "d1", "was_him", person="Bob")
    corrected(database, 3, "d2", "of_a_newer_server", person="Bob")
    found = database.read_here(lambda connection: corrections(connection, ["d1", "d2", "d3"]))
    expected = Correction("d1", CorrectionKind.WAS_HIM, "Bob", None, True, "account:jane", last.moment)
    assert found == {"d1": expected}


def test_corrections_are_counted_by_the_time_and_the_terminal_of_the_decision(database: Database) -> None:
    fill(database, decision(1), decision(2, terminal="back"), decision(30), decision(31))
    for number in (1, 2, 30):
        corrected(database, 50, f"d{number}", "not_her", person="Ada")
    corrected(database, 50, "d31", "was_him", person="Ada")

    def counts(span: Span, terminals: list[str] | None = None) -> tuple[int, int]:
        found = database.read_here(lambda connection: correction_counts(connection, span, terminals))
        return found[CorrectionKind.NOT_HER], found[CorrectionKind.WAS_HIM]

    assert counts(Span()) == (3, 1)
    assert counts(Span(), ["back"]) == (1, 0)
    assert counts(Span(minutes(20))) == (1, 1)


def test_dismissals_are_forgotten_with_time(database: Database) -> None:
    def dismissed(connection: Connection, since: datetime) -> set[str]:
        return dismissed_strangers(connection, since)

    for number in (1, 20):
        act = Act(minutes(number), "account:jane", ActKind.STRANGER_DISMISSED, f"d{number}")
        database.write_here(lambda connection, act=act: add(connection, [(ACT, act_row(act))]))  # type: ignore[misc]
    assert database.read_here(lambda connection: dismissed(connection, minutes(0))) == {"d1", "d20"}
    assert database.read_here(lambda connection: dismissed(connection, minutes(10))) == {"d20"}
