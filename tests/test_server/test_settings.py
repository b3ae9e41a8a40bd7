"""Where settings come from, what they may be, and that a mistake is named without telling a secret."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from server.access.liveness.proof import Liveness
from server.access.policy import Policy
from server.access.rules import Rules
from server.access.seen import Hints
from server.settings import MIN_TOKEN_CHARS, Settings, SettingsError, load
from wire import Limits

TOKEN = "a-secret-of-some-length"
DOCS = Path(__file__).parents[2] / "docs" / "settings.md"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory: no doorward.toml of ours is found by chance."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def settings(
    toml: str = "", environment: dict[str, str] | None = None, flags: dict[str, Any] | None = None
) -> Settings:
    Path("doorward.toml").write_text(toml, "utf-8")
    return load(flags or {}, environment or {}, None)


def refusal(
    toml: str = "", environment: dict[str, str] | None = None, flags: dict[str, Any] | None = None
) -> str:
    with pytest.raises(SettingsError) as refused:
        settings(toml, environment, flags)
    return str(refused.value)


def test_without_any_source_there_are_defaults() -> None:
    found = load({}, {}, None)
    assert (found.host, found.port) == ("127.0.0.1", 5000)
    assert found.workers >= 1 and not found.insecure and not found.tokens


def test_each_source_overrides_the_one_before() -> None:
    toml = 'port = 1\nmargin = 0.05\nfaces = "people"'
    environment = {"DOORWARD_PORT": "2", "DOORWARD_MARGIN": "0.06", "PORT": "7"}
    assert settings().port == 5000
    assert settings(toml).port == 1
    assert settings(toml, environment).port == 2
    found = settings(toml, environment, {"port": 3})
    assert (found.port, found.margin, found.faces) == (3, 0.06, Path("people"))


def test_a_file_may_be_named_and_then_must_exist(folder: Path) -> None:
    (folder / "other.toml").write_text("port = 9")
    assert load({}, {}, Path("other.toml")).port == 9
    with pytest.raises(SettingsError, match=r"^missing\.toml: no such file or directory$"):
        load({}, {}, Path("missing.toml"))
    with pytest.raises(SettingsError, match=r"directory|permission"):
        load({}, {}, folder)


@pytest.mark.parametrize("content", [b"port = ", b"port 5000", b"\xff\xfe", b"[tokens\n"])
def test_a_file_that_is_not_toml_is_named(content: bytes) -> None:
    Path("doorward.toml").write_bytes(content)
    with pytest.raises(SettingsError, match=r"^doorward\.toml: not valid TOML"):
        load({}, {}, None)


@pytest.mark.parametrize(
    ("origin", "sources"),
    [
        ("(doorward.toml)", ("colour = 1",)),
        ("(environment DOORWARD_COLOUR)", ("", {"DOORWARD_COLOUR": "1"})),
        ("(flag --colour)", ("", {}, {"colour": 1})),
    ],
)
def test_an_unknown_setting_is_named_with_its_origin(origin: str, sources: tuple[Any, ...]) -> None:
    assert refusal(*sources) == f"unknown setting: colour {origin}"


@pytest.mark.parametrize(
    ("origin", "sources"),
    [
        ("(doorward.toml)", ("min_face = 5",)),
        ("(environment DOORWARD_MIN_FACE)", ("min_face = 5", {"DOORWARD_MIN_FACE": "5"})),
        ("(flag --min-face)", ("min_face = 5", {"DOORWARD_MIN_FACE": "5"}, {"min_face": 5})),
    ],
)
def test_a_value_out_of_range_is_named_with_its_origin(origin: str, sources: tuple[Any, ...]) -> None:
    message = refusal(*sources)
    assert message.startswith(f"min_face {origin}: input should be greater than or equal to 20, not ")


@pytest.mark.parametrize(
    ("key", "low", "high", "step"),
    [
        ("port", 0, 65535, 1),
        ("workers", 1, 256, 1),
        ("max_false_accept", 1e-6, 0.01, 1e-7),
        ("threshold", 0.1, 0.45, 0.001),
        ("margin", 0.01, 0.3, 0.001),
        ("attempts", 0, 100, 1),
        ("record_days", 1, 365, 1),
        ("frames", 2, 5, 1),
        ("deny_seconds", 0.5, 30, 0.01),
        ("min_face", 20, 400, 1),
        ("max_faces", 1, 32, 1),
        ("frame_bytes", 10_000, 1 << 24, 1),
        ("frame_pixels", 10_000, 64_000_000, 1),
        ("max_terminals", 1, 10_000, 1),
    ],
)
def test_ranges(key: str, low: float, high: float, step: float) -> None:
    for value in (low, high):
        assert getattr(settings(flags={key: value}), key) == value
    for value in (low - step, high + step):
        assert refusal(flags={key: value}).startswith(f"{key} (flag --{key.replace('_', '-')}): ")


@pytest.mark.parametrize(
    ("key", "value"), [("port", "many"), ("policy", "some"), ("frames", 2.5), ("host", ""), ("insecure", "?")]
)
def test_a_value_of_the_wrong_kind_is_shown(key: str, value: Any) -> None:
    assert refusal(flags={key: value}).endswith(f", not {value!r}")


def test_all_mistakes_are_told_at_once() -> None:
    assert len(refusal("port = -1\ncolour = 1", {"DOORWARD_FRAMES": "9"}).splitlines()) == 3


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "door.example", "0", "10.0.0.1"])
def test_other_machines_come_in_by_token_or_by_explicit_consent_only(host: str) -> None:
    message = refusal(flags={"host": host})
    assert message.startswith(f"host: {host} lets other machines in and no tokens are set")
    assert "--insecure" in message
    assert not settings(flags={"host": host, "insecure": True}).is_local
    assert settings(f'host = "{host}"\n[tokens]\nfront = "{TOKEN}"').tokens == {"front": TOKEN}


@pytest.mark.parametrize("host", ["127.0.0.1", "127.3.2.1", "::1", "localhost"])
def test_this_machine_needs_no_token(host: str) -> None:
    assert settings(flags={"host": host}).is_local


@pytest.mark.parametrize("token", ["", "short", "x" * (MIN_TOKEN_CHARS - 1)])
def test_a_short_token_is_refused_and_not_shown(token: str) -> None:
    assert refusal(f'[tokens]\nfront = "{token}"') == "tokens.front: a token has at least 16 characters"
    assert settings(f'[tokens]\nfront = "{"x" * MIN_TOKEN_CHARS}"').tokens


@pytest.mark.parametrize("name", ["", "x" * 65])
def test_a_terminal_is_called_as_the_protocol_allows(name: str) -> None:
    assert refusal(f'[tokens]\n"{name}" = "{TOKEN}"') == "tokens: a terminal's name has 1 to 64 characters"
    assert settings(f'[tokens]\n"{"x" * 64}" = "{TOKEN}"').tokens


@pytest.mark.parametrize(
    "sources",
    [
        (f'tokens = "{TOKEN}"',),
        (f'tokens = ["{TOKEN}"]',),
        (f'[tokens]\nfront = ["{TOKEN}"]',),
        (f'[tokens.front]\ntoken = "{TOKEN}"',),
        (f'[token]\nfront = "{TOKEN}"',),
        (f'[tokens]\nfront = "{TOKEN}"\n[other]\nport = 1',),
        (f'[tokens]\nfront = "{TOKEN}"\nback = "short"',),
        (f'[tokens]\nfront = "{TOKEN}',),
        (f"[tokens]\nfront = {TOKEN}",),
        (f'[tokens]\nfront = "{TOKEN}"\nfront = "{TOKEN}"',),
        ("", {"DOORWARD_TOKENS": TOKEN}),
        ("", {"DOORWARD_TOKEN_FRONT": TOKEN}),
        (f'port = -1\n[tokens]\nfront = "{TOKEN}"',),
    ],
)
def test_no_message_shows_a_token(sources: tuple[Any, ...]) -> None:
    assert TOKEN not in refusal(*sources)


def test_the_token_of_a_terminal_on_this_machine_is_not_ours() -> None:
    assert settings(environment={"DOORWARD_TOKEN": TOKEN}) == settings()


def test_certificate_and_key_go_together() -> None:
    assert refusal('tls_cert = "a.pem"') == "tls_cert and tls_key go together"
    assert refusal('tls_key = "a.pem"') == "tls_cert and tls_key go together"
    found = settings('tls_cert = "a.pem"\ntls_key = "b.pem"')
    assert (found.tls_cert, found.tls_key) == (Path("a.pem"), Path("b.pem"))


def test_defaults_of_the_rules_and_of_the_settings_are_the_same() -> None:
    assert settings().rules() == Rules()


def test_settings_reach_the_parts_they_are_for() -> None:
    found = settings(
        """
        max_false_accept = 0.001
        threshold = 0.3
        margin = 0.1
        liveness = "challenge"
        attempts = 5
        frames = 4
        policy = "all"
        deny_seconds = 7
        min_face = 60
        max_faces = 2
        frame_bytes = 20_000
        frame_pixels = 30_000
        """
    )
    assert found.rules() == Rules(
        max_false_accept=0.001,
        threshold=0.3,
        margin=0.1,
        looks=4,
        policy=Policy.ALL,
        liveness=Liveness.CHALLENGE,
        attempts=5,
        deny_seconds=7,
    )
    assert found.hints() == Hints(min_face=60, max_faces=2, max_pixels=30_000)
    assert found.limits() == Limits(frame_bytes=20_000, frame_pixels=30_000)


@pytest.mark.parametrize(("mode", "wanted"), [("off", False), ("passive", True), ("challenge", True)])
def test_workers_load_what_liveness_needs_when_it_is_asked_for(mode: str, wanted: bool) -> None:
    assert settings(f'liveness = "{mode}"').models.liveness is wanted


def test_a_model_against_spoofing_is_trusted_by_its_hash_only() -> None:
    together = "antispoof and antispoof_sha256 go together: a model is trusted by its hash"
    assert refusal('antispoof = "m.onnx"') == together
    assert refusal(f'antispoof_sha256 = "{"0" * 64}"') == together
    assert "antispoof_sha256" in refusal('antispoof = "m.onnx"\nantispoof_sha256 = "0123"')
    found = settings(f'antispoof = "m.onnx"\nantispoof_sha256 = "{"0" * 64}"')
    assert found.models.antispoof == (Path("m.onnx"), "0" * 64)


def test_what_is_laid_down_for_people_stands_beside_their_photos() -> None:
    assert settings('faces = "residents"').people_file == Path("residents/people.toml")


def test_settings_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        settings().port = 1


def documented() -> dict[str, tuple[str, str]]:
    """Default and range of each key, from the table of the manual."""
    rows = re.findall(r"^\| (`.+?`) \| ([^|]+) \|([^|]*)\|", DOCS.read_text("utf-8"), re.MULTILINE)
    return {key: (default, limits) for keys, default, limits in rows for key in re.findall(r"`(\w+)`", keys)}


def test_the_manual_has_every_setting() -> None:
    assert list(documented()) == list(Settings.model_fields)


@pytest.mark.parametrize("key", [key for key in Settings.model_fields if key != "workers"])
def test_the_manual_tells_the_default(key: str) -> None:
    default, _ = documented()[key]
    value = settings().model_dump(mode="json")[key]
    if default == "none":
        assert not value
    else:
        assert value == json.loads(default.strip("`"))


@pytest.mark.parametrize("key", [key for key, (_, limits) in documented().items() if "–" in limits])
def test_the_manual_tells_the_range(key: str) -> None:
    low, high = (float(limit) for limit in documented()[key][1].split("–"))
    bounds = {type(bound).__name__: bound for bound in Settings.model_fields[key].metadata}
    assert (bounds["Ge"].ge, bounds["Le"].le) == (low, high)


def test_the_example_of_the_manual_is_accepted() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    assert settings(example).tokens
