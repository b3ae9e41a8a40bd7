"""The command line."""

import ssl
import sys
from pathlib import Path

import pytest

from client.options import parse

NEEDED = ["--server", "localhost:5000", "--source", "0"]


def test_defaults() -> None:
    options = parse(NEEDED, environment={}, host_name=lambda: "h" * 99)
    assert (options.host, options.port, options.source) == ("localhost", 5000, "0")
    assert (options.width, options.quality, options.fps, options.late) == (640, 85, None, 0.5)
    assert options.terminal == "h" * 64
    assert options.token is None and options.tls is None and options.snapshot is None
    assert options.on_grant == () and not options.loop and not options.headless
    assert options.mirror and not options.full_screen and not options.attended and options.font is None


def test_the_window_s_flags() -> None:
    options = parse([*NEEDED, "--fullscreen", "--attended", "--no-mirror", "--font", "own.ttf"])
    assert options.full_screen and options.attended and not options.mirror and options.font == Path("own.ttf")


@pytest.mark.parametrize(
    "flags",
    [
        ["--server", "localhost"],
        ["--server", "localhost:0"],
        ["--server", "localhost:65536"],
        ["--server", ":5000"],
        ["--server", "a..b:5000"],
        ["--server", "::1:5000"],
        ["--source", ""],
        ["--source", "sim:"],
        ["--width", "0"],
        ["--width", "9999"],
        ["--width", "x"],
        ["--quality", "101"],
        ["--quality", "-1"],
        ["--fps", "0"],
        ["--fps", "nan"],
        ["--late", "0"],
        ["--late", "inf"],
        ["--terminal", ""],
        ["--terminal", "x" * 65],
        ["--terminal", "a\nb"],
        ["--terminal", "a/b"],
        ["--on-grant", ""],
        ["--on-grant", "'"],
        ["--on-grant", "no-such-command-anywhere"],
        ["--snapshot", "/no/such/folder/x.png"],
        ["--snapshot", "/no/such/folder/"],
        ["--snapshot", "no_such_folder/"],
        ["--token-file", "/no/such/file"],
        ["--ca", "/no/such/file"],
        ["--token", "secret"],
        ["--head"],
    ],
)
def test_bad_flags_are_wrong_usage(flags: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse([*NEEDED, *flags])
    assert caught.value.code == 2
    assert flags[0].lstrip("-") in capsys.readouterr().err or flags[0] in ("--token-file", "--ca")


@pytest.mark.parametrize("missing", ["--server", "--source"])
def test_needed_flags(missing: str) -> None:
    at = NEEDED.index(missing)
    with pytest.raises(SystemExit):
        parse(NEEDED[:at] + NEEDED[at + 2 :])


def test_addresses() -> None:
    assert parse(["--source", "0", "--server", "[::1]:5001"]).host == "::1"
    assert parse(["--source", "0", "--server", "door.example.org:65535"]).port == 65535


def test_token_from_file_or_environment(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("from-file\n")
    environment = {"DOORWARD_TOKEN": "from-environment", "HOME": "/root"}
    options = parse(NEEDED, environment)
    assert options.token == "from-environment"
    assert "from-environment" not in repr(options), "a token must not reach a log"
    assert options.environment == {"HOME": "/root"}
    assert parse([*NEEDED, "--token-file", str(file)], environment).token == "from-file"
    assert parse(NEEDED, {"DOORWARD_TOKEN": ""}).token is None


@pytest.mark.parametrize("content", [b"", b"  \n", b"x" * 1025, b"a\0b", b"\xff\xfe"])
def test_bad_token_files(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "token").write_bytes(content)
    with pytest.raises(SystemExit) as caught:
        parse([*NEEDED, "--token-file", str(tmp_path / "token")])
    assert caught.value.code == 2


def test_command_is_split_like_a_shell_does() -> None:
    command = parse([*NEEDED, "--on-grant", f"{sys.executable} -c 'print(1); exit()' '$HOME'"]).on_grant
    assert command == (sys.executable, "-c", "print(1); exit()", "$HOME")


def test_tls_verifies() -> None:
    tls = parse([*NEEDED, "--tls"]).tls
    assert tls and tls.check_hostname and tls.verify_mode is ssl.CERT_REQUIRED


def test_a_pin_stands_in_place_of_an_authority_or_beside_it() -> None:
    alone = parse([*NEEDED, "--pin", "AB" * 32, "--pin", "cd" * 32])
    assert alone.pins == {"ab" * 32, "cd" * 32}
    assert alone.tls and not alone.tls.check_hostname and alone.tls.verify_mode is ssl.CERT_NONE
    both = parse([*NEEDED, "--pin", "ab" * 32, "--tls"])
    assert both.tls and both.tls.check_hostname and both.tls.verify_mode is ssl.CERT_REQUIRED
    assert parse(NEEDED).pins == frozenset()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--pin", "ab"], "is not a SHA-256 fingerprint"),
        (["--tls", "--cert", "a.pem"], "--cert and --key go together"),
        (["--tls", "--key", "a.pem"], "--cert and --key go together"),
        (["--cert", "a.pem", "--key", "b.pem"], "is shown to a server that is known"),
        (
            ["--tls", "--cert", "no-such.pem", "--key", "b.pem"],
            "--cert no-such.pem, --key b.pem: No such file",
        ),
    ],
)
def test_what_cannot_be_shown_or_trusted_is_told(
    given: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parse([*NEEDED, *given])
    assert told in " ".join(capsys.readouterr().err.split())
