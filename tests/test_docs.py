"""The pages for developers name files that exist, and all parts of the server."""

import re

import pytest

from tests.support.imports import ROOT
from tests.test_boundaries import MAY_IMPORT

PAGES = ("CONTRIBUTING.md", "SECURITY.md", "docs/architecture.md", "docs/security.md", "docs/adr/README.md")
NAMED = re.compile(r"\b(?:server|client|wire|tests|scripts|docs)/[\w./-]*\w")
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_a_page_names_exists(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    named = set(NAMED.findall(text))
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_link_of_a_page_leads_somewhere(page: str) -> None:
    path = ROOT / page
    links = re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text(encoding="utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_every_test_that_the_threat_model_names_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs" / "security.md").read_text(encoding="utf-8")))
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")]
    there = set(re.findall(r"^(?:async )?def (test_\w+)", "\n".join(sources), re.MULTILINE))
    assert len(named) > 50
    assert named - there == set()


@pytest.mark.parametrize("part", sorted(MAY_IMPORT))
def test_the_page_tells_every_part_of_the_server(part: str) -> None:
    table = ARCHITECTURE[ARCHITECTURE.index("## The parts of the server") :]
    assert re.search(rf"`server/{part}(?:/|\.py)`", table)


def test_the_page_draws_the_way_of_a_frame() -> None:
    drawing = ARCHITECTURE[ARCHITECTURE.index("```mermaid") : ARCHITECTURE.index("## What holds")]
    drawing = drawing[: drawing.index("```", 3)]
    way = [name for name in NAMED.findall(drawing) if name.endswith(".py")]
    assert way[0] == "server/terminals/tcp.py" and len(way) > 10


def test_the_parts_stand_in_the_order_of_their_imports() -> None:
    table = ARCHITECTURE[ARCHITECTURE.index("## The parts of the server") :]
    place = {part: table.index(f"`server/{part}") for part in MAY_IMPORT}
    wrong = [
        (part, below) for part, others in MAY_IMPORT.items() for below in others if place[below] > place[part]
    ]
    assert wrong == []
