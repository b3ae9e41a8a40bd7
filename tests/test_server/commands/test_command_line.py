"""Each command has a help of its own; flags may stand before the command and after it."""

import re
from pathlib import Path
from typing import Any

import pytest

from server.commands.command_line import COMMANDS, FLAGS, parser
from server.settings import Settings


def parsed(*arguments: str) -> dict[str, Any]:
    return vars(parser().parse_args(arguments))


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "400")


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
    assert parsed(*flags, command) == parsed(command, *flags) == wanted
    assert parsed(*flags[:2], command, *flags[2:]) == wanted
    assert parsed("--faces", "y", command, "--faces", "x") == {"command": command, "faces": "x"}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("setting", FLAGS)
def test_every_command_takes_every_flag(command: str, setting: str) -> None:
    value = [] if FLAGS[setting].get("action") else ["1"]
    assert setting in parsed(command, f"--{setting.replace('_', '-')}", *value)


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
    assert all(re.search(rf"^ +{name} +{re.escape(COMMANDS[name].help)}$", told, re.M) for name in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_commands_help_is_about_that_command(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    own = COMMANDS[command]
    told = help_of(command, capsys=capsys)
    assert told.startswith(f"usage: python -m server {command} [-h]")
    assert own.description in told and own.examples in told
    shown = {name.replace("-", "_") for name in re.findall(r"^  --([\w-]+)", told, re.M)}
    assert shown == {*own.flags, *own.span, "config"}


@pytest.mark.parametrize("command", COMMANDS)
def test_the_examples_of_a_command_can_be_typed(command: str) -> None:
    lines = re.findall(r"python -m server(.*?)(?:   .*)?$", COMMANDS[command].examples, re.M)
    assert lines
    assert all(parsed(*line.split())["command"] in (command, None) for line in lines)


@pytest.mark.parametrize("setting", FLAGS)
def test_the_help_says_what_a_setting_is_and_its_default(
    setting: str, capsys: pytest.CaptureFixture[str]
) -> None:
    flag = setting.replace("_", "-")
    (told,) = re.findall(rf"^  --{flag}\b[^\n]*?(?:\n {{20,}}[^\n]*)?$", help_of(capsys=capsys), re.M)
    field = Settings.model_fields[setting]
    default = field.get_default(call_default_factory=True)
    assert str(field.description) in told
    assert (f"(default: {getattr(default, 'value', default)})" in told) == (default not in (None, False))
