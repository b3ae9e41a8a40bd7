"""Who makes way when too many are connected that have yet to say hello."""

import pytest

from server.terminals.strangers import Strangers


def strangers(limit: int, *present: tuple[str, str]) -> Strangers[str]:
    """Strangers that have arrived, as (who, address)."""
    waiting: Strangers[str] = Strangers(limit)
    for who, address in present:
        assert waiting.arrive(who, address) is None
    return waiting


def test_the_oldest_makes_way_for_the_newcomer() -> None:
    waiting = strangers(3, ("a", "10.0.0.1"), ("b", "10.0.0.2"), ("c", "10.0.0.3"))
    assert waiting.arrive("d", "10.0.0.4") == "a"
    assert waiting.arrive("e", "10.0.0.5") == "b"
    assert len(waiting) == 3


def test_the_address_with_the_most_loses_its_oldest() -> None:
    waiting = strangers(
        4, ("door", "10.0.0.1"), ("x1", "10.0.0.66"), ("x2", "10.0.0.66"), ("x3", "10.0.0.66")
    )
    assert waiting.arrive("x4", "10.0.0.66") == "x1"
    assert waiting.arrive("other door", "10.0.0.2") == "x2"
    assert waiting.arrive("x5", "10.0.0.66") == "x3"


def test_a_flood_that_is_alone_makes_way_for_itself() -> None:
    waiting = strangers(2, ("x1", "::1"), ("x2", "::1"))
    assert [waiting.arrive(f"x{number}", "::1") for number in (3, 4, 5)] == ["x1", "x2", "x3"]


def test_whoever_has_left_or_said_hello_counts_no_more() -> None:
    waiting = strangers(2, ("a", "10.0.0.1"), ("b", "10.0.0.1"))
    waiting.leave("a")
    waiting.leave("a")
    assert waiting.arrive("c", "10.0.0.1") is None
    assert waiting.arrive("d", "10.0.0.1") == "b"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2001:db8:1:2::a", "2001:db8:1:2:3:4:5:6"),
        ("fe80::1%eth0", "fe80::2%eth0"),
        ("::ffff:10.0.0.66", "10.0.0.66"),
    ],
)
def test_addresses_that_one_machine_has_to_itself_count_as_one(one: str, other: str) -> None:
    waiting = strangers(3, ("door", "2001:db8:7:7::1"), ("x1", one), ("x2", other))
    assert waiting.arrive("another door", "10.0.0.1") == "x1"


def test_neighbouring_networks_count_apart() -> None:
    waiting = strangers(2, ("first", "2001:db8:0:1::1"), ("second", "2001:db8:0:2::1"))
    assert waiting.arrive("third", "2001:db8:0:2::2") == "second"
