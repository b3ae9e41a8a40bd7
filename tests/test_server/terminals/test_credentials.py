"""Who is let in where terminals have certificates, over real TLS: none but the terminal itself."""

import asyncio
import contextlib
import socket
import ssl
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from server.audit.security_log import SecurityKind
from server.support.tls import Tls
from server.terminals.connections import Connections
from server.terminals.credentials import ShownCertificate
from server.terminals.listener import Listener
from server.terminals.session import Session
from server.tokens.accepted import AcceptedTokens
from tests.support import certificate, virtual_time
from tests.support.authority import Authority, Pair
from tests.support.fake_transport import FakeTransport
from wire import ClientConnection, ErrorCode, ErrorMessage, Hello, Limits, Message, Welcome, encode

TOKENS = {"front": "the token of the front door", "back": "the token of the back door"}
NAMED = "front", TOKENS["front"]


class Peer:
    """A terminal's end of a connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._connection = ClientConnection()

    @property
    def tls(self) -> ssl.SSLObject:
        found: ssl.SSLObject = self._writer.get_extra_info("ssl_object")
        return found

    async def hello(self, terminal: str, token: str | None) -> Message | None:
        """The answer; None: the connection was closed without one."""
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            self._writer.write(encode(Hello(terminal, token)))
            return await self.hear()
        return None

    async def hear(self) -> Message | None:
        while data := await self._reader.read(4096):
            self._connection.feed(data)
            for message in self._connection.events():
                return message
        return None

    def close(self) -> None:
        self._writer.transport.abort()


class Site:
    """A server's port, with TLS, of an authority that has given certificates to two terminals."""

    def __init__(self, folder: Path) -> None:
        self.authority = Authority(folder / "tls")
        self.front, self.back = self.authority.terminal("front"), self.authority.terminal("back")
        self.notices: list[tuple[SecurityKind, object]] = []
        self.record(front=[self.front], back=[self.back])
        server = self.authority.server
        self._tls = Tls(server.cert, server.key, self.authority.ca)
        self.connections = connections(lambda: self.accepted, self._tls.terminals, self._notice)

    def record(self, *, any_certificate: bool = False, **pairs: list[Pair]) -> None:
        certificates = {name: frozenset(pair.fingerprint for pair in of) for name, of in pairs.items()}
        self.accepted = AcceptedTokens.of(TOKENS, {}, True, certificates, any_certificate)

    def _notice(self, kind: SecurityKind, **told: object) -> None:
        self.notices.append((kind, told.get("why")))

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        listener = await Listener.bind("127.0.0.1", 0)
        listener.listen()
        self._port = listener.addresses[0][1]
        accepting = asyncio.ensure_future(listener.accept(self.connections.accept))
        try:
            yield
        finally:
            accepting.cancel()
            await asyncio.wait({accepting})
            await self.connections.hang_up(5)
            listener.close()

    def context(self, pair: Pair | None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.authority.ca))
        if pair is not None:
            context.load_cert_chain(pair.cert, pair.key)
        return context

    async def connect(self, context: ssl.SSLContext) -> Peer:
        return Peer(*await asyncio.open_connection("127.0.0.1", self._port, ssl=context))

    async def said(self, pair: Pair | None, terminal: str, token: str | None) -> Message | None:
        peer = await self.connect(self.context(pair))
        try:
            return await peer.hello(terminal, token)
        finally:
            peer.close()

    def exchange(
        self, context: ssl.SSLContext, session: ssl.SSLSession | None
    ) -> tuple[Message, ssl.SSLSession | None]:
        """In a thread: what a hello is answered with, and the session of TLS for another time."""
        with (
            socket.create_connection(("127.0.0.1", self._port), 5) as plain,
            context.wrap_socket(plain, server_hostname="127.0.0.1", session=session) as secured,
        ):
            secured.sendall(encode(Hello(*NAMED)))
            connection = ClientConnection()
            connection.feed(secured.recv(4096))
            return next(iter(connection.events())), secured.session


def connections(
    accepted: Callable[[], AcceptedTokens], tls: ssl.SSLContext | None, notice: Callable[..., None]
) -> Connections:
    async def leave(session: Session) -> None:
        pass

    return Connections(
        limits=Limits(20_000, 1_000_000),
        tokens=accepted,
        max_terminals=10,
        refuse_second=False,
        tls=tls,
        note=lambda terminal: None,
        on_join=lambda session: None,
        on_frame=lambda session, frame: None,
        on_propose=lambda session, seq: None,
        on_leave=leave,
        notice=notice,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("site")


@pytest.fixture
def site(folder: Path) -> Site:
    return Site(folder)


def run(site: Site, test: Callable[[], Awaitable[None]]) -> None:
    async def opened() -> None:
        async with site.open():
            await test()

    asyncio.run(opened())


def refused(site: Site, pair: Pair | None, terminal: str = "front", token: str | None = NAMED[1]) -> str:
    """It was refused in the words of the wire. Returns why, which the server alone is told."""

    async def test() -> None:
        error = await site.said(pair, terminal, token)
        assert isinstance(error, ErrorMessage) and error.code is ErrorCode.UNAUTHORIZED
        assert error.message == "this terminal and token are not accepted here", "nothing is told of why"

    run(site, test)
    ((kind, why),) = site.notices
    return str(why) if kind is SecurityKind.TERMINAL_CERTIFICATE_REFUSED else kind.value


def turned_away(site: Site, pair: Pair) -> str:
    """The same, before it has said a word."""

    async def test() -> None:
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            assert await site.said(pair, *NAMED) is None

    run(site, test)
    ((kind, why),) = site.notices
    assert kind is SecurityKind.TERMINAL_CERTIFICATE_REFUSED
    return str(why)


def test_with_its_certificate_and_its_token_a_terminal_is_welcome(site: Site) -> None:
    async def test() -> None:
        for pair, terminal in ((site.front, "front"), (site.back, "back")):
            assert isinstance(await site.said(pair, terminal, TOKENS[terminal]), Welcome)

    run(site, test)


def test_each_certificate_on_record_is_good_during_a_renewal(site: Site) -> None:
    newer = site.authority.terminal("front", "newer")
    site.record(front=[site.front, newer])

    async def test() -> None:
        for pair in (site.front, newer):
            assert isinstance(await site.said(pair, *NAMED), Welcome)

    run(site, test)


def test_a_stolen_token_alone_opens_nothing(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    assert "no certificate" in refused(site, None)
    assert "no certificate, for terminal 'front'" in caplog.text


def test_a_certificate_without_the_token_opens_nothing(site: Site) -> None:
    assert refused(site, site.front, token=None) == "wrong_token"


def test_another_terminals_certificate_opens_nothing(site: Site) -> None:
    assert refused(site, site.back) == "the certificate of another"


def test_another_terminals_certificate_is_not_shown_by_one_that_needs_none(site: Site) -> None:
    site.record(back=[site.back])
    assert refused(site, site.back) == "the certificate of another"


def test_a_certificate_of_the_authority_that_is_not_on_record_opens_nothing(site: Site) -> None:
    assert "not on record" in refused(site, site.authority.terminal("front", "forged"))


def test_a_revoked_certificate_opens_nothing(site: Site) -> None:
    site.record(front=[])
    assert "was revoked" in refused(site, site.front)


def test_an_expired_certificate_opens_nothing_and_the_log_says_so(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    old = site.authority.terminal("front", "old", days=-1)
    site.record(front=[old])
    assert refused(site, old) == f"a certificate that expired on {old.until:%Y-%m-%d}"
    assert f"that expired on {old.until:%Y-%m-%d}, for terminal 'front'" in caplog.text


def test_a_certificate_is_not_good_before_its_time(site: Site) -> None:
    early = site.authority.terminal("front", "early", days=399)
    site.record(front=[early])
    assert refused(site, early).startswith("a certificate that holds only from ")


def test_the_right_name_of_another_authority_opens_nothing(
    site: Site, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    forged = Authority(tmp_path).terminal("front")
    site.record(front=[site.front, forged])
    assert "issuer" in turned_away(site, forged)
    assert "refused: its certificate: " in caplog.text


@certificate.needs_openssl
def test_a_certificate_that_vouches_for_itself_opens_nothing(site: Site, tmp_path: Path) -> None:
    cert, key = certificate.make(tmp_path)
    assert "self" in turned_away(site, Pair(cert, key, "", site.front.until))


def test_the_servers_own_certificate_is_none_of_a_terminal(site: Site) -> None:
    assert turned_away(site, site.authority.server) in (
        "unsupported certificate purpose",
        "unsuitable certificate purpose",
    )


def test_a_terminal_that_needs_no_certificate_is_not_asked_for_more(site: Site) -> None:
    site.record(back=[site.back])

    async def test() -> None:
        assert isinstance(await site.said(None, *NAMED), Welcome)
        assert isinstance(await site.said(site.front, *NAMED), Welcome)

    run(site, test)


def test_while_nobody_knows_what_is_on_record_everybody_must_show_one(site: Site) -> None:
    site.record(any_certificate=True)
    assert "no certificate" in refused(site, None)

    async def test() -> None:
        assert isinstance(await site.said(site.front, *NAMED), Welcome)

    run(site, test)


def test_who_is_connected_with_a_certificate_that_is_revoked_is_parted_with(site: Site) -> None:
    async def test() -> None:
        front = await site.connect(site.context(site.front))
        back = await site.connect(site.context(site.back))
        assert isinstance(await front.hello(*NAMED), Welcome)
        assert isinstance(await back.hello("back", TOKENS["back"]), Welcome)
        site.record(front=[], back=[site.back])
        told = asyncio.ensure_future(front.hear())
        await site.connections.dismiss_unauthorised()
        last = await told
        assert isinstance(last, ErrorMessage) and last.code is ErrorCode.UNAUTHORIZED
        assert await front.hear() is None
        front.close()
        back.close()

    run(site, test)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_no_session_is_resumed_past_the_check(site: Site, version: ssl.TLSVersion) -> None:
    async def test() -> None:
        context = site.context(site.front)
        context.minimum_version = context.maximum_version = version
        answer, session = await asyncio.to_thread(site.exchange, context, None)
        assert isinstance(answer, Welcome) and (session is None or not session.has_ticket)
        site.record(front=[])
        answer, _ = await asyncio.to_thread(site.exchange, context, session)
        assert isinstance(answer, ErrorMessage)

    run(site, test)


def test_old_tls_is_refused(site: Site) -> None:
    async def test() -> None:
        context = site.context(site.front)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await site.connect(context)

    run(site, test)


def test_a_browser_cannot_be_a_terminal_that_has_a_certificate() -> None:
    """Its transport has none to show, as is a connection without TLS."""
    accepted = AcceptedTokens.of(TOKENS, {}, True, {"front": frozenset({"abc"})})

    async def test() -> None:
        site = connections(lambda: accepted, None, lambda kind, **told: None)
        for terminal, right in (("front", False), ("back", True)):
            transport = FakeTransport()
            site.serve(transport, "10.0.0.7")
            transport.say(Hello(terminal, TOKENS[terminal]))
            (answer, *_) = await transport.hear()
            assert isinstance(answer, Welcome) is right
        await site.hang_up(5)

    virtual_time.run(test())


def test_without_tls_nothing_is_shown() -> None:
    assert ShownCertificate.of(None) is None
