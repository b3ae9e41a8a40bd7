"""The command line of the server."""

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Coroutine, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

# Read when NumPy is loaded. Two threads that share one comparison wait for each other while the workers have
# the processors: that takes fifteen times as long as comparing in one thread.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

try:
    from server.commands.command import SPAN
    from server.commands.command_line import parser
    from server.commands.dates import first_moment, last_moment
    from server.commands.table import COMMANDS
    from server.settings import Settings
    from server.startup.announcements import tell
    from server.startup.recogniser import with_recogniser
    from server.startup.sources import SettingsError, Sources, settings_file
    from server.support.console import STDERR, STDOUT, console, log_file, logging_to
    from server.support.errors import CrashError, StartError, WrongError
    from server.support.last_warnings import LastWarnings
except ModuleNotFoundError as missing:  # a terminal's installation has no server dependencies
    raise SystemExit(f"doorward: {missing.name} is not installed: pip install '.[server]'") from None

PRIVATE = 0o027
"""What the server writes names people: it is not for everybody on the machine."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Exit code 0: done or stopped; 1: could not start or failed, or a check found
    something wrong; 2: wrong settings."""
    flags = vars(parser().parse_args(arguments))
    command, named = flags.pop("command") or "serve", flags.pop("config", None)
    own = [argument.name for argument in COMMANDS[command].arguments]
    given = {name: flags.pop(name) for name in (*SPAN, *own) if name in flags}
    try:
        sources = Sources(flags, os.environ, settings_file(named))
        settings = sources.load()
        chosen = _chosen(command, given)
    except (SettingsError, ValueError) as error:
        print(f"doorward: {error}", file=sys.stderr)
        return 2
    try:
        return _run(command, settings, sources, chosen)
    except StartError as error:
        print(f"doorward: {error}", file=sys.stderr)
        return 1
    except CrashError:
        return 1
    except KeyboardInterrupt:
        return 0


def _chosen(command: str, given: dict[str, Any]) -> dict[str, Any]:
    """What a command is about: its arguments, and which visits. Raises ValueError, in words for whoever typed
    it."""
    for name in given:
        if name in SPAN and name not in COMMANDS[command].span:
            raise ValueError(f"--{name} is not for {command}")
    times = {"since": first_moment, "until": last_moment}
    chosen = dict(given)
    for name in given.keys() & times.keys():
        try:
            chosen[name] = times[name](given[name])
        except ValueError:
            raise ValueError(
                f"--{name}: a day or a time like 2026-11-22T08:00, not {given[name]!r}"
            ) from None
    return chosen


def _run(command: str, settings: Settings, sources: Sources, chosen: dict[str, Any]) -> int:
    if command == "serve":
        _serve(settings, sources)
        return 0
    try:
        return _answer(command, settings, sources.file, chosen)
    except BrokenPipeError:  # whoever reads has seen enough: `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _answer(command: str, settings: Settings, file: Path | None, chosen: dict[str, Any]) -> int:
    with logging_to(console(STDERR), level=logging.WARNING):
        if command == "doctor":
            return _doctor(settings, file)
        if COMMANDS[command].recognises:
            settings, remarks = with_recogniser(settings)
            tell(remarks)
        try:
            print(asyncio.run(function_of(command)(settings, **chosen)), flush=True)
        except WrongError as found:
            print(found, flush=True)
            return 1
    return 0


def function_of(command: str) -> Callable[..., Coroutine[Any, Any, str]]:
    """What answers a command. Its module alone is loaded: some need packages that others can do without.
    Raises StartError."""
    module, _, name = str(COMMANDS[command].function).partition(":")
    try:
        function: Callable[..., Coroutine[Any, Any, str]] = getattr(
            import_module(f"server.commands.{module}"), name
        )
    except ModuleNotFoundError as missing:
        raise StartError(f"{missing.name} is not installed: pip install '.[web]'") from None
    return function


def _doctor(settings: Settings, file: Path | None) -> int:
    from server.commands.doctor import examine_server
    from server.commands.finding import failed

    findings = []
    for finding in examine_server(settings, file):
        print(finding, flush=True)
        findings.append(finding)
    return 1 if failed(findings) else 0


def _serve(settings: Settings, sources: Sources) -> None:
    from server.service import serve
    from server.startup import announcements, exposure, folders

    os.umask(PRIVATE)
    settings, remarks = with_recogniser(settings)
    made = folders.make_missing(settings)
    folders.require_usable(settings)
    exposure.require_secrets(settings)
    try:
        handler = log_file(settings.logs)
    except OSError as error:
        raise StartError(f"logs: cannot write to {settings.logs}: {error}") from error
    warnings = LastWarnings()
    with logging_to(console(STDOUT), handler, warnings, log_format=settings.log_format):
        announcements.tell(announcements.of_the_beginning(settings, sources.file))
        announcements.tell([(logging.WARNING, sentence) for sentence in made])
        announcements.tell(remarks)
        try:
            asyncio.run(serve(settings, sources, warnings, handler))
        except CrashError:
            logging.getLogger(__name__).critical("ended by a fault of its own", exc_info=True)
            raise
