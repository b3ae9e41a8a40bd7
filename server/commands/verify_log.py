"""`python -m server verify-log`: whether the access log is as it was written."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

from server.audit.access_log import FILE as ACCESS_LOG
from server.audit.last_seal import FILE as LAST_SEAL
from server.audit.last_seal import parsed
from server.audit.log_files import BROKEN, raw_lines, rotations_of, why
from server.audit.seals import ORIGIN, Link, sealed
from server.audit.trail import SEAL_KEY
from server.audit.verifying import Finding, Place, Verified, Verifier
from server.settings import Settings
from server.support.errors import StartError, WrongError
from server.support.key_file import KeyFileError, key_of

SHOWN = 20
"""Findings that are told one by one: after the first the others often follow from it."""


async def verify(settings: Settings, files: Sequence[Path] = ()) -> str:
    """The report as text. `files`: logs, in place of those in the logs folder. Raises WrongError: the log is
    not as it was written; StartError: that cannot be found out."""
    return await asyncio.to_thread(_verify, settings, files)


def _verify(settings: Settings, files: Sequence[Path]) -> str:
    path, last = settings.logs / SEAL_KEY, settings.logs / LAST_SEAL
    if not path.exists():
        raise StartError(f"{path}: there is no such key, and no log that was sealed by it")
    try:
        key = key_of(path)
        verifier = Verifier(key)
        kept = parsed(last.read_bytes(), key) if last.exists() and not files else ORIGIN
        paths = files or rotations_of(settings.logs, Path(ACCESS_LOG).stem)
        findings = list(_findings(verifier, _in_order(paths), kept))
    except (KeyFileError, *BROKEN) as error:
        raise StartError(f"the log cannot be read: {why(error)}") from error
    told = list(_told(verifier.seen, findings))
    if kept == ORIGIN and verifier.seen.first is not None and not files:
        told.append(f"no good {LAST_SEAL}: whether lines are cut off the end cannot be told")
    if findings:
        raise WrongError("\n".join(told))
    return "\n".join(told)


def _findings(verifier: Verifier, paths: Sequence[Path], kept: Link) -> Iterator[Finding]:
    line = b"\n"
    for path in paths:
        for number, line in enumerate(raw_lines(path), 1):
            yield from verifier.take(Place(path.name, number), line.rstrip(b"\r\n"))
    yield from verifier.finish(kept, line.endswith(b"\n"))


def _in_order(paths: Sequence[Path]) -> list[Path]:
    """By the number of the first sealed line; those without one are older. Raises OSError."""
    return sorted(paths, key=lambda path: (_first_number(path), path.stat().st_mtime, path))


def _first_number(path: Path) -> int:
    found = (sealed(line.rstrip(b"\r\n")) for line in raw_lines(path))
    return next((each.link.number for each in found if each is not None), 0)


def _told(seen: Verified, findings: Sequence[Finding]) -> Iterator[str]:
    for finding in findings[:SHOWN]:
        yield str(finding)
    if len(findings) > SHOWN:
        yield f"and {len(findings) - SHOWN} more"
    since = f", from entry {seen.first} on" if (seen.first or 1) > 1 else ""
    yield f"lines as they were written: {seen.good}{since}"
    if seen.unsealed:
        yield f"lines older than the seals, of which nothing can be told: {seen.unsealed}"
    if seen.repeated:
        yield f"lines that stand twice, as copytruncate leaves them: {seen.repeated}"
    for place in seen.torn:
        yield f"{place}: torn by a crash, or being written; nobody was told of it"
