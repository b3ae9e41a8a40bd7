"""Reads what is typed after `python -m server`, by the table of commands."""

import argparse
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from server.commands.command import FLAGS, PROGRAM, SPAN, Command
from server.commands.table import COMMANDS, GROUPS
from server.settings import Settings

_SOURCES = """\
Every setting can also stand in doorward.toml (max_false_accept = 0.001) or in the environment
(DOORWARD_MAX_FALSE_ACCEPT=0.001); a flag wins over the environment, the environment over the file.
docs/settings.md lists them all.
"""

_Words: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def parser(
    commands: Mapping[str, Command] = COMMANDS, groups: Mapping[str, str] = GROUPS
) -> argparse.ArgumentParser:
    """Flags may stand before the command or after it; what is not given is not in the result, but `command`:
    its name, None without one."""
    hint = f"  {PROGRAM} COMMAND --help       what a command does and takes"
    whole = argparse.ArgumentParser(
        prog=PROGRAM,
        description="""\
Doorward server: recognises faces that door terminals send, and grants or
denies.""",
        **_style(f"{COMMANDS['serve'].examples}{hint}\n\n{_SOURCES}"),
    )
    words = whole.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    _add_flags(whole, SPAN, shown=FLAGS)
    actions = {}
    for name, command in commands.items():
        group, _, action = name.rpartition(" ")
        if group and group not in actions:
            actions[group] = _add_group(words, group, groups[group])
        _add_command(actions[group] if group else words, action, name, command)
    return whole


def _add_group(to: _Words, name: str, told: str) -> _Words:
    hint = f"  {PROGRAM} {name} ACTION --help"
    own = to.add_parser(name, prog=f"{PROGRAM} {name}", help=told, description=told, **_style(hint))
    _add_flags(own, (), shown=())
    return own.add_subparsers(metavar="ACTION", title="actions", required=True)


def _add_command(to: _Words, word: str, name: str, command: Command) -> None:
    more = "" if len(command.flags) == len(FLAGS) else f"All other flags of {PROGRAM} are taken, too.\n"
    own = to.add_parser(
        word,
        prog=f"{PROGRAM} {name}",
        help=command.help,
        description=command.description,
        **_style(f"{command.examples}\n{more}{_SOURCES}"),
    )
    for argument in command.arguments:
        own.add_argument(
            _flag(argument.name) if argument.option else argument.name,
            metavar=argument.name.upper(),
            help=argument.help,
            nargs="*" if argument.many else None,
            type=argument.read,
        )
    own.set_defaults(command=name)
    _add_flags(own, command.span, shown=(*command.flags, *command.span))


def _style(examples: str) -> dict[str, Any]:
    return {
        "epilog": f"examples:\n{examples}",
        "formatter_class": argparse.RawDescriptionHelpFormatter,
        "argument_default": argparse.SUPPRESS,
    }


def _add_flags(to: argparse.ArgumentParser, span: Iterable[str], shown: Collection[str]) -> None:
    config = "settings file (default: doorward.toml where it exists)"
    to.add_argument("--config", type=Path, metavar="FILE", help=config)
    for setting, options in FLAGS.items():
        to.add_argument(
            _flag(setting), help=_help(setting) if setting in shown else argparse.SUPPRESS, **options
        )
    for name in span:
        told = SPAN[name] if name in shown else argparse.SUPPRESS
        to.add_argument(_flag(name), metavar="NAME" if name == "terminal" else "TIME", help=told)


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _help(setting: str) -> str:
    field = Settings.model_fields[setting]
    default = field.get_default(call_default_factory=True)
    told = "on" if default is True else getattr(default, "value", default)
    shown = "" if default in (None, False) else f" (default: {told})"
    return f"{field.description}{shown}"
