"""Who may import whom, tried in a fresh interpreter with the forbidden packages blocked."""

import os
import pkgutil
import subprocess
import sys
from pathlib import Path

from tests.support.imports import circles, imports

ROOT = Path(__file__).resolve().parents[1]

SCRIPT = """
import importlib, sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {blocked!r}:
            raise ImportError(f"{{name}} is out of bounds here")

sys.meta_path.insert(0, Blocker())
for name in {modules!r}:
    importlib.import_module(name)
loaded = {{name.split(".")[0] for name in sys.modules}}
assert not loaded & {unwanted!r}, loaded & {unwanted!r}
"""

MODELS = {"ai_edge_litert", "dlib", "face_recognition", "face_recognition_models", "onnx", "onnxruntime"}
WORKER_ONLY = "server.vision."


def modules(package: str) -> list[str]:
    found = [package]
    for module in pkgutil.walk_packages([str(ROOT / package)], f"{package}."):
        if not module.name.endswith(("__main__", "migrations.env")):  # they do their work when imported
            found.append(module.name)
    return found


def import_all(names: list[str], blocked: set[str], unwanted: set[str] | None = None) -> None:
    script = SCRIPT.format(blocked=blocked, modules=names, unwanted=unwanted or blocked)
    # Measuring coverage in the child would import modules of its own.
    plain = {key: value for key, value in os.environ.items() if not key.startswith("COVERAGE")}
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=plain, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_thin_client_reaches_neither_the_server_nor_its_models() -> None:
    names = modules("client") + modules("wire")
    assert "client.connection.link" in names
    import_all(names, MODELS | {"server", "pydantic"})


def test_wire_needs_msgpack_and_nothing_else() -> None:
    import_all(modules("wire"), MODELS | {"server", "client", "cv2", "numpy", "asyncio", "socket"})


def test_the_servers_parent_process_loads_no_model() -> None:
    names = [name for name in modules("server") if not name.startswith(WORKER_ONLY)]
    assert "server.service" in names
    import_all([*names, "server.workers.main", "server.access.seen"], MODELS | {"client", "cv2"})


def test_workers_import_models_only_when_they_load_them() -> None:
    import_all(modules("server"), MODELS)


def test_the_decision_is_pure() -> None:
    names = [name for name in modules("server") if name.startswith("server.access")]
    assert "server.access.door" in names
    import_all(names, MODELS | {"asyncio", "socket", "cv2", "PIL", "sqlite3", "subprocess"})


IO = {"asyncio", "socket", "sqlite3", "subprocess", "threading", "queue", "select", "ssl", "signal"}
MAY_IMPORT = {
    "support": set(),
    "access": set(),
    "audit": {"access", "support"},
    "database": {"support"},
    "tokens": {"database", "support"},
    "accounts": {"database", "support"},
    "events": {"access", "audit", "support"},
    "workers": {"access", "support", "vision"},
    "weights": set(),
    "vision": {"access", "support", "weights"},
    "gallery": {"access", "audit", "support"},
    "roster": {"access", "audit", "gallery", "support"},
    "site": {"access", "gallery", "roster", "support"},
    "recording": {"access", "events", "support"},
    "recognition": {"access", "support"},
    "history": {"access", "audit", "database", "events", "support"},
    "journal": {"access", "audit", "events", "support"},
    "terminals": {"access", "audit", "events", "support", "tokens", "workers"},
    "vitals": {"audit", "events", "support", "terminals", "workers"},
    "settings": {"access", "support", "workers"},
    "tuning": {"access", "gallery", "recording", "settings", "site", "support", "workers"},
    "forgetting": {
        "access",
        "accounts",
        "audit",
        "database",
        "gallery",
        "history",
        "recognition",
        "recording",
        "settings",
        "support",
        "tokens",
    },
    "startup": {
        "access",
        "audit",
        "database",
        "gallery",
        "journal",
        "recognition",
        "recording",
        "roster",
        "settings",
        "support",
        "terminals",
        "tokens",
        "weights",
        "web",
    },
    "web": {
        "access",
        "accounts",
        "audit",
        "database",
        "forgetting",
        "gallery",
        "history",
        "recognition",
        "recording",
        "roster",
        "settings",
        "site",
        "support",
        "terminals",
        "tokens",
        "tuning",
        "vitals",
        "weights",
        "workers",
    },
}
"""The parts of the server and what each may import beside itself and `wire`. What is not named here (parts,
service, commands, cli) puts them together and may import all of them."""


def part(module: str) -> str:
    """The part of the server that a module belongs to; "" for another package's."""
    package, _, rest = module.partition(".")
    return rest.partition(".")[0] if package == "server" else ""


def test_no_files_import_each_other() -> None:
    assert circles(imports()) == []


def test_a_circle_would_be_found() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set()}) == [["b", "c"]]


def test_each_part_of_the_server_imports_only_what_lies_below_it() -> None:
    wrong = [
        f"{module} imports {other}"
        for module, others in imports().items()
        if part(module) in MAY_IMPORT
        for other in others
        if part(other) and part(other) != part(module) and part(other) not in MAY_IMPORT[part(module)]
    ]
    assert wrong == []


def test_the_core_imports_itself_the_wires_vocabulary_and_numpy() -> None:
    graph = imports()
    core = {name: others for name, others in graph.items() if part(name) == "access"}
    foreign = {other for others in core.values() for other in others if other not in graph}
    assert foreign - set(sys.stdlib_module_names) == {"numpy"}
    assert not foreign & IO
    assert {other for others in core.values() for other in others if other.startswith("wire")} <= {
        "wire",
        "wire.messages",
        "wire.reasons",
    }


def test_only_a_worker_imports_what_sees() -> None:
    importers = {
        name for name, others in imports().items() if any(part(other) == "vision" for other in others)
    }
    assert {name for name in importers if part(name) != "vision"} == {"server.workers.main"}


def test_a_session_knows_no_transport() -> None:
    graph = imports()
    for module in ("server.terminals.session", "server.terminals.frames", "server.terminals.peer"):
        assert not graph[module] & {"socket", "ssl", "server.terminals.tcp"}, module
