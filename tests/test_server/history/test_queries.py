"""Pages of the history, chosen by all that they can be chosen by, in both kinds of database."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial

import pytest

from server.access.decision import Nearest
from server.audit.access_log import parse
from server.audit.operator_log import Act, ActKind
from server.database.database import Database
from server.history.conditions import Span
from server.history.kept import KeptDecision, Place, TerminalEventKind
from server.history.queries import (
    Which,
    acts,
    decision_by_id,
    decisions,
    decisions_after,
    known_names,
    latest_number,
    terminal_events,
    visits,
)
from server.history.rows import act_row, decision_row, terminal_event_row, visit_row
from server.history.tables import ACT, TERMINAL_EVENT, VISIT
from server.history.writing import add
from tests.support.histories import START, act, decision, entry, fill, minutes
from tests.support.summaries import UNDECIDED, summary
from wire import Verdict
from wire.reasons import Reason

DAY = [
    decision(0),
    decision(1, "Bob", "back"),
    decision(2, None, reason=Reason.UNKNOWN_FACE),
    decision(3, "ADA LOVELACE", "back", Reason.NOT_LIVE),
    decision(4, "Ada"),
    decision(5, None, "lab", Reason.UNKNOWN_FACE),
    decision(6, "İlkay Ödül", "lab"),
]


def ids(found: Sequence[KeptDecision]) -> str:
    return " ".join(each.id for each in found)


@pytest.fixture
def asked(database: Database) -> Callable[[Which], str]:
    """The ids of a page of `DAY`."""
    fill(database, *DAY)
    return lambda which: ids(database.read_here(lambda connection: decisions(connection, which)))


def test_a_decision_comes_back_as_its_line_says(database: Database) -> None:
    nearest = (Nearest("Ada", 0.5), Nearest("Bob", 0.9004))
    fill(database, decision(1, nearest=nearest))
    (kept,) = database.read_here(decisions)
    made = entry(1)
    assert (kept.moment, kept.moment.utcoffset()) == (made.moment, timedelta(hours=1))
    assert (kept.id, kept.terminal, kept.verdict, kept.name) == ("d1", "front", "granted", "Ada")
    assert (kept.distance, kept.runner_up, kept.threshold, kept.looks) == (0.5, 0.9, 0.8, 4)
    assert (kept.reason, kept.liveness, kept.accompanied, kept.latency_ms) == ("recognised", "off", False, 50)
    assert kept.nearest == (Nearest("Ada", 0.5), Nearest("Bob", 0.9))
    assert kept.place == (round(made.moment.timestamp() * 1000), 1)


def test_an_old_line_that_tells_less_is_kept(database: Database) -> None:
    line = "2024-01-01T00:00:00.000-05:00 DENIED front unknown reason=some_old_one id=x accompanied=yes"
    fill(database, decision_row(parse(line)))
    (kept,) = database.read_here(decisions)
    assert (kept.reason, kept.distance, kept.looks, kept.latency_ms) == ("some_old_one", None, None, None)
    assert kept.accompanied and kept.moment.isoformat() == "2024-01-01T00:00:00-05:00"


@pytest.mark.parametrize(
    "line",
    [
        "DENIED front unknown reason=left",
        "DENIED front unknown id=x",
        "DENIED front unknown reason=left id=x distance=nan",
        "DENIED front unknown reason=left id=x distance=far",
        "DENIED front unknown reason=left id=x frames=99999999999999999999",
    ],
)
def test_a_line_that_makes_no_row_is_refused(line: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        decision_row(parse(f"2024-01-01T00:00:00.000+00:00 {line}"))
    with pytest.raises(ValueError, match="not a whole line"):
        decision_row(parse("2024-01-01T00:00:00.000 DENIED front unknown reason=left id=x"))


def test_decisions_are_chosen_by_every_condition_and_by_several(asked: Callable[[Which], str]) -> None:
    assert asked(Which()) == "d6 d5 d4 d3 d2 d1 d0"
    assert asked(Which(person="Ada")) == "d4 d0"
    assert asked(Which(person="ada")) == ""
    assert asked(Which(like="ada")) == "d4 d3 d0"
    assert asked(Which(like="LOVE")) == "d3"
    assert asked(Which(like="öDÜL")) == "d6", "letters of all scripts"
    assert asked(Which(like="%")) == "" and asked(Which(like="nobody")) == ""
    assert asked(Which(verdict=Verdict.DENIED)) == "d5 d3 d2"
    assert asked(Which(reason="unknown_face")) == "d5 d2"
    assert asked(Which(terminals=["back", "lab"])) == "d6 d5 d3 d1"
    assert asked(Which(terminals=[])) == ""
    assert asked(Which(Span(since=minutes(2)))) == "d6 d5 d4 d3 d2"
    assert asked(Which(Span(until=minutes(2)))) == "d1 d0", "the end is not part of it"
    assert asked(Which(Span(minutes(1), minutes(4)), ["back"], like="A", verdict=Verdict.DENIED)) == "d3"


def test_a_moment_without_a_time_zone_is_of_this_machine(asked: Callable[[Which], str]) -> None:
    here = minutes(5).astimezone().replace(tzinfo=None)
    assert asked(Which(Span(since=here))) == "d6 d5"


def test_pages_follow_each_other_without_gap_or_repetition(database: Database) -> None:
    same = [decision(number, moment=START) for number in range(5)]
    fill(database, *same, *[decision(number) for number in range(5, 12)])
    found: list[str] = []
    before: Place | None = None
    for _ in range(5):
        page = database.read_here(partial(decisions, before=before, limit=3))
        found.append(ids(page))
        before = page[-1].place if page else before
    assert found == ["d11 d10 d9", "d8 d7 d6", "d5 d4 d3", "d2 d1 d0", ""]


def test_a_page_is_by_time_though_the_clock_was_set_back(database: Database) -> None:
    fill(database, decision(1), decision(2), decision(3, moment=minutes(1.5)))
    assert ids(database.read_here(decisions)) == "d2 d3 d1"


def test_what_is_new_comes_in_the_order_in_which_it_was_written(database: Database) -> None:
    assert database.read_here(latest_number) == 0
    fill(database, *DAY)
    assert database.read_here(latest_number) == 7
    new = database.read_here(lambda connection: decisions_after(connection, 4))
    assert ids(new) == "d4 d5 d6"
    which = Which(terminals=["lab"])
    assert ids(database.read_here(lambda each: decisions_after(each, 0, which, limit=1))) == "d5"


def test_a_decision_is_found_by_its_id_with_all_its_lines(database: Database) -> None:
    fill(database, decision(1), decision(1, reason=Reason.UNDELIVERED), decision(2))
    found = database.read_here(lambda connection: decision_by_id(connection, "d1"))
    assert [each.reason for each in found] == ["recognised", "undelivered"]
    assert database.read_here(lambda connection: decision_by_id(connection, "d1", ["back"])) == []
    assert database.read_here(lambda connection: decision_by_id(connection, "d9")) == []


def test_whom_decisions_name_is_known(database: Database) -> None:
    assert database.read_here(known_names) == []
    fill(database, *DAY)
    assert sorted(database.read_here(known_names)) == ["ADA LOVELACE", "Ada", "Bob", "İlkay Ödül"]


def test_visits_come_back_as_they_were(database: Database) -> None:
    rows = [
        visit_row("front", minutes(0), summary(0.2)),
        visit_row("back", minutes(1), UNDECIDED),
        visit_row("front", minutes(2), summary(0.4, Reason.UNKNOWN_FACE)),
    ]
    database.write_here(lambda connection: add(connection, [(VISIT, row) for row in rows]))
    refused, undecided, granted = database.read_here(visits)
    assert granted.moment == minutes(0)
    assert (granted.decision, granted.verdict, granted.reason, granted.name) == (
        "id",
        "granted",
        "recognised",
        "Ada",
    )
    assert (granted.candidate, granted.distance, granted.runner_up, granted.threshold) == (
        "Ada",
        0.2,
        0.9,
        0.3,
    )
    assert (granted.people, granted.photos, granted.looks, granted.seconds) == (3, 2, 5, 1.5)
    assert (granted.liveness, granted.recogniser) == ("live", "dlib")
    assert (undecided.decision, undecided.verdict, undecided.candidate) == (None, None, None)
    assert (refused.terminal, refused.reason, refused.name) == ("front", "unknown_face", None)
    read = database.read_here
    assert read(lambda each: visits(each, terminals=["back"])) == [undecided]
    assert read(lambda each: visits(each, Span(minutes(1), minutes(2)))) == [undecided]
    assert read(lambda each: visits(each, recogniser="sface")) == []
    assert read(lambda each: visits(each, before=refused.place, limit=1)) == [undecided]
    assert read(lambda each: visits(each, limit=None)) == [refused, undecided, granted]


ACTS = [
    act(0),
    act(1, ActKind.SIGN_IN, None),
    act(2, operator="key:reporting/jane", subject="Bob"),
    Act(minutes(3), "command line", ActKind.SITE_EXPORTED),
]


def test_acts_come_back_as_their_lines_say(database: Database) -> None:
    database.write_here(lambda connection: add(connection, [(ACT, act_row(each)) for each in ACTS]))
    read = database.read_here
    found = read(acts)
    for kept, made in zip(found, reversed(ACTS), strict=True):
        assert (kept.moment, kept.operator, kept.kind) == (made.moment, made.operator, made.kind.value)
        assert (kept.subject, kept.source, kept.details) == (made.subject, made.source, made.details)
        assert kept.moment.utcoffset() == timedelta(hours=1)
    exported, bob, signed_in, ada = found
    assert read(lambda each: acts(each, operator="account:jane")) == [signed_in, ada]
    assert read(lambda each: acts(each, kinds=["photo_added", "sign_in"])) == [bob, signed_in, ada]
    assert read(lambda each: acts(each, subject="Bob")) == [bob]
    assert read(lambda each: acts(each, Span(since=minutes(2)))) == [exported, bob]
    assert read(lambda each: acts(each, before=bob.place, limit=1)) == [signed_in]


def test_what_happens_to_terminals_comes_back(database: Database) -> None:
    rows = [
        terminal_event_row(minutes(0), "front", TerminalEventKind.CONNECTED, "s1"),
        terminal_event_row(minutes(1), "back", TerminalEventKind.HEALTH, "s2", {"fps": 5.5}),
        terminal_event_row(minutes(2), "front", TerminalEventKind.LEFT, "s1"),
    ]
    database.write_here(lambda connection: add(connection, [(TERMINAL_EVENT, row) for row in rows]))
    read = database.read_here
    left, health, connected = read(terminal_events)
    assert (connected.terminal, connected.kind, connected.session) == ("front", "connected", "s1")
    assert connected.moment == minutes(0) and connected.detail is None and health.detail == {"fps": 5.5}
    assert read(lambda each: terminal_events(each, terminals=["front"])) == [left, connected]
    assert read(lambda each: terminal_events(each, kinds=["health", "left"])) == [left, health]
    assert read(lambda each: terminal_events(each, Span(until=minutes(1)))) == [connected]
    assert read(lambda each: terminal_events(each, before=left.place, limit=1)) == [health]
