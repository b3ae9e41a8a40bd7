"""The lines of logs/access_log.txt: what they look like and how to read them back."""

import re
from dataclasses import dataclass
from datetime import datetime

from server.access.decision import Decision
from server.audit.line import FIELD, pairs, quoted, timestamp, unquoted, word

FILE = "access_log.txt"
"""In the logs folder."""
UNKNOWN = "unknown"
"""Stands, unquoted, for a person who was not recognised; a name is always quoted."""

PATTERN = re.compile(
    r"^(?P<time>\S+) (?P<verdict>GRANTED|DENIED) "
    rf'(?P<terminal>{FIELD}) (?P<name>unknown|"(?:[^"\\]|\\.)*")(?P<pairs>(?: [a-z_]+={FIELD})*)$'
)
"""Parses every line of the access log."""
NAMED = re.compile(rf'\S+ (?:GRANTED|DENIED) {FIELD} (?P<name>"(?:[^"\\]|\\.)*")'.encode())
"""The beginning of a line that names somebody; `name` as it is quoted."""


@dataclass(frozen=True)
class AccessEntry:
    """A decision, where and when it was made. `latency_ms`: from the arrival of the frame to the decision."""

    moment: datetime
    terminal: str
    decision: Decision
    latency_ms: int

    def line(self) -> str:
        """The log line, without its line end."""
        decision = self.decision
        name = UNKNOWN if decision.name is None else quoted(decision.name)
        details = pairs(
            {
                "distance": decision.distance,
                "runner_up": decision.runner_up,
                "threshold": decision.threshold,
                "frames": decision.looks,
                "liveness": decision.liveness.value,
                "accompanied": "yes" if decision.accompanied else None,
                "reason": decision.reason.value,
                "latency_ms": self.latency_ms,
                "id": decision.id,
            }
        )
        verdict = decision.verdict.value.upper()
        return f"{timestamp(self.moment)} {verdict} {word(self.terminal)} {name} {details}"


def parse(line: str) -> dict[str, str | None]:
    """The fields of one line, unquoted, its `seal` among them; `name` is None for `unknown`. Raises
    ValueError: not such a line."""
    found = PATTERN.match(line)
    if found is None:
        raise ValueError("not a line of an access log")
    fields = {key: unquoted(value) for key, value in re.findall(rf" ([a-z_]+)=({FIELD})", found["pairs"])}
    name = None if found["name"] == UNKNOWN else unquoted(found["name"])
    head = {"time": found["time"], "verdict": found["verdict"], "terminal": unquoted(found["terminal"])}
    return {**head, "name": name, **fields}
