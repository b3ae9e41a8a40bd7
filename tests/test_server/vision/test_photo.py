"""An enrolment photo says what its face looks like, and its mirror image."""

from types import SimpleNamespace
from typing import cast

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from server.access.matching.recogniser import SFACE
from server.access.matching.templates import distance, score, template
from server.access.seen import PhotoAccepted
from server.vision.models import Models
from server.vision.photo import judge_photo
from server.vision.picture import Picture
from server.vision.recognition import Aligned, Recognition, embed
from tests.support.photos import jpeg, photo


def judged(models: Models, data: bytes) -> PhotoAccepted:
    outcome = judge_photo(models, data)
    assert isinstance(outcome, PhotoAccepted)
    return outcome


def apart(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    return distance(score(template(one[None]), template(other[None]), SFACE.exponent))


@pytest.mark.parametrize("name", ["obama", "biden"])
def test_the_mirror_image_is_that_of_the_photo(models: Models, name: str) -> None:
    outcome = judged(models, jpeg(name))
    picture = cv2.imread(str(photo(name)))
    assert picture is not None
    flipped = judged(models, cv2.imencode(".png", picture[:, ::-1])[1].tobytes())
    same = apart(outcome.mirrored, flipped.embedding)
    assert same < apart(outcome.embedding, flipped.embedding) < SFACE.steady_face
    assert same < 0.4 and apart(outcome.embedding, flipped.mirrored) < 0.4, "its five points differ a little"


def face(number: int) -> Aligned:
    """A chip whose left half shows its number, and whose right half is dark."""
    chip: Picture = np.zeros((150, 150, 3), np.uint8)
    chip[:, :75] = number
    return Aligned(chip, 0.0)


def what_it_sees(chips: NDArray[np.uint8]) -> NDArray[np.float32]:
    """In place of the network: the numbers on the left and on the right."""
    return np.array([[chip[0, 0, 0], chip[0, -1, 0]] for chip in chips], np.float32)


@given(st.lists(st.tuples(st.integers(1, 255), st.booleans()), max_size=6))
def test_every_face_gets_its_own_embedding_and_mirror_image(faces: list[tuple[int, bool]]) -> None:
    recognition = cast(Recognition, SimpleNamespace(embedder=what_it_sees))
    found = embed(recognition, [face(number) for number, _ in faces], [wanted for _, wanted in faces])
    told = [(row.tolist(), None if image is None else image.tolist()) for row, image in found]
    assert told == [([number, 0], [0, number] if wanted else None) for number, wanted in faces]
