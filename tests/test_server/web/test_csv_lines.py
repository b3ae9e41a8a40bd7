"""A cell of a table stays text, whatever it begins with."""

import pytest

from server.web.csv_lines import csv_lines


@pytest.mark.parametrize(
    "text", ["=1", "+1", "-1", "@a", "\t=1", " =1", "  +1", "\r-1", "\n@a", "\u00a0=1", "\ttab"]
)
def test_what_could_be_a_formula_is_marked_as_text(text: str) -> None:
    assert b"'" + text.encode() in csv_lines([[text]])


@pytest.mark.parametrize("cell", ["Jane", " Jane", "", "a=b", -1, 0.5, None])
def test_everything_else_is_as_it_was(cell: object) -> None:
    assert b"'" not in csv_lines([[cell]])
