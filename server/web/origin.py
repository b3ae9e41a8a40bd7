"""Whether a request is meant for this very server, and comes from a page of it."""

from collections.abc import Collection
from ipaddress import ip_address
from urllib.parse import urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443}


def same_origin(origin: str | None, host: str) -> bool:
    """Whether a page of `origin` was loaded from the server that it now calls `host`.

    `origin`, `host`: the request's headers of these names. Every browser says where a page is from; a program
    without pages says nothing, and is let through. The scheme is not compared: behind a proxy that adds TLS
    the server does not know it.
    """
    if origin is None:
        return True
    try:
        page = urlsplit(origin)
        called = urlsplit(f"//{host}")
        port = DEFAULT_PORTS[page.scheme]
        return bool(page.hostname) and (page.hostname, page.port or port) == (
            called.hostname,
            called.port or port,
        )
    except (KeyError, ValueError):
        return False


def is_called(host: str, names: Collection[str] | None) -> bool:
    """Whether this server may be called so. `host`: the request's header of this name. `names`: see
    `Settings.console_names`; an address always may be, as nobody can have it lead elsewhere."""
    if names is None:
        return True
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name in names or bool(ip_address(name))
    except ValueError:
        return False
