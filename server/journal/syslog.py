"""Sends the lines of the logs to another machine: what somebody does to the files here, they stay there."""

import os
import socket
import ssl
import time
from collections.abc import Iterable
from datetime import datetime
from functools import partial

from server.audit.operator_log import Act
from server.audit.security_log import SecurityEvent, SecurityKind
from server.events import Acted, Decided, Event, TimePassed
from server.journal.repetitions import Repetitions
from server.journal.syslog_connection import SyslogConnection
from server.journal.syslog_message import Sender, Severity, message
from server.journal.syslog_outbox import Outbox
from server.support.clock import now
from server.support.syslog_address import SyslogAddress
from wire import Verdict

HARMLESS = frozenset(
    {
        SecurityKind.SERVER_STARTED,
        SecurityKind.SERVER_STOPPED,
        SecurityKind.LOCKOUT_ENDED,
        SecurityKind.CERTIFICATE_RENEWED,
    }
)


class Syslog:
    """An event sink: the access log with its seals, the operators' record and the security log."""

    name = "syslog"
    wants = (Decided, Acted, SecurityEvent, TimePassed)

    def __init__(self, address: SyslogAddress, tls: ssl.SSLContext | None) -> None:
        self._sender = Sender(socket.gethostname(), os.getpid())
        self._repetitions = Repetitions()
        connect = partial(SyslogConnection, address, tls)
        self._outbox = Outbox(str(address), connect, self._lost)

    def take(self, event: Event) -> None:
        if isinstance(event, Decided):
            self._take_lines(event)
        elif isinstance(event, Acted):
            self._take_act(event.act)
        elif isinstance(event, SecurityEvent):
            self._tell(self._repetitions.take(event, time.monotonic()))
        else:
            self._tell(self._repetitions.due(time.monotonic(), now()))

    def missed(self, events: int) -> None:
        self._tell([SecurityEvent(now(), SecurityKind.EVENTS_LOST, details={"events": events})])

    def close(self) -> None:
        self._tell(self._repetitions.rest(time.monotonic(), now()))
        self._outbox.close()

    def _take_lines(self, decided: Decided) -> None:
        verdict = decided.decision.verdict
        severity = Severity.INFO if verdict is Verdict.GRANTED else Severity.NOTICE
        data = {"kind": verdict.value, "terminal": decided.terminal}
        for line in decided.written:
            moment = datetime.fromisoformat(line.partition(" ")[0])
            self._outbox.put(message(self._sender, severity, moment, "access", data, line))

    def _take_act(self, act: Act) -> None:
        data = {"kind": act.kind.value, "operator": act.operator, "source": act.source}
        self._outbox.put(message(self._sender, Severity.NOTICE, act.moment, "operator", data, act.line()))

    def _tell(self, events: Iterable[SecurityEvent]) -> None:
        for event in events:
            self._outbox.put(self._of_security(event))

    def _lost(self, messages: int) -> bytes:
        return self._of_security(
            SecurityEvent(now(), SecurityKind.EVENTS_LOST, details={"messages": messages})
        )

    def _of_security(self, event: SecurityEvent) -> bytes:
        severity = Severity.NOTICE if event.kind in HARMLESS else Severity.WARNING
        data = {"kind": event.kind.value, "terminal": event.terminal, "source": event.source}
        return message(self._sender, severity, event.moment, "security", data, event.line())
