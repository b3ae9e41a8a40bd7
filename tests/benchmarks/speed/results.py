"""Everything that one run found, and its JSON."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any, Literal, get_origin

from server.settings import Settings
from tests.benchmarks.speed.capacity import P95_MS, SKIPPED, Series
from tests.benchmarks.speed.machine import Machine
from tests.benchmarks.speed.race import SceneFigures
from tests.benchmarks.speed.startup import Start


@dataclass(frozen=True)
class Results:
    """One run. What was not measured is empty; `defaults`: the settings, as shipped, that are choices;
    `missing`: scenes whose material was not there; `others`: how many cores other programs kept busy
    meanwhile."""

    machine: Machine
    defaults: Mapping[str, str]
    kind: str
    minutes: float
    others: float
    missing: Sequence[str]
    scenes: Sequence[SceneFigures]
    capacity: Sequence[Series]
    startup: Sequence[Start]


def defaults() -> dict[str, str]:
    """The settings, as shipped, that are a choice of a few: liveness, and others that change what a frame
    costs."""
    return {
        name: str(value.value if isinstance(value, Enum) else value)
        for name, value in Settings.model_validate({})
        if isinstance(value, Enum) or get_origin(Settings.model_fields[name].annotation) is Literal
    }


def as_json(results: Results) -> str:
    """The run as JSON, with what follows from the loads written out."""
    values: dict[str, Any] = asdict(results)
    for written, series in zip(values["capacity"], results.capacity, strict=True):
        written["capacity"] = series.capacity
        written["p95_limit_ms"], written["skipped_limit"] = P95_MS, SKIPPED
        for row, load in zip(written["loads"], series.loads, strict=True):
            row["holds"] = load.holds
    return json.dumps(_rounded(values), indent=1) + "\n"


def _rounded(value: Any) -> Any:
    """The same with numbers of five significant digits: more would only pretend."""
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    return value
