"""What to do when the connection fails: give up or wait, and how long. Pure."""

import random
import ssl
from collections.abc import Iterator

from client.connection.jpeg import LimitsTooSmallError
from client.connection.pins import UnpinnedError
from wire import ErrorCode, ErrorMessage, ProtocolError

FIRST_RETRY_SECONDS = 0.5
"""A dropped cable or a restarted server is often back at once."""
CAP_SECONDS = 5.0
"""A visitor waits in front of a terminal whose server is back."""
FLOOR_SECONDS = 0.1
"""Full jitter begins here, so that a refused connection is no busy loop, nor a fifth of all terminals back at
the same moment."""
FATAL_CODES = frozenset({ErrorCode.UNAUTHORIZED, ErrorCode.VERSION_MISMATCH})


_OTHER_NAME = frozenset({62, 64})
"""OpenSSL's X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH, which Python does not name."""


class RefusedError(Exception):
    """The server said why it closes the connection."""

    def __init__(self, error: ErrorMessage) -> None:
        super().__init__(error.message)
        self.error = error


# Everything that may end a connection without being a defect of this program.
FAILURES = (OSError, ProtocolError, RefusedError, LimitsTooSmallError)


def delays(draw: random.Random) -> Iterator[float]:
    """Seconds to wait before each retry: exponential backoff with full jitter, for ever.

    Start a new generator after a connection that worked.
    """
    ceiling = FIRST_RETRY_SECONDS
    while True:
        yield draw.uniform(FLOOR_SECONDS, ceiling)
        ceiling = min(CAP_SECONDS, ceiling * 2)


def is_fatal(failure: Exception) -> bool:
    """Whether no retry can mend `failure`: the server refuses this token or version, or is not trusted."""
    if isinstance(failure, RefusedError):
        return failure.error.code in FATAL_CODES
    if isinstance(failure, ProtocolError):
        return failure.code is ErrorCode.VERSION_MISMATCH
    return isinstance(failure, (ssl.SSLCertVerificationError, UnpinnedError))


def reason(failure: Exception) -> str:
    """`failure` in words for the person at the terminal."""
    if isinstance(failure, RefusedError):
        return f"the server says {failure.error.code.value}: {failure.error.message}"
    if isinstance(failure, ProtocolError):
        return f"the server broke the protocol: {failure.message}"
    if isinstance(failure, ssl.SSLCertVerificationError):
        advice = (
            "; call the server by the name in its certificate" if failure.verify_code in _OTHER_NAME else ""
        )
        return f"the server's certificate is not trusted: {failure.verify_message}{advice}"
    if isinstance(failure, ConnectionRefusedError):
        return f"{failure.strerror or 'Connection refused'} (is the server running?)"
    if isinstance(failure, OSError):
        return failure.strerror or str(failure) or type(failure).__name__
    return str(failure)
