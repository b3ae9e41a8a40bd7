"""`--doctor`: whether a terminal would work here. A line for each point, which says what to do.

Nothing is shown, and nobody is let in.
"""

import os
import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import takewhile
from typing import NamedTuple

from client.camera.frames import Image
from client.camera.sources import CameraLostError, Source, open_source
from client.connection.reconnect import FAILURES, RefusedError, reason
from client.connection.stream import Stream, Waker, connect
from client.exits import Exit, FatalError
from client.options import Options
from client.say import printable
from client.screen.display import display_problem
from wire import ClientConnection, ErrorMessage, Hello, Ping, Pong, Welcome, encode
from wire.messages import FromServer

LOOK_SECONDS = 3.0
"""How long the camera is looked at."""
DARK = 24.0
"""Mean brightness, of 255, below which next to nothing is to be seen."""
SLOW_FPS = 5.0
"""Whoever is asked to turn the head is followed from picture to picture."""
ANSWER_SECONDS = 10.0
SKEW_SECONDS = 2.0
"""What the server complains of, too."""
EXPIRY_DAYS = 30.0
DAY_SECONDS = 86400.0


@dataclass(frozen=True)
class Finding:
    """One point. `error`: with which code the terminal would end, or what it would not do; None: it would
    work. `warning`: it would work, but."""

    about: str
    detail: str
    error: Exit | None = None
    warning: bool = False

    def __str__(self) -> str:
        grade = "ERROR" if self.error is not None else "warning" if self.warning else "ok"
        return printable(f"{grade:<8} {self.about}: {self.detail}")


class Look(NamedTuple):
    """One picture of the camera. `at`: monotonic seconds. `brightness`: its mean, 0 to 255. `content`: the
    same for the very same picture."""

    at: float
    brightness: float
    content: int


def run(options: Options) -> Exit:
    """Print what is found. The first error's code."""
    code = Exit.OK
    for finding in examine(options):
        print(finding, flush=True)
        if code is Exit.OK and finding.error is not None:
            code = finding.error
    return code


def examine(options: Options) -> Iterator[Finding]:
    """One finding after the other, as they are made."""
    yield _window(options)
    yield from _camera(options)
    yield from _server(options)


def _window(options: Options) -> Finding:
    if options.headless:
        return Finding("window", "none is wanted (--headless)")
    if problem := display_problem(os.environ):
        advice = "start it in the desktop's session, install opencv-python, or use --headless"
        return Finding("window", f"{problem}: {advice}", Exit.NO_DISPLAY)
    return Finding("window", "it can be opened")


def _camera(options: Options) -> Iterator[Finding]:
    try:
        source = open_source(options.source, options.fps)
        looks = list(look(source))
    except FatalError as error:
        yield Finding("camera", error.message, Exit.SOURCE)
    except CameraLostError as error:
        cure = "is it plugged in, does another program have it, is this user in the group video? --source N"
        yield Finding("camera", f"{options.source}: {error}: {cure}", Exit.SOURCE)
    else:
        yield from judge(source.name, source.live, looks)


def look(source: Source) -> Iterator[Look]:
    """What it shows for `LOOK_SECONDS`. Raises CameraLostError, FatalError."""
    end = time.monotonic() + LOOK_SECONDS
    with closing(source.frames()) as pictures:
        for image, _ in takewhile(lambda _: time.monotonic() < end, pictures):
            yield _looked_at(image)


def _looked_at(image: Image) -> Look:
    return Look(time.monotonic(), float(image.mean()), hash(image.tobytes()))


def judge(name: str, live: bool, looks: Sequence[Look]) -> Iterator[Finding]:
    """What is wrong with these pictures. `live`: they come from a camera, at its own pace."""
    if not looks:
        yield Finding("camera", f"{name} gives no picture: choose another --source", Exit.SOURCE)
        return
    brightness = sum(each.brightness for each in looks) / len(looks)
    if brightness < DARK:
        yield Finding("camera", f"{name} is dark: take off its cover, switch on a light", warning=True)
    if not live:
        yield Finding("camera", f"{name} gives pictures; it is no camera")
        return
    if len(looks) > 1 and len({each.content for each in looks}) == 1:
        cure = "the very same picture comes again and again: plug the camera in anew, or look at its stream"
        yield Finding("camera", f"{name}: {cure}", warning=True)
    seconds = looks[-1].at - looks[0].at
    fps = (len(looks) - 1) / seconds if seconds else 0.0
    if fps < SLOW_FPS:
        cure = "more light, another cable, or a smaller picture"
        yield Finding("camera", f"{name} gives {fps:.1f} pictures a second: {cure}", warning=True)
    elif brightness >= DARK:
        yield Finding("camera", f"{name} gives {fps:.0f} pictures a second")


def _server(options: Options) -> Iterator[Finding]:
    where = f"{options.host}:{options.port}"
    try:
        sock = connect(options.host, options.port, options.tls, options.pins)
    except FAILURES as failure:
        yield Finding("server", f"{where}: {reason(failure)}{_cure(options, failure)}", Exit.REFUSED)
        return
    yield Finding("server", f"{where} can be reached")
    yield _certificate(sock)
    stream = Stream(sock, Waker())
    try:
        yield from _talk(options, stream)
    except FAILURES as failure:
        yield Finding("token", f"{reason(failure)}{_cure(options, failure)}", Exit.REFUSED)
    finally:
        stream.close()


def _cure(options: Options, failure: Exception) -> str:
    if isinstance(failure, socket.gaierror):
        return ": write the name into DNS, or into /etc/hosts of this machine"
    if isinstance(failure, TimeoutError):
        return ": is it switched on, and does its firewall let this machine in?"
    if isinstance(failure, RefusedError):
        asked = "" if options.certified else ", and which need a certificate as well (--cert and --key)"
        return f": on the server, `python -m server terminals list` tells which terminals have a token{asked}"
    if isinstance(failure, ConnectionRefusedError):
        return ""
    if options.certified and isinstance(failure, (ConnectionError, ssl.SSLError)):
        return ": does the server know the authority of --cert (tls_terminals)? Its console says more"
    if isinstance(failure, ConnectionError):
        return ": if the server uses TLS, give --ca FILE or --tls; its console says more"
    return ""


def _certificate(sock: socket.socket) -> Finding:
    if not isinstance(sock, ssl.SSLSocket):
        return Finding("TLS", "none: pictures can be read on the way, and answers forged", warning=True)
    ends = (sock.getpeercert() or {}).get("notAfter")
    if ends is None:  # nobody asked for more than its key
        return Finding("TLS", "the server has the key of --pin")
    left = (ssl.cert_time_to_seconds(str(ends)) - time.time()) / DAY_SECONDS
    if left < EXPIRY_DAYS:
        cure = "renew it on the server: python -m server tls renew"
        return Finding(
            "TLS", f"the server's certificate is valid for {left:.0f} more days: {cure}", warning=True
        )
    return Finding("TLS", f"the server's certificate is trusted, and valid for {left:.0f} more days")


def _talk(options: Options, stream: Stream) -> Iterator[Finding]:
    """Raises one of FAILURES: the server refuses this terminal, or says nothing."""
    protocol = ClientConnection()
    _ask(stream, protocol, Hello(options.terminal, options.token), Welcome)
    how = "by its token" if options.token else "without a token"
    yield Finding("token", f"the server lets {options.terminal!a} in, {how}")
    sent = time.time()
    pong = _ask(stream, protocol, Ping(1, sent), Pong)
    if isinstance(pong, Pong) and pong.clock is not None:
        yield skew((sent + time.time()) / 2 - pong.clock)


def _ask(
    stream: Stream, protocol: ClientConnection, question: Hello | Ping, wanted: type[Welcome | Pong]
) -> FromServer:
    stream.send(encode(question))
    end = time.monotonic() + ANSWER_SECONDS
    while time.monotonic() < end:
        protocol.feed(stream.exchange(0.2))
        for message in protocol.events():
            if isinstance(message, ErrorMessage):
                raise RefusedError(message)
            if isinstance(message, wanted):
                return message
    raise ConnectionError(f"the server has not answered for {ANSWER_SECONDS:g} s")


def skew(seconds: float) -> Finding:
    """How far this machine's clock is ahead of the server's."""
    if abs(seconds) <= SKEW_SECONDS:
        return Finding("clock", f"it is within {SKEW_SECONDS:g} s of the server's")
    way = "ahead of" if seconds > 0 else "behind"
    detail = f"it is {abs(seconds):.0f} s {way} the server's: sudo timedatectl set-ntp true, on both"
    return Finding("clock", detail, warning=True)
