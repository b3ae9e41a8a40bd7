from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import console
from tests.support.console import Site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with console.site(tmp_path) as made:
        yield made
