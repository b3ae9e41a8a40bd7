"""Who guesses waits; who is guessed at does not."""

import pytest

from server.accounts.passwords import BusyError
from server.support.guesses import NAME_FREE, SOURCE_FREE, Guesses, TooManyError
from server.support.throttle import FREE

OWN, OTHER = "192.0.2.7", "198.51.100.9"


def guess(guesses: Guesses, name: str, source: str, *, right: bool = False, familiar: bool = False) -> str:
    """What comes of one try: right, wrong, or waits."""
    try:
        with guesses.of(name, source, familiar):
            if not right:
                raise LookupError
    except LookupError:
        return "wrong"
    except TooManyError:
        return "waits"
    return "right"


def test_who_guesses_keeps_the_owner_out_from_no_other_address() -> None:
    guesses = Guesses(lambda: 0.0)
    assert [guess(guesses, "jane", OTHER) for _ in range(FREE + 1)] == ["wrong"] * FREE + ["waits"]
    assert guess(guesses, "jane", OTHER, right=True) == "waits", "not even with the right one"
    assert guess(guesses, "jane", OWN, right=True) == "right"


def test_who_guesses_from_many_addresses_is_stopped_and_the_owner_at_a_known_one_is_not() -> None:
    guesses = Guesses(lambda: 0.0)
    for number in range(NAME_FREE):
        assert guess(guesses, "jane", f"10.0.0.{number}") == "wrong"
    assert guess(guesses, "jane", "10.0.1.1") == "waits"
    assert guess(guesses, "joe", "10.0.1.1") == "wrong"
    assert guess(guesses, "jane", OWN, right=True, familiar=True) == "right"


def test_who_waits_for_a_name_that_others_guess_is_counted_all_the_same() -> None:
    """For whom the right secret lets in at once: else wrong ones could be tried without end."""
    guesses = Guesses(lambda: 0.0)
    for number in range(NAME_FREE):
        guess(guesses, "front", f"10.0.0.{number}")
    assert [guess(guesses, "front", OTHER) for _ in range(FREE)] == ["waits"] * FREE
    assert guess(guesses, "front", OTHER, right=True, familiar=True) == "waits"
    assert guess(guesses, "front", OWN, right=True, familiar=True) == "right"


def test_who_tries_many_names_cannot_hide_behind_an_account_of_their_own() -> None:
    guesses = Guesses(lambda: 0.0)
    for number in range(SOURCE_FREE):
        assert guess(guesses, f"victim{number}", OTHER) == "wrong"
        if number % 5 == 0:
            assert guess(guesses, "own", OTHER, right=True) == "right"
    assert guess(guesses, "one more", OTHER) == "waits"


def test_addresses_of_one_subscriber_are_one() -> None:
    guesses = Guesses(lambda: 0.0)
    found = [guess(guesses, "jane", f"2001:db8:1:2::{number:x}") for number in range(FREE + 1)]
    assert found == ["wrong"] * FREE + ["waits"]
    assert guess(guesses, "jane", "2001:db8:1:3::1") == "wrong"


def test_what_was_not_tried_is_no_failure() -> None:
    guesses = Guesses(lambda: 0.0)
    for _ in range(FREE + 1):
        with pytest.raises(BusyError), guesses.of("jane", OWN, False):
            raise BusyError
    assert guess(guesses, "jane", OWN) == "wrong"


def test_who_has_signed_in_is_counted_apart() -> None:
    guesses = Guesses(lambda: 0.0)
    for _ in range(FREE):
        guess(guesses, "jane", OWN)
        with pytest.raises(LookupError), guesses.within(1):
            raise LookupError
    with guesses.within(2):
        pass
    with pytest.raises(TooManyError), guesses.within(1):
        pass


def test_where_an_account_has_signed_in_is_remembered() -> None:
    guesses = Guesses(lambda: 0.0)
    guesses.remember("jane", "2001:db8::1")
    assert guesses.is_familiar("jane", "2001:db8::2")
    assert not guesses.is_familiar("joe", "2001:db8::1") and not guesses.is_familiar("jane", OWN)
