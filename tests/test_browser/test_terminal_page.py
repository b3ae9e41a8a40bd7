"""The page in a browser whose camera shows a still room; the test plays the server."""

import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.support.chromium import expect, needs_chromium
from tests.support.fake_door import LIMITS, FakeDoor, picture, result
from wire import (
    DecisionNotice,
    ErrorCode,
    ErrorMessage,
    Frame,
    Hello,
    Message,
    Prompt,
    Reason,
    Verdict,
    Welcome,
)
from wire.words import INSTRUCTIONS, REFUSALS

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = needs_chromium


@pytest.fixture
def door(page: "Page") -> FakeDoor:
    return FakeDoor(page)


def kiosk(page: "Page", pages: str, said: str = "#terminal=front-door&token=secret") -> None:
    page.goto(f"{pages}/terminal?kiosk{said}")


def part(page: "Page", name: str) -> "Locator":
    return page.locator(f"[data-part={name}]")


def headline(page: "Page", told: str) -> None:
    """Wait until the banner says so."""
    expect(part(page, "headline")).to_have_text(told)


SEEN = """() => {
  const part = (name) => document.querySelector(`[data-part=${name}]`);
  const arrow = part("arrow").getBoundingClientRect();
  return {
    banner: document.documentElement.dataset.banner,
    headline: part("headline").textContent,
    names: Array.from(part("names").querySelectorAll("bdi"), (name) => name.textContent),
    lines: Array.from(part("lines").children, (line) => line.textContent),
    aloud: document.getElementById("announcement").textContent,
    seconds: part("seconds").textContent,
    arrow: part("arrow").dataset.arrow,
    filled: getComputedStyle(document.querySelector(".arrow-full")).clipPath,
    on_the_left: arrow.width > 0 && arrow.right < innerWidth / 2,
    marks: document.querySelectorAll(".mark").length,
  };
}"""


def shows(door: FakeDoor, page: "Page", **told: object) -> None:
    """Wait until all of it is seen at once: on a busy machine an answer may be late at any moment."""

    def seen() -> bool:
        found = page.evaluate(SEEN)
        return {name: found[name] for name in told} == told

    door.until(seen)


def granting(*names: str) -> Callable[[Frame], Message]:
    return lambda frame: result(frame, Verdict.GRANTED, *names)


# --- set-up


def test_a_terminal_is_set_up_once_by_the_keyboard_alone(page: "Page", pages: str, door: FakeDoor) -> None:
    page.goto(f"{pages}/terminal")
    page.keyboard.press("Enter")
    assert "name" in page.locator("#setup-message").inner_text()
    page.keyboard.type("front-door")
    page.keyboard.press("Tab")
    page.keyboard.type("secret")
    page.keyboard.press("Enter")
    door.until(lambda: door.hellos)
    assert door.hellos == [Hello("front-door", "secret")]
    headline(page, "LOOK AT THE CAMERA")
    page.goto(f"{pages}/terminal?kiosk")
    door.until(lambda: len(door.hellos) == 2)
    assert door.hellos[1] == Hello("front-door", "secret"), "it starts by itself, and remembers"


def test_a_link_sets_it_up_and_its_token_leaves_the_address_at_once(
    page: "Page", pages: str, door: FakeDoor
) -> None:
    page.goto(f"{pages}/terminal#terminal=back%20door&token=s%C3%A4cret")
    assert page.url == f"{pages}/terminal"
    assert door.hellos == [], "whoever opened the link has a look first"
    page.locator("#start").click()
    door.until(lambda: door.hellos)
    assert door.hellos == [Hello("back door", "säcret")]


def test_a_kiosk_starts_by_itself_and_has_no_controls(page: "Page", pages: str, door: FakeDoor) -> None:
    kiosk(page, pages)
    headline(page, "LOOK AT THE CAMERA")
    assert page.url == f"{pages}/terminal?kiosk"
    assert page.locator(".controls").is_hidden() and page.locator("#setup-form").is_hidden()


def test_a_kiosk_that_nobody_has_set_up_asks(page: "Page", pages: str, door: FakeDoor) -> None:
    kiosk(page, pages, said="")
    assert page.locator("#terminal").is_visible() and door.hellos == []


@pytest.mark.parametrize("name", ["", "x" * 65, "a\u202eb"])
def test_a_name_that_no_server_takes_is_told(page: "Page", pages: str, door: FakeDoor, name: str) -> None:
    page.goto(f"{pages}/terminal")
    page.locator("#terminal").evaluate("(input, name) => (input.value = name)", name)
    page.locator("#start").click()
    assert page.locator("#setup-message").inner_text() != ""
    assert door.hellos == []


def test_settings_can_be_changed_later(page: "Page", pages: str, door: FakeDoor) -> None:
    page.goto(f"{pages}/terminal#terminal=front-door&token=secret")
    page.locator("#start").click()
    door.until(lambda: door.hellos)
    page.locator("#settings").click()
    assert page.locator("#terminal").input_value() == "front-door"
    frames = len(door.frames)
    page.wait_for_timeout(300)
    assert len(door.frames) <= frames + 1, "nothing is sent meanwhile"
    page.locator("#terminal").fill("side-door")
    page.keyboard.press("Enter")
    door.until(lambda: len(door.hellos) == 2)
    assert door.hellos[1].terminal == "side-door"


def test_without_a_secure_connection_it_explains_what_to_do(page: "Page", pages: str) -> None:
    page.add_init_script("Object.defineProperty(navigator, 'mediaDevices', {value: undefined})")
    page.goto(f"{pages}/terminal#terminal=front-door&token=secret")
    told = page.locator("[data-for=insecure]").inner_text()
    assert "https" in told and "python -m server tls init" in told
    assert "secret" not in page.url


def test_every_field_has_a_label_and_messages_are_read_aloud(
    page: "Page", pages: str, door: FakeDoor
) -> None:
    page.goto(f"{pages}/terminal")
    for label in ("Terminal name", "Token", "Show the token"):
        assert page.get_by_label(label, exact=True).is_visible()
    page.get_by_role("button", name="Start").click()
    assert page.get_by_role("alert").first.inner_text() != ""
    page.get_by_label("Show the token").check()
    assert page.locator("#token").get_attribute("type") == "text"


# --- what is sent


def test_pictures_are_sent_as_the_camera_sees_and_shown_as_a_mirror_does(
    page: "Page", pages: str, door: FakeDoor
) -> None:
    kiosk(page, pages)
    door.wait_for_frames(1)
    sent = picture(door.frames[0])
    assert sent.shape == (480, 640, 3)
    assert sent[:, 100].mean() > 180 and sent[:, 540].mean() < 80, "bright on the left, as filmed"
    assert page.locator("#picture").evaluate("video => getComputedStyle(video).transform") == (
        "matrix(-1, 0, 0, 1, 0, 0)"
    )


def test_a_rectangle_is_where_the_face_is_in_the_mirror(page: "Page", pages: str, door: FakeDoor) -> None:
    door.answer = granting("Ada")
    kiosk(page, pages)
    mark = page.wait_for_selector(".mark")
    assert mark is not None
    style = mark.evaluate("({style}) => [style.left, style.top, style.width, style.height]")
    assert [float(each.rstrip("%")) for each in style] == [75, 12.5, 18.75, 25]
    assert mark.text_content() == "Ada"


def test_one_picture_is_under_way_and_none_piles_up(page: "Page", pages: str, door: FakeDoor) -> None:
    door.answer = lambda frame: None
    kiosk(page, pages)
    door.wait_for_frames(1)
    page.wait_for_timeout(400)
    assert len(door.frames) == 1
    door.say(result(door.frames[0]))
    door.wait_for_frames(1)
    assert [frame.seq for frame in door.frames] == [1, 2]


def test_the_server_is_told_the_devices_clock(page: "Page", pages: str, door: FakeDoor) -> None:
    kiosk(page, pages)
    door.until(lambda: door.pings)
    assert door.pings[0].clock == pytest.approx(time.time(), abs=30)


def test_messages_come_in_slices(page: "Page", pages: str, door: FakeDoor) -> None:
    page.add_init_script(
        "HTMLCanvasElement.prototype.toBlob = function (done) { done(new Blob([new Uint8Array(150000)])); }"
    )
    kiosk(page, pages)
    door.wait_for_frames(1)
    assert len(door.frames[0].jpeg) == 150_000 and max(door.lengths) == 65_536


def test_a_server_that_takes_little_gets_little(page: "Page", pages: str, door: FakeDoor) -> None:
    door.greeting = Welcome("session", type(LIMITS)(4_000, 40_000))
    kiosk(page, pages)
    door.wait_for_frames(1)
    height, width, _ = picture(door.frames[0]).shape
    assert height * width <= 40_000 and width / height == pytest.approx(4 / 3, abs=0.02)
    assert len(door.frames[0].jpeg) <= 4_000


def test_while_nothing_moves_and_nobody_is_seen_two_pictures_a_second_are_sent(
    page: "Page", pages: str, door: FakeDoor
) -> None:
    kiosk(page, pages)
    door.wait_for_frames(1)
    page.wait_for_timeout(2500)
    before = len(door.frames)
    page.wait_for_timeout(2000)
    idle = len(door.frames) - before
    assert 2 <= idle <= 5 and before > 6
    door.answer = lambda frame: result(frame, Verdict.CHECKING, None)
    page.wait_for_timeout(1500)
    assert len(door.frames) - before - idle >= 5, "somebody is seen"


def test_a_hidden_page_sends_nothing_and_comes_back(page: "Page", pages: str, door: FakeDoor) -> None:
    kiosk(page, pages)
    door.wait_for_frames(1)
    hide = """hidden => {
      Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});
      document.dispatchEvent(new Event('visibilitychange'));
    }"""
    page.evaluate(hide, True)
    page.wait_for_timeout(100)
    frames = len(door.frames)
    page.wait_for_timeout(500)
    assert len(door.frames) == frames
    assert page.evaluate("document.getElementById('picture').srcObject") is None, "the camera is let go"
    page.evaluate(hide, False)
    door.until(lambda: len(door.hellos) == 2 and len(door.frames) > frames)


# --- what is shown


def test_a_grant_is_shown_large_with_its_names_and_read_aloud(
    page: "Page", pages: str, door: FakeDoor
) -> None:
    door.answer = granting("Ada Lovelace", "محمد بن سلمان")
    kiosk(page, pages)
    shows(
        door,
        page,
        banner="granted",
        headline="GRANTED",
        names=["Ada Lovelace", "محمد بن سلمان"],
        aloud="GRANTED. Ada Lovelace, محمد بن سلمان",
    )
    assert part(page, "headline").evaluate("({clientHeight}) => clientHeight") > 60


def test_a_grant_ends_with_its_evidence(page: "Page", pages: str, door: FakeDoor) -> None:
    door.answer = granting("Ada")
    kiosk(page, pages)
    headline(page, "GRANTED")
    door.answer = lambda frame: None
    shows(door, page, headline="SERVER IS LATE", names=[], marks=0)
    door.answer = lambda frame: result(frame)
    door.say(result(door.frames[-1]))
    headline(page, "LOOK AT THE CAMERA")


def test_a_grant_that_comes_too_late_is_not_shown(page: "Page", pages: str, door: FakeDoor) -> None:
    door.answer = lambda frame: None
    kiosk(page, pages)
    door.wait_for_frames(1)
    headline(page, "SERVER IS LATE")
    page.evaluate("""() => {
        const root = document.documentElement, shown = (window.shown = new Set());
        new MutationObserver(() => shown.add(root.dataset.banner)).observe(root, {attributes: true});
    }""")
    page.wait_for_timeout(1500)
    notice = DecisionNotice("id", Verdict.GRANTED, ("Ada",), "recognised")
    door.say(result(door.frames[0], Verdict.GRANTED, "Ada", decision=notice))
    door.wait_for_frames(1)
    page.wait_for_timeout(100)
    assert "granted" not in page.evaluate("[...window.shown]")


def test_a_refusal_says_why_and_what_the_administrator_adds(page: "Page", pages: str, door: FakeDoor) -> None:
    notice = DecisionNotice("id", Verdict.DENIED, (), Reason.EXPIRED.value, "Ring <b>the</b> bell")
    door.answer = lambda frame: result(
        frame, Verdict.DENIED, None, decision=notice if frame.seq == 1 else None
    )
    kiosk(page, pages)
    shows(door, page, headline=f"DENIED: {REFUSALS[Reason.EXPIRED]}", lines=["Ring <b>the</b> bell"])
    headline(page, "DENIED")


def test_an_instruction_has_an_arrow_that_fills_and_the_time_that_is_left(
    page: "Page", pages: str, door: FakeDoor
) -> None:
    door.answer = lambda frame: result(
        frame,
        Verdict.CHECKING,
        None,
        prompt=Prompt.TURN_LEFT,
        prompt_seconds=5.0,
        prompt_progress=0.4,
    )
    kiosk(page, pages)
    told = INSTRUCTIONS[Prompt.TURN_LEFT]
    shows(
        door,
        page,
        headline=told.headline,
        lines=[told.line],
        aloud=f"{told.headline}. {told.line}",
        seconds="5 s",
        arrow="left",
        filled="inset(0px 0px 0px 60%)",
        on_the_left=True,
    )


def test_a_count_down_is_not_read_aloud_again_and_again(page: "Page", pages: str, door: FakeDoor) -> None:
    door.answer = lambda frame: result(
        frame, Verdict.DENIED, None, prompt=Prompt.WAIT, prompt_seconds=max(0.0, 9.0 - frame.seq / 10)
    )
    kiosk(page, pages)
    page.evaluate("""() => {
        const aloud = document.getElementById("announcement"), said = (window.said = new Set());
        new MutationObserver(() => said.add(aloud.textContent)).observe(aloud, {childList: true});
    }""")
    for seconds in (9, 8):
        expect(part(page, "lines")).to_contain_text(f"in {seconds} s")
    said = page.evaluate("[...window.said]")
    assert [each for each in said if re.search(r"\d", each)] == []
    shows(door, page, headline="DENIED", aloud="DENIED")


@pytest.mark.parametrize("size", [(1280, 800), (390, 844), (844, 390), (320, 568), (2560, 1440)])
def test_words_fit_whatever_the_screen(
    page: "Page", pages: str, door: FakeDoor, size: tuple[int, int]
) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    note = "Please ring the bell for reception, or call the porter's lodge at any time of day or night"
    notice = DecisionNotice("id", Verdict.DENIED, (), Reason.CHALLENGE_FAILED.value, note)
    door.answer = lambda frame: result(
        frame, Verdict.DENIED, None, decision=notice if frame.seq == 1 else None
    )
    kiosk(page, pages)
    headline(page, f"DENIED: {REFUSALS[Reason.CHALLENGE_FAILED]}")
    overflow = "text => [text.scrollHeight - text.clientHeight, text.scrollWidth - text.clientWidth]"
    assert max(part(page, "text").evaluate(overflow)) <= 1
    whole = "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    assert page.evaluate(whole) == list(size)
    assert page.locator("#picture").evaluate("({clientHeight}) => clientHeight") > size[1] / 5


# --- when something is wrong


def test_a_refused_token_is_told_plainly_and_not_tried_again(
    page: "Page", pages: str, door: FakeDoor
) -> None:
    door.greeting = ErrorMessage(ErrorCode.UNAUTHORIZED, "this terminal and token are not accepted here")
    kiosk(page, pages)
    told = page.locator("#setup-message")
    told.wait_for()
    assert "does not accept this name and token" in told.inner_text()
    page.wait_for_timeout(1500)
    assert len(door.hellos) == 1
    door.greeting = Welcome("session", LIMITS)
    page.locator("#token").fill("another")
    page.keyboard.press("Enter")
    headline(page, "LOOK AT THE CAMERA")
    assert door.hellos[-1].token == "another"


def test_another_version_of_the_protocol_asks_for_a_reload(page: "Page", pages: str, door: FakeDoor) -> None:
    door.greeting = Welcome("session", LIMITS, version=2)
    kiosk(page, pages)
    page.locator("#reload").wait_for()
    assert "version" in page.locator("#setup-message").inner_text()
    page.wait_for_timeout(1000)
    assert len(door.hellos) == 1


def test_a_lost_connection_is_told_and_found_again(page: "Page", pages: str, door: FakeDoor) -> None:
    door.greeting = Welcome("session", LIMITS, note="Ring the bell")
    door.answer = granting("Ada")
    kiosk(page, pages)
    headline(page, "GRANTED")
    door.answer = lambda frame: None
    door.greeting = ErrorMessage(ErrorCode.TOO_MANY, "too many terminals are connected")
    door.hang_up()
    shows(door, page, headline="NOT CONNECTED", lines=["Ring the bell"], marks=0)
    expect(page.locator("#reason")).to_contain_text("too many")
    door.greeting = Welcome("session", LIMITS)
    door.answer = granting("Ada")
    headline(page, "GRANTED")


def test_nonsense_from_the_server_ends_the_connection(page: "Page", pages: str, door: FakeDoor) -> None:
    door.answer = lambda frame: None
    kiosk(page, pages)
    door.wait_for_frames(1)
    door.say(result(Frame(77, b""), Verdict.GRANTED, "Ada"))
    door.until(lambda: len(door.hellos) > 1)
    assert page.locator("html").get_attribute("data-banner") != "granted"


def test_a_picture_that_cannot_be_read_is_followed_by_the_next(
    page: "Page", pages: str, door: FakeDoor
) -> None:
    door.answer = lambda frame: ErrorMessage(ErrorCode.BAD_FRAME, "no JPEG", frame.seq)
    kiosk(page, pages)
    door.wait_for_frames(3)
    assert len(door.hellos) == 1


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ("NotAllowedError", "The camera is blocked"),
        ("NotFoundError", "There is no camera"),
        ("NotReadableError", "The camera is in use"),
        ("SecurityError", "The camera cannot be used"),
    ],
)
def test_why_there_is_no_camera_is_explained(
    page: "Page", pages: str, door: FakeDoor, error: str, told: str
) -> None:
    page.add_init_script(f"""
        const media = navigator.mediaDevices, real = media.getUserMedia.bind(media);
        window.broken = true;
        media.getUserMedia = (wanted) => window.broken
            ? Promise.reject(new DOMException("why", "{error}")) : real(wanted);""")
    kiosk(page, pages)
    headline(page, "NO CAMERA")
    assert page.locator("#problem-title").inner_text() == told
    assert door.frames == []
    page.evaluate("window.broken = false")
    page.locator("#try-again").click()
    door.wait_for_frames(1)
    assert page.locator("#problem").is_hidden()


def test_a_camera_that_is_pulled_out_is_found_again(page: "Page", pages: str, door: FakeDoor) -> None:
    door.answer = granting("Ada")
    kiosk(page, pages)
    headline(page, "GRANTED")
    page.evaluate("""() => {
        const track = document.getElementById('picture').srcObject.getVideoTracks()[0];
        track.stop(); track.dispatchEvent(new Event('ended'));
    }""")
    door.wait_for_frames(2)
    headline(page, "GRANTED")


def test_names_are_text_and_nothing_else(page: "Page", pages: str, door: FakeDoor) -> None:
    door.answer = granting("<img src=x onerror=alert(1)>")
    kiosk(page, pages)
    shows(door, page, headline="GRANTED", names=["<img src=x onerror=alert(1)>"])
    assert page.locator("main img").count() == 0


def test_a_name_turns_nothing_around(page: "Page", pages: str, door: FakeDoor) -> None:
    door.answer = granting("Ada\u202eDENIED\n", "\u0645\u200c\u0646")
    kiosk(page, pages)
    shows(door, page, headline="GRANTED", names=["AdaDENIED", "\u0645\u200c\u0646"])


def test_one_of_several_cameras_is_chosen_and_remembered(page: "Page", pages: str, door: FakeDoor) -> None:
    page.add_init_script("""
        const media = navigator.mediaDevices, real = media.getUserMedia.bind(media);
        window.wanted = [];
        media.getUserMedia = (asked) => (window.wanted.push(asked.video.deviceId?.exact ?? "front"),
            real({video: {...asked.video, deviceId: undefined}}));
        media.enumerateDevices = async () => ["front", "back"].map((name) =>
            ({kind: "videoinput", deviceId: name, label: `${name} camera`}));""")
    page.goto(f"{pages}/terminal#terminal=front-door&token=secret")
    page.locator("#start").click()
    page.get_by_label("Camera", exact=True).select_option("back camera")
    door.wait_for_frames(2)
    assert page.evaluate("window.wanted") == ["front", "back"]
    kiosk(page, pages, said="")
    door.wait_for_frames(1)
    assert page.evaluate("window.wanted") == ["back"]


def test_nothing_comes_from_another_host(page: "Page", pages: str, door: FakeDoor) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    kiosk(page, pages)
    headline(page, "LOOK AT THE CAMERA")
    assert [url for url in asked if not url.startswith(f"{pages}/")] == []
    policy = page.request.get(f"{pages}/terminal").headers["content-security-policy"]
    assert not re.search("unsafe", policy)
