"""How a terminal proves that it is the one it says it is, and whether what it has shown still holds."""

import logging
from collections.abc import Callable
from datetime import datetime, timezone

from server.audit.security_log import Notice, SecurityKind
from server.support.guesses import Guesses, TooManyError
from server.support.secret import hashed
from server.terminals.credentials import Credentials, Fault
from server.terminals.transport import Transport
from server.tokens.accepted import AcceptedTokens
from wire import ErrorCode, Hello, ProtocolError

log = logging.getLogger(__name__)


class Proof:
    """Of one connection. `shown`: token and certificate, once it has said hello."""

    def __init__(
        self,
        transport: Transport,
        source: str,
        *,
        tokens: Callable[[], AcceptedTokens],
        guesses: Guesses,
        notice: Notice,
    ) -> None:
        """As for Session."""
        self._transport = transport
        self._source = source
        self.shown = Credentials()
        self._tokens = tokens
        self._guesses = guesses
        self._notice = notice

    @property
    def holds(self) -> bool:
        """Whether what was shown still does."""
        return self._fault() is None

    def show(self, hello: Hello) -> None:
        """Raises ProtocolError: token or certificate do not hold for it, or too many others were tried from
        there. Those tried elsewhere keep no terminal out that has the right ones, nor do those tried where it
        came from before: others may share its address."""
        self.shown = Credentials(hello.terminal, hashed(hello.token or ""), self._transport.certificate)
        fault = self._fault()
        familiar = self._guesses.is_familiar(hello.terminal, self._source)
        if familiar and fault is None:
            return
        try:
            with self._guesses.of(hello.terminal, self._source, familiar or fault is None):
                if fault is not None:
                    log.warning(
                        "%s: %s, for terminal %s", self._transport.peer, fault.why, ascii(hello.terminal)
                    )
                    self._notice(fault.kind, terminal=hello.terminal, source=self._source, **fault.details)
                    message = "this terminal and token are not accepted here"
                    raise ProtocolError(ErrorCode.UNAUTHORIZED, message)
        except TooManyError as error:
            self._notice(
                SecurityKind.TOO_MANY_GUESSES,
                terminal=hello.terminal,
                source=self._source,
                wait=f"{error.seconds:.0f}s",
            )
            message = f"too many wrong tokens; wait {int(error.seconds) + 1} seconds"
            raise ProtocolError(ErrorCode.TOO_MANY, message) from None
        self._guesses.remember(hello.terminal, self._source)

    def _fault(self) -> Fault | None:
        return self.shown.fault(self._tokens(), datetime.now(timezone.utc))
