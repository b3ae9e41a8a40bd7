"""The command line of the server."""

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

# Read when NumPy is loaded. Two threads that share one comparison wait for each other while the workers have
# the processors: that takes fifteen times as long as comparing in one thread.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

try:
    from server import settings as settings_module
    from server.access.liveness.proof import Liveness
    from server.access.policy import Policy
    from server.commands.dates import first_moment, last_moment
    from server.settings import Settings, SettingsError
    from server.support.console import STDERR, STDOUT, console, log_file, logging_to
    from server.support.errors import CrashError, StartError
except ModuleNotFoundError as missing:  # a terminal's installation has no server dependencies
    raise SystemExit(f"doorward: {missing.name} is not installed: pip install '.[server]'") from None

SPAN = {
    "since": "visits from this day or time on",
    "until": "visits up to this day or time (replay only)",
    "terminal": "visits at this terminal only",
}
PRIVATE = 0o027
"""What the server writes names people: it is not for everybody on the machine."""

_EXAMPLES = """\
examples:
  python -m server                      listen on 127.0.0.1:5000, photos in faces/, logs in logs/
  python -m server --policy all         several people at the door: all of them must be enrolled
  python -m server people               who is enrolled, by which photos, and what was held or rejected
  python -m server replay --max-false-accept 0.001 --since 2026-11-01
                                        what would have been decided so, where record = true

Every setting can also stand in doorward.toml (max_false_accept = 0.001) or in the environment
(DOORWARD_MAX_FALSE_ACCEPT=0.001); a flag wins over the environment, the environment over the file.
docs/settings.md lists them all.
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m server",
        description="Doorward server: recognises faces that door terminals send, and grants or denies.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        argument_default=argparse.SUPPRESS,
    )
    parser.add_argument(
        "command",
        nargs="?",
        choices=("serve", "people", "replay", "grid"),
        default="serve",
        help="serve (default); people: list who is enrolled; replay: decide what was recorded again, by these"
        " settings; grid: whom other thresholds would have recognised",
    )
    parser.add_argument("--config", type=Path, help="settings file (default: doorward.toml where it exists)")
    _add(parser, "host", metavar="ADDRESS")
    _add(parser, "port", metavar="N")
    _add(parser, "faces", metavar="DIR")
    _add(parser, "logs", metavar="DIR")
    _add(parser, "workers", metavar="N")
    _add(parser, "policy", metavar="|".join(policy.value for policy in Policy))
    _add(parser, "liveness", metavar="|".join(mode.value for mode in Liveness))
    _add(parser, "max_false_accept", metavar="SHARE")
    _add(parser, "threshold", metavar="D")
    _add(parser, "margin", metavar="D")
    _add(parser, "frames", metavar="N")
    _add(parser, "deny_seconds", metavar="S")
    _add(parser, "attempts", metavar="N")
    _add(parser, "antispoof", metavar="FILE")
    _add(parser, "record", action="store_true")
    _add(parser, "min_face", metavar="PX")
    _add(parser, "tls_cert", metavar="FILE")
    _add(parser, "tls_key", metavar="FILE")
    _add(parser, "insecure", action="store_true")
    visits = parser.add_argument_group("for replay and grid only")
    for name, meaning in SPAN.items():
        visits.add_argument(f"--{name}", metavar=name.upper(), help=meaning)
    return parser


def _add(parser: argparse.ArgumentParser, setting: str, **options: Any) -> None:
    field = Settings.model_fields[setting]
    default = field.get_default(call_default_factory=True)
    shown = "" if default in (None, False) else f" (default: {getattr(default, 'value', default)})"
    parser.add_argument(f"--{setting.replace('_', '-')}", help=f"{field.description}{shown}", **options)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Exit code 0: done or stopped; 1: could not start or failed; 2: wrong settings."""
    flags = vars(_parser().parse_args(arguments))
    command, file = flags.pop("command"), flags.pop("config", None)
    span = {name: flags.pop(name) for name in SPAN if name in flags}
    try:
        settings = settings_module.load(flags, os.environ, file)
        chosen = _chosen(command, span)
    except (SettingsError, ValueError) as error:
        print(f"doorward: {error}", file=sys.stderr)
        return 2
    try:
        if command == "serve":
            _serve(settings)
        else:
            _report(command, settings, chosen)
    except StartError as error:
        print(f"doorward: {error}", file=sys.stderr)
        return 1
    except CrashError:
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


def _chosen(command: str, span: dict[str, str]) -> dict[str, Any]:
    """Which visits a report is about. Raises ValueError, in words for whoever typed it."""
    taken = {"replay": ("since", "until", "terminal"), "grid": ("since", "terminal")}.get(command, ())
    for name in span:
        if name not in taken:
            raise ValueError(f"--{name} is not for {command}")
    times = {"since": first_moment, "until": last_moment}
    chosen: dict[str, Any] = {}
    for name, text in span.items():
        try:
            chosen[name] = times[name](text) if name in times else text
        except ValueError:
            raise ValueError(f"--{name}: a day or a time like 2026-11-22T08:00, not {text!r}") from None
    return chosen


def _report(command: str, settings: Settings, chosen: dict[str, Any]) -> None:
    from server.commands.grid import grid
    from server.commands.people import people
    from server.commands.replay import replay

    reports: dict[str, Callable[..., Coroutine[Any, Any, str]]] = {
        "people": people,
        "replay": replay,
        "grid": grid,
    }
    with logging_to(console(STDERR), level=logging.WARNING):
        print(asyncio.run(reports[command](settings, **chosen)))


def _serve(settings: Settings) -> None:
    from server.service import serve

    os.umask(PRIVATE)
    try:
        file = log_file(settings.logs)
    except OSError as error:
        raise StartError(f"logs: cannot write to {settings.logs}: {error}") from error
    with logging_to(console(STDOUT), file):
        try:
            asyncio.run(serve(settings))
        except CrashError:
            logging.getLogger(__name__).critical("ended by a fault of its own", exc_info=True)
            raise
