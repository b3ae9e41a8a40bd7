"""What is laid down for people and terminals comes out as orders for one terminal at one moment."""

from datetime import datetime

from server.access.liveness.proof import Liveness
from server.access.orders import DEFAULT, TerminalRules
from server.access.permits import Permit, Window
from server.access.policy import Policy
from server.roster import EMPTY, Roster
from wire.reasons import Reason

NOON = datetime(2026, 11, 23, 12, 0)
PAIR = frozenset({"Jane Doe", "June Doe"})


def test_without_a_roster_nothing_is_laid_down() -> None:
    orders = EMPTY.orders("front-door", NOON)
    assert (orders.policy, orders.liveness, orders.attempts, orders.note) == (None, None, None, None)
    assert orders.bar("Jane Doe") is None


def test_a_terminals_own_rules_stand_over_those_of_default() -> None:
    roster = Roster(
        terminals={
            DEFAULT: TerminalRules(Policy.ALL, Liveness.CHALLENGE, 5, "Ring the bell"),
            "lab": TerminalRules(Policy.ANY, Liveness.OFF, 0, "Call 17"),
            "quiet": TerminalRules(note=""),
        }
    )
    lab = roster.orders("lab", NOON)
    assert (lab.policy, lab.liveness, lab.attempts, lab.note) == (Policy.ANY, Liveness.OFF, 0, "Call 17")
    other = roster.orders("other", NOON)
    assert (other.policy, other.liveness, other.attempts) == (Policy.ALL, Liveness.CHALLENGE, 5)
    assert other.note == "Ring the bell"
    quiet = roster.orders("quiet", NOON)
    assert (quiet.policy, quiet.liveness, quiet.attempts) == (Policy.ALL, Liveness.CHALLENGE, 5)
    assert quiet.note is None


def test_without_default_a_terminals_rules_hold_for_it_alone() -> None:
    roster = Roster(terminals={"lab": TerminalRules(attempts=3)})
    assert roster.orders("lab", NOON).attempts == 3
    assert roster.orders("lab", NOON).policy is None
    assert roster.orders("other", NOON).attempts is None


def test_orders_bar_people_by_name_terminal_and_moment() -> None:
    permit = Permit(schedule=(Window.read("mon 08:00-12:00"),), terminals=frozenset({"lab"}))
    roster = Roster(permits={"Jane Doe": permit}, confirmed=frozenset({PAIR}))
    morning = NOON.replace(hour=8)
    assert roster.orders("lab", morning).bar("Jane Doe") is None
    assert roster.orders("lab", NOON).bar("Jane Doe") is Reason.OUTSIDE_SCHEDULE
    assert roster.orders("front-door", morning).bar("Jane Doe") is Reason.WRONG_TERMINAL
    assert roster.orders("front-door", NOON).bar("June Doe") is None
    assert roster.confirmed == {PAIR}


def test_names_that_fit_nobody_are_told() -> None:
    roster = Roster(permits={"Jane Doe": Permit(), "Jon Doe": Permit()}, confirmed=frozenset({PAIR}))
    assert roster.unknown_names(["Jane Doe", "John Doe"]) == ["Jon Doe", "June Doe"]
    assert roster.unknown_names(["Jane Doe", "Jon Doe", "June Doe"]) == []


def test_held_photos_that_are_not_there_are_told() -> None:
    roster = Roster(held=frozenset({"jane/1.jpg", "jane_doe.jpg", "ada.jpg"}))
    assert roster.unknown_photos(["jane_doe.jpg"].__contains__) == ["ada.jpg", "jane/1.jpg"]


def test_terminals_that_fit_none_are_told() -> None:
    roster = Roster(
        permits={"Jane Doe": Permit(terminals=frozenset({"lab", "font-door"})), "Jon Doe": Permit()},
        terminals={DEFAULT: TerminalRules(), "front_door": TerminalRules()},
    )
    assert roster.unknown_terminals(["front-door", "lab"]) == ["font-door", "front_door"]
