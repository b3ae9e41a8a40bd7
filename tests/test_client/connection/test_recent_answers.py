"""Which answered frames are kept, and for how long."""

from client.connection.exchange import SentFrame
from client.connection.jpeg import Encoded
from client.connection.recent_answers import KEPT_BYTES, KEPT_FRAMES, KEPT_SECONDS, RecentAnswers
from client.connection.status import Answer
from tests.support.fake_server import result
from wire import Verdict


def answer(number: int, captured: float, jpeg: bytes = b"", verdict: Verdict = Verdict.CHECKING) -> Answer:
    sent = SentFrame(number, captured, Encoded(jpeg, 640, 480), captured)
    return Answer(result(number, verdict), sent, captured + 0.1)


def kept(*answers: Answer) -> list[int]:
    recent = RecentAnswers()
    for each in answers:
        recent.add(each)
    return [each.sent.number for each in answers if recent.to_frame(each.sent.number) is each]


def test_frames_of_the_last_seconds_are_kept() -> None:
    times = [0.0, 0.1, KEPT_SECONDS, KEPT_SECONDS + 0.05]
    assert kept(*(answer(number, at) for number, at in enumerate(times))) == [1, 2, 3]


def test_frames_without_a_face_are_not_kept_but_let_time_pass() -> None:
    empty = answer(2, 1.0, verdict=Verdict.NONE)
    assert kept(answer(1, 0.0), empty) == [1]
    assert kept(answer(1, 0.0), answer(2, KEPT_SECONDS + 1, verdict=Verdict.NONE)) == []


def test_no_more_than_so_many_frames_and_bytes_are_kept() -> None:
    assert kept(*(answer(number, 0.0) for number in range(KEPT_FRAMES + 2)))[0] == 2
    third = bytes(KEPT_BYTES // 3)
    assert kept(*(answer(number, 0.0, third) for number in range(5))) == [2, 3, 4]


def test_a_frame_larger_than_all_the_room_is_not_kept() -> None:
    assert kept(answer(1, 0.0), answer(2, 0.0, bytes(KEPT_BYTES + 1))) == []
