"""The certificate that terminals and browsers are shown: as it is on the disk, also after it was renewed."""

import asyncio
import logging
import ssl
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from enum import Enum
from pathlib import Path
from typing import TypeAlias

from server.support.certificate import EXPIRY_NOTICE, Certificate, CertificateError, examine
from server.support.errors import StartError
from server.support.plain_http import BrowserContext

log = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
"""Between two looks at the files; they are taken once they have stayed the same for one."""
REMIND = timedelta(days=1)
"""Between two warnings of the same."""
NO_CHECK_TIME = 0x200000
"""OpenSSL's X509_V_FLAG_NO_CHECK_TIME, which Python does not name."""
_Stamp: TypeAlias = tuple[tuple[int, int, int] | None, ...]


class News(str, Enum):
    """Of a certificate."""

    RENEWED = "renewed"
    REFUSED = "refused"
    EXPIRING = "expiring"
    UNUSABLE = "unusable"


class Tls:
    """`terminals`, `browsers`: contexts for the server's side. Who is connected stays so when the certificate
    changes; who connects is shown the new one. `on_news`: told what becomes of it, and until when it is valid
    or why it cannot be used."""

    def __init__(self, certificate: Path, key: Path, terminals: Path | None = None) -> None:
        """`terminals`: the authority by whose certificates terminals may prove who they are. Raises
        StartError."""
        self.terminals = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.browsers = BrowserContext(ssl.PROTOCOL_TLS_SERVER)
        self.on_news: Callable[[News, str], None] = lambda news, detail: None
        self._files = certificate, key
        self._taken = self._seen = self._stamp()
        self._remind_at = datetime.min.replace(tzinfo=timezone.utc)
        try:
            self._load()
        except (OSError, ssl.SSLError) as error:
            files = f"{certificate} and {key}"
            raise StartError(f"tls_cert, tls_key: {files} cannot be used: {error}") from error
        if terminals is not None:
            try:
                ask_for_certificates(self.terminals, terminals)
            except (OSError, ssl.SSLError) as error:
                raise StartError(f"tls_terminals: {terminals} cannot be used: {error}") from error

    async def watch(self) -> None:
        """Take what is renewed, and warn of what expires, for ever."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Once."""
        before, self._seen = self._seen, self._stamp()
        changed = self._seen != self._taken
        now = datetime.now(timezone.utc)
        if changed and self._seen == before:
            self._taken = self._seen
            await self._renew()
        elif not changed and now >= self._remind_at:
            self._remind_at = now + REMIND
            await self._remind(now)

    async def _renew(self) -> None:
        try:
            found = await self._examined()
            self._load()
        except (CertificateError, OSError, ssl.SSLError) as error:
            log.error("the certificate was changed and cannot be used, the one before stays: %s", error)
            self.on_news(News.REFUSED, str(error))
        else:
            log.info("the certificate was renewed; it is valid until %s", _day(found))
            self.on_news(News.RENEWED, _day(found))
            self._remind_at = datetime.now(timezone.utc)

    async def _remind(self, now: datetime) -> None:
        try:
            found = await self._examined()
        except CertificateError as error:
            log.error("NOBODY WHO CHECKS THE CERTIFICATE CAN CONNECT: %s", error)
            self.on_news(News.UNUSABLE, str(error))
            return
        if found.until - now < EXPIRY_NOTICE:
            log.warning("the certificate expires on %s: renew it; a restart is not needed", _day(found))
            self.on_news(News.EXPIRING, _day(found))

    async def _examined(self) -> Certificate:
        return await asyncio.to_thread(examine, *self._files)

    def _load(self) -> None:
        for context in (self.terminals, self.browsers):
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            context.load_cert_chain(*self._files)

    def _stamp(self) -> _Stamp:
        return tuple(map(_stamp, self._files))


def ask_for_certificates(context: ssl.SSLContext, authority: Path) -> None:
    """Peers may show a certificate, which that authority must have made for clients. Whether its time is
    right is left to whoever asks who they are: they are told so then, in words, and not by a silence. Raises
    OSError, ssl.SSLError."""
    context.load_verify_locations(authority)
    context.verify_mode = ssl.CERT_OPTIONAL
    context.verify_flags |= NO_CHECK_TIME
    # who it is stays as it was seen, and is seen anew each time
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_TICKET
    context.num_tickets = 0


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _day(certificate: Certificate) -> str:
    return certificate.until.astimezone().date().isoformat()
