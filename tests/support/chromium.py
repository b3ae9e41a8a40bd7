"""Chromium for tests, with a camera that shows a film."""

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

EXPECTED_MS = 15_000
"""How long a page may take to show what is expected."""

try:
    from playwright.sync_api import Browser, Playwright, expect, sync_playwright

    expect.set_options(timeout=EXPECTED_MS)
except ModuleNotFoundError:
    sync_playwright = expect = None  # type: ignore[assignment]

__all__ = [
    "EXPECTED_MS",
    "expect",
    "needs_chromium",
    "running_chromium",
    "still",
    "sync_playwright",
    "write_film",
]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FPS = 15
CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")

needs_chromium = pytest.mark.skipif(
    sync_playwright is None or CHROMIUM is None, reason="needs playwright (extra test) and chromium"
)


@contextmanager
def running_chromium(playwright: "Playwright", film: Path, *flags: str) -> Iterator["Browser"]:
    """A browser that gives its camera to every page. `film`: what that shows, again and again."""
    sandbox = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    camera = [*CAMERA, f"--use-file-for-fake-video-capture={film}"]
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*sandbox, *camera, *flags])
    try:
        yield browser
    finally:
        browser.close()


def write_film(path: Path, pictures: "Iterable[np.ndarray[Any, Any]]", fps: int = FPS) -> Path:
    """A film that Chromium shows as a camera's, again and again. `pictures`: BGR, all of one size."""
    with open(path, "wb") as file:
        for index, picture in enumerate(pictures):
            height, width = picture.shape[:2]
            if index == 0:
                file.write(f"YUV4MPEG2 W{width} H{height} F{fps}:1 Ip A1:1 C420jpeg\n".encode())
            file.write(b"FRAME\n" + cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420).tobytes())
    return path


def still(seconds: float = 1.0) -> "Iterator[np.ndarray[Any, Any]]":
    """Nothing moves, and the left half is bright."""
    picture = np.full((480, 640, 3), 60, np.uint8)
    picture[:, :320] = 200
    return iter([picture] * int(seconds * FPS))
