"""What an import changes is written down, in a line of bounded length."""

import pytest

from server.roster.people_file import parse
from server.site.differences import differing
from server.web.import_record import DETAIL_CHARS, MOST_TERMINALS, limits_told, rules_told
from server.web.problems import ProblemError


def test_each_terminal_has_its_line_and_limits_are_details_of_one() -> None:
    after = 'confirmed = [["A", "B"]]\n[people.Ada]\ndisabled = true\n[terminals.lab]\nattempts = 0'
    found = differing(parse(b""), parse(after.encode()))
    assert rules_told(found) == {"lab": {"attempts": "0, was not laid down"}}
    assert limits_told(found) == {
        "people": "person Ada: disabled yes, was no",
        "pairs": "pair A and B: confirmed yes, was no",
    }


def test_many_limits_are_told_by_the_first_and_how_many_more() -> None:
    after = "".join(f"[people.ada{number}]\ndisabled = true\n" for number in range(1000))
    told = limits_told(differing(parse(b""), parse(after.encode())))["people"]
    assert len(told) < DETAIL_CHARS + 20
    assert told.count("person ") + int(told.split()[-2]) == 1000 and told.endswith(" more")


def test_more_terminals_than_can_be_written_down_are_refused() -> None:
    after = "".join(f"[terminals.t{number}]\nattempts = 0\n" for number in range(MOST_TERMINALS + 1))
    with pytest.raises(ProblemError, match="rules of 201 terminals"):
        rules_told(differing(parse(b""), parse(after.encode())))
