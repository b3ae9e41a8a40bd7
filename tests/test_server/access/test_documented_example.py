"""What docs/accuracy tells to do from embeddings works as it stands there."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

PAGE = Path(__file__).resolve().parents[3] / "docs" / "accuracy" / "README.md"


def example() -> str:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return str(code)


@pytest.mark.parametrize("who", ["Ann", "Bob", "nobody"])
@pytest.mark.parametrize("recogniser", ["SFACE", "DLIB"])
def test_the_example_names_who_came(
    who: str,
    recogniser: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    random = np.random.default_rng(1)
    faces = {name: random.normal(0, 0.1, 128) for name in ("Ann", "Bob", "nobody")}

    def seen(name: str) -> NDArray[Any]:
        return (faces[name] + random.normal(0, 0.005, (2, 128))).astype(np.float32)

    np.save(tmp_path / "photos.npy", np.stack([seen("Ann"), seen("Ann"), seen("Bob")]))
    np.save(tmp_path / "visit.npy", np.stack([seen(who) for _ in range(3)]))
    monkeypatch.chdir(tmp_path)
    exec(example().replace("recogniser = SFACE", f"recogniser = {recogniser}"), {})
    said = capsys.readouterr().out.splitlines()
    assert said[0].split()[0] == who
    assert 0.0 <= float(said[1]) <= 1.0
