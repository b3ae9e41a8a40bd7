"""Pictures of decisions: whom they show, what they say, where they are kept."""

import threading
from datetime import datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from client.connection.exchange import SentFrame
from client.connection.jpeg import Encoded
from client.connection.status import Answer
from client.screen.banner import BANNER_COLOURS
from client.screen.overlay import MARK_COLOURS
from client.screen.screen import Colour
from client.screen.snapshot import QUEUE_LENGTH, Decided, Snapshots, file_name
from tests.support.fake_server import FACE, denial, grant, result
from tests.support.letters import LETTERING
from wire import DecisionNotice, Verdict
from wire.words import Banner

DENIED = BANNER_COLOURS[Banner.DENIED][0]


def answer(
    number: int, grey: int, verdict: Verdict = Verdict.CHECKING, decision: DecisionNotice | None = None
) -> Answer:
    image = np.full((480, 640, 3), grey, np.uint8)
    image[:, 600:] = 255
    jpeg = cv2.imencode(".jpg", image)[1].tobytes()
    sent = SentFrame(number, float(number), Encoded(jpeg, 640, 480), float(number))
    return Answer(result(number, verdict, decision=decision), sent, number + 0.1)


def write_all(path: Path, *answers: Answer) -> None:
    """Let them arrive one after the other, then write what there is to be written."""
    snapshots = Snapshots(path, LETTERING)
    for each in answers:
        snapshots.answered(each)
    snapshots.finish()
    thread = threading.Thread(target=snapshots.run)
    thread.start()
    thread.join(20)
    assert not thread.is_alive()


def drawn(path: Path) -> NDArray[Any]:
    picture = cv2.imread(str(path))
    assert picture is not None
    return picture


def test_the_picture_shows_whom_the_decision_is_about_and_not_who_came_later(tmp_path: Path) -> None:
    gone = DecisionNotice("d1", Verdict.DENIED, (), "left", seq=2)
    write_all(
        tmp_path / "shot.png",
        answer(1, 50),
        answer(2, 100),
        answer(3, 150, Verdict.NONE),
        answer(4, 200, Verdict.CHECKING, gone),
    )
    picture = drawn(tmp_path / "shot.png")
    assert picture[300, 320].mean() == pytest.approx(100, abs=3), "the frame of the visitor who has gone"
    assert tuple(picture[490, 5]) == DENIED, "what was decided, and not what the frame was answered"
    assert tuple(picture[FACE.top, 300]) == MARK_COLOURS[Colour.CHECKING], "the boxes of that frame"
    assert picture[300, 630].mean() > 250, "as the camera saw it: not mirrored"


def test_a_decision_without_a_frame_of_its_own_is_about_the_one_it_answers(tmp_path: Path) -> None:
    for decision in (denial(), DecisionNotice("d1", Verdict.DENIED, (), "expired", seq=2)):
        write_all(tmp_path / "shot.png", answer(1, 50), answer(2, 100, Verdict.DENIED, decision))
        assert drawn(tmp_path / "shot.png")[300, 320].mean() == pytest.approx(100, abs=3)


def test_rather_no_picture_than_one_of_somebody_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = DecisionNotice("the-id", Verdict.DENIED, (), "left", seq=2)
    write_all(tmp_path / "shot.png", answer(4, 200, Verdict.CHECKING, gone))
    assert list(tmp_path.iterdir()) == []
    assert "no picture of decision the-id: frame 2" in capsys.readouterr().err


def test_a_folder_gets_one_picture_for_each_decision(tmp_path: Path) -> None:
    write_all(
        tmp_path,
        answer(1, 50, Verdict.GRANTED, grant("a1")),
        answer(2, 100),
        answer(3, 150, Verdict.DENIED, denial(decision_id="b2")),
    )
    names = sorted(path.name.split("_", 1)[1] for path in tmp_path.iterdir())
    assert names == ["a1.png", "b2.png"]


def test_a_file_is_replaced_by_each_decision(tmp_path: Path) -> None:
    first, second = denial(decision_id="a"), denial(decision_id="b")
    write_all(
        tmp_path / "shot.png", answer(1, 50, Verdict.DENIED, first), answer(2, 150, Verdict.DENIED, second)
    )
    assert [path.name for path in tmp_path.iterdir()] == ["shot.png"]
    assert drawn(tmp_path / "shot.png")[300, 320].mean() == pytest.approx(150, abs=3)


@pytest.mark.parametrize(
    ("decision_id", "name"),
    [
        ("6032ce86956cf640", "6032ce86956cf640.png"),
        ("../../etc/passwd", "______etc_passwd.png"),
        ("a b\0\n:é", "a_b____.png"),
        ("", ".png"),
        ("x" * 1024, "x" * 64 + ".png"),
    ],
)
def test_the_name_of_a_picture_is_safe_whatever_the_server_says(decision_id: str, name: str) -> None:
    decided = Decided(denial(decision_id=decision_id), answer(1, 50), datetime(2026, 11, 22, 8, 30, 5))
    assert file_name(decided) == f"2026-11-22T08-30-05_{name}"


def test_a_picture_that_cannot_be_written_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_all(tmp_path / "no" / "folder.png", answer(1, 50, Verdict.DENIED, denial()))
    assert "the snapshot could not be written" in capsys.readouterr().err


def test_pictures_do_not_pile_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    decisions = [denial(decision_id=f"d{number}") for number in range(QUEUE_LENGTH + 2)]
    write_all(tmp_path, *(answer(at, 50, Verdict.DENIED, decision) for at, decision in enumerate(decisions)))
    assert len(list(tmp_path.iterdir())) == QUEUE_LENGTH
    assert f"no picture of decision d{QUEUE_LENGTH + 1}: {QUEUE_LENGTH} wait" in capsys.readouterr().err
