"""No value can break a log line, hide in it or forge another."""

import json
import re
import unicodedata
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.audit.line import FIELD, pairs, quoted, timestamp, word

any_text = st.text() | st.text(st.characters(categories=["Cc", "Cf", "Zl", "Zp", "Zs", "Co", "Cn", "Mn"]))


def invisible(text: str) -> list[str]:
    return [char for char in text if char != " " and unicodedata.category(char)[0] in "CZ"]


@given(any_text)
def test_a_quoted_text_is_one_visible_field(text: str) -> None:
    field = quoted(text)
    assert re.fullmatch(FIELD, field)
    assert not invisible(field) and len(field.splitlines()) == 1
    assert json.loads(field) == text


@given(any_text)
def test_a_word_is_one_visible_field(text: str) -> None:
    field = word(text)
    assert re.fullmatch(FIELD, field) and not invisible(field)
    assert (json.loads(field) if field.startswith('"') else field) == text


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("Ada Lovelace", '"Ada Lovelace"'),
        ("Zoë 李 Дмитрий שלום", '"Zoë 李 Дмитрий שלום"'),
        ('say "hi"\\', '"say \\"hi\\"\\\\"'),
        ("a\nb\r\tc", '"a\\nb\\r\\tc"'),
        ("\x00\x1b[2J\x7f", '"\\u0000\\u001b[2J\\u007f"'),
        ("\u202eevil\u2066", '"\\u202eevil\\u2066"'),
        ("\u2028\u2029\x85", '"\\u2028\\u2029\\u0085"'),
        ("\u00a0\u200b\ufeff", '"\\u00a0\\u200b\\ufeff"'),
        ("\U000e0041", '"\\udb40\\udc41"'),
        ("\udcff", '"\\udcff"'),
        ("", '""'),
    ],
)
def test_quoting(text: str, field: str) -> None:
    assert quoted(text) == field
    assert json.loads(field) == text


@pytest.mark.parametrize("text", ["front", "Door-2", "10.0.0.1:5000", "a_b+c@d/e"])
def test_a_plain_word_stays_bare(text: str) -> None:
    assert word(text) == text


@pytest.mark.parametrize("text", ["", "a b", "-x", "_", "a=b", 'a"b', "ä", "a\n", "(x)", "."])
def test_anything_else_is_quoted(text: str) -> None:
    assert word(text).startswith('"')


def test_times_have_milliseconds_and_an_offset() -> None:
    zone = timezone(timedelta(hours=-3, minutes=-30))
    assert timestamp(datetime(2024, 2, 29, 7, 8, 9, 1999, zone)) == "2024-02-29T07:08:09.001-03:30"
    assert timestamp(datetime(2024, 1, 1, tzinfo=timezone.utc)) == "2024-01-01T00:00:00.000+00:00"


def test_pairs_leave_out_what_is_absent() -> None:
    assert pairs({"a": 0.25, "b": None, "c": 3, "d": "two words", "e": "x", "f": 0.0}) == (
        'a=0.250 c=3 d="two words" e=x f=0.000'
    )
    assert pairs({}) == pairs({"a": None}) == ""
