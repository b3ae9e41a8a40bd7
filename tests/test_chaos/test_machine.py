"""The server's session and the client's link against each other, under faults in any order."""

from tests.chaos import machine


def test_nothing_stale_is_shown_no_grant_is_without_a_line_and_it_always_recovers() -> None:
    machine.run(examples=8, steps=12)
