"""The sinks that write things down, opened."""

from pathlib import Path

from server.events import Sink
from server.journal.event_log import EventLog
from server.journal.security_recorder import SecurityRecorder
from server.journal.syslog import Syslog
from server.journal.syslog_connection import tls_context
from server.support.errors import StartError
from server.support.syslog_address import SyslogAddress


def open_journal(logs: Path, collector: SyslogAddress | None, authority: Path | None) -> list[Sink]:
    """`authority`: certificates that vouch for the collector. Raises StartError."""
    try:
        sinks: list[Sink] = [SecurityRecorder(logs), EventLog(logs)]
    except OSError as error:
        raise StartError(f"logs: cannot write to {logs}: {error}") from error
    if collector is not None:
        try:
            tls = tls_context(authority) if collector.transport == "tls" else None
        except OSError as error:
            raise StartError(f"syslog_ca: {authority} cannot be used: {error}") from error
        sinks.append(Syslog(collector, tls))
    return sinks
