"""The command line, parsed once into a frozen value. Needs no OpenCV."""

import argparse
import os
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from client.arguments import address, command, pin, real, source, terminal, whole, writable
from client.tls import context
from wire import TERMINAL_CHARS, TOKEN_CHARS

TOKEN_VARIABLE = "DOORWARD_TOKEN"  # noqa: S105 - its name, not its value

EPILOG = f"""\
examples:
  python -m client --server door.example.org:5000 --source 0
  python -m client --server 192.168.1.10:5000 --source rtsp://camera.local/stream --terminal "back door"
  python -m client --server localhost:5000 --source sim:photos/ --headless | jq .verdict
  {TOKEN_VARIABLE}=... python -m client --server door.example.org:5000 --source 0 --on-grant "relay open"

keys:
  q, Esc  quit        f  full screen        a  propose the unknown face in view (--attended)

exit codes:
  0  the source ended, or somebody quit     3  the source, or OpenCV itself, cannot be used
  1  a defect                               4  refused by the server (token, version, certificate)
  2  wrong usage                            5  no display

One frame at a time is sent: the next one when the server has answered. While nothing moves in front of a
camera and nobody is seen, two frames a second go out (idle rate); files and folders know no such pause.

The grant command runs once for each granted decision with DOORWARD_DECISION_ID, DOORWARD_VERDICT,
DOORWARD_NAMES (a JSON array), DOORWARD_REASON and DOORWARD_TERMINAL in its environment.
"""


@dataclass(frozen=True)
class Options:
    """What the person who started the terminal wants."""

    host: str
    port: int
    source: str
    width: int
    quality: int
    fps: float | None
    loop: bool
    late: float
    terminal: str
    token: str | None = field(repr=False)
    headless: bool
    full_screen: bool
    attended: bool
    mirror: bool
    font: Path | None
    snapshot: Path | None
    doctor: bool
    on_grant: tuple[str, ...]
    environment: dict[str, str] = field(repr=False)
    tls: ssl.SSLContext | None
    pins: frozenset[str]
    certified: bool
    """Whether it shows a certificate."""


def parse(
    argv: Sequence[str] | None = None,
    environment: Mapping[str, str] = os.environ,
    host_name: Callable[[], str] = socket.gethostname,
) -> Options:
    """Options from the command line and the environment. Exits with code 2 when they make no sense."""
    parser = _parser(host_name()[:TERMINAL_CHARS] or "terminal")
    args = parser.parse_args(argv)
    host, port = args.server
    try:
        token = _token(args.token_file, environment)
        tls = _tls(args)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    return Options(
        host=host,
        port=port,
        source=args.source,
        width=args.width,
        quality=args.quality,
        fps=args.fps,
        loop=args.loop,
        late=args.late,
        terminal=args.terminal,
        token=token,
        headless=args.headless,
        full_screen=args.fullscreen,
        attended=args.attended,
        mirror=not args.no_mirror,
        font=args.font,
        snapshot=args.snapshot,
        doctor=args.doctor,
        on_grant=args.on_grant,
        environment=_without_token(environment),
        tls=tls,
        pins=frozenset(args.pin),
        certified=args.cert is not None,
    )


def _tls(args: argparse.Namespace) -> ssl.SSLContext | None:
    """Raises ValueError."""
    checked = args.tls or args.ca is not None
    if (args.cert is None) != (args.key is None):
        raise ValueError("--cert and --key go together")
    if args.cert is not None and not (checked or args.pin):
        raise ValueError("--cert is shown to a server that is known: give --ca, --pin or --tls, too")
    if not checked and not args.pin:
        return None
    return context(args.ca, pinned=not checked, cert=args.cert, key=args.key)


def _parser(host_name: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="doorward-client",
        description="The door terminal: shows the camera, asks the server who is there, shows the verdict.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--server", type=address, required=True, metavar="HOST:PORT", help="the server to ask")
    add(
        "--source",
        type=source,
        required=True,
        help="camera number, video file, RTSP or HTTP address, folder of images,"
        " or sim:PATH for a simulated camera in front of which the people on the photos in PATH appear",
    )
    add(
        "--width",
        type=whole(64, 3840),
        default=640,
        metavar="PX",
        help="send frames at most this wide (640)",
    )
    add("--quality", type=whole(10, 100), default=85, metavar="N", help="JPEG quality of sent frames (85)")
    add("--fps", type=real(0.01, 240), metavar="N", help="play at this rate instead of the source's own")
    add("--loop", action="store_true", help="play files and folders again and again")
    add(
        "--doctor",
        action="store_true",
        help="look at camera, window, server, token, certificate and clock, say what to do, and end;"
        " while no terminal runs under this name",
    )
    _add_connection(parser, host_name)
    _add_screen(parser)
    return parser


def _add_connection(parser: argparse.ArgumentParser, host_name: str) -> None:
    add = parser.add_argument
    add(
        "--late",
        type=real(0.05, 60),
        default=0.5,
        metavar="S",
        help="an answer is late after S seconds (0.5)",
    )
    add(
        "--terminal",
        type=terminal,
        default=host_name,
        metavar="NAME",
        help="this terminal's name (%(default)s)",
    )
    add("--token-file", type=Path, metavar="FILE", help=f"holds its token (or set {TOKEN_VARIABLE})")
    add("--tls", action="store_true", help="encrypt the connection and check the server's certificate")
    add("--ca", type=Path, metavar="FILE", help="trust the certificates in FILE (PEM) only; implies --tls")
    add(
        "--pin",
        type=pin,
        action="append",
        default=[],
        metavar="SHA256",
        help="trust the server whose key has this fingerprint, and no other; may be repeated; with --ca or"
        " --tls both must hold",
    )
    add("--cert", type=Path, metavar="FILE", help="prove who this terminal is by this certificate (PEM)")
    add("--key", type=Path, metavar="FILE", help="the key (PEM) of --cert")


def _add_screen(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--headless", action="store_true", help="no window; one JSON object per line on standard output")
    add("--fullscreen", action="store_true", help="fill the screen from the start, window manager or not")
    add("--attended", action="store_true", help="let the key a propose an unknown face for enrolment")
    add("--no-mirror", action="store_true", help="show a camera's picture as it is, not as a mirror does")
    add(
        "--font",
        type=Path,
        metavar="FILE",
        help="write names and notes in this font, as far as it has the letters",
    )
    add(
        "--snapshot",
        type=writable,
        metavar="PATH",
        help="write the picture of each decision there, as PNG: into a file, or one file each into a folder",
    )
    add(
        "--on-grant",
        type=command,
        default=(),
        metavar="CMD",
        help="run this, without a shell, for each grant",
    )


def _without_token(environment: Mapping[str, str]) -> dict[str, str]:
    """For the grant command, which needs no token; a copy, before OpenCV adds its paths."""
    return {key: value for key, value in environment.items() if key != TOKEN_VARIABLE}


def _token(path: Path | None, environment: Mapping[str, str]) -> str | None:
    """Never from the command line: every user of the machine can read that in the process list."""
    where, token = TOKEN_VARIABLE, environment.get(TOKEN_VARIABLE) or None
    if path is not None:
        where, token = str(path), path.read_text(encoding="utf-8").strip()
    if token is not None and not (1 <= len(token) <= TOKEN_CHARS and token.isprintable()):
        raise ValueError(f"{where} must hold a token of 1 to {TOKEN_CHARS} printable characters")
    return token
