"""What the history says as a whole, in both kinds of database."""

from datetime import date, datetime, timedelta, timezone

from server.database.database import Database
from server.history.conditions import Span
from server.history.kept import TerminalEventKind
from server.history.overview import Seen, Tally, counts, known_terminals, last_seen, threshold_stats
from server.history.rows import terminal_event_row, visit_row
from server.history.tables import TERMINAL_EVENT, VISIT
from server.history.writing import add
from tests.support.histories import decision, fill, minutes
from tests.support.summaries import summary
from wire.reasons import Reason

DAY = [
    decision(0),
    decision(1, "Bob", "back"),
    decision(2, None, reason=Reason.UNKNOWN_FACE),
    decision(3, "Ada", "back", Reason.NOT_LIVE),
    decision(4, "Ada"),
    decision(5, "Eve", "lab", Reason.NOT_LIVE),
]


def test_decisions_are_counted_by_reason_terminal_and_day(database: Database) -> None:
    fill(database, *DAY, decision(-1), decision(6))
    found = database.read_here(lambda connection: counts(connection, Span(minutes(0), minutes(6))))
    assert found.reasons == {"recognised": (3, 0), "unknown_face": (0, 1), "not_live": (0, 2)}
    assert found.terminals == {"front": (2, 1), "back": (1, 1), "lab": (0, 1)}
    assert found.days == {date(2026, 11, 22): Tally(granted=3, denied=3)}
    there = database.read_here(lambda each: counts(each, Span(minutes(0)), ["lab", "back"]))
    assert there.terminals == {"back": (1, 1), "lab": (0, 1)} and there.reasons["recognised"] == (1, 0)


def test_a_day_is_that_of_the_doors_clock(database: Database) -> None:
    late = datetime(2026, 11, 22, 23, 59, 59, tzinfo=timezone(timedelta(hours=-5)))
    early = datetime(2026, 11, 23, 0, 0, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    fill(database, decision(1, moment=late), decision(2, moment=early))
    found = database.read_here(lambda connection: counts(connection, Span()))
    assert list(found.days) == [date(2026, 11, 22), date(2026, 11, 23)]


def test_an_empty_history_counts_nothing(database: Database) -> None:
    found = database.read_here(lambda connection: counts(connection, Span()))
    assert (found.reasons, found.terminals, found.days) == ({}, {}, {})
    assert database.read_here(last_seen) == {} and database.read_here(known_terminals) == {}


def test_the_last_grant_of_everybody_is_known(database: Database) -> None:
    fill(database, *DAY)
    ada, bob = Seen(minutes(4), "front"), Seen(minutes(1), "back")
    found = database.read_here(last_seen)
    assert found == {"Ada": ada, "Bob": bob}, "whoever was only ever refused was not seen"
    assert found["Ada"].moment.utcoffset() == timedelta(hours=1)
    assert database.read_here(lambda connection: last_seen(connection, ["back"])) == {"Bob": bob}


def test_terminals_are_known_by_their_decisions_and_by_their_coming(database: Database) -> None:
    fill(database, *DAY)
    fill(database, *({**decision(7, terminal=each), "imported": True} for each in ("back", "yard")))
    rows = [
        terminal_event_row(minutes(9), "lab", TerminalEventKind.LEFT, "s"),
        terminal_event_row(minutes(0), "front", TerminalEventKind.CONNECTED, "s"),
        terminal_event_row(minutes(1), "attic", TerminalEventKind.CONNECTED, "s"),
    ]
    database.write_here(lambda connection: add(connection, [(TERMINAL_EVENT, row) for row in rows]))
    assert database.read_here(known_terminals) == {
        "attic": minutes(1),
        "back": minutes(3),
        "front": minutes(4),
        "lab": minutes(9),
        "yard": None,
    }


def test_thresholds_are_tried_on_the_visits_of_their_recogniser(database: Database) -> None:
    rows = [
        visit_row("front", minutes(0), summary(0.2)),
        visit_row("back", minutes(1), summary(0.4, Reason.UNKNOWN_FACE)),
    ]
    database.write_here(lambda connection: add(connection, [(VISIT, row) for row in rows]))
    strict, loose = database.read_here(lambda each: threshold_stats(each, [0.1, 0.5], 0.05, "dlib"))
    assert (strict.recognised, strict.lost) == (0, {"Ada": 1})
    assert (loose.recognised, loose.gained) == (2, {"Ada": 1})
    (there,) = database.read_here(lambda each: threshold_stats(each, [0.5], 0.05, "dlib", terminals=["back"]))
    assert there.visits == 1
    (other,) = database.read_here(lambda each: threshold_stats(each, [0.5], 0.05, "sface", Span(minutes(0))))
    assert other.visits == 0
