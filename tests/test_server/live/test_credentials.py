"""Tokens and certificates at a running server: what is revoked, or has expired, is parted with."""

import asyncio
import contextlib
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from server.commands import terminals, tls_terminal
from server.database.database import address_of, opened
from server.settings import Settings
from server.support.clock import now_ms
from server.tokens.tables import TERMINAL_CERTIFICATE, TERMINAL_TOKEN
from tests.support.authority import Authority
from tests.support.server_process import ServerProcess, running_server
from wire import ClientConnection, ErrorCode, ErrorMessage, Hello, Message, Welcome, encode

WITHIN_SECONDS = 15.0
"""Two where nothing else has the processor."""


class Site:
    """A server that asks for certificates, and one terminal."""

    def __init__(self, home: Path, authority: Authority, server: ServerProcess) -> None:
        self._home, self._authority, self._server = home, authority, server
        self.settings = settings_of(home, authority)

    def certify(self) -> None:
        asyncio.run(tls_terminal.issue(self.settings, "front", self._home / "tls"))

    def end(self, table: str, moment: int) -> None:
        """Everything in it expires then."""
        of = {"token": TERMINAL_TOKEN, "certificate": TERMINAL_CERTIFICATE}[table]
        with opened(address_of(self.settings.logs, None)) as database:
            database.write_here(lambda sql: sql.execute(of.update().values(expires=moment)))

    @contextlib.contextmanager
    def connected(self, token: str, certified: bool) -> Iterator["Peer"]:
        context = ssl.create_default_context(cafile=str(self._authority.ca))
        if certified:
            made = self._home / "tls" / "terminals"
            context.load_cert_chain(made / "front.pem", made / "front-key.pem")
        with (
            socket.create_connection(("127.0.0.1", self._server.port), 10) as plain,
            context.wrap_socket(plain, server_hostname="127.0.0.1") as secured,
        ):
            secured.sendall(encode(Hello("front", token)))
            yield Peer(secured)

    def answer(self, token: str, certified: bool) -> str:
        with self.connected(token, certified) as peer:
            answer = peer.hear()
        return "welcome" if isinstance(answer, Welcome) else code_of(answer)


class Peer:
    def __init__(self, secured: ssl.SSLSocket) -> None:
        self._secured = secured
        self._connection = ClientConnection()

    def hear(self, seconds: float = 10.0) -> Message | None:
        self._secured.settimeout(seconds)
        while data := self._secured.recv(4096):
            self._connection.feed(data)
            for message in self._connection.events():
                return message
        return None


def code_of(message: Message | None) -> str:
    assert isinstance(message, ErrorMessage)
    return message.code.value


def settings_of(home: Path, authority: Authority) -> Settings:
    pair = authority.server
    tls = {"tls_cert": pair.cert, "tls_key": pair.key, "tls_terminals": authority.ca}
    return Settings.model_validate({"logs": home / "logs", **tls})


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home = tmp_path_factory.mktemp("site")
    authority = Authority(home / "tls")
    config = home / "doorward.toml"
    pair = authority.server
    config.write_text(
        f'tls_cert = "{pair.cert}"\ntls_key = "{pair.key}"\ntls_terminals = "{authority.ca}"\n', "utf-8"
    )
    with running_server(home, "--config", str(config)) as server:
        yield Site(home, authority, server)


def test_a_terminal_from_its_first_token_to_its_end(site: Site) -> None:
    token = asyncio.run(terminals.add(site.settings, "front", days=30))
    soon(lambda: site.answer(token, certified=False) == "welcome")
    with site.connected(token, certified=False) as peer:
        assert isinstance(peer.hear(), Welcome)
        site.certify()
        parted(peer)
    assert site.answer(token, certified=False) == ErrorCode.UNAUTHORIZED.value, "a stolen token alone"
    newer = asyncio.run(terminals.rotate(site.settings, "front"))
    soon(lambda: site.answer(newer, certified=True) == "welcome")
    with site.connected(token, certified=True) as peer:
        assert isinstance(peer.hear(), Welcome), "the old one holds, too"
        site.end("token", now_ms())
        parted(peer)
    newest = asyncio.run(terminals.rotate(site.settings, "front"))
    soon(lambda: site.answer(newest, certified=True) == "welcome")
    with site.connected(newest, certified=True) as peer:
        assert isinstance(peer.hear(), Welcome)
        site.end("certificate", now_ms())
        parted(peer)
    site.end("certificate", now_ms() + 10**9)
    assert site.answer(newest, certified=True) != "welcome", "it has expired"


def soon(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def parted(peer: Peer) -> None:
    """And told so."""
    assert code_of(peer.hear(WITHIN_SECONDS)) == ErrorCode.UNAUTHORIZED.value


def test_who_is_revoked_goes_at_once_with_token_and_certificate(site: Site) -> None:
    asyncio.run(terminals.revoke(site.settings, "front"))
    for file in (site.settings.tls_terminals or Path()).with_name("terminals").iterdir():
        file.unlink()
    site.certify()
    token = asyncio.run(terminals.add(site.settings, "front"))
    soon(lambda: site.answer(token, certified=True) == "welcome")
    with site.connected(token, certified=True) as peer:
        assert isinstance(peer.hear(), Welcome)
        asyncio.run(terminals.revoke(site.settings, "front"))
        parted(peer)
    assert site.answer(token, certified=True) == ErrorCode.UNAUTHORIZED.value
