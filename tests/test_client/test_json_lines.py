"""One JSON object per line, and never a wait for whoever reads them."""

import json
import threading

import pytest

from client.json_lines import QUEUE_LENGTH, JsonLines


def test_lines_are_dropped_rather_than_piled_up(capfd: pytest.CaptureFixture[str]) -> None:
    lines = JsonLines("door", lambda: None)
    for number in range(QUEUE_LENGTH + 5):
        lines.write({"type": "result", "seq": number})
    assert capfd.readouterr().err.count("results are dropped") == 1
    lines.finish()
    printer = threading.Thread(target=lines.run)
    printer.start()
    printer.join(10)
    printed = [json.loads(line)["seq"] for line in capfd.readouterr().out.splitlines()]
    assert printed == list(range(QUEUE_LENGTH))
