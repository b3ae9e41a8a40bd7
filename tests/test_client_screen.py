"""What the screen says: verdicts expire with their evidence, and nothing late grants."""

import numpy as np
import pytest

from client.exchange import SentFrame
from client.frames import Area, CapturedFrame
from client.screen import GRANT_SECONDS, Banner, Colour, LocalFaces, Screen, decided_screen, screen_at
from client.status import Answer, LinkState, LinkStatus
from tests.support.fake_server import result
from wire import Box, Result, Verdict

CAPTURED = 100.0
LATE = 0.5
LOCAL = LocalFaces((Area(0.1, 0.1, 0.2, 0.2),), CAPTURED)


def answer(reply: Result | None = None) -> Answer:
    captured = CapturedFrame(1, np.zeros((960, 1280, 3), np.uint8), CAPTURED)
    return Answer(reply or result(1), SentFrame(captured, 640, 480, CAPTURED + 0.02), CAPTURED + 0.2)


def screen(
    after: float,
    reply: Result | None = None,
    *,
    state: LinkState = LinkState.CONNECTED,
    waiting_since: float | None = None,
    local: LocalFaces | None = None,
    camera_lost: bool = False,
) -> Screen:
    status = LinkStatus(state, "", waiting_since, answer(reply))
    return screen_at(CAPTURED + after, status, local, camera_lost, LATE)


@pytest.mark.parametrize(
    ("verdict", "banner", "colour"),
    [
        (Verdict.CHECKING, Banner.CHECKING, Colour.CHECKING),
        (Verdict.GRANTED, Banner.GRANTED, Colour.GRANTED),
        (Verdict.DENIED, Banner.DENIED, Colour.DENIED),
    ],
)
def test_verdict_holds_for_a_second_after_its_picture(
    verdict: Verdict, banner: Banner, colour: Colour
) -> None:
    before, after = (
        screen(GRANT_SECONDS - 0.01, result(1, verdict)),
        screen(GRANT_SECONDS, result(1, verdict)),
    )
    assert before.banner is banner
    assert [mark.colour for mark in before.marks] == [colour]
    assert after.banner is Banner.IDLE
    assert not after.marks and not after.names and after.latency_ms is None


def test_no_face_clears_at_once() -> None:
    shown = screen(0.2, result(1, Verdict.NONE))
    assert (shown.banner, shown.names, shown.marks) == (Banner.IDLE, (), ())


def test_only_a_grant_names_anybody_on_the_banner() -> None:
    assert screen(0.2).names == ("Ada Lovelace",)
    assert screen(0.2, result(1, Verdict.DENIED)).names == ()
    assert screen(0.2, result(1, Verdict.CHECKING)).names == ()


def test_boxes_are_fractions_of_the_frame_as_sent_and_stay_inside() -> None:
    (mark,) = screen(0.2, result(1, box=Box(48, 320, 240, 64))).marks
    assert mark.area == Area(0.1, 0.1, 0.5, 0.5)
    (mark,) = screen(0.2, result(1, box=Box(-9, 10**12, 9999, -(10**12)))).marks
    assert mark.area == Area(0, 0, 1, 1)


def test_label_of_a_stranger() -> None:
    assert screen(0.2, result(1, Verdict.DENIED, name=None)).marks[0].label == "unknown"
    assert screen(0.2, result(1, Verdict.CHECKING, name=None)).marks[0].label == ""


def test_late_boundary() -> None:
    sent = CAPTURED + 0.1
    assert screen(0.1 + LATE, waiting_since=sent).banner is Banner.GRANTED
    late = screen(0.1 + LATE + 0.01, waiting_since=sent, local=LOCAL)
    assert late.banner is Banner.LATE
    assert late.names == ()
    assert [(mark.label, mark.colour) for mark in late.marks] == [("local detection", Colour.LOCAL)]


@pytest.mark.parametrize("state", [LinkState.CONNECTING, LinkState.LOST, LinkState.RETRYING])
def test_without_a_connection_nothing_is_granted(state: LinkState) -> None:
    shown = screen(0.2, state=state, local=LOCAL)
    assert shown.banner is Banner.OFFLINE
    assert shown.names == ()
    assert {mark.colour for mark in shown.marks} == {Colour.LOCAL}


def test_local_boxes_expire_too() -> None:
    assert screen(GRANT_SECONDS - 0.01, state=LinkState.RETRYING, local=LOCAL).marks
    assert not screen(GRANT_SECONDS, state=LinkState.RETRYING, local=LOCAL).marks


def test_local_boxes_are_not_shown_while_the_server_answers() -> None:
    assert {mark.colour for mark in screen(0.2, local=LOCAL).marks} == {Colour.GRANTED}


def test_no_camera_hides_every_verdict() -> None:
    shown = screen(0.2, camera_lost=True, local=LOCAL)
    assert (shown.banner, shown.names, shown.marks) == (Banner.NO_CAMERA, (), ())


def test_before_the_first_answer() -> None:
    status = LinkStatus(LinkState.CONNECTED)
    assert screen_at(5.0, status, None, False, LATE).banner is Banner.IDLE


def test_a_decision_is_shown_however_late_it_came() -> None:
    shown = decided_screen(answer())
    assert (shown.banner, shown.names) == (Banner.GRANTED, ("Ada Lovelace",))
    assert shown.latency_ms == pytest.approx(200)
