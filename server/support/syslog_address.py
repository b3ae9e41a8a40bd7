"""Where a collector of syslog messages listens."""

from typing import NamedTuple
from urllib.parse import urlsplit

PORTS = {"tls": 6514, "tcp": 601, "udp": 514}
"""Of RFC 5425, RFC 3195 and RFC 5426."""


class SyslogAddress(NamedTuple):
    """`transport`: tls, tcp or udp."""

    transport: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.transport}://{host}:{self.port}"


def syslog_address(text: str) -> SyslogAddress:
    """Raises ValueError: it is none."""
    example = "such as tls://logs.example.org:6514"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"{error}; write an address {example}") from None
    if parts.scheme not in PORTS:
        raise ValueError(f"write an address {example}; tcp and udp are for this machine")
    if not host or parts.username is not None or parts.path or parts.query or parts.fragment:
        raise ValueError(f"write a transport, a host and a port, {example}, and nothing else")
    return SyslogAddress(parts.scheme, host, PORTS[parts.scheme] if port is None else port)
