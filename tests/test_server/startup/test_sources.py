"""Whatever lies in the place of the settings file, the server ends with sentences that name it."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from server.settings import Settings
from server.startup.sources import SettingsError, Sources, load, settings_file
from server.support.explain import MAX_PROBLEMS
from server.support.toml_file import MAX_FILE_BYTES


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@contextmanager
def no_longer_than(seconds: int) -> Iterator[None]:
    """Fails when what is done inside blocks, as opening a FIFO does."""

    def late(*_: object) -> None:
        raise AssertionError(f"not done within {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def check(message: str) -> None:
    lines = message.split("\n")
    assert all(line.isprintable() and 0 < len(line) < 400 for line in lines), message
    assert len(lines) <= MAX_PROBLEMS + 1


ODD = [
    b"x = " + b"[" * 100_000,
    b"x = " + b"{a=" * 100_000,
    b"[" * 100_000,
    b"port = " + b"9" * 5000,
    b"threshold = 1." + b"9" * 5000,
    b"threshold = 1e999",
    b"port = -0x" + b"f" * 9000,
    b"a." * 400_000 + b"a = 1",
    b"\n".join(b"a" + b".a" * 49 + b" = %d" % number for number in range(2000)),
    b"\n".join(b"[a%d%s]" % (number, b".a" * 49) for number in range(2000)),
    b"[[tokens]]\n" * 20_000,
    b"#" * (MAX_FILE_BYTES + 1),
    b"\x00" * 5000,
    bytes(range(256)),
    b"\xff\xfe" + "port = 1".encode("utf-16-le"),
    "port = 1".encode("utf-16-be"),
    "port = 1".encode("utf-32"),
    b'host = "\xc0\x80"',
    b'host = "\xed\xa0\x80"',
    rb'host = "\ud800"',
    rb'host = "\U00110000"',
    rb'"a\u0000b" = 1',
    rb'"\u202e" = 1',
    b'"" = 1',
    b"port = 1979-05-27T07:32:00.999999999999999999999999+25:00",
    b"host = 07:32:00",
    b"tokens = [[[[1979-05-27]]]]",
    b"tokens = {a = {b = {c = 1}}}",
    b"[tokens]\n" + b"\n".join(b't%d = ""' % number for number in range(20_000)),
    b"port = 1\nport = 2",
    b"port.a = 1\nport = 2",
    b"port = 1\r",
    b'"""',
    b'faces = "' + b"x" * 900_000 + b'"',
]


@pytest.mark.parametrize("content", ODD, ids=lambda content: ascii(content[:20]))
def test_whatever_stands_in_the_file_it_is_refused_in_sentences(content: bytes) -> None:
    Path("doorward.toml").write_bytes(content)
    with no_longer_than(20), pytest.raises(SettingsError) as refused:
        load({}, {}, None)
    check(str(refused.value))


@pytest.mark.skipif(os.name != "posix", reason="FIFOs and devices are POSIX")
def test_what_is_no_file_is_refused_in_a_sentence(folder: Path) -> None:
    os.mkfifo(folder / "fifo")
    (folder / "loop").symlink_to("loop")
    odd = [Path("fifo"), Path("/dev/zero"), Path("/dev/null"), folder, Path("loop"), Path("x" * 5000)]
    for path in odd:
        with no_longer_than(5), pytest.raises(SettingsError) as refused:
            load({}, {}, path)
        assert "\n" not in str(refused.value) and str(refused.value).startswith(f"{path}: ")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read_is_told_of() -> None:
    Path("doorward.toml").touch(mode=0)
    with pytest.raises(SettingsError, match=r"^doorward\.toml: permission denied$"):
        load({}, {}, None)


def test_a_link_to_nothing_is_no_reason_to_serve_with_defaults() -> None:
    Path("doorward.toml").symlink_to("gone.toml")
    with pytest.raises(SettingsError, match=r"^doorward\.toml: no such file"):
        load({}, {}, None)


def test_which_file_is_read() -> None:
    assert settings_file(None) is None
    assert settings_file(Path("other.toml")) == Path("other.toml")
    Path("doorward.toml").touch()
    assert settings_file(None) == Path("doorward.toml")


_VALUES = st.recursive(
    st.booleans() | st.integers() | st.floats() | st.text() | st.dates() | st.times() | st.datetimes(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=6,
)


@given(
    st.dictionaries(st.sampled_from(list(Settings.model_fields)), _VALUES, max_size=4),
    st.dictionaries(st.text().map("DOORWARD_{}".format), st.text(), max_size=2),
)
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_key_is_given_nothing_but_sentences_come_out(
    values: dict[str, Any], environment: dict[str, str]
) -> None:
    try:
        assert isinstance(load(values, environment, None), Settings)
    except SettingsError as error:
        check(str(error))


@given(st.binary(max_size=300) | st.text().map(lambda text: text.encode("utf-8", "surrogatepass")))
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_bytes_the_file_holds_nothing_but_sentences_come_out(data: bytes) -> None:
    Path("doorward.toml").write_bytes(data)
    try:
        load({}, {}, None)
    except SettingsError as error:
        check(str(error))


def test_a_running_server_knows_what_would_hold_with_another_content_of_its_file(tmp_path: Path) -> None:
    file = tmp_path / "doorward.toml"
    file.write_text("margin = 0.1\n")
    sources = Sources({"frames": 4}, {"DOORWARD_POLICY": "all", "HOME": "/root"}, file)
    assert sources.load() == load({"frames": 4}, {"DOORWARD_POLICY": "all"}, file)
    assert sources.path == file and sources.file == file
    found = sources.settings(b"margin = 0.2\nframes = 5\nthreshold = 0.3\n", "dlib")
    assert (found.margin, found.frames, found.policy.value) == (0.2, 4, "all")
    assert (found.recogniser, found.threshold) == ("dlib", 0.3), "as the one that runs was measured"
    for name, place in [
        ("frames", "flag --frames"),
        ("policy", "environment DOORWARD_POLICY"),
        ("margin", None),
    ]:
        assert sources.overriding(name) == place
    for content, wrong in [
        (b"margin = 2\n", f"margin ({file}): write a number from 0.01 to 0.3, not 2"),
        (b"= 2\n", f"{file}: not valid TOML"),
    ]:
        with pytest.raises(SettingsError) as refused:
            sources.settings(content, "sface")
        assert str(refused.value).startswith(wrong)


def test_a_file_that_is_not_there_would_be_made_where_the_server_was_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    sources = Sources({}, {}, None)
    monkeypatch.chdir("/")
    assert (sources.file, sources.path) == (None, tmp_path / "doorward.toml")
