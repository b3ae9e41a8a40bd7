"""The console, where it is wanted and can be had. No door needs it: what goes wrong with it is told, and the
server goes on without."""

import asyncio
import logging
import ssl
from importlib import import_module
from typing import Protocol

from server.startup.console_address import console_address
from server.support.errors import StartError
from server.terminals.listener import Listener
from server.web.running import Running

log = logging.getLogger(__name__)


class Console(Protocol):
    """A console that has its port."""

    async def serve(self) -> None:
        """Serve for ever; what goes wrong is logged, and ends nothing else."""

    def stop(self) -> None:
        """Take no more requests, and end those that would go on."""

    async def close(self) -> None:
        """Returns when all has ended."""


async def open_console(running: Running, tls: ssl.SSLContext | None) -> Console | None:
    """None: it is not to be had, and the reason has been told."""
    try:
        # seconds of processor: beside the workers, which are loading their models
        web = await asyncio.to_thread(import_module, "server.web.console")
    except ModuleNotFoundError as missing:
        log.warning("no console: %s is not installed: pip install '.[web]'", missing.name)
        return None
    try:
        listener = await Listener.bind(running.settings.web_host, running.settings.web_port, "web_")
    except StartError as error:
        log.error("no console: %s", error)
        return None
    address = await asyncio.to_thread(console_address, running.settings, listener.addresses[0][1])
    console: Console = web.WebConsole(running, listener, tls, address)
    return console
