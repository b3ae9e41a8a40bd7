"""What is fuzzed: functions that return, whatever bytes they are given. What they raise is a fault."""

import contextlib
from collections.abc import Callable, Iterator
from datetime import datetime

from server.access.seen import PictureError
from server.audit.access_log import parse
from server.audit.seals import ORIGIN, following, with_seal
from server.audit.verifying import Place, Verifier
from server.history.logs import read_line
from server.recording.format import FormatError, number_of, unpack, unpack_header
from server.roster.people_file import PeopleFileError
from server.roster.people_file import parse as parse_people
from server.startup.sources import SettingsError, Sources
from server.vision.jpeg_segments import without_metadata
from server.vision.picture import JpegFrame, decode_photo
from server.workers.answers import AnswerError, TaskError, unpacked
from tests.support import virtual_time
from tests.test_server.terminals.test_session import Met
from wire import (
    ClientConnection,
    Frame,
    Hello,
    Limits,
    Ping,
    Propose,
    ProtocolError,
    ServerConnection,
    Welcome,
    encode,
)
from wire.framing import framed

FRAME_BYTES = 1 << 16
MAX_PIXELS = 200_000
KEY = bytes(range(32))
TOKEN = "a token of the front door"


WELCOME = encode(Welcome("session", Limits(FRAME_BYTES, MAX_PIXELS)))


def pieces(data: bytes) -> Iterator[bytes]:
    """The bytes as a network could cut them: the first one says how long pieces are."""
    size = max(1, data[0]) if data else 1
    for at in range(1, len(data), size):
        yield data[at : at + size]


def from_terminals(data: bytes) -> None:
    """Bytes as they come. Frames are within their limit, and their numbers rise."""
    connection, last = ServerConnection(FRAME_BYTES), -1
    with contextlib.suppress(ProtocolError):
        for piece in pieces(data):
            connection.feed(piece)
            for event in connection.events():
                if isinstance(event, Hello):
                    assert last == -1
                    connection.accept()
                elif isinstance(event, Frame):
                    assert event.seq > last and len(event.jpeg) <= FRAME_BYTES
                    last = event.seq
                check_again(event)


def check_again(event: Hello | Frame | Ping | Propose) -> None:
    """What was read is what is sent again."""
    again = ServerConnection(FRAME_BYTES)
    again.feed(encode(event if isinstance(event, Hello) else Hello("door")))
    (hello,) = again.events()
    if not isinstance(event, Hello):
        again.accept()
        again.feed(encode(event))
        (read,) = again.events()
        assert read == event
    else:
        assert hello == event


def one_from_a_terminal(data: bytes) -> None:
    """One message, its length right: what is behind the lengths."""
    connection = ServerConnection(FRAME_BYTES)
    connection.feed(encode(Hello("door")))
    list(connection.events())
    connection.accept()
    connection.feed(framed(data))
    with contextlib.suppress(ProtocolError):
        for event in connection.events():
            check_again(event)


def from_servers(data: bytes) -> None:
    """Bytes as they come to a terminal."""
    connection = ClientConnection()
    with contextlib.suppress(ProtocolError):
        for piece in pieces(data):
            connection.feed(piece)
            list(connection.events())


def one_from_a_server(data: bytes) -> None:
    """One message, its length right, after a welcome."""
    connection = ClientConnection()
    connection.feed(WELCOME + framed(data))
    with contextlib.suppress(ProtocolError):
        list(connection.events())


def session(data: bytes) -> None:
    """A whole session of the server. It ends, has no faults, and nobody is served before hello."""

    async def meet() -> None:
        met = Met({"door": TOKEN}, admits=True)
        for piece in pieces(data):
            met.terminal.say_bytes(piece)
        met.terminal.leave()
        await met.running
        assert met.terminal.aborted and not met.session.open
        assert met.session.welcomed or not (met.frames or met.proposed)
        assert met.session.terminal in ("", "door") or not met.session.welcomed

    virtual_time.run(meet())


def frame(data: bytes) -> None:
    """A JPEG as a terminal sends it."""
    with contextlib.suppress(PictureError):
        read = JpegFrame(data, MAX_PIXELS)
        assert read.width * read.height <= MAX_PIXELS
        assert read.gray(0.5).width == read.width
        assert read.rgb().shape == (read.height, read.width, 3)


def photo(data: bytes) -> None:
    """A picture as somebody drops it into faces/."""
    with contextlib.suppress(PictureError):
        picture, factor = decode_photo(data, MAX_PIXELS, 100)
        assert max(picture.shape[:2]) <= 100 and picture.shape[2] == 3 and factor > 0


def segments(data: bytes) -> None:
    """A JPEG that loses its metadata."""
    with contextlib.suppress(PictureError):
        assert len(without_metadata(data)) <= len(data)


def settings(data: bytes) -> None:
    with contextlib.suppress(SettingsError):
        Sources({}, {}, None).settings(data, "sface")


def people(data: bytes) -> None:
    with contextlib.suppress(PeopleFileError):
        parse_people(data).orders("door", datetime(2026, 11, 23, 12))


def log_line(data: bytes) -> None:
    with contextlib.suppress(ValueError):
        read_line(data)
    with contextlib.suppress(ValueError):
        parse(data.decode())


def seals(data: bytes) -> None:
    """Lines that somebody has put between two that are sealed: none of them counts as one of ours."""
    before, first = ORIGIN, b"first"
    one = following(KEY, before, first)
    two = following(KEY, one, b"second")
    lines = [with_seal(first, one), *data.split(b"\n"), with_seal(b"second", two)]
    verifier = Verifier(KEY)
    findings = [found for at, line in enumerate(lines) for found in verifier.take(Place("log", at + 1), line)]
    findings += verifier.finish(two, ended=True)
    assert verifier.seen.good <= 2
    assert verifier.seen.good == 2 or findings


def answer(data: bytes) -> None:
    """What a worker that was taken over answers."""
    with contextlib.suppress(AnswerError):
        result, error = unpacked(data)
        assert error is None or isinstance(error, PictureError | TaskError)
        assert error is None or result is None


def recording(data: bytes) -> None:
    for read in (unpack_header, number_of, unpack):
        with contextlib.suppress(FormatError):
            read(data)


TARGETS: dict[str, Callable[[bytes], None]] = {
    target.__name__: target
    for target in (
        from_terminals,
        one_from_a_terminal,
        from_servers,
        one_from_a_server,
        session,
        frame,
        photo,
        segments,
        settings,
        people,
        log_line,
        seals,
        answer,
        recording,
    )
}
