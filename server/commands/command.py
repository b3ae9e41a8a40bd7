"""What one may type after `python -m server`: what a command is, and the flags that all of them take."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from server.access.liveness.proof import Liveness
from server.access.matching.recogniser import RECOGNISERS
from server.access.policy import Policy

PROGRAM = "python -m server"
SPAN = {
    "since": "visits from this day or time on",
    "until": "visits up to this day or time",
    "terminal": "visits at this terminal only",
}
"""Flags that say which visits a report is about."""
FLAGS: dict[str, dict[str, Any]] = {
    "host": {"metavar": "ADDRESS"},
    "port": {"metavar": "N"},
    "faces": {"metavar": "DIR"},
    "logs": {"metavar": "DIR"},
    "workers": {"metavar": "N"},
    "policy": {"metavar": "|".join(policy.value for policy in Policy)},
    "liveness": {"metavar": "|".join(mode.value for mode in Liveness)},
    "recogniser": {"metavar": "|".join(RECOGNISERS)},
    "max_false_accept": {"metavar": "SHARE"},
    "threshold": {"metavar": "D"},
    "margin": {"metavar": "D"},
    "frames": {"metavar": "N"},
    "deny_seconds": {"metavar": "S"},
    "attempts": {"metavar": "N"},
    "antispoof": {"metavar": "FILE"},
    "log_format": {"metavar": "text|json"},
    "record": {"action": "store_true"},
    "pseudonymous": {"action": "store_true"},
    "web": {"metavar": "on|off"},
    "web_host": {"metavar": "ADDRESS"},
    "web_port": {"metavar": "N"},
    "min_face": {"metavar": "PX"},
    "tls_cert": {"metavar": "FILE"},
    "tls_key": {"metavar": "FILE"},
    "insecure": {"action": "store_true"},
}
"""Settings that have a flag."""


@dataclass(frozen=True)
class Argument:
    """What stands after a command without a flag. `name`: of the parameter that takes it. `many`: any number
    of them, also none. `option`: it has a flag after all, and may be left out. `read` raises
    argparse.ArgumentTypeError, in words for whoever typed it."""

    name: str
    help: str
    many: bool = False
    option: bool = False
    read: Callable[[str], Any] = str


@dataclass(frozen=True)
class Command:
    """`flags`: the settings that its help shows; it takes the others, too. `span`: of `SPAN`. `arguments`: in
    order; only the last may be `many`. `function`: what answers it, as "module:function" in
    `server.commands`: it takes the settings, and arguments and span by name, and returns the answer.
    `recognises`: whether it needs to know which recogniser can be had."""

    help: str
    description: str
    examples: str
    flags: tuple[str, ...]
    span: tuple[str, ...] = ()
    arguments: tuple[Argument, ...] = ()
    function: str | None = None
    recognises: bool = False
