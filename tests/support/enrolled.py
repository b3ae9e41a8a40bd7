"""The sample people, enrolled by one photo each."""

from functools import lru_cache

import numpy as np

from server.access.matching.gallery import Gallery
from server.access.matching.recogniser import SFACE
from server.access.seen import PhotoAccepted
from server.vision.models import Models
from server.vision.photo import judge_photo
from tests.support.photos import jpeg

OBAMA, BIDEN = "Barack Obama", "Joe Biden"


@lru_cache
def sample_gallery(models: Models, *names: str) -> Gallery:
    """`names`: of the people; without any all of them."""
    photos = []
    for name, photo in ((OBAMA, "obama"), (BIDEN, "biden")):
        if not names or name in names:
            outcome = judge_photo(models, jpeg(photo))
            assert isinstance(outcome, PhotoAccepted)
            photos.append((name, np.stack([outcome.embedding, outcome.mirrored])))
    return Gallery.build(SFACE, 1, photos)
