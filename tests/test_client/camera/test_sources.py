"""Sources: what plays, what is missing, what breaks, and what comes back."""

from pathlib import Path
from typing import Any

import pytest
from numpy.typing import NDArray

from client.camera.sources import CameraLostError, open_source, without_password
from client.exits import Exit, FatalError
from tests.support.pictures import write_image, write_video


def played(spec: str, fps: float | None = None) -> list[tuple[NDArray[Any], float]]:
    return list(open_source(spec, fps).frames())


def fatal(spec: str) -> str:
    with pytest.raises(FatalError) as caught:
        played(spec)
    assert caught.value.code is Exit.SOURCE
    return caught.value.message


def test_folder_plays_sorted_at_two_frames_a_second(tmp_path: Path) -> None:
    for name, grey in [("b.png", 20), ("a.jpg", 10), ("c.PNG", 30)]:
        write_image(tmp_path / name, grey)
    (tmp_path / "notes.txt").write_text("not an image")
    pictures = played(str(tmp_path))
    assert [int(image.mean()) for image, _ in pictures] == [10, 20, 30]
    assert {period for _, period in pictures} == {0.5}
    assert {period for _, period in played(str(tmp_path), fps=10)} == {0.1}


def test_unreadable_images_are_skipped_and_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_image(tmp_path / "good.png")
    (tmp_path / "bad.jpg").write_bytes(b"\xff\xd8 torn")
    (tmp_path / "empty.jpg").write_bytes(b"")
    assert len(played(str(tmp_path))) == 1
    err = capsys.readouterr().err
    assert "bad.jpg: skipped" in err and "empty.jpg: skipped" in err


def test_nothing_to_show(tmp_path: Path) -> None:
    assert "holds no image" in fatal(str(tmp_path))
    assert "holds no image" in fatal(f"sim:{tmp_path}")
    assert "no such file" in fatal(str(tmp_path / "missing.mp4"))
    assert "no such file" in fatal(f"sim:{tmp_path}/missing")
    (tmp_path / "bad.jpg").write_bytes(b"torn")
    assert "none of the images" in fatal(str(tmp_path))
    assert "none of the images" in fatal(f"sim:{tmp_path}")


def test_a_single_image_plays_once_and_says_what_would_do_more(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_image(tmp_path / "one.png")
    assert len(played(str(tmp_path / "one.png"))) == 1
    assert "--source sim:" in capsys.readouterr().err


def test_video_plays_at_its_own_rate(tmp_path: Path) -> None:
    write_video(tmp_path / "v.avi", frames=20, fps=50)
    pictures = played(str(tmp_path / "v.avi"))
    assert len(pictures) == 20
    assert pictures[0][1] == pytest.approx(0.02)
    assert played(str(tmp_path / "v.avi"), fps=5)[0][1] == pytest.approx(0.2)


@pytest.mark.parametrize("content", [b"", b"this is no video" * 100])
def test_corrupt_video(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "v.mp4").write_bytes(content)
    assert "cannot be decoded" in fatal(str(tmp_path / "v.mp4"))


def test_video_that_breaks_off_has_ended(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_video(tmp_path / "v.avi", frames=100)
    data = (tmp_path / "v.avi").read_bytes()
    (tmp_path / "v.avi").write_bytes(data[: len(data) // 2])
    assert 10 < len(played(str(tmp_path / "v.avi"))) < 70
    assert "breaks off after" in capsys.readouterr().err


def test_simulated_visitors_come_one_after_the_other(tmp_path: Path) -> None:
    write_image(tmp_path / "a.png", 250)
    write_image(tmp_path / "b.png", 250)
    pictures = played(f"sim:{tmp_path}", fps=2)
    assert len(pictures) == 2 * 18
    assert {image.shape for image, _ in pictures} == {(480, 640, 3)}
    there = "".join("x" if image.max() > 150 else "." for image, _ in pictures)
    assert there == ("..." + "x" * 12 + "...") * 2


@pytest.mark.parametrize("spec", ["63", "http://127.0.0.1:9/none"])
def test_absent_camera_is_lost_not_fatal(spec: str) -> None:
    source = open_source(spec, None)
    assert source.live
    with pytest.raises(CameraLostError, match="cannot be opened"):
        next(source.frames())


def test_the_idle_rate_is_for_cameras(tmp_path: Path) -> None:
    """Pictures that somebody put into a folder or a file were chosen, alike as they may be."""
    write_image(tmp_path / "a.png")
    write_video(tmp_path / "v.avi")
    cameras = ["0", "rtsp://camera.local/stream", f"sim:{tmp_path}"]
    chosen = [str(tmp_path), str(tmp_path / "a.png"), str(tmp_path / "v.avi")]
    assert [open_source(spec, None).is_camera for spec in cameras + chosen] == [True] * 3 + [False] * 3


def test_password_of_a_camera_is_not_shown() -> None:
    assert without_password("rtsp://admin:s3cret@cam/1") == "rtsp://admin:***@cam/1"
    assert without_password("rtsp://cam:554/1") == "rtsp://cam:554/1"
    assert open_source("rtsp://admin:s3cret@cam/1", None).name == "rtsp://admin:***@cam/1"
