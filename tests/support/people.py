"""People and photos for the console: what a worker would make of a photo is written in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from server.access.seen import PhotoAccepted, PhotoFlaw, PhotoRefused, PictureError, PreparedPhoto
from server.workers import main as worker
from tests.support import console
from tests.support.console import Site
from tests.support.embeddings import look
from tests.support.site import END_OF_JPEG, Server
from wire import Box

FACE = Box(10, 60, 70, 10)
NO_FACE = "no face was found; use a photo from the front, well lit"


def prepared(data: bytes, face: Box | None = None) -> PreparedPhoto:
    """Stands for the worker's task: a photo that says "face" is good, one that says "damaged" no picture."""
    if b"damaged" in data:
        raise PictureError("the picture is damaged")
    text = data.rpartition(END_OF_JPEG)[2]
    if not text.startswith(b"face "):
        return PreparedPhoto(data, PhotoRefused(PhotoFlaw.NO_FACE, NO_FACE), None, data)
    _, who, distance = text.split()
    seen = look(int(who), float(distance))
    return PreparedPhoto(data, PhotoAccepted(seen, seen, 200, 1.0), FACE, data)


@contextmanager
def followed_site(folder: Path, **settings: Any) -> Iterator[tuple[Site, Server]]:
    """A site whose files are followed as a server does."""
    server = Server(folder)
    with server.running(), console.site(folder, server, **settings) as site:
        site.workers.instead = {
            worker.prepare_photo: prepared,
            worker.thumbnail: lambda data, side: b"%d pixels of " % side + data,
        }
        yield site, server
