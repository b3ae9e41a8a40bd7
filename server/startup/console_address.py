"""What a browser writes into its address line to come to the console."""

from server.settings import Settings
from server.support.certificate import CertificateError, examine

EVERYWHERE = {"0.0.0.0": "localhost", "::": "localhost"}  # noqa: S104


def console_address(settings: Settings, port: int | None = None) -> str:
    """By the first name in the certificate, where there is one: browsers refuse any other. `port`: the one
    that it has, where any free one was asked for. Reads the certificate."""
    names = _certified(settings)
    host = names[0] if names else EVERYWHERE.get(settings.web_host, settings.web_host)
    scheme = "http" if settings.tls_cert is None else "https"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{settings.web_port if port is None else port}"


def _certified(settings: Settings) -> list[str]:
    if settings.tls_cert is None or settings.tls_key is None:
        return []
    try:
        names = examine(settings.tls_cert, settings.tls_key).names
    except CertificateError:
        return []
    return [name for name in names if not name.startswith("*")]
