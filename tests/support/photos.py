"""Real photos for the tests: the repository's neighbour data where it is there, else the sample people."""

from functools import lru_cache
from pathlib import Path

from scripts.samples import sample_photos

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
"""Real people and a real video, kept beside a developer's checkout; users do not have it."""
VIDEO = DATA / "stream" / "hamilton.mp4"
MODEL_CACHE = Path(__file__).resolve().parents[2] / ".cache" / "models"
"""The converted networks: once for all tests."""


@lru_cache
def photo(name: str) -> Path:
    """A sample portrait: obama, obama2, obama3 or biden."""
    return sample_photos()[name]


def jpeg(name: str) -> bytes:
    return photo(name).read_bytes()
