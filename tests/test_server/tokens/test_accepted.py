"""Which terminal is let in with which token."""

from server.support.secret import hashed
from server.tokens.accepted import AcceptedTokens

OURS, THEIRS = "front door's secret", "somebody else's secret"


def test_without_any_token_nobody_needs_one() -> None:
    accepted = AcceptedTokens.of({}, {})
    assert not accepted.required
    assert accepted.accept("front", hashed("")) and accepted.accept("front", hashed("whatever"))


def test_a_token_of_the_settings_lets_its_terminal_in_alone() -> None:
    accepted = AcceptedTokens.of({"front": OURS}, {})
    assert accepted.accept("front", hashed(OURS))
    assert not accepted.accept("back", hashed(OURS))
    assert not accepted.accept("front", hashed(THEIRS))
    assert not accepted.accept("front", hashed(""))


def test_a_stored_token_lets_its_terminal_in_beside_one_of_the_settings() -> None:
    accepted = AcceptedTokens.of(
        {"front": OURS}, {"front": frozenset({hashed(THEIRS)}), "back": frozenset({hashed("b")})}
    )
    assert accepted.accept("front", hashed(OURS)) and accepted.accept("front", hashed(THEIRS))
    assert accepted.accept("back", hashed("b")) and not accepted.accept("back", hashed(OURS))
    assert accepted.terminals == {"front", "back"}


def test_each_of_several_tokens_lets_its_terminal_in() -> None:
    accepted = AcceptedTokens.of({}, {"front": frozenset({hashed(OURS), hashed(THEIRS)})})
    assert accepted.accept("front", hashed(OURS)) and accepted.accept("front", hashed(THEIRS))
    assert not accepted.accept("front", hashed("a third one"))


def test_when_the_last_token_is_revoked_the_server_does_not_stand_open() -> None:
    accepted = AcceptedTokens.of({}, {"front": frozenset()})
    assert accepted.required and accepted.terminals == frozenset()
    assert not accepted.accept("front", hashed("")) and not accepted.accept("back", hashed(""))


def test_when_nobody_knows_the_stored_tokens_those_of_the_settings_hold_alone() -> None:
    accepted = AcceptedTokens.of({}, None)
    assert accepted.required and not accepted.accept("front", hashed(""))
    assert AcceptedTokens.of({"front": OURS}, None).accept("front", hashed(OURS))


def test_the_hash_of_nothing_never_opens() -> None:
    accepted = AcceptedTokens(required=True, hashes={"front": frozenset({hashed("")})})
    assert not accepted.accept("front", hashed(""))
