"""What the screen says: verdicts expire with their evidence, and nothing late grants."""

from dataclasses import replace

import pytest

from client.camera.frames import Area
from client.camera.local_faces import LocalFaces
from client.connection.exchange import SentFrame
from client.connection.jpeg import Encoded
from client.connection.status import Answer, LinkState, LinkStatus, ProposalTold
from client.screen.screen import (
    GRANT_SECONDS,
    NO_MESSAGE,
    PROPOSAL_SECONDS,
    REFUSAL_SECONDS,
    Colour,
    Message,
    Screen,
    decided_screen,
    screen_at,
)
from tests.support.fake_server import denial, grant, result
from wire import Box, Prompt, ProposalOutcome, Result, Verdict
from wire.words import Arrow, Banner

CAPTURED = 100.0
PICTURE = Encoded(b"", 640, 480)
LATE = 0.5
LOCAL = LocalFaces((Area(0.1, 0.1, 0.2, 0.2),), CAPTURED)


def answer(reply: Result | None = None) -> Answer:
    return Answer(reply or result(1), SentFrame(1, CAPTURED, PICTURE, CAPTURED + 0.02), CAPTURED + 0.2)


def screen(
    after: float,
    reply: Result | None = None,
    *,
    state: LinkState = LinkState.CONNECTED,
    waiting_since: float | None = None,
    local: LocalFaces | None = None,
    camera_lost: bool = False,
    note: str | None = None,
) -> Screen:
    status = replace(LinkStatus(state, note=note).answered(answer(reply)), waiting_since=waiting_since)
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


def test_what_became_of_a_proposal_stands_for_a_moment_where_the_connection_does() -> None:
    told = ProposalTold(ProposalOutcome.KEPT, CAPTURED + 1)
    status = replace(LinkStatus(LinkState.CONNECTED), proposal=told)
    links = [
        screen_at(CAPTURED + 1 + after, status, None, False, LATE).link
        for after in (0.0, PROPOSAL_SECONDS - 0.01, PROPOSAL_SECONDS)
    ]
    assert links == ["proposed for enrolment", "proposed for enrolment", "connected"]


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


def test_a_face_without_a_name_has_no_label() -> None:
    """Also a refused one: it may well be known, and refused for another reason."""
    assert screen(0.2, result(1, Verdict.DENIED, name=None)).marks[0].label == ""
    assert screen(0.2, result(1, Verdict.CHECKING, name=None)).marks[0].label == ""
    assert screen(0.2, result(1)).marks[0].label == "Ada Lovelace"


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
    shown = decided_screen(grant(names=("Ada Lovelace", "Bob")), answer())
    assert (shown.banner, shown.names) == (Banner.GRANTED, ("Ada Lovelace", "Bob"))
    assert shown.message is NO_MESSAGE
    assert shown.latency_ms == pytest.approx(200)


@pytest.mark.parametrize("then", [Verdict.NONE, Verdict.CHECKING, Verdict.GRANTED])
def test_the_picture_of_a_decision_speaks_of_the_decision_and_not_of_the_moment(then: Verdict) -> None:
    shown = decided_screen(denial("not_live", "Ring"), answer(result(1, then, prompt=Prompt.BLINK)))
    assert (shown.banner, shown.names) == (Banner.DENIED, ())
    assert shown.message == Message("DENIED: Live face not confirmed", ("Ring",))
    assert len(shown.marks) == (0 if then is Verdict.NONE else 1)


def prompted(prompt: Prompt, seconds: float | None = None, verdict: Verdict = Verdict.CHECKING) -> Result:
    return result(1, verdict, prompt=prompt, prompt_seconds=seconds)


def test_a_prompt_takes_the_banner_s_words_and_leaves_its_colour() -> None:
    shown = screen(0.2, prompted(Prompt.COME_CLOSER))
    assert (shown.banner, shown.message) == (Banner.CHECKING, Message("COME CLOSER"))
    assert screen(0.2, prompted(Prompt.MORE_LIGHT, verdict=Verdict.NONE)).message.lines == ("Face the light",)


@pytest.mark.parametrize(
    ("prompt", "arrow"), [(Prompt.TURN_LEFT, Arrow.LEFT), (Prompt.TURN_RIGHT, Arrow.RIGHT)]
)
def test_a_turn_has_an_arrow_and_the_time_that_is_left(prompt: Prompt, arrow: Arrow) -> None:
    shown = screen(0.7, prompted(prompt, 4.0))  # received at 0.2
    assert shown.message.arrow is arrow
    assert shown.message.time_left == pytest.approx(3.5 / 4)
    assert screen(0.2, prompted(prompt)).message.time_left is None


@pytest.mark.parametrize(("told", "shown"), [(None, 1.0), (0.4, 0.4), (1.0, 1.0), (-0.7, 0.0)])
@pytest.mark.parametrize("verdict", [Verdict.CHECKING, Verdict.DENIED])
def test_the_arrow_is_as_full_as_the_server_says(told: float | None, shown: float, verdict: Verdict) -> None:
    """Whole, where an older server does not tell; empty for whoever turns the other way."""
    turning = result(1, verdict, prompt=Prompt.TURN_LEFT, prompt_seconds=4.0, prompt_progress=told)
    message = screen(0.2, turning).message
    assert (message.arrow, message.progress) == (Arrow.LEFT, shown)


def test_no_time_is_left_over_from_the_answer_before() -> None:
    hurried, calm = answer(prompted(Prompt.BLINK, 4.0)), answer(prompted(Prompt.BLINK))
    status = LinkStatus(LinkState.CONNECTED, waiting_since=CAPTURED).answered(hurried).answered(calm)
    assert status.waiting_since is None
    assert screen_at(CAPTURED + 0.3, status, None, False, LATE).message.time_left is None


def test_a_prompt_needs_a_fresh_answer() -> None:
    blink = prompted(Prompt.BLINK, 4.0)
    assert screen(GRANT_SECONDS - 0.01, blink).message.headline == "BLINK"
    assert screen(GRANT_SECONDS, blink).message is NO_MESSAGE


def test_late_offline_and_no_camera_win_over_prompts_and_refusals() -> None:
    for reply in (prompted(Prompt.BLINK, 4.0), result(1, Verdict.DENIED, decision=denial(note="Ring"))):
        for shown in (
            screen(0.7, reply, waiting_since=CAPTURED),
            screen(0.2, reply, state=LinkState.RETRYING),
            screen(0.2, reply, camera_lost=True),
        ):
            assert shown.banner in (Banner.LATE, Banner.OFFLINE, Banner.NO_CAMERA)
            assert shown.message is NO_MESSAGE


def test_who_cannot_be_served_reads_the_administrator_s_note() -> None:
    note = "Ring the bell for reception"
    assert screen(0.7, waiting_since=CAPTURED, note=note).message == Message("", (note,))
    assert screen(0.2, state=LinkState.RETRYING, note=note).message == Message("", (note,))
    assert screen(0.2, camera_lost=True, note=note).message == Message("", (note,))
    assert screen(0.2, note=note).message is NO_MESSAGE
    assert screen(0.2, state=LinkState.RETRYING, note="").message is NO_MESSAGE


def test_a_grant_asks_for_nothing() -> None:
    assert screen(0.2, result(1, decision=grant(), prompt=Prompt.BLINK)).message is NO_MESSAGE


def refused_then(later: Verdict, seconds: float, prompt: Prompt | None = None) -> Screen:
    """A refusal, and a result `seconds` later that was seen and answered at once."""
    refused = answer(result(1, Verdict.DENIED, decision=denial("expired", "Ask at the desk")))
    now = refused.received + seconds
    newer = Answer(result(2, later, prompt=prompt), SentFrame(2, now, PICTURE, now), now)
    status = LinkStatus(LinkState.CONNECTED).answered(refused).answered(newer)
    return screen_at(now, status, None, False, LATE)


def test_a_refusal_is_told_in_plain_words_with_its_note() -> None:
    shown = screen(0.2, result(1, Verdict.DENIED, decision=denial("outside_schedule", "Ring the bell")))
    assert (shown.banner, shown.message) == (
        Banner.DENIED,
        Message("DENIED: Not at this time", ("Ring the bell",)),
    )
    assert screen(0.2, result(1, Verdict.DENIED, decision=denial("of the future"))).message == Message(
        "", ("Not recognised",)
    )


def test_a_refusal_s_words_outlive_its_result_for_some_seconds() -> None:
    words = Message("DENIED: Access has expired", ("Ask at the desk",))
    assert refused_then(Verdict.DENIED, REFUSAL_SECONDS - 0.01).message == words
    assert refused_then(Verdict.DENIED, REFUSAL_SECONDS).message == NO_MESSAGE


def test_a_refusal_s_words_need_a_denied_face() -> None:
    for verdict in (Verdict.NONE, Verdict.CHECKING, Verdict.GRANTED):
        assert refused_then(verdict, 1.0).message is NO_MESSAGE


def test_a_refusal_s_words_are_read_before_a_prompt_and_the_word_denied_stays() -> None:
    assert refused_then(Verdict.DENIED, 1.0, Prompt.STEP_AWAY).message.lines == ("Ask at the desk",)
    later = refused_then(Verdict.DENIED, REFUSAL_SECONDS, Prompt.STEP_AWAY)
    assert (later.banner, later.message) == (Banner.DENIED, Message("", ("Step away, then come back",)))
    assert refused_then(Verdict.CHECKING, 1.0, Prompt.BLINK).message.headline == "BLINK"


def test_words_do_not_outlive_the_picture_they_came_with() -> None:
    reply = result(1, Verdict.DENIED, decision=denial())
    assert screen(GRANT_SECONDS - 0.01, reply).message.lines == ("Not recognised",)
    assert screen(GRANT_SECONDS, reply).message is NO_MESSAGE
