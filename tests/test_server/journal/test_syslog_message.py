"""Syslog messages as RFC 5424 has them."""

import re
from datetime import datetime, timezone

import pytest

from server.journal.syslog_message import Sender, Severity, framed, message

SENDER = Sender("server1", 4711)
MOMENT = datetime(2026, 11, 22, 8, 0, 0, 123456, timezone.utc)


def made(data: dict[str, str | None], line: str = "a line", sender: Sender = SENDER) -> bytes:
    return message(sender, Severity.WARNING, MOMENT, "security", data, line)


def test_a_message_has_its_priority_its_time_who_sends_it_its_data_and_the_line() -> None:
    assert made({"kind": "wrong_token", "terminal": None, "source": "::1"}) == (
        b"<84>1 2026-11-22T08:00:00.123+00:00 server1 doorward 4711 security"
        b' [doorward@32473 kind="wrong_token" source="::1"] a line'
    )


def test_without_data_there_is_the_sign_for_nothing() -> None:
    assert b" security - a line" in made({"source": None})


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ('a"b', rb"a\"b"),
        ("a]b", rb"a\]b"),
        ("a\\b", rb"a\\b"),
        ("a\nb\0c", b"a?b?c"),
        ("café", "café".encode()),
        ("x" * 500, b"x" * 200),
    ],
)
def test_no_value_breaks_out_of_its_place(value: str, written: bytes) -> None:
    assert made({"terminal": value}).endswith(b'[doorward@32473 terminal="' + written + b'"] a line')


def test_a_text_beyond_ascii_says_that_it_is_utf_8() -> None:
    assert made({}, "Zoë").endswith(b" - \xef\xbb\xbfZo\xc3\xab")
    assert made({}, "lone \ud800").endswith(rb"lone \ud800"), "what is no text is shown, and stops nothing"


def test_a_machine_may_be_called_anything() -> None:
    header = made({}, sender=Sender("my machiné " + "x" * 300, 1)).split(b" doorward ")[0]
    assert re.fullmatch(rb"<84>1 \S+ mymachinx{247}", header)
    assert made({}, sender=Sender("", 1)).split(b" ")[2] == b"-"


def test_its_length_in_bytes_stands_before_it() -> None:
    assert framed("ë".encode()) == b"2 \xc3\xab"
