"""Rows as lines of CSV, of which no cell is taken for a formula by a program for tables (CSV injection)."""

import csv
import io
from collections.abc import Iterable

FORMULA = tuple("=+-@")
BLANKS = tuple("\t\r\n")
"""Which such programs take for the start of something, too."""


def csv_lines(rows: Iterable[Iterable[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([_harmless(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def _harmless(cell: object) -> object:
    """White space in front of a formula is passed over."""
    if isinstance(cell, str) and (cell.startswith(BLANKS) or cell.lstrip().startswith(FORMULA)):
        return f"'{cell}"
    return cell
