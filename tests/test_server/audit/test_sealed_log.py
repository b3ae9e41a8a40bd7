"""Whatever is done to a sealed log shows, where it was done; what a crash leaves does not pass for it."""

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from server.audit import durable, sealed_log, seals
from server.audit.last_seal import FILE as LAST_SEAL
from server.audit.last_seal import LastSeal, parsed
from server.audit.log_files import raw_lines
from server.audit.sealed_log import SealedLog
from server.audit.verifying import Finding, Place, Verified, Verifier
from server.support import osdep

KEY = bytes(range(32))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "access_log.txt"


def line(number: int) -> str:
    return f'2026-11-22T08:30:05.123+01:00 GRANTED front "Jane Doe" reason=recognised id=d{number}'


def write(path: Path, *numbers: int) -> None:
    """By a server that is started for it."""
    log = SealedLog(path, KEY)
    for number in numbers:
        log.append([line(number)])
    log.close()


def verified(*paths: Path, key: bytes = KEY, kept: bool = True) -> tuple[list[str], Verified]:
    verifier, last = Verifier(key), b"\n"
    found: list[Finding] = []
    for path in paths:
        for number, last in enumerate(raw_lines(path), 1):
            found += verifier.take(Place(path.name, number), last.rstrip(b"\n"))
    written = parsed(paths[-1].with_name(LAST_SEAL).read_bytes(), key) if kept else seals.ORIGIN
    found += verifier.finish(written, last.endswith(b"\n"))
    return [str(each) for each in found], verifier.seen


def edit(path: Path, change: Callable[[list[bytes]], None]) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    change(lines)
    path.write_bytes(b"".join(lines))


def test_what_was_written_is_good(path: Path) -> None:
    write(path, 1, 2, 3)
    write(path, 4)
    assert verified(path) == ([], Verified(first=1, good=4))
    assert path.read_text().splitlines()[3].startswith(f"{line(4)} seal=4-")


def changed(lines: list[bytes]) -> None:
    lines[2] = lines[2].replace(b"Jane Doe", b"John Doe")


def removed(lines: list[bytes]) -> None:
    del lines[2]


def put_in(lines: list[bytes]) -> None:
    lines.insert(2, b"2026-11-22T08:30:05.123+01:00 DENIED front unknown reason=unknown_face id=x\n")


def put_in_with_a_seal(lines: list[bytes]) -> None:
    lines.insert(2, lines[2].replace(b"d3", b"x"))


def swapped(lines: list[bytes]) -> None:
    lines[2], lines[3] = lines[3], lines[2]


def cut_off(lines: list[bytes]) -> None:
    del lines[4:]


def unsealed(lines: list[bytes]) -> None:
    lines[2] = lines[2].partition(b" seal=")[0] + b"\n"


@pytest.mark.parametrize(
    ("change", "first"),
    [
        (changed, "access_log.txt, line 3: entry 3 is not as it was written"),
        (removed, "access_log.txt, line 3: entry 3 is missing before this line"),
        (put_in, "access_log.txt, line 3: not sealed: put in afterwards"),
        (put_in_with_a_seal, "access_log.txt, line 3: entry 3 is not as it was written"),
        (swapped, "access_log.txt, line 3: entry 3 is missing before this line"),
        (cut_off, "entries 5 to 6 are missing at the end"),
        (unsealed, "access_log.txt, line 3: not sealed: put in afterwards"),
    ],
)
def test_each_change_is_found_where_it_was_made(
    path: Path, change: Callable[[list[bytes]], None], first: str
) -> None:
    write(path, 1, 2, 3, 4, 5, 6)
    edit(path, change)
    assert verified(path)[0][0] == first


def test_every_single_byte_counts(path: Path) -> None:
    write(path, 1, 2, 3)
    whole = path.read_bytes()
    start = whole.index(b"\n") + 1
    for at in range(start, whole.index(b"\n", start)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert verified(path)[0], whole[at : at + 1]


def test_nobody_seals_without_the_key(path: Path) -> None:
    write(path, 1, 2)
    forged = seals.following(bytes(32), seals.sealed(path.read_bytes().splitlines()[1]).link, b"x")  # type: ignore[union-attr]
    with path.open("ab") as file:
        file.write(seals.with_seal(b"x", forged) + b"\n")
    assert verified(path)[0] == ["access_log.txt, line 3: entry 3 is not as it was written"]
    assert verified(path, key=bytes(32), kept=False)[0]


@pytest.mark.parametrize("torn", [b"2026-11-22T08:30", b"abc\ndef", b"\0\0\0", b"abc\n\ndef"])
def test_what_a_crash_has_torn_is_told_apart(path: Path, torn: bytes) -> None:
    write(path, 1, 2)
    with path.open("ab") as file:
        file.write(torn)
    found, seen = verified(path)
    assert found == [] or b"\n" in torn
    assert seen.torn[-1:] == [Place("access_log.txt", 2 + torn.count(b"\n") + 1)]
    write(path, 3)
    parts = [at for at, part in enumerate(torn.split(b"\n"), 3) if part]
    expected = [Place("access_log.txt", at) for at in parts]
    found, seen = verified(path)
    assert (found, seen.good, seen.torn) == ([], 3, expected)


def test_what_is_put_in_where_nothing_was_torn_is_found(path: Path) -> None:
    write(path, 1, 2)
    edit(path, lambda lines: lines.insert(1, b"2026-11-22T08:30\n"))
    assert verified(path)[0] == ["access_log.txt, line 2: not sealed: put in afterwards"]


def test_lines_from_before_are_kept_and_counted(path: Path) -> None:
    path.write_text(f"{line(0)}\n{line(0)}\n{line(0)[:20]}")
    write(path, 1, 2)
    assert verified(path) == ([], Verified(1, 2, 2, [Place("access_log.txt", 3)]))


def test_the_chain_goes_on_after_a_rotation(path: Path, tmp_path: Path) -> None:
    log = SealedLog(path, KEY)
    log.append([line(1), line(2)])
    old = path.rename(tmp_path / "access_log.txt.2")
    log.append([line(3)])
    log.close()
    older = tmp_path / "access_log.txt.3.gz"
    older.write_bytes(gzip.compress(old.read_bytes()))
    rotated = path.rename(tmp_path / "access_log.txt.1")  # while no server runs
    write(path, 4)
    assert verified(older, rotated, path) == ([], Verified(1, 4))
    assert verified(rotated, path) == ([], Verified(3, 1))
    assert verified(older, path)[0] == ["access_log.txt, line 1: entry 3 is missing before this line"]


def test_copytruncate_leaves_lines_twice(path: Path, tmp_path: Path) -> None:
    log = SealedLog(path, KEY)
    log.append([line(1)])
    log.append([line(2)])
    copy = tmp_path / "access_log.txt.1"
    copy.write_bytes(path.read_bytes())
    os.truncate(path, 0)
    log.append([line(3)])
    log.close()
    assert verified(copy, path) == ([], Verified(1, 3, repeated=2))


def test_what_did_not_get_to_the_disk_is_no_entry(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = SealedLog(path, KEY)
    log.append([line(1)])
    with monkeypatch.context() as broken:
        broken.setattr(osdep, "flush_to_disk", _fail)
        with pytest.raises(OSError, match="full"):
            log.append([line(2), line(3)])
    log.append([line(4)])
    log.close()
    assert verified(path) == ([], Verified(1, 2))


def test_part_of_a_batch_that_stays_is_gone_on_from(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk takes part of it, and cannot even cut it off."""
    log = SealedLog(path, KEY)
    log.append([line(1)])

    def part(self: durable.DurableLog, data: bytes) -> None:
        with path.open("ab") as file:
            file.write(data[: len(data) * 3 // 4])
        raise OSError("full")

    with monkeypatch.context() as broken:
        broken.setattr(durable.DurableLog, "_write", part)
        with pytest.raises(OSError, match="full"):
            log.append([line(2), line(3)])
    log.append([line(4)])
    log.close()
    assert verified(path) == ([], Verified(1, 3, 0, [Place("access_log.txt", 3)]))


def _fail(*_: object) -> None:
    raise OSError("full")


def removed_last(lines: list[bytes]) -> None:
    del lines[-1]


def test_a_log_that_lost_its_end_is_told_of(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(path, 1, 2, 3)
    edit(path, removed_last)
    write(path, 4)
    assert "entry 2, and entry 3 has been written" in caplog.text
    assert verified(path)[0] == ["access_log.txt, line 3: entry 3 is missing before this line"]


@pytest.mark.parametrize("content", [None, b"", b"1 2 3\n", b"000000000000000009 0011223344556677 00\n"])
def test_what_was_sealed_last_is_not_believed_from_others(path: Path, content: bytes | None) -> None:
    write(path, 1, 2)
    last = path.with_name(LAST_SEAL)
    last.unlink() if content is None else last.write_bytes(content)
    write(path, 3)
    assert verified(path) == ([], Verified(1, 3))


def test_a_seal_that_cannot_be_kept_keeps_no_line_out(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = SealedLog(path, KEY)
    log.append([line(1)])
    log._last._file.close()
    log._last._file = open(os.devnull, "rb")  # noqa: SIM115
    log.append([line(2)])
    log.close()
    assert verified(path) == ([], Verified(1, 2))


def test_where_more_is_put_in_than_a_crash_leaves_it_is_found(path: Path) -> None:
    write(path, 1)
    with path.open("ab") as file:
        file.write(b"x\n" * (seals.TORN_LINES + 1))
    write(path, 2)
    found, seen = verified(path)
    assert len(found) == seals.TORN_LINES + 1 and seen.good == 2 and not seen.torn


def test_a_long_file_is_read_from_its_end(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed_log, "TAIL_BYTES", 200)
    write(path, *range(1, 20))
    write(path, 20)
    assert verified(path) == ([], Verified(1, 20))


def test_the_last_seal_is_private_and_does_not_grow(path: Path) -> None:
    write(path, 1)
    last = path.with_name(LAST_SEAL)
    size = last.stat().st_size
    write(path, 2, 3)
    assert last.stat().st_size == size and (os.name != "posix" or last.stat().st_mode & 0o777 == 0o600)
    kept = LastSeal(last, KEY)
    assert kept.read().number == 3
    kept.close()


def test_a_name_can_be_replaced_by_its_word_and_by_nothing_else(path: Path) -> None:
    write(path, 1, 2, 3)
    word = seals.erased(KEY, b'"Jane Doe"')
    path.write_bytes(path.read_bytes().replace(b'"Jane Doe"', word, 2))
    assert verified(path) == ([], Verified(1, 3))
    path.write_bytes(path.read_bytes().replace(word, seals.erased(KEY, b'"John Doe"'), 1))
    assert verified(path)[0] == ["access_log.txt, line 1: entry 1 is not as it was written"]
