"""A name leaves the access log, and every seal stays good."""

import contextlib
from pathlib import Path

import pytest

from server.audit.erasing import without_name, word_for
from server.audit.line import quoted
from server.audit.log_files import raw_lines
from server.audit.rewriting import rewrite
from server.audit.sealed_log import SealedLog
from server.audit.seals import ORIGIN
from server.audit.verifying import Finding, Place, Verifier

KEY = bytes(range(32))
NAMES = ["Jane Doe", 'Jane "the 1" Doe', "Jané Doe", "A\\da", "Jane\u202eDoe", "Jane\ud800Doe"]


def line(name: str, number: int = 1) -> str:
    return f"2026-11-22T08:30:05.123+01:00 GRANTED front {quoted(name)} reason=recognised id=d{number}"


def verified(path: Path) -> tuple[list[str], int]:
    verifier = Verifier(KEY)
    found: list[Finding] = []
    for number, each in enumerate(raw_lines(path), 1):
        found += verifier.take(Place(path.name, number), each.rstrip(b"\n"))
    found += verifier.finish(ORIGIN, True)
    return [str(each) for each in found], verifier.seen.good


@pytest.mark.parametrize("name", NAMES)
def test_the_name_alone_is_replaced_and_no_seal_is_broken(tmp_path: Path, name: str) -> None:
    path = tmp_path / "access_log.txt"
    with contextlib.closing(SealedLog(path, KEY)) as log:
        log.append([line(name), line(f"{name}x"), line(f"x {name}"), line(name)])
    before = path.read_bytes().splitlines()
    assert rewrite(path, lambda each: without_name(KEY, name, each)) == 2
    after = path.read_bytes().splitlines()
    assert after[1:3] == before[1:3]
    word = word_for(KEY, name)
    assert after[0] == before[0].replace(
        quoted(name).encode("utf-8", "backslashreplace"), b'"%s"' % word.encode()
    )
    assert verified(path) == ([], 4)
    assert rewrite(path, lambda each: without_name(KEY, name, each)) == 0


def test_a_name_in_other_escapes_is_the_same() -> None:
    escaped = rb'2026-11-22T08:30:05.123+01:00 DENIED front "Jan\u00e9 \u0044oe" reason=left id=d1'
    assert b"Jan" not in without_name(KEY, "Jané Doe", escaped)
    assert without_name(KEY, "Jane Doe", escaped) == escaped


@pytest.mark.parametrize("cut", ['"', '"Jan', '"Jane Doe', '"Jane Doe" rea'])
def test_what_a_crash_has_left_of_a_name_goes_as_well(tmp_path: Path, cut: str) -> None:
    path = tmp_path / "access_log.txt"
    with contextlib.closing(SealedLog(path, KEY)) as log:
        log.append([line("John Roe")])
    torn = f"2026-11-22T08:30:05.123+01:00 GRANTED front {cut}"
    with path.open("a") as file:
        file.write(torn)
    with contextlib.closing(SealedLog(path, KEY)) as log:
        log.append([line("John Roe")])
    assert verified(path) == ([], 2)
    assert rewrite(path, lambda each: without_name(KEY, "Jane Doe", each)) == 1
    assert b'"Jan' not in path.read_bytes() and torn.encode() not in path.read_bytes().splitlines()
    assert verified(path) == ([], 2)


def test_what_a_crash_has_left_of_another_name_stays() -> None:
    torn = b'2026-11-22T08:30:05.123+01:00 GRANTED front "Joh'
    assert without_name(KEY, "Jane Doe", torn) == torn


def test_a_log_goes_on_where_it_was_rewritten_behind_a_torn_line(tmp_path: Path) -> None:
    path = tmp_path / "access_log.txt"
    with contextlib.closing(SealedLog(path, KEY)) as log:
        log.append([line("John Roe")])
    with path.open("a") as file:
        file.write('2026-11-22T08:30:05.123+01:00 GRANTED front "Jan')
    assert rewrite(path, lambda each: without_name(KEY, "Jane Doe", each)) == 1
    with contextlib.closing(SealedLog(path, KEY)) as log:
        log.append([line("John Roe")])
    assert verified(path) == ([], 2)
