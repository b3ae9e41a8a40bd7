"""Whatever another people.toml would change is told, for each that it holds for."""

import pytest

from server.roster.people_file import PeopleFileError, parse
from server.site.differences import differing


def told(before: str, after: str) -> list[str]:
    return list(map(str, differing(parse(before.encode()), parse(after.encode()))))


def test_the_same_is_no_difference_however_it_is_written() -> None:
    assert told("[people.jane_doe]\ndisabled = true", '[people."Jane Doe"]\ndisabled = true') == []
    assert told("[people.Ada]\n[terminals.lab]", "") == []


def test_rules_for_all_terminals_are_told_for_each_that_they_hold_at() -> None:
    ours = '[terminals.lab]\nattempts = 3\n[terminals.gate]\nliveness = "challenge"'
    assert told(ours, f'[terminals.default]\nliveness = "off"\n{ours}') == [
        "terminal default: liveness off, was not laid down",
        "terminal lab: liveness off, was not laid down",
    ]


def test_a_rule_that_goes_is_told_as_what_holds_in_its_place() -> None:
    default = '[terminals.default]\nliveness = "off"\npolicy = "any"'
    assert told(f'[terminals.lab]\nliveness = "challenge"\n{default}', default) == [
        "terminal lab: liveness off, was challenge"
    ]


def test_limits_are_told_and_those_that_go_come_first() -> None:
    ours = """[people.Zoe]
schedule = ["mon-fri 07:00-19:00", "sat 08:00-12:00"]
terminals = ["lab", "gate"]
valid_until = 2026-12-31
"""
    assert told(ours, "[people.Ada]\ndisabled = true") == [
        "person Zoe: valid_until not laid down, was 2026-12-31; schedule not laid down, was"
        " mon-fri 07:00-19:00, sat 08:00-12:00; terminals not laid down, was gate, lab",
        "person Ada: disabled yes, was no",
    ]


def test_pairs_and_held_photos_are_told() -> None:
    ours = 'confirmed = [["Jane Doe", "June Doe"]]\nheld = ["ada.jpg"]'
    assert told(ours, 'confirmed = [["Ada", "Bob"]]') == [
        "pair Jane Doe and June Doe: confirmed no, was yes",
        "pair Ada and Bob: confirmed yes, was no",
        "photo ada.jpg: held no, was yes",
    ]


def test_a_name_cannot_hide_anything() -> None:
    with pytest.raises(PeopleFileError, match="all of which can be seen"):
        told("", '[terminals."lab\\u001b[2K"]\nattempts = 0')
