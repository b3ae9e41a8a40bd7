"""All that the OpenAPI document promises, held by requests that are made up from it: such as fit it, and such
as do not."""

import os
import re
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from copy import deepcopy
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from server.accounts import accounts, sessions
from server.web.api.photos import Checks
from server.web.stills import Stills
from tests.support.console import Served, Site, serving
from tests.support.furnished_site import Furnished, furnished_site
from tests.support.imports import ROOT

schemathesis = pytest.importorskip("schemathesis", reason="needs schemathesis (extra test)")
from schemathesis import checks as plain  # noqa: E402
from schemathesis.core.failures import FailureGroup  # noqa: E402
from schemathesis.core.parameters import ParameterLocation  # noqa: E402
from schemathesis.specs.openapi import checks  # noqa: E402

EXAMPLES = int(os.environ.get("API_EXAMPLES", "2"))
"""Of each operation, beside those at the limits of its fields. Hundreds are for a run by hand."""
BY_CHANCE = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
ENDLESS = ("/api/v1/decisions/stream", "/terminals/{name}/stream.mjpg")
"""They answer for as long as somebody listens."""
METHODS = ("get", "post", "put", "patch", "delete")
"""In this order: what is removed is removed last."""
HELD = [
    plain.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.missing_required_header,
    checks.unsupported_method,
]


def held_of(case: Any) -> list[Any]:
    """What is to hold of an answer. Only JSON that does not fit is always refused: in an address or a form
    all is text, whatever it was made up from."""
    body = case.meta.components.get(ParameterLocation.BODY)
    is_wrong_json = case.media_type == "application/json" and body is not None and body.mode.is_negative
    return [*HELD, checks.negative_data_rejection] if is_wrong_json else HELD


def known(furnished: Furnished) -> dict[str, list[object]]:
    """What there is, by where it is asked for: the beginning of a path and a parameter of it, or a field."""
    f = furnished
    decisions = [each.id for each in (f.granted, f.corrected, f.denied, f.unknown)]
    people = ["Jane Doe", "Jane Low", "Joe Low", "John Roe"]
    return {
        "/api/v1/accounts/ name": ["guard", "viewer", "lab-guard", "joe"],
        "/api/v1/keys/ number": [1],
        "/api/v1/tokens/ terminal": ["front"],
        "/api/v1/decisions/ id": [*decisions],
        "/api/v1/strangers/ id": [f.unknown.id],
        "/api/v1/proposals/ id": [f.proposal],
        "/api/v1/people/photos/ path": ["jane_doe.jpg", "jane_doe_2.jpg", "jane_low.jpg", "joe_low.jpg"],
        "/api/v1/people/ name": [*people],
        "/api/v1/terminals/ name": ["front"],
        "/terminals/ name": ["front"],
        "person": [*people],
        "other": [*people],
        "photo": ["jane_doe.jpg", "jane_doe_2.jpg"],
        "terminal": ["front", "lab", "yard"],
        "picture": ["face 7 0"],
        "secret": [f.invitation],
    }


def with_known(document: dict[str, Any], values: dict[str, list[object]]) -> dict[str, Any]:
    """The document, in which what there is is named beside all else that fits: few would guess it."""
    document = deepcopy(document)
    for path, operations in document["paths"].items():
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                place = f"{path.partition('{')[0]} {parameter['name']}"
                _name(parameter, "schema", values.get(place) or values.get(parameter["name"]))
            for content in operation.get("requestBody", {}).get("content", {}).values():
                _name_fields(content["schema"], values)
    for schema in document["components"]["schemas"].values():
        _name_fields(schema, values)
    return document


def _name_fields(schema: dict[str, Any], values: dict[str, list[object]]) -> None:
    for name in schema.get("properties", {}):
        _name(schema["properties"], name, values.get(name))


def _name(holder: dict[str, Any], key: str, values: list[object] | None) -> None:
    if values:
        holder[key] = {"anyOf": [{"enum": values}, holder[key]]}


class Writes:
    """Files that the server's threads have opened to write outside of a folder, or moved there."""

    def __init__(self, folder: Path) -> None:
        self.outside: list[str] = []
        self._folder = str(folder)
        self._watching = True
        sys.addaudithook(self._hear)  # for ever

    def stop(self) -> None:
        self._watching = False

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._watching or threading.current_thread() is threading.main_thread():
            return
        if event == "open" and isinstance(arguments[2], int):
            written = arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            paths = [arguments[0]] if written else []
        else:
            paths = list(arguments[:2]) if event in ("os.rename", "os.link", "os.symlink", "os.mkdir") else []
        for path in map(str, paths):
            if os.path.isabs(path) and not path.startswith((self._folder, "/dev/")):
                self.outside.append(f"{event} {path}")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    made = tmp_path_factory.mktemp("whole_api").resolve()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(made))
        yield made


@pytest.fixture(scope="module")
def furnished(folder: Path) -> Iterator[Furnished]:
    """Nobody is told to wait: each request comes long after the one before."""
    with furnished_site(folder) as made:
        hours = count(step=3600.0)
        made.site.app.state.stills = Stills(made.site.running, lambda: next(hours))
        made.site.app.state.checks = Checks(lambda: next(hours))
        yield made


@pytest.fixture(scope="module")
def served(furnished: Furnished) -> Iterator[Served]:
    with serving(furnished.site) as served:
        yield served


@pytest.fixture(scope="module")
def writes(folder: Path) -> Iterator[Writes]:
    watching = Writes(folder)
    yield watching
    watching.stop()


@pytest.fixture(scope="module")
def document(furnished: Furnished) -> Any:
    config = schemathesis.Config(seed=1)
    project = config.projects.default
    project.generation.deterministic = True
    project.generation.database = "none"
    project.generation.with_security_parameters = False
    return schemathesis.openapi.from_dict(
        with_known(furnished.site.app.openapi(), known(furnished)), config=config
    )


def as_text(context: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


schemathesis.serializer("application/zip")(as_text)


def session_of(site: Site, name: str) -> str:
    """A new one: the operation before may have ended the last."""

    def begun(sql: Connection) -> str:
        return sessions.begin(sql, accounts.existing(sql, name).number, "127.0.0.1", "made up")

    return site.database.write_here(begun)


def told_problems() -> set[tuple[int, str]]:
    """Status and code of each that docs/api.md tells of."""
    rows = re.findall(r"^\| (\d{3}) \| (.*?) \|", (ROOT / "docs" / "api.md").read_text("utf-8"), re.MULTILINE)
    return {(int(status), code) for status, codes in rows for code in re.findall(r"`(\w+)`", codes)}


def requests_to(operation: Any, hold: Callable[[Any], None]) -> None:
    """Make requests up: at the limits of each field and beyond, one at a time; then any."""
    schema, generation = operation.schema, operation.schema.config.generation
    modes = list(schemathesis.GenerationMode)
    for case in schema.iter_coverage_cases(operation, generation_modes=modes, generation_config=generation):
        hold(case)
    anything = st.one_of(*(operation.as_strategy(mode) for mode in modes))
    BY_CHANCE(given(anything)(hold))()


@pytest.mark.parametrize("method", METHODS)
def test_every_operation_does_as_the_document_says(
    document: Any, furnished: Furnished, served: Served, writes: Writes, method: str
) -> None:
    told, broken = told_problems(), {}

    def hold(case: Any) -> None:
        answer = case.call(base_url=served.address, cookies=cookies, timeout=60)
        case.validate_response(answer, checks=held_of(case))
        if answer.status_code >= 400:
            assert (answer.status_code, answer.json()["code"]) in told, "docs/api.md does not tell of it"
        assert writes.outside == []

    operations = [found.ok() for found in document.get_all_operations()]
    chosen = [each for each in operations if each.method == method and each.path not in ENDLESS]
    for operation in chosen:
        cookies = {"doorward": session_of(furnished.site, "admin")}
        try:
            requests_to(operation, hold)
        except (AssertionError, FailureGroup) as failure:
            broken[operation.label] = str(failure)
            writes.outside.clear()
    assert chosen and broken == {}


def test_no_method_is_left_out(document: Any) -> None:
    assert {found.ok().method for found in document.get_all_operations()} == set(METHODS)
