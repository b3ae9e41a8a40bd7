"""Whoever was heard of last is remembered, and no more than there is room for."""

from server.support.recent import REMEMBERED, Recent


def test_who_was_heard_of_longest_ago_is_forgotten_first() -> None:
    recent: Recent[int] = Recent()
    for number in range(REMEMBERED):
        recent[str(number)] = number
    recent["0"] = 7
    recent["newcomer"] = 1
    assert len(recent) == REMEMBERED
    assert recent["0"] == 7 and "1" not in recent and "2" in recent
