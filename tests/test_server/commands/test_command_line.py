"""Each command has a help of its own; flags may stand before the command and after it."""

import inspect
import re
import sys
from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

import pytest

from server.cli import function_of, main
from server.commands.command import FLAGS, Argument, Command
from server.commands.command_line import parser
from server.commands.table import COMMANDS, GROUPS
from server.settings import Settings
from server.support.errors import StartError, WrongError


def parsed(*arguments: str) -> dict[str, Any]:
    return vars(parser().parse_args(arguments))


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "400")


def typed(command: str) -> list[str]:
    """The command with the least that it takes."""
    return [*command.split(), *("x" for argument in COMMANDS[command].arguments if is_needed(argument))]


def is_needed(argument: Argument) -> bool:
    return not argument.many and not argument.option


def help_of(*arguments: str, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as ended:
        parsed(*arguments, "--help")
    assert ended.value.code == 0
    return capsys.readouterr().out


def test_without_a_command_there_is_none_and_flags_are_taken() -> None:
    assert parsed() == {"command": None}
    assert parsed("--port", "0", "--record") == {"command": None, "port": "0", "record": True}


@pytest.mark.parametrize("command", COMMANDS)
def test_flags_stand_before_a_command_or_after_it(command: str) -> None:
    wanted = {"command": command, "faces": "x", "config": Path("c.toml"), "max_false_accept": "0.001"}
    flags = ["--faces", "x", "--config", "c.toml", "--max-false-accept", "0.001"]
    words = typed(command)
    given = {each.name: each.read("x") for each in COMMANDS[command].arguments if is_needed(each)}
    assert parsed(*flags, *words) == parsed(*words, *flags) == {**wanted, **given}
    assert parsed(*flags[:2], *words, *flags[2:]) == {**wanted, **given}
    assert parsed("--faces", "y", *words, "--faces", "x") == {"command": command, "faces": "x", **given}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("setting", FLAGS)
def test_every_command_takes_every_flag(command: str, setting: str) -> None:
    value = [] if FLAGS[setting].get("action") else ["1"]
    assert setting in parsed(*typed(command), f"--{setting.replace('_', '-')}", *value)


@pytest.mark.parametrize(
    ("command", "taken"),
    [("replay", {"since", "until", "terminal"}), ("grid", {"since", "terminal"}), ("people", set())],
)
def test_only_reports_on_visits_take_a_span(
    command: str, taken: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("since", "until", "terminal"):
        if name in taken:
            assert parsed(command, f"--{name}", "x")[name] == parsed(f"--{name}", "x", command)[name] == "x"
        else:
            with pytest.raises(SystemExit):
                parsed(command, f"--{name}", "x")
            assert "unrecognized" in capsys.readouterr().err


def test_the_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    told = help_of(capsys=capsys)
    own = {name: command.help for name, command in COMMANDS.items() if " " not in name} | GROUPS
    assert all(re.search(rf"^ +{name} +{re.escape(line)}$", told, re.M) for name, line in own.items())


@pytest.mark.parametrize("command", COMMANDS)
def test_a_commands_help_is_about_that_command(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    own = COMMANDS[command]
    told = help_of(*command.split(), capsys=capsys)
    assert told.startswith(f"usage: python -m server {command} [-h]")
    assert own.description in told and own.examples in told
    shown = {name.replace("-", "_") for name in re.findall(r"^  --([\w-]+)", told, re.M)}
    options = {argument.name for argument in own.arguments if argument.option}
    assert shown == {*own.flags, *own.span, *options, "config"}


@pytest.mark.parametrize("command", COMMANDS)
def test_the_examples_of_a_command_can_be_typed(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "is_file", lambda path: True)
    lines = re.findall(r"python -m server(.*?)(?:   .*)?$", COMMANDS[command].examples, re.M)
    assert lines
    assert all(parsed(*line.split())["command"] in (command, None) for line in lines)


@pytest.mark.parametrize("setting", FLAGS)
def test_the_help_says_what_a_setting_is_and_its_default(
    setting: str, capsys: pytest.CaptureFixture[str]
) -> None:
    flag = setting.replace("_", "-")
    (told,) = re.findall(rf"^  --{flag}(?![-\w])[^\n]*?(?:\n {{20,}}[^\n]*)?$", help_of(capsys=capsys), re.M)
    field = Settings.model_fields[setting]
    default = field.get_default(call_default_factory=True)
    assert str(field.description) in told
    shown = "on" if default is True else getattr(default, "value", default)
    assert (f"(default: {shown})" in told) == (default not in (None, False))


def whole_number(text: str) -> int:
    if not text.isdigit():
        raise ArgumentTypeError(f"a whole number, not {text!r}")
    return int(text)


MADE_UP = {
    "grid": COMMANDS["grid"],
    "books sort": Command(
        help="put them in order",
        description="From A to Z.",
        examples="  python -m server books sort\n",
        flags=("logs",),
        arguments=(Argument("by", "what", option=True), Argument("shelves", "which ones", many=True)),
    ),
    "books lend": Command(
        help="give one away",
        description="For a while.",
        examples="  python -m server books lend Emma 14\n",
        flags=(),
        arguments=(Argument("title", "which one"), Argument("days", "for how long", read=whole_number)),
    ),
}


def made_up(*arguments: str) -> dict[str, Any]:
    return vars(parser(MADE_UP, {"books": "what stands on the shelves"}).parse_args(arguments))


def test_an_action_takes_its_arguments_and_flags_anywhere() -> None:
    lent = {"command": "books lend", "title": "Emma", "days": 14}
    assert made_up("books", "lend", "Emma", "14") == lent
    for at in range(5):
        words = ["books", "lend", "Emma", "14"]
        words[at:at] = ["--logs", "x"]
        assert made_up(*words) == {**lent, "logs": "x"}
    assert made_up("books", "sort") == {"command": "books sort"}
    assert made_up("books", "sort", "a", "b") == {"command": "books sort", "shelves": ["a", "b"]}
    assert made_up("books", "sort", "a", "--by", "x") == {
        "command": "books sort",
        "shelves": ["a"],
        "by": "x",
    }
    assert made_up("grid") == {"command": "grid"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("books", "the following arguments are required: ACTION"),
        ("books burn", "argument ACTION: invalid choice: 'burn'"),
        ("books lend Emma", "the following arguments are required: DAYS"),
        ("books lend Emma long", "argument DAYS: a whole number, not 'long'"),
        ("books lend Emma 14 now", "unrecognized arguments: now"),
        ("grid lend", "unrecognized arguments: lend"),
    ],
)
def test_a_wrong_action_or_argument_is_told_in_a_line(
    arguments: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        made_up(*arguments.split())
    assert ended.value.code == 2
    assert words in capsys.readouterr().err.splitlines()[-1]


def test_the_help_of_a_group_names_its_actions_and_theirs_their_arguments(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = {}
    for words in ((), ("books",), ("books", "lend")):
        with pytest.raises(SystemExit):
            made_up(*words, "--help")
        told[words] = capsys.readouterr().out
    assert re.search(r"^ +books +what stands on the shelves$", told[()], re.M)
    assert re.search(r"^ +lend +give one away$", told["books",], re.M)
    assert told["books",].startswith("usage: python -m server books [-h]")
    assert re.search(r"^ +DAYS +for how long$", told["books", "lend"], re.M)
    assert "python -m server books lend Emma 14" in told["books", "lend"]


@pytest.mark.parametrize("command", [name for name in COMMANDS if name not in ("serve", "doctor")])
def test_every_command_has_a_function_that_takes_what_may_be_given(command: str) -> None:
    function = function_of(command)
    assert inspect.iscoroutinefunction(function)
    _, *given = inspect.signature(function).parameters.values()
    own = COMMANDS[command]
    assert {each.name for each in given} == {*own.span, *(each.name for each in own.arguments)}
    optional = {*own.span, *(each.name for each in own.arguments if not is_needed(each))}
    assert {each.name for each in given if each.default is not each.empty} == optional


def test_a_package_that_a_command_needs_and_others_do_not_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "server.commands.grid", None)
    with pytest.raises(StartError, match=r"^server\.commands\.grid is not installed: pip install"):
        function_of("grid")


def test_what_a_look_around_finds_wrong_is_its_answer_and_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def people(settings: Settings) -> str:
        raise WrongError(f"all is wrong in {settings.logs}")

    monkeypatch.setattr("server.commands.people.people", people)
    monkeypatch.chdir(tmp_path)
    assert main(["people", "--logs", "here", "--recogniser", "dlib"]) == 1
    assert capsys.readouterr().out == "all is wrong in here\n"
