"""TLS for browsers: who comes with plain HTTP is told so, and finds no dead page."""

import ssl
from typing import Any

_SENTENCE = b"This address is served with TLS: write https:// in front of it.\n"
ANSWER = b"\r\n".join(
    (
        b"HTTP/1.1 400 Bad Request",
        b"Content-Type: text/plain; charset=utf-8",
        b"Content-Length: %d" % len(_SENTENCE),
        b"Cache-Control: no-store",
        b"X-Content-Type-Options: nosniff",
        b"Connection: close",
        b"",
        _SENTENCE,
    )
)


class _Handshake(ssl.SSLObject):
    outgoing: ssl.MemoryBIO
    answered = False

    def do_handshake(self) -> None:
        if self.answered:
            raise ssl.SSLError("plain HTTP was answered")
        try:
            super().do_handshake()
        except ssl.SSLError as error:
            if error.reason != "HTTP_REQUEST":
                raise
            self.outgoing.write(ANSWER)
            self.answered = True
            # The event loop sends what was written only where it has to wait; whatever comes next ends it.
            raise ssl.SSLWantReadError(ssl.SSL_ERROR_WANT_READ, "plain HTTP was answered") from error


class BrowserContext(ssl.SSLContext):
    """A context of a server, for the event loop."""

    sslobject_class = _Handshake

    def wrap_bio(
        self, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO, *rest: Any, **more: Any
    ) -> _Handshake:
        made = super().wrap_bio(incoming, outgoing, *rest, **more)
        assert isinstance(made, _Handshake)
        made.outgoing = outgoing
        return made
