"""Whether a request comes from a page of this very server."""

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
