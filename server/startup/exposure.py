"""Files of the administrator's that other users of the machine can read or change, and should not."""

from collections.abc import Iterator
from pathlib import Path

from server.settings import Settings
from server.support.file_access import open_to_others


def exposures(settings: Settings, file: Path | None) -> list[str]:
    """One sentence for each, with the command that mends it. `file`: the settings file, if there is one."""
    return [f"{path} {risk}: {cure}" for path, risk, cure in _all(settings, file) if cure]


def _all(settings: Settings, file: Path | None) -> Iterator[tuple[Path, str, str]]:
    if file is not None:
        secrets = {"tokens": settings.tokens, "the address of a database": settings.database}
        held = " and ".join(name for name, value in secrets.items() if value)
        if held:
            yield file, f"holds {held}, and others can read or change it", open_to_others(file)
        else:
            yield file, "can be changed by others", open_to_others(file, readable=False)
    if settings.tls_key is not None:
        risk = "is the private key, and others can read or change it"
        yield settings.tls_key, risk, open_to_others(settings.tls_key)
    for path in sorted((file or Path()).parent.glob("*.token")) if settings.tokens else ():
        yield path, "holds a token, and others can read or change it", open_to_others(path)
    risk = "says who may come in when, and others can read or change it"
    yield settings.people_file, risk, open_to_others(settings.people_file)
