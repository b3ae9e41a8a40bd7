"""Fixtures that more than one file uses."""

import pytest

from server.vision.models import Models, load_models
from tests.support.photos import MODEL_CACHE


@pytest.fixture(scope="session")
def models() -> Models:
    """The models of a worker, in this process."""
    return load_models(MODEL_CACHE)
