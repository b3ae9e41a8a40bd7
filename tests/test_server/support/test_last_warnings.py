"""The last warnings, as an administrator at the console sees them."""

import logging
from collections.abc import Iterator

import pytest

from server.support.console import CONSOLE_ONLY
from server.support.last_warnings import MOST, SHOWN_CHARS, LastWarnings


@pytest.fixture
def last() -> Iterator[LastWarnings]:
    handler, root = LastWarnings(), logging.getLogger()
    root.addHandler(handler)
    yield handler
    root.removeHandler(handler)


def test_warnings_are_kept_the_newest_first_and_nothing_less(last: LastWarnings) -> None:
    log = logging.getLogger("server.test")
    log.setLevel(logging.DEBUG)
    for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
        log.log(level, "level %d", level)
    assert [(warned.level, warned.text) for warned in last.newest()] == [
        ("error", "level 40"),
        ("warning", "level 30"),
    ]
    assert last.newest()[0].moment > 1_600_000_000_000


def test_what_holds_a_secret_is_not_kept(last: LastWarnings) -> None:
    logging.getLogger("server.test").warning("make the first account at /set-up#secret", extra=CONSOLE_ONLY)
    assert last.newest() == []


def test_each_is_one_short_line(last: LastWarnings) -> None:
    log = logging.getLogger("server.test")
    log.warning("a \x1b[31mname\nand a forged line")
    log.warning("x" * (2 * SHOWN_CHARS))
    try:
        raise ValueError("internal")
    except ValueError:
        log.exception("failed")
    failed, long, name = last.newest()
    assert failed.text == "failed" and len(long.text) == SHOWN_CHARS
    assert name.text == "a \\x1b[31mname"


def test_only_the_last_are_kept(last: LastWarnings) -> None:
    for number in range(MOST + 5):
        logging.getLogger("server.test").warning("%d", number)
    assert len(last.newest()) == MOST and last.newest()[-1].text == "5"
