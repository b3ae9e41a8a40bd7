"""What is told of a run in the security log: when it began and ended, and what becomes of its certificate."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from server.audit.security_log import Notice, SecurityKind
from server.journal.security_recorder import ended_well
from server.support.errors import StartError
from server.support.tls import News


@contextlib.contextmanager
def noticed(notice: Notice, last_run: str | None) -> Iterator[None]:
    """When the server has run is told, so that a gap in the logs is explained."""
    notice(SecurityKind.SERVER_STARTED, process=os.getpid(), last_run=last_run)
    why = "asked"
    try:
        yield
    except BaseException as error:
        why = "not_started" if isinstance(error, StartError) else "fault"
        raise
    finally:
        notice(SecurityKind.SERVER_STOPPED, process=os.getpid(), why=why)


def certificate_news(notice: Notice, news: News, detail: str) -> None:
    usable = news in (News.RENEWED, News.EXPIRING)
    told = {"until": detail} if usable else {"why": detail}
    notice(SecurityKind(f"certificate_{news.value}"), **told)


def last_run(logs: Path) -> str | None:
    """What became of it, if it was no end as it should be."""
    with contextlib.suppress(OSError):
        return None if ended_well(logs) else "cut_short"
    return None
