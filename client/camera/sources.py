"""Where pictures come from. Each kind is a generator of (picture, seconds until the next one is due)."""

import math
import re
import zlib
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import cv2

from client.camera import simulated
from client.camera.frames import Image
from client.camera.images import image_paths, is_image, load_image
from client.exits import Exit, FatalError
from client.say import say

FOLDER_FPS = 2.0
VIDEO_FPS = 25.0
"""For video files that do not say, or claim what no camera does."""
PLAUSIBLE_FPS = (1.0, 240.0)
URL_TIMEOUT_MS = 5000
"""OpenCV waits 30 s by default, for which the screen would show a frozen picture."""
BROKE_OFF = 0.9
"""A video that ends before this share of its announced length broke off; the count is an estimate."""
SIMULATED = "sim:"

Pictures: TypeAlias = Generator[tuple[Image, float], None, None]


class CameraLostError(Exception):
    """A live source gives no pictures at the moment; it may come back."""


@dataclass(frozen=True)
class Source:
    """`frames()` plays it once. A live source has no end: it is lost, and tried again."""

    name: str
    live: bool
    frames: Callable[[], Pictures]

    @property
    def is_camera(self) -> bool:
        """Whether it looks at one place, live or simulated; the pictures of other sources all matter."""
        return self.live or self.name.startswith(SIMULATED)


def open_source(spec: str, fps: float | None) -> Source:
    """The source that `spec` names. Raises FatalError: a path that does not exist or holds no image."""
    if spec.isascii() and spec.isdigit():
        return Source(f"camera {spec}", True, lambda: _live_frames(int(spec), fps))
    if spec.startswith(SIMULATED):
        photos = image_paths(Path(spec.removeprefix(SIMULATED)))
        return Source(spec, False, lambda: _simulated_frames(photos, fps or simulated.FPS))
    if "://" in spec:
        return Source(without_password(spec), True, lambda: _live_frames(spec, fps))
    path = Path(spec)
    if path.is_dir() or is_image(path) or not path.exists():
        pictures = image_paths(path)
        if len(pictures) == 1:
            say(f"{spec} is one picture, and a decision takes several; --source {SIMULATED}{spec} moves it")
        return Source(spec, False, lambda: _folder_frames(pictures, fps or FOLDER_FPS))
    return Source(spec, False, lambda: _video_frames(path, fps))


def without_password(url: str) -> str:
    """`url` as it may be shown: camera addresses often carry a password."""
    return re.sub(r"(://[^/@]*?):[^/@]*@", r"\1:***@", url)


def _read(capture: cv2.VideoCapture) -> Image | None:
    try:
        done, image = capture.read()
    except cv2.error:
        return None
    return image if done else None


def _live_frames(target: int | str, fps: float | None) -> Pictures:
    try:
        capture = _open_live(target)
    except cv2.error as error:
        raise CameraLostError("it cannot be opened") from error
    try:
        if not capture.isOpened():
            raise CameraLostError("it cannot be opened")
        while (image := _read(capture)) is not None:
            yield image, 1 / fps if fps else 0.0
        raise CameraLostError("it sends no more pictures")
    finally:
        capture.release()


def _open_live(target: int | str) -> cv2.VideoCapture:
    if isinstance(target, str):
        timeouts = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, cv2.CAP_PROP_READ_TIMEOUT_MSEC]
        settings = [value for timeout in timeouts for value in (timeout, URL_TIMEOUT_MS)]
        return cv2.VideoCapture(target, cv2.CAP_FFMPEG, settings)
    capture = cv2.VideoCapture(target)
    # Pictures that wait in the driver are old news at a door.
    capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    return capture


def _video_frames(path: Path, fps: float | None) -> Pictures:
    try:
        capture = cv2.VideoCapture(str(path))
    except cv2.error as error:
        raise FatalError(Exit.SOURCE, f"{path}: cannot be decoded as a video") from error
    try:
        rate = fps or _plausible(capture.get(cv2.CAP_PROP_FPS))
        played = 0
        while (image := _read(capture)) is not None:
            played += 1
            yield image, 1 / rate
        if not played:
            raise FatalError(Exit.SOURCE, f"{path}: cannot be decoded as a video")
        announced = capture.get(cv2.CAP_PROP_FRAME_COUNT)
        if played + 1 < BROKE_OFF * announced:
            say(f"{path}: the video breaks off after {played} of about {announced:.0f} frames")
    finally:
        capture.release()


def _plausible(fps: float) -> float:
    low, high = PLAUSIBLE_FPS
    return fps if math.isfinite(fps) and low <= fps <= high else VIDEO_FPS


def _readable(paths: list[Path]) -> Iterator[tuple[Path, Image]]:
    readable = 0
    for path in paths:
        image = load_image(path)
        if image is None:
            say(f"{path}: skipped, it cannot be read as an image")
        else:
            readable += 1
            yield path, image
    if not readable:
        raise FatalError(Exit.SOURCE, "none of the images can be read")


def _folder_frames(paths: list[Path], fps: float) -> Pictures:
    for _, image in _readable(paths):
        yield image, 1 / fps


def _simulated_frames(photos: list[Path], fps: float) -> Pictures:
    for path, photo in _readable(photos):
        # Seeded by name, so that visitors move differently, yet the same in every run.
        for image in simulated.visit_frames(photo, fps, zlib.crc32(path.name.encode()) % 1000):
            yield image, 1 / fps
