"""The one stylesheet of all pages."""

from server.web.static_files import FOLDER


def test_every_part_of_it_begins_outside_of_all_blocks() -> None:
    deep = 0
    for line in (FOLDER / "console.css").read_text().splitlines():
        assert deep == 0 or not line.startswith("/*"), line
        deep += line.count("{") - line.count("}")
    assert deep == 0
