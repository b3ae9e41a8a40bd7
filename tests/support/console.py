"""A console without a server: the app over a database of its own, and browsers that ask it."""

import asyncio
import atexit
import logging
import shutil
import socket
import ssl
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from argon2 import PasswordHasher
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Connection
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from server.access.matching.gallery import Gallery
from server.access.matching.recogniser import SFACE
from server.access.orders import Roster
from server.access.present_rules import PresentRules
from server.accounts import accounts
from server.accounts.passwords import Passwords
from server.accounts.rights import Role
from server.accounts.sign_in import SignIn
from server.audit.log_files import rotations_of
from server.audit.rewriting import Change, Rewritten, rewrite_each
from server.database.database import FILE, Database, address_of, opened
from server.events import Events
from server.forgetting.forgetter import Forgetter
from server.gallery.cache import EmbeddingCache
from server.settings import Settings
from server.startup.sources import Sources
from server.terminals.live import LiveBoard
from server.terminals.proposals import Proposals
from server.web import app as web
from server.web.limits import Limits
from server.web.running import Running
from server.web.serving import WebServer
from server.web.sockets import by_path
from server.web.terminal.upgrade import SOCKET_PATH, terminal_sockets
from tests.support.console_parts import FakeNews, FakePhotos, FakeRecord, FakeVitals, FakeWorkers
from tests.support.service import Noticed
from tests.support.site import Server

T = TypeVar("T")

PASSWORD = "correct horse battery staple"
_QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""Hashing is to be slow, but not in every test."""
_SPARE: list[FastAPI] = []
"""Apps that no site uses any more: to make one takes longer than most tests."""


class Site:
    """The app, what it reached, and the time as it sees it. `server`: follows the files of faces/; without it
    nobody does."""

    def __init__(
        self, database: Database, logs: Path, settings: dict[str, Any], server: Server | None = None
    ) -> None:
        self.database = database
        self.record = FakeRecord(database)
        self.now = 1000.0
        self.tokens_changed = 0
        self.passwords = Passwords(_QUICK)
        self.gallery = Gallery.build(SFACE, 0, ())
        self.roster = Roster()
        self.photos = FakePhotos()
        self.workers = FakeWorkers()
        self.rules = PresentRules(Settings.model_validate(settings).rules())
        self.settings_file = logs / "doorward.toml"
        self.source = Sources({}, {}, self.settings_file)
        self.vitals = FakeVitals()
        self.events = Events(())
        self.noticed = Noticed()
        self.live = LiveBoard(self.events, min_face=48)
        self.proposals = Proposals(self.events)
        self.news = FakeNews()
        self.running = Running(
            settings=_settings(logs, settings),
            database=database,
            record=self.record,
            notice=self.noticed,
            workers=self.workers,
            aside=self.workers,
            photos=self.photos if server is None else server.watcher,
            live=self.live,
            proposals=self.proposals,
            news=self.news,
            gallery=lambda: self.gallery if server is None else server.watcher.gallery,
            roster=lambda: self.roster if server is None else server.roster.roster,
            tokens_changed=self._count_change,
            rules=self.rules,
            source=self.source,
            vitals=self.vitals.vitals,
            forgetter=self._forgetter(logs, settings, server),
            serve_terminal=lambda transport, address: transport.abort(),
            hasten=(lambda: None) if server is None else server.hasten,
        )
        self.app = _SPARE.pop() if _SPARE else web.with_routes()
        web.connect(self.app, self.running, SignIn(database, self.passwords, lambda: self.now))
        self.app.state.limits = Limits(count(0, 1000).__next__)  # tests ask as fast as they can

    def _forgetter(self, logs: Path, settings: dict[str, Any], server: Server | None) -> Forgetter:
        """Of logs that nobody appends to."""

        async def rewritten(changes: Mapping[str, Change]) -> Rewritten:
            done = Rewritten()
            for log, change in changes.items():
                done.add(rewrite_each(rotations_of(logs, log), change))
            return done

        return Forgetter(
            settings=_settings(logs, settings),
            database=self.database,
            rewrite_logs=rewritten,
            cache=EmbeddingCache(Path(":memory:"), "", as_copy=True) if server is None else server.cache,
            recorder=None,
            cipher=None,
            server_log=logging.NullHandler(),
            warnings=self.vitals.warnings,
            look=self.workers.run,
        )

    async def _count_change(self) -> None:
        self.tokens_changed += 1

    def close(self) -> None:
        self.app.state.site_work.close()
        self.passwords.close()
        self.app.middleware_stack = None  # it remembers what was asked
        _SPARE.append(self.app)

    def browser(self, name: str | None = None, tls: bool = False, **options: Any) -> TestClient:
        """A browser; with a name somebody has signed in there."""
        address = "https://testserver" if tls else "http://testserver"
        client = TestClient(self.app, base_url=address, follow_redirects=False, **options)
        if name is not None:
            answer = client.post("/api/v1/session", json={"name": name, "password": PASSWORD})
            assert answer.status_code == 204, answer.text
        return client

    def account(self, name: str, role: Role, terminals: list[str] | None = None) -> None:
        """An account with `PASSWORD`."""
        _add_account(self.database, name, role, terminals)


def _settings(logs: Path, settings: dict[str, Any]) -> Settings:
    return Settings.model_validate(
        {"logs": logs, "faces": logs / "faces", "web_name": "testserver", **settings}
    )


def _add_account(database: Database, name: str, role: Role, terminals: list[str] | None = None) -> None:
    def made(sql: Connection) -> None:
        account, secret = accounts.add(sql, name, role, terminals)
        accounts.accept(sql, secret, account.name, _QUICK.hash(PASSWORD))

    database.write_here(made)


@cache
def _with_accounts() -> Path:
    """A database to be copied: to make one afresh takes longer than most tests."""
    folder = tempfile.mkdtemp(prefix="doorward-console-")
    atexit.register(shutil.rmtree, folder)
    _furnish(address_of(Path(folder), None))
    return Path(folder, FILE)


def _furnish(address: str) -> None:
    with opened(address) as database:
        for role in Role:
            _add_account(database, role.value, role)


@contextmanager
def site(folder: Path, server: Server | None = None, **settings: Any) -> Iterator[Site]:
    """A site with one account for each role: viewer, guard, admin. Where the settings name a database, it is
    an empty one."""
    address = address_of(folder, settings.get("database"))
    if "database" in settings:
        _furnish(address)
    else:
        shutil.copy(_with_accounts(), folder / FILE)
    with opened(address) as database:
        made = Site(database, folder, settings, server)
        try:
            yield made
        finally:
            made.close()


def key_of(browser: TestClient, *scopes: str, **more: Any) -> dict[str, str]:
    """The header of an API key that is made for whoever has signed in there."""
    answer = browser.post("/api/v1/keys", json={"name": "test", "scopes": list(scopes), **more})
    assert answer.status_code == 201, answer.text
    return {"Authorization": f"Bearer {answer.json()['key']}"}


class Served:
    """A site at a port of this machine, in a thread of its own."""

    def __init__(self, site: Site, tls: ssl.SSLContext | None = None) -> None:
        self.site = site
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self.address = f"{'http' if tls is None else 'https'}://127.0.0.1:{self.port}"
        self._loop = asyncio.new_event_loop()
        sockets = by_path(
            SOCKET_PATH, terminal_sockets(site.running.serve_terminal, site.running.settings.console_names)
        )
        self._server = WebServer(site.app, [self._socket], tls, sockets)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._server.serve())

    def call(self, work: Callable[[], T]) -> T:
        """Do something in the event loop."""
        done: Future[T] = Future()
        self._loop.call_soon_threadsafe(lambda: done.set_result(work()))
        return done.result(20)

    def watch(self, name: str | None, origin: str | None = None) -> ClientConnection:
        """Open the socket of the live page, as somebody, from a page of that origin."""
        cookies = self.site.browser(name).cookies if name else {}
        headers = {"Cookie": "; ".join(f"{key}={value}" for key, value in cookies.items())}
        address = f"ws://127.0.0.1:{self.port}/live/socket"
        return connect(address, additional_headers=headers, origin=None if origin is None else Origin(origin))

    def stop(self) -> None:
        """As the console stops."""
        self.call(self.site.app.state.stopping.set)
        self.call(self._server.stop)

    def close(self) -> None:
        if not self._loop.is_closed():
            self.stop()
            self._thread.join(20)
            assert not self._thread.is_alive(), "the web server does not end"
            self._loop.close()
            self._socket.close()


@contextmanager
def serving(site: Site, tls: ssl.SSLContext | None = None) -> Iterator[Served]:
    served = Served(site, tls)
    try:
        yield served
    finally:
        served.close()
