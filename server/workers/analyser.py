"""Whoever looks at pictures for the server: what it is asked, and what it loads."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ModelSettings:
    """What a worker loads. `cache`: folder for the converted embedding network. `liveness`: load the 68-point
    landmarks at the start; otherwise they are loaded when they are first wanted. `antispoof`: an ONNX model
    that tells living faces from others, and the sha256 that its file must have."""

    cache: Path
    liveness: bool = False
    antispoof: tuple[Path, str] | None = None


class PoisonError(Exception):
    """The task ended two workers or kept one for too long; it must not be tried again."""
