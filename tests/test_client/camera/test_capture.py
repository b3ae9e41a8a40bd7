"""Playing a source: its pace, its end, and a camera that comes back."""

import threading
import time
from pathlib import Path

import numpy as np
import pytest

from client.camera.capture import Capture
from client.camera.frames import CapturedFrame
from client.camera.sources import CameraLostError, Pictures, Source, open_source
from tests.support.fake_server import wait_until
from tests.support.pictures import write_image, write_video


def flaky_source(outages: int, pictures: int = 2) -> Source:
    openings = iter(range(outages + 1))

    def frames() -> Pictures:
        if next(openings) < outages:
            raise CameraLostError("it cannot be opened")
        for _ in range(pictures):
            yield np.zeros((4, 4, 3), np.uint8), 0.0
        threading.Event().wait(0.01)
        raise CameraLostError("it sends no more pictures")

    return Source("camera 0", True, frames)


def test_lost_camera_is_said_once_and_comes_back(capsys: pytest.CaptureFixture[str]) -> None:
    stopping = threading.Event()
    seen: list[tuple[CapturedFrame, bool]] = []

    def publish(frame: CapturedFrame) -> None:
        seen.append((frame, capture.lost))
        if len(seen) == 2:
            stopping.set()

    capture = Capture(flaky_source(outages=3), False, publish, stopping, retry_seconds=0.01)
    capture.run()
    assert [(frame.number, lost) for frame, lost in seen] == [(1, False), (2, False)]
    err = capsys.readouterr().err
    assert err.count("it cannot be opened; trying again") == 1
    assert err.count("pictures again") == 1


def test_camera_that_stops_is_lost() -> None:
    stopping = threading.Event()
    capture = Capture(flaky_source(outages=0), False, lambda frame: None, stopping, retry_seconds=30)
    thread = threading.Thread(target=capture.run)
    thread.start()
    wait_until(lambda: capture.lost, "the loss")
    assert not capture.ended
    stopping.set()
    thread.join(10)
    assert not thread.is_alive()


def test_files_are_paced_and_end(tmp_path: Path) -> None:
    write_video(tmp_path / "v.avi", frames=20, fps=50)
    frames: list[CapturedFrame] = []
    capture = Capture(open_source(str(tmp_path / "v.avi"), None), False, frames.append, threading.Event())
    started = time.monotonic()
    capture.run()
    assert time.monotonic() - started >= 0.39, "twenty frames at 50 a second"
    assert capture.ended and capture.number == 20
    assert [frame.number for frame in frames] == list(range(1, 21))


def test_loop_plays_again(tmp_path: Path) -> None:
    write_image(tmp_path / "a.png")
    stopping = threading.Event()
    frames: list[CapturedFrame] = []

    def publish(frame: CapturedFrame) -> None:
        frames.append(frame)
        if len(frames) == 5:
            stopping.set()

    Capture(open_source(str(tmp_path), 100), True, publish, stopping).run()
    assert [frame.number for frame in frames] == [1, 2, 3, 4, 5]


def test_live_frames_above_the_rate_are_read_but_not_passed_on() -> None:
    def frames() -> Pictures:
        for grey in range(50):
            yield np.full((4, 4, 3), grey, np.uint8), 3600.0
        stopping.set()
        yield np.zeros((4, 4, 3), np.uint8), 3600.0

    stopping = threading.Event()
    seen: list[CapturedFrame] = []
    Capture(Source("camera 0", True, frames), False, seen.append, stopping).run()
    assert [int(frame.image[0, 0, 0]) for frame in seen] == [0]
