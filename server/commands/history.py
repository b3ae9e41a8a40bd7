"""`python -m server history`: the database made again from the logs, and compared with them."""

import asyncio
import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import SQLAlchemyError

from server.audit.operator_log import COMMAND_LINE, Act, ActKind, append
from server.audit.operator_log import FILE as OPERATOR_LOG
from server.commands.alone import alone
from server.database.database import DatabaseError, address_of, look
from server.history import rebuild as rebuilding
from server.history.carry import Span
from server.history.logs import LogLine, Logs, oldest_first, rotations
from server.history.missing import logged, missing
from server.history.rebuild import Rebuilt
from server.history.tables import ACT, DECISION
from server.settings import Settings
from server.support.clock import milliseconds
from server.support.errors import StartError, WrongError

LAG_SECONDS = 10
"""Lines so new may be on their way into the database."""
MEND = "python -m server history rebuild puts them there, while no server runs"
_NAMES = {DECISION.name: "decisions", ACT.name: "acts of operators"}


async def rebuild(settings: Settings, files: Sequence[Path] = ()) -> str:
    """The report as text. `files`: logs, in place of those in the logs folder. Raises StartError."""
    return await asyncio.to_thread(_rebuild, settings, files)


async def check(settings: Settings) -> str:
    """The report as text. Raises WrongError: something is missing in the database; StartError."""
    return await asyncio.to_thread(_check, settings)


def _rebuild(settings: Settings, files: Sequence[Path]) -> str:
    with _told_in_words(), alone(settings.logs):
        append(settings.logs, Act(datetime.now().astimezone(), COMMAND_LINE, ActKind.HISTORY_REBUILT))
        paths = oldest_first([*files, settings.logs / OPERATOR_LOG]) if files else rotations(settings.logs)
        logs = Logs(_since(settings))
        rebuilt = rebuilding.rebuild(address_of(settings.logs, settings.database), logs.lines(paths))
    return "\n".join([*_of_tables(rebuilt), *_of_lines(logs, settings)])


def _of_tables(rebuilt: Rebuilt) -> Iterator[str]:
    for table, made in rebuilt.made.items():
        kept = rebuilt.kept.pop(table, 0)
        yield f"{_NAMES[table]}: {made} from the logs" + (
            f", {kept} older or newer than those, or out of an archive" if kept else ""
        )
    if any(rebuilt.kept.values()):
        yield f"kept: {', '.join(f'{name} {count}' for name, count in sorted(rebuilt.kept.items()) if count)}"
    for what, why in rebuilt.damage.items():
        yield f"DAMAGED, not all of it is kept: {what}: {why}"
    if rebuilt.aside is not None:
        yield f"the damaged file is {rebuilt.aside} now"


def _of_lines(logs: Logs, settings: Settings) -> Iterator[str]:
    if logs.old:
        yield f"left out: {logs.old} lines older than history_days ({settings.history_days})"
    if logs.repeated:
        yield f"counted once: {logs.repeated} lines that stand in several places"
    for path, numbers in logs.unreadable.items():
        yield f"NOT READ: {path}: {_ranges(numbers)}"
    for path, why in logs.broken.items():
        yield f"NOT READ to its end: {path}: {why}"


@dataclass
class _Comparison:
    """Of one table. `lacking`: lines that are no rows. `surplus`: rows from the time of the lines that no
    line tells of."""

    lines: int = 0
    lacking: int = 0
    surplus: int = 0
    span: Span | None = None


class _Compared:
    """The logs and the database. `lacking`: the numbers of the lines that are no rows, in each file."""

    def __init__(self, connection: Connection, lines: Iterable[LogLine]) -> None:
        """Raises sqlalchemy.exc.SQLAlchemyError."""
        self.tables = {table: _Comparison() for table in (DECISION, ACT)}
        self.lacking: dict[Path, list[int]] = {}
        for line in missing(connection, self._counted(lines)):
            self.lacking.setdefault(line.path, []).append(line.number)
            self.tables[line.table].lacking += 1
        for table, found in self.tables.items():
            if found.span is not None:
                within = select(func.count()).where(table.c.moment.between(*found.span), *logged(table))
                found.surplus = connection.execute(within).scalar_one() - (found.lines - found.lacking)

    def __str__(self) -> str:
        lines = []
        for table, found in self.tables.items():
            lines.append(f"{_NAMES[table.name]}: {found.lines} lines, {found.lacking} of them MISSING")
            if found.surplus > 0:
                lines.append(f"{_NAMES[table.name]}: {found.surplus} more are in the database and in no log")
        lines += [f"MISSING: {path}: {_ranges(numbers)}" for path, numbers in self.lacking.items()]
        return "\n".join([*lines, *([MEND] if self.lacking else [])])

    def _counted(self, lines: Iterable[LogLine]) -> Iterator[LogLine]:
        for line in lines:
            found, moment = self.tables[line.table], line.row["moment"]
            found.lines += 1
            found.span = Span.reaching(found.span, moment)
            yield line


def _check(settings: Settings) -> str:
    until = milliseconds(datetime.now() - timedelta(seconds=LAG_SECONDS))
    logs = Logs(_since(settings))
    with _told_in_words():
        lines = (line for line in logs.lines(rotations(settings.logs)) if line.row["moment"] < until)
        address = address_of(settings.logs, settings.database)
        found = look(address, lambda connection: _Compared(connection, lines))
    if found is None:
        raise WrongError("there is no database yet: the server makes it when it starts")
    report = "\n".join([str(found), *_of_lines(logs, settings)])
    if found.lacking or logs.broken:
        raise WrongError(report)
    return report


def _since(settings: Settings) -> int:
    return milliseconds(datetime.now() - timedelta(days=settings.history_days))


def _ranges(numbers: Sequence[int]) -> str:
    """Such as "lines 3, 17-40"."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1][1:] = [number]
        else:
            runs.append([number])
    told = ", ".join("-".join(map(str, run)) for run in runs)
    return f"line {told}" if len(numbers) == 1 else f"lines {told}"


@contextlib.contextmanager
def _told_in_words() -> Iterator[None]:
    """Raises StartError."""
    try:
        yield
    except (DatabaseError, OSError) as error:
        raise StartError(str(error)) from error
    except SQLAlchemyError as error:
        raise StartError(f"the database cannot be used now: {getattr(error, 'orig', error)}") from error
