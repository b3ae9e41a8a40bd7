"""Data flows one way through the terminal: from the camera over the connection to the screen."""

import ast
from pathlib import Path

import pytest

CLIENT = Path(__file__).resolve().parents[2] / "client"
UNKNOWN_TO = {
    "camera": ("client.connection", "client.screen", "client.terminal"),
    "connection": ("client.screen", "client.terminal"),
    "screen": ("client.connection.link", "client.connection.stream", "client.terminal"),
}


def imported(path: Path) -> set[str]:
    """The modules that a file names in `from ... import`: the terminal uses no other form for its own."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}


@pytest.mark.parametrize("folder", UNKNOWN_TO)
def test_no_folder_knows_what_comes_after_it(folder: str) -> None:
    files = sorted((CLIENT / folder).glob("*.py"))
    assert len(files) > 4
    for file in files:
        assert not [name for name in imported(file) if name.startswith(UNKNOWN_TO[folder])], file
