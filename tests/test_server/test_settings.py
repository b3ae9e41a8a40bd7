"""Where settings come from, what they may be, and that a mistake is named without telling a secret."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from server.access.liveness.proof import Liveness
from server.access.matching.recogniser import DLIB, RECOGNISERS, Recogniser
from server.access.policy import Policy
from server.access.rules import Rules
from server.access.seen import Hints
from server.settings import Settings
from server.startup.sources import SettingsError, load
from server.support.explain import MAX_PROBLEMS
from server.support.setting_types import MIN_TOKEN_CHARS
from wire import TERMINAL_CHARS, TOKEN_CHARS, Limits
from wire.terminal_name import RULE

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


@pytest.mark.parametrize("content", [b"port = ", b"port 5000", b"\x00", b"[tokens\n"])
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
    assert message.startswith(f"min_face {origin}: write a whole number from 20 to 400, not ")


@pytest.mark.parametrize(
    ("key", "low", "high", "step"),
    [
        ("port", 0, 65535, 1),
        ("workers", 1, 256, 1),
        ("max_false_accept", 1e-6, 0.01, 1e-7),
        ("margin", 0.01, 0.3, 0.001),
        ("attempts", 0, 100, 1),
        ("record_days", 1, 365, 1),
        ("history_days", 1, 3650, 1),
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


@pytest.mark.parametrize("recogniser", RECOGNISERS.values(), ids=str)
def test_a_threshold_lies_where_its_recogniser_was_measured(recogniser: Recogniser) -> None:
    chosen = f'recogniser = "{recogniser}"\n'
    low, high = recogniser.by_hand
    for value in (low, high):
        assert settings(f"{chosen}threshold = {value}").rules().threshold == value
    for value in (low - 0.001, high + 0.001, float("nan"), -1.0, 2.0):
        said = refusal(f"{chosen}threshold = {value}")
        assert said.startswith(f"threshold (doorward.toml): write a number from {low:g} to {high:g}, ")
        assert said.endswith(f"recogniser {recogniser} was measured, not {value:g}")


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ('port = "many"', 'write a whole number from 0 to 65535, not "many"'),
        ("port = 1979-05-27", "write a whole number from 0 to 65535, not 1979-05-27"),
        ("[port]\nnumber = 1", "write a whole number from 0 to 65535, not a table"),
        ("frames = 2.5", "write a whole number from 2 to 5, not 2.5"),
        (f"frames = 0x{'f' * 9000}", "write a whole number from 2 to 5, not so large a number"),
        ("margin = nan", "write a number from 0.01 to 0.3, not nan"),
        (f"threshold = {'9' * 4000}", "write a number, not so large a number"),
        ("recogniser = 1", 'write "sface" or "dlib", not 1'),
        ("max_false_accept = 1", "write a number from 0.000001 to 0.01, not 1"),
        ('policy = "some"', 'write "any", "flag", "all" or "largest", not "some"'),
        ("liveness = false", 'write "off", "passive" or "challenge", not false'),
        ('insecure = "?"', 'write true or false, not "?"'),
        ('host = ""', 'write an address in quotes, like "127.0.0.1", not ""'),
        ("host = 1979-05-27", 'write an address in quotes, like "127.0.0.1", not 1979-05-27'),
        ("faces = 3", "write a path in quotes, not 3"),
        ("faces = [[[[[[1]]]]]]", "write a path in quotes, not [[[[...]]]]"),
        ('antispoof_sha256 = "0123"', 'write 64 hexadecimal digits in quotes, not "0123"'),
        (r'policy = "\u001b[2J"', r'not "\u001b[2J"'),
        (f'policy = "{"x" * 900}"', "xxx..."),
        ('host = "a..b"', "this cannot be the name of a machine"),
        (f'host = "{"x" * 64}.example"', "this cannot be the name of a machine"),
        (r'host = "a\u0000b"', "an address has no spaces and no control characters"),
        ('host = "two words"', "an address has no spaces and no control characters"),
        ('logs = ""', "a path is not empty; for this folder write ."),
        (r'faces = "a\u0000b"', "a path has no NUL character"),
        (f'faces = "{"x" * 256}"', "a path has at most 4000 bytes, and 255 between slashes"),
        (f'tls_key = "{"x/" * 2001}"', "a path has at most 4000 bytes, and 255 between slashes"),
    ],
)
def test_what_would_be_right_is_told_and_what_was_written(toml: str, said: str) -> None:
    key = re.split(r"\W+", toml.lstrip("["))[0]
    message = refusal(toml).split("\n")[0]
    assert message.startswith(f"{key} (doorward.toml): ") and message.endswith(said)
    assert message.isprintable() and len(message) < 200


@pytest.mark.parametrize("host", ["::1", "fe80::1%eth0", "xn--mnchen-3ya.example", "münchen.example", "door"])
def test_machines_may_be_called_as_the_network_calls_them(host: str) -> None:
    assert settings(flags={"host": host, "insecure": True}).host == host


def test_all_mistakes_are_told_at_once() -> None:
    assert len(refusal("port = -1\ncolour = 1", {"DOORWARD_FRAMES": "9"}).splitlines()) == 3


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "door.example", "0", "10.0.0.1"])
def test_other_machines_come_in_by_token_or_by_explicit_consent_only(host: str) -> None:
    assert settings(flags={"host": host}).needs_tokens
    by_consent = settings(flags={"host": host, "insecure": True})
    assert not by_consent.is_local and not by_consent.needs_tokens
    assert settings(f'host = "{host}"\n[tokens]\nfront = "{TOKEN}"').tokens == {"front": TOKEN}


@pytest.mark.parametrize("host", ["127.0.0.1", "127.3.2.1", "::1", "localhost"])
def test_this_machine_needs_no_token(host: str) -> None:
    found = settings(flags={"host": host, "web_host": host})
    assert found.is_local and not found.needs_tokens


def test_browsers_of_other_machines_need_tls_or_explicit_consent() -> None:
    message = refusal(flags={"web_host": "0.0.0.0"})
    assert message.startswith("web_host: 0.0.0.0 lets other machines in, and without TLS passwords")
    assert settings(flags={"web_host": "0.0.0.0", "web": "off"}).web_host == "0.0.0.0"
    assert settings(flags={"web_host": "0.0.0.0", "insecure": True}).web
    encrypted = settings(flags={"web_host": "0.0.0.0", "tls_cert": "c", "tls_key": "k"})
    assert encrypted.needs_tokens, "a browser may be a terminal"


@pytest.mark.parametrize(
    "token",
    ["", "short", "x" * (MIN_TOKEN_CHARS - 1), "x" * (TOKEN_CHARS + 1), rf"{TOKEN}\n", r"\u202e" * 20],
)
def test_a_token_that_no_terminal_could_give_is_refused_and_not_shown(token: str) -> None:
    told = "tokens.front (doorward.toml): a token has 16 to 1024 printable characters"
    assert refusal(f'[tokens]\nfront = "{token}"') == told


@pytest.mark.parametrize("chars", [MIN_TOKEN_CHARS, TOKEN_CHARS])
def test_a_token_within_the_limits_is_taken(chars: int) -> None:
    assert settings(f'[tokens]\nfront = "{"x" * chars}"').tokens == {"front": "x" * chars}


@pytest.mark.parametrize("name", ["", "x" * (TERMINAL_CHARS + 1), "..", "a/b", "door\u202e"])
def test_a_terminal_is_called_as_the_protocol_allows(name: str) -> None:
    assert refusal(f'[tokens]\n"{name}" = "{TOKEN}"').endswith(f": {RULE}")
    assert settings(f'[tokens]\n"{"x" * 64}" = "{TOKEN}"').tokens


@pytest.mark.parametrize(
    "line", ["record = true", 'faces = "/srv/doorward/faces"', "port = 5001", "tokens = 1"]
)
@pytest.mark.parametrize("table", ["tokens", "server"])
def test_a_setting_below_a_tables_heading_is_told_where_it_belongs(line: str, table: str) -> None:
    place = f"[{table}] {line.split(' ')[0]} (doorward.toml)"
    told = f"{place}: this is a setting, and stands above the first [table] of the file"
    assert told in refusal(f"[{table}]\n{line}").split("\n")


def test_what_follows_a_dotted_token_is_a_setting() -> None:
    found = settings(f'tokens.front-door = "{TOKEN}"\nrecord = true')
    assert (found.tokens, found.record) == ({"front-door": TOKEN}, True)


def test_a_setting_that_is_gone_is_told_what_to_do_instead() -> None:
    told = refusal("watch_loop = true")
    assert told.startswith("unknown setting: watch_loop (doorward.toml); ")
    assert "py-spy" in told and "PYTHONASYNCIODEBUG" in told


def test_the_first_mistakes_are_not_buried_under_many() -> None:
    told = refusal("\n".join(f"p{number} = 1" for number in range(MAX_PROBLEMS + 7))).split("\n")
    assert len(told) == MAX_PROBLEMS + 1 and told[-1] == "and 7 more"


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


@pytest.mark.parametrize("address", ["mysql://jane:a-password@host/name", "a-password", "sqlite://"])
def test_a_databases_address_is_checked_and_never_shown(address: str) -> None:
    right = 'write an address in quotes, like "postgresql://user:password@host/name"'
    assert refusal(f'database = "{address}"') == f"database (doorward.toml): {right}"
    good = settings('database = "postgresql://jane:a-password@host/name"')
    assert good.database == "postgresql://jane:a-password@host/name" and "a-password" not in repr(good)


def test_the_token_of_a_terminal_on_this_machine_is_not_ours() -> None:
    assert settings(environment={"DOORWARD_TOKEN": TOKEN}) == settings()


def test_certificate_and_key_go_together() -> None:
    assert refusal('tls_cert = "a.pem"') == "tls_cert and tls_key go together"
    assert refusal('tls_key = "a.pem"') == "tls_cert and tls_key go together"
    found = settings('tls_cert = "a.pem"\ntls_key = "b.pem"')
    assert (found.tls_cert, found.tls_key) == (Path("a.pem"), Path("b.pem"))


def test_only_over_tls_can_a_terminal_show_a_certificate() -> None:
    assert refusal('tls_terminals = "ca.pem"').startswith("tls_terminals needs tls_cert and tls_key")
    found = settings('tls_terminals = "ca.pem"\ntls_cert = "a.pem"\ntls_key = "b.pem"')
    assert found.tls_terminals == Path("ca.pem")


def test_defaults_of_the_rules_and_of_the_settings_are_the_same() -> None:
    assert settings().rules() == Rules()


def test_settings_reach_the_parts_they_are_for() -> None:
    found = settings(
        """
        recogniser = "dlib"
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
        recogniser=DLIB,
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


@pytest.mark.parametrize("mode", ["off", "passive", "challenge"])
def test_workers_load_what_liveness_needs_as_people_toml_may_ask_for_it_at_any_time(mode: str) -> None:
    assert settings(f'liveness = "{mode}"').model_settings.liveness


def test_a_model_against_spoofing_is_trusted_by_its_hash_only() -> None:
    together = "antispoof and antispoof_sha256 go together: a model is trusted by its hash"
    assert refusal('antispoof = "m.onnx"') == together
    assert refusal(f'antispoof_sha256 = "{"0" * 64}"') == together
    assert "antispoof_sha256" in refusal('antispoof = "m.onnx"\nantispoof_sha256 = "0123"')
    found = settings(f'antispoof = "m.onnx"\nantispoof_sha256 = "{"0" * 64}"')
    assert found.model_settings.antispoof == (Path("m.onnx"), "0" * 64)


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


def words(text: str) -> str:
    """The text without its marks and links."""
    return re.sub(r"\[(.+?)\]\(.+?\)", r"\1", text).replace("`", "")


@pytest.mark.parametrize("key", list(Settings.model_fields))
def test_the_manual_begins_with_the_words_of_the_help(key: str) -> None:
    rows = re.findall(r"^\| `(\w+)`.*? \|[^|]+\|[^|]*\| (.+) \|$", DOCS.read_text("utf-8"), re.MULTILINE)
    assert words(dict(rows)[key]).startswith(str(Settings.model_fields[key].description))


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


@pytest.mark.parametrize("name", ["record", "record_pictures", "insecure", "web", "pseudonymous"])
@pytest.mark.parametrize("value", ['"yes"', '"no"', "1", "0"])
def test_true_and_false_are_no_words_in_the_file(name: str, value: str) -> None:
    assert refusal(f"{name} = {value}") == (f"{name} (doorward.toml): write true or false, not {value}")


def test_a_collector_on_another_machine_needs_tls() -> None:
    assert settings('syslog = "tls://logs.lan"\nsyslog_ca = "ca.pem"').collector
    for local in ("udp://127.0.0.1", "tcp://[::1]:601", "tcp://localhost"):
        assert settings(f'syslog = "{local}"').collector
    said = refusal('syslog = "udp://logs.lan"')
    assert "syslog: udp://logs.lan:514 is another machine, and without TLS" in said
    assert settings('syslog = "tcp://logs.lan"', flags={"insecure": True}).collector
    assert "write an address such as tls://" in refusal('syslog = "logs.lan"')
    assert "syslog_ca is for a collector at tls://" in refusal('syslog_ca = "ca.pem"')
