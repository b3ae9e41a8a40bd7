"""`python -m server who`: whom a word of a pseudonymous log stands for, of those enrolled now."""

import asyncio

from server.commands.enrolled import roster_of
from server.gallery.folder import PhotoFile, scan
from server.recognition.pseudonyms import FILE, PREFIX, Pseudonyms
from server.settings import Settings
from server.support.errors import StartError, WrongError
from server.support.key_file import KeyFileError


async def who(settings: Settings, word: str) -> str:
    """The name. `word`: with or without its prefix. Raises WrongError: it is nobody's who is enrolled, or
    limited, now; StartError."""
    return await asyncio.to_thread(_who, settings, word)


def _who(settings: Settings, word: str) -> str:
    path = settings.logs / FILE
    if not path.exists():
        raise StartError(f"{path}: there is no such key, and no word that was made by it")
    pseudonyms = Pseudonyms(path)
    try:
        photos = {item.person for item in scan(settings.faces) if isinstance(item, PhotoFile)}
        for name in sorted(photos | roster_of(settings).permits.keys()):
            if pseudonyms.of(name) == word.removeprefix(PREFIX):
                return name
    except (KeyFileError, OSError) as error:
        raise StartError(str(error)) from error
    raise WrongError(f"nobody who is enrolled now, or named in people.toml, is {word!a}")
