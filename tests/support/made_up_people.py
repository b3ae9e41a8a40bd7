"""People enrolled by made-up photos, at distances as SFace has them."""

from pathlib import PurePath

import numpy as np

from server.access.matching.gallery import Gallery
from server.access.matching.recogniser import SFACE, Embedding
from server.gallery.admission import Arrived
from tests.support.embeddings import look, person

ADA, BOB, CARL = 0, 1, 2


def arrived(*photos: tuple[str, Embedding]) -> tuple[Gallery, list[Arrived]]:
    """A gallery of these photos, and they themselves."""
    made = [
        Arrived(PurePath(f"{name.lower()}_{at}.jpg"), f"{at:064}", name, np.stack([embedding, embedding]))
        for at, (name, embedding) in enumerate(photos)
    ]
    return Gallery.build(SFACE, 1, [(photo.name, photo.rows) for photo in made]), made


def some_people() -> tuple[Gallery, list[Arrived]]:
    """Ada and Bob by two photos each, Bob's far from each other; Carl, like Ada, by one."""
    return arrived(
        ("Ada", person(ADA)),
        ("Ada", look(ADA, 0.6)),
        ("Bob", person(BOB)),
        ("Bob", look(BOB, 1.05)),
        ("Carl", look(ADA, 1.05, 1)),
    )
