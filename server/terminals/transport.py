"""What a session needs of the connection to its peer, whatever carries the bytes."""

from typing import Protocol

from server.terminals.credentials import ShownCertificate


class UntrustedError(ConnectionError):
    """The peer has shown a certificate that none of the known authorities has made for a client."""


class Transport(Protocol):
    """The bytes of one peer, both ways. All but `abort` may raise OSError: the peer is gone."""

    @property
    def peer(self) -> str:
        """Where the peer is, for the log."""
        ...

    @property
    def certificate(self) -> ShownCertificate | None:
        """What the peer has shown, once it is open; None: nothing."""
        ...

    async def open(self) -> None:
        """Do what comes before the first byte, such as a TLS handshake. Comes first, may be cancelled. Raises
        UntrustedError."""
        ...

    async def read(self) -> bytes:
        """Some of the bytes that the peer sends; none at their end. May be cancelled, and loses nothing."""
        ...

    async def write(self, data: bytes) -> None:
        """Send `data`; returns when the peer's machine or ours has room for it."""
        ...

    def end_writing(self) -> None:
        """Tell the peer that nothing more will be sent, where that can be told."""
        ...

    def abort(self) -> None:
        """End the connection now, open or not; what is not sent is lost."""
        ...
