"""Where a collector is, as it is written in the settings."""

import pytest

from server.support.syslog_address import SyslogAddress, syslog_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("tls://logs.example.org:6514", SyslogAddress("tls", "logs.example.org", 6514)),
        ("tls://logs.example.org", SyslogAddress("tls", "logs.example.org", 6514)),
        ("udp://127.0.0.1", SyslogAddress("udp", "127.0.0.1", 514)),
        ("tcp://[::1]:1514", SyslogAddress("tcp", "::1", 1514)),
    ],
)
def test_an_address_is_a_transport_a_host_and_a_port(text: str, address: SyslogAddress) -> None:
    assert syslog_address(text) == address and syslog_address(str(address)) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "logs.example.org",
        "https://a",
        "tls://",
        "tls://a:0x1",
        "tls://a:70000",
        "tls://a/b",
        "tls://u:p@a",
    ],
)
def test_what_is_none_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"tls://logs.example.org:6514"):
        syslog_address(text)
