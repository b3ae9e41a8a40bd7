"""Runs the command that opens the door: once per grant, never late."""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from client.say import say
from client.threads import IDLE_SECONDS
from wire import DecisionNotice, Verdict

STALE_SECONDS = 2.0
"""A grant older than this, counted from its frame, opens no door: the person may have left."""
COMMAND_SECONDS = 10.0
QUEUE_LENGTH = 8
REMEMBERED_IDS = 1024
"""Decisions of many hours; an id can only come back within one connection."""


@dataclass(frozen=True)
class Grant:
    """A granted decision; `captured` is when its evidence was seen, in `time.monotonic()` seconds."""

    decision: DecisionNotice
    captured: float


class GrantRunner:
    """Owns the queue of grants and the running command. `offer` never blocks."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        terminal: str,
        command_seconds: float = COMMAND_SECONDS,
    ) -> None:
        self._command = list(command)
        self._environment = environment
        self._terminal = terminal
        self._command_seconds = command_seconds
        self._queue: queue.Queue[Grant] = queue.Queue(QUEUE_LENGTH)
        self._seen: deque[str] = deque(maxlen=REMEMBERED_IDS)
        self._finishing = threading.Event()

    def offer(self, decision: DecisionNotice, captured: float) -> None:
        """Run the command for `decision` if it is a grant that was not offered before. For one thread."""
        if decision.verdict is not Verdict.GRANTED or decision.id in self._seen:
            return
        self._seen.append(decision.id)
        try:
            self._queue.put_nowait(Grant(decision, captured))
        except queue.Full:
            say(f"grant {decision.id} is not acted upon: {QUEUE_LENGTH} are waiting for the command")

    def run(self) -> None:
        """Run commands one after the other until `finish`."""
        while not (self._finishing.is_set() and self._queue.empty()):
            with contextlib.suppress(queue.Empty):
                self._act(self._queue.get(timeout=IDLE_SECONDS))

    def finish(self, drop_waiting: bool) -> None:
        """Let `run` end. A command that runs is left alone: half a door cycle is worse than a late exit."""
        with contextlib.suppress(queue.Empty):
            while drop_waiting:
                self._queue.get_nowait()
        self._finishing.set()

    def _act(self, grant: Grant) -> None:
        age = time.monotonic() - grant.captured
        if age > STALE_SECONDS:
            say(f"grant {grant.decision.id} is not acted upon: it is {age:.1f} s old")
        else:
            self._run_command(grant.decision)

    def _run_command(self, decision: DecisionNotice) -> None:
        try:
            process = subprocess.Popen(
                self._command,
                env={**self._environment, **_variables(decision, self._terminal)},
                stdin=subprocess.DEVNULL,
                stdout=2,  # standard output carries JSON
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            say(f"the grant command could not be started: {error}")
            return
        code = self._wait(process)
        if code is None:
            say(f"the grant command was killed after {self._command_seconds:g} s")
        elif code != 0:
            say(f"the grant command failed with exit code {code}")

    def _wait(self, process: "subprocess.Popen[bytes]") -> int | None:
        try:
            return process.wait(self._command_seconds)
        except subprocess.TimeoutExpired:
            _kill(process)
            return None


def _kill(process: "subprocess.Popen[bytes]") -> None:
    if sys.platform == "win32":
        process.kill()
    else:
        # The whole group: a script's children would keep the door open.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _variables(decision: DecisionNotice, terminal: str) -> dict[str, str]:
    return {
        "DOORWARD_DECISION_ID": _without_nul(decision.id),
        "DOORWARD_VERDICT": decision.verdict.value,
        "DOORWARD_NAMES": json.dumps([_without_nul(name) for name in decision.names]),
        "DOORWARD_REASON": _without_nul(decision.reason),
        "DOORWARD_TERMINAL": terminal,
    }


def _without_nul(text: str) -> str:
    return text.replace("\0", "")
