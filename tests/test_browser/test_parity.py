"""The page says, remembers, waits and gives up as our other terminal does."""

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from client import grants
from client.connection import exchange as exchanges
from client.connection import idle, jpeg, memory, reconnect
from client.connection.exchange import Exchange, SentFrame
from client.connection.idle import StillRange
from client.connection.jpeg import Encoded
from client.connection.memory import Memory
from client.connection.status import Answer, LinkState, LinkStatus
from client.screen import screen as screens
from client.screen.screen import Screen, screen_at
from server.web.terminal.websocket import MESSAGE_BYTES
from tests.support.chromium import needs_chromium
from wire import (
    TERMINAL_CHARS,
    TOKEN_CHARS,
    VERSION,
    Box,
    DecisionNotice,
    FaceReport,
    Prompt,
    Reason,
    Result,
    Timing,
    Verdict,
    connection,
)
from wire.words import vocabulary

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = needs_chromium
Modules = tuple["Page", str]
LATE = 0.5


def run(modules: Modules, script: str, given: Any = None) -> Any:
    """What a script returns that has each module by its name, and what it is `given`."""
    page, address = modules
    names = ["exchange", "idle", "memory", "picture", "reconnect", "screen", "wire"]
    loaded = "".join(f"const {name} = await import({address!r} + '/{name}.js');" for name in names)
    asked = f"async (said) => {{ {loaded} const given = JSON.parse(said); {script} }}"
    whole = f"async (said) => JSON.stringify(await ({asked})(said))"
    return json.loads(page.evaluate(whole, json.dumps(given)))  # much faster than Playwright's own way


def test_limits_and_times_are_the_same(modules: Modules) -> None:
    ours: dict[str, dict[str, Any]] = {
        "wire": {
            "VERSION": VERSION,
            "REPLY_BYTES": connection.REPLY_BYTES,
            "SLICE_BYTES": MESSAGE_BYTES,
            "TERMINAL_CHARS": TERMINAL_CHARS,
            "TOKEN_CHARS": TOKEN_CHARS,
        },
        "exchange": {
            "PING_SECONDS": exchanges.TIMEOUTS.ping,
            "CLOCK_SECONDS": exchanges.TIMEOUTS.clock,
            "SILENCE_SECONDS": exchanges.TIMEOUTS.silence,
            "ANSWER_SECONDS": exchanges.TIMEOUTS.answer,
        },
        "memory": {"SAME_DEADLINE_SECONDS": memory.SAME_DEADLINE_SECONDS},
        "reconnect": {
            "FIRST_RETRY_SECONDS": reconnect.FIRST_RETRY_SECONDS,
            "CAP_SECONDS": reconnect.CAP_SECONDS,
            "FLOOR_SECONDS": reconnect.FLOOR_SECONDS,
            "FATAL_CODES": sorted(reconnect.FATAL_CODES),
        },
        "idle": {
            name: getattr(idle, name)
            for name in (
                "IDLE_SECONDS",
                "HOLD_SECONDS",
                "SHORTER_SIDE",
                "BLOCK",
                "MOVED_BLOCKS",
                "NOISE",
                "LIGHT",
            )
        },
        "screen": {
            "GRANT_SECONDS": screens.GRANT_SECONDS,
            "REFUSAL_SECONDS": screens.REFUSAL_SECONDS,
            "LATE_SECONDS": LATE,
        },
        "picture": {
            "SHRINK": jpeg.SHRINK,
            "SMALLEST_WIDTH": jpeg.SMALLEST_WIDTH,
            "QUALITIES": [each / 100 for each in jpeg._qualities(85)],
        },
    }
    said = run(modules, "return {wire, exchange, memory, reconnect, idle, screen, picture};")
    for module, values in ours.items():
        told = {name: said[module][name] for name in values}
        if module == "reconnect":
            told["FATAL_CODES"] = sorted(told["FATAL_CODES"])
        assert told == values, module


def test_no_verdict_is_shown_that_would_not_open_the_door() -> None:
    assert screens.GRANT_SECONDS <= grants.STALE_SECONDS


def sometimes(draw: random.Random, value: Any, share: float = 0.5) -> Any:
    return value if draw.random() < share else None


def any_result(draw: random.Random) -> Result:
    verdict = draw.choice(list(Verdict))
    box = Box(*(draw.randrange(-50, 700) for _ in range(4)))
    faces = [
        FaceReport(box, sometimes(draw, name), None, draw.choice([verdict, Verdict.CHECKING]))
        for name in ("Ada", "محمد")[: draw.randrange(3)]
    ]
    decided = draw.choice([Verdict.GRANTED, Verdict.DENIED])
    reason = draw.choice([*(reason.value for reason in Reason), "of_a_newer_server"])
    notice = DecisionNotice("id", decided, ("Ada",), reason, sometimes(draw, "Ring the bell"))
    return Result(
        seq=draw.randrange(1000),
        verdict=verdict,
        faces=tuple(faces),
        decision=sometimes(draw, notice, 0.2),
        timing=Timing(1, 2),
        prompt=sometimes(draw, draw.choice(list(Prompt)), 0.7),
        prompt_seconds=sometimes(draw, draw.choice([0.0, 2.5, 6.2, 91.0, 600.0]), 0.7),
        prompt_progress=sometimes(draw, draw.choice([-1.0, -0.2, 0.0, 0.4, 1.0])),
    )


def any_status(draw: random.Random) -> LinkStatus:
    """One that has got some answers, and where it stands by now, 100 seconds after the start of time."""
    status = LinkStatus(draw.choice([LinkState.CONNECTED] * 5 + list(LinkState)))
    received = 95.0
    for _ in range(draw.randrange(5)):
        received += draw.choice([0.1, 0.4, 2.0])
        captured = received - draw.choice([0.05, 0.3, 1.2])
        sent = SentFrame(1, captured, Encoded(b"", 640, 480), captured)
        status = status.answered(Answer(any_result(draw), sent, received))
    waiting = sometimes(draw, 100.0 - draw.choice([0.1, 0.4999, 0.7, 5.0]), 0.6)
    return replace(status, waiting_since=waiting, note=sometimes(draw, "Please knock"))


def for_the_page(status: LinkStatus) -> dict[str, Any]:
    answer, refusal, deadline = status.answer, status.memory.refusal, status.memory.deadline
    return {
        "state": status.state.value,
        "waitingSince": status.waiting_since,
        "note": status.note,
        "answer": answer
        and {
            "result": answer.result.to_map(),
            "received": answer.received,
            "sent": {"captured": answer.captured, "width": 640, "height": 480},
        },
        "memory": {
            "refusal": refusal and {"decision": refusal.decision.to_map(), "told": refusal.told},
            "deadline": deadline
            and {"prompt": deadline.prompt.value, "ends": deadline.ends, "seconds": deadline.seconds},
        },
    }


def told(screen: Screen) -> dict[str, Any]:
    message = screen.message
    return {
        "banner": screen.banner.name.lower(),
        "names": list(screen.names),
        "marks": [
            {**mark.area._asdict(), "label": mark.label, "colour": mark.colour.value} for mark in screen.marks
        ],
        "link": screen.link,
        "latency": screen.latency_ms,
        "message": {
            "headline": message.headline,
            "lines": list(message.lines),
            "arrow": message.arrow.value if message.arrow else None,
            "timeLeft": message.time_left,
            "progress": message.progress,
        },
    }


def test_the_screen_says_the_same_whatever_happens(modules: Modules) -> None:
    draw = random.Random(8)
    cases = [(any_status(draw), draw.random() < 0.1) for _ in range(1500)]
    expected = [told(screen_at(100.0, status, None, lost, LATE)) for status, lost in cases]
    script = "return given[0].map(([status, lost]) => screen.screenAt(100, status, lost, given[1]));"
    said = run(modules, script, [[[for_the_page(status), lost] for status, lost in cases], vocabulary()])
    for each, wanted, (status, _) in zip(said, expected, cases, strict=True):
        message = {key: value for key, value in each["message"].items() if key != "seconds"}
        assert {**each, "message": message} == wanted, status
    banners = {each["banner"] for each in said}
    assert banners == set(vocabulary()["banners"]), "the cases reach everything"


def test_the_same_is_remembered(modules: Modules) -> None:
    draw = random.Random(9)
    results = [any_result(draw) for _ in range(1000)]
    times = [index * 0.2 for index in range(1000)]
    kept, expected = Memory(), []
    for result, time in zip(results, times, strict=True):
        kept = kept.after(result, time)
        expected.append(for_the_page(replace(LinkStatus(), memory=kept))["memory"])
    script = """let kept = memory.NOTHING;
      return given.map(([result, time]) => (kept = memory.remembered(kept, result, time)));"""
    answers = [[result.to_map(), time] for result, time in zip(results, times, strict=True)]
    assert run(modules, script, answers) == expected


class Drawn(random.Random):
    """Draws what it is told."""

    def __init__(self, shares: list[float]) -> None:
        super().__init__()
        self._shares = iter(shares)

    def uniform(self, a: float, b: float) -> float:
        return a + next(self._shares) * (b - a)


def test_pauses_grow_alike(modules: Modules) -> None:
    shares = [0.0, 1.0, 0.5, 1.0, 0.9, 1.0, 0.01, 1.0]
    expected = list(islice(reconnect.delays(Drawn(shares)), len(shares)))
    script = """const drawn = [...given];
      const all = reconnect.delays(() => drawn.shift());
      return given.map(() => all.next().value);"""
    assert run(modules, script, shares) == expected
    assert max(expected) == reconnect.CAP_SECONDS


def pictures() -> Iterator["np.ndarray[Any, Any]"]:
    """A room, and what may become of it: noise, light, shaking, a cloud, somebody."""
    draw = np.random.default_rng(5)
    room = (draw.random((30, 40)) * 60 + 90).repeat(4, 0).repeat(4, 1)
    room[40:80, 30:50] = 220
    yield room
    yield room + draw.normal(0, 5, room.shape)
    yield room * 1.05
    yield room * 1.2
    yield np.roll(room, 1, axis=1)
    yield np.roll(room, 6, axis=0)
    for shade in (20, 60):
        with_somebody = room.copy()
        with_somebody[30:70, 60:80] += shade
        yield with_somebody
    yield room[:, ::-1]


def test_the_same_counts_as_still(modules: Modules) -> None:
    cells = [np.clip(picture, 0, 255).astype(np.uint8) for picture in pictures()]
    expected = [[StillRange.around(one).holds(other) for other in cells] for one in cells]
    script = """const all = given.map((grey) => ({width: 160, height: 120, grey: Uint8Array.from(grey)}));
      return all.map((one) => all.map((other) => new idle.StillRange(one).holds(other)));"""
    assert run(modules, script, [each.ravel().tolist() for each in cells]) == expected
    assert expected[0] == [True, True, True, False, True, False, False, False, False]


def test_pictures_are_offered_at_the_same_times(modules: Modules) -> None:
    """Four seconds of stillness, of somebody, of stillness again; now and then the server cannot look."""
    moments = [(index * 0.1, index // 40 % 2 == 1, index % 97 == 3) for index in range(400)]
    rooms = [np.full((120, 160), 100, np.uint8), np.full((120, 160), 100, np.uint8)]
    rooms[1][40:80, 40:80] = 200
    rate, expected = idle.IdleRate(), []
    for time, somebody, failed in moments:
        # IdleRate looks at pictures: three channels of the same grey, as small as its thumbnail
        picture = np.repeat(rooms[somebody][..., None], 3, axis=2)
        due = rate.due(_frame(picture, time))
        expected.append(due)
        if due:
            rate.answered(time, nobody=not somebody and not failed)
    script = """const shown = (grey) => ({width: 160, height: 120, grey: Uint8Array.from(grey)});
      const rooms = given.rooms.map(shown);
      const rate = new idle.IdleRate();
      return given.moments.map(([time, somebody, failed]) => {
        const due = rate.due(rooms[Number(somebody)], time);
        if (due) rate.answered(time, !somebody && !failed);
        return due;
      });"""
    given = {"rooms": [room.ravel().tolist() for room in rooms], "moments": [list(each) for each in moments]}
    assert run(modules, script, given) == expected
    assert 50 < expected.count(False) < 150


def _frame(picture: "np.ndarray[Any, Any]", time: float) -> Any:
    from client.camera.frames import CapturedFrame

    return CapturedFrame(1, picture, time)


def test_connections_are_given_up_and_pinged_at_the_same_times(modules: Modules) -> None:
    """What is due, and what is dead, at every quarter of a second while things happen."""
    draw = random.Random(3)
    talk, silence = ["", "heard", "frame", "answer", "ping", "pong", "welcome"], ["", "frame", "ping"]
    deaf = ["heard", "ping", "pong"]
    stretches = [draw.choice([talk, talk, silence, deaf]) for _ in range(20)]
    events = [(index * 0.25, draw.choice(stretches[index // 150])) for index in range(3000)]
    expected = []
    ours = Exchange(0.0)
    for time, event in events:
        _happen(ours, event, time)
        expected.append([ours.may_send, ours.ping_due(time), ours.dead(time) or ""])
        if ours.dead(time):
            ours = Exchange(time)
    script = """let ours = new exchange.Exchange(0);
      const happen = {
        heard: (time) => ours.heard(time),
        frame: (time) => ours.maySend && ours.frameSent({number: 1, captured: time, sent: time}),
        answer: () => ours.inFlight && ours.answered(1),
        ping: (time) => ours.pingDue(time) && (ours.id = ours.pingSent(time)),
        pong: () => ours.ponged(ours.id ?? 0),
        welcome: () => ours.welcomed(),
      };
      return given.map(([time, event]) => {
        happen[event]?.(time);
        const state = [ours.maySend, ours.pingDue(time), ours.dead(time)];
        if (state[2]) ours = new exchange.Exchange(time);
        return state;
      });"""
    assert run(modules, script, [list(each) for each in events]) == expected
    assert len({why for _, _, why in expected}) == 3 and any(due for _, due, _ in expected)


def _happen(ours: Exchange, event: str, time: float) -> None:
    if event == "heard":
        ours.heard(time)
    elif event == "frame" and ours.may_send:
        ours.frame_sent(SentFrame(1, time, Encoded(b"", 1, 1), time))
    elif event == "answer" and ours.in_flight:
        ours.answered(1)
    elif event == "ping" and ours.ping_due(time):
        ours.ping_sent(time)
    elif event == "pong":
        ours.ponged(ours._ping_id)
    elif event == "welcome":
        ours.welcomed()
