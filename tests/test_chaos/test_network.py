"""Networks that fail: some of what `make chaos` tries."""

from tests.chaos import network


def test_a_terminal_is_live_again_after_whatever_the_network_does_and_shows_no_stale_grant() -> None:
    assert len(network.run(rounds=1, every=40)) == 8
