"""The fuzzed functions, on what the search begins with, on what once went wrong, and on changes of it."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.seeds import seeds
from tests.fuzz.targets import TARGETS

CASES = Path(__file__).parent / "fuzz" / "cases"


def test_every_target_has_seeds() -> None:
    assert set(seeds()) == set(TARGETS)


@pytest.mark.parametrize("name", TARGETS)
def test_what_once_went_wrong_does_not_any_more(name: str) -> None:
    for path in sorted((CASES / name).glob("*")):
        TARGETS[name](path.read_bytes())


@pytest.mark.parametrize("name", TARGETS)
def test_no_change_of_a_seed_does_harm(name: str) -> None:
    @settings(max_examples=60, deadline=None)
    @given(st.sampled_from(seeds()[name]), st.integers(0, 4095), st.binary(max_size=8), st.booleans())
    def changed(seed: bytes, at: int, piece: bytes, cut: bool) -> None:
        at %= len(seed) + 1
        TARGETS[name](seed[:at] + piece + (b"" if cut else seed[at + len(piece) :]))

    changed()
