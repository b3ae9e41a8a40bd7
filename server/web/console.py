"""The console as the server has it: makes the app with all that it may reach, and serves it."""

import asyncio
import logging
import ssl

from server.accounts import accounts
from server.accounts.passwords import Passwords
from server.accounts.sign_in import SignIn
from server.support.console import CONSOLE_ONLY
from server.terminals.listener import Listener
from server.web.app import create_app
from server.web.running import Running
from server.web.serving import WebServer
from server.web.site_work import SiteWork
from server.web.sockets import by_path
from server.web.terminal.upgrade import SOCKET_PATH, terminal_sockets

log = logging.getLogger(__name__)


class WebConsole:
    """A console that has its port."""

    def __init__(
        self, running: Running, listener: Listener, tls: ssl.SSLContext | None, address: str
    ) -> None:
        """`listener`: bound. `address`: where a browser finds it."""
        self._running = running
        self._listener = listener
        self._address = address
        self._passwords = Passwords()
        sign_in = SignIn(running.database, self._passwords)
        self._app = create_app(running, sign_in)
        sockets = by_path(
            SOCKET_PATH, terminal_sockets(running.serve_terminal, running.settings.console_names)
        )
        self._server = WebServer(self._app, listener.sockets, tls, sockets)

    async def serve(self) -> None:
        """Serve for ever; what goes wrong is logged, and ends nothing else."""
        try:
            self._listener.listen()  # whoever follows the link at once has to wait, and is not refused
            await self._tell()
            await asyncio.gather(self._app.state.site_work.begin(), self._server.serve())
        except Exception:
            log.exception("the console has ended by a fault; the doors go on")
        await asyncio.Event().wait()

    def stop(self) -> None:
        """Take no more requests, and end those that would go on."""
        self._app.state.stopping.set()
        self._server.stop()

    async def close(self) -> None:
        """Returns when all has ended."""
        self._listener.close()
        work: SiteWork = self._app.state.site_work
        await asyncio.to_thread(work.close)
        await self._app.state.tuning.close()
        await asyncio.to_thread(self._passwords.close)

    async def _tell(self) -> None:
        database = self._running.database
        log.info("console: %s", self._address)
        if not await database.read(accounts.exist):
            secret = await database.write(lambda sql: accounts.invite(sql, None))
            link = accounts.set_up_link(self._address, secret)
            log.warning("FIRST START: make the first account at %s", link, extra=CONSOLE_ONLY)
