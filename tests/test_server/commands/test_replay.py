"""`python -m server replay` as an administrator runs it; a real video through a real door."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from server.access.liveness.proof import Liveness
from server.access.matching.gallery import Gallery
from server.access.matching.recogniser import SFACE
from server.access.observed import ObservedFrame
from server.access.orders import EMPTY
from server.access.rules import Rules
from server.access.seen import Face, PhotoAccepted
from server.commands.dates import first_moment, last_moment
from server.commands.enrolled import roster_of
from server.commands.replay import replay
from server.events import DoorClosed, FrameObserved
from server.recording.files import FOLDER, find
from server.recording.recorder import Recorder
from server.recording.replaying import Replay
from server.settings import Settings
from server.support.errors import StartError
from server.vision.frame import analyse_frame
from server.vision.models import Models
from server.vision.photo import judge_photo
from tests.support.embeddings import box, gallery, look, person, stranger
from tests.support.photos import DATA, VIDEO
from tests.support.recorded import START, WANTED, LiveDoor
from wire import Verdict

PEOPLE = gallery({"Ada": person(0), "Bob": person(1)})
ADA, MALLORY = Face(box(), look(0, 0.24)), Face(box(), stranger(0))


def the_settings(home: Path, **more: object) -> Settings:
    (home / "faces").mkdir(exist_ok=True)
    (home / "logs").mkdir(exist_ok=True)
    return Settings.model_validate(
        {
            "faces": home / "faces",
            "logs": home / "logs",
            "liveness": "off",
            "threshold": 0.3,
            "recogniser": "dlib",
            "workers": 1,
            **more,
        }
    )


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextlib.asynccontextmanager
    async def enrolled(*_: object) -> AsyncIterator[SimpleNamespace]:
        yield SimpleNamespace(gallery=PEOPLE)

    monkeypatch.setattr("server.commands.replay.enrolled", enrolled)


def record(settings: Settings, terminal: str = "front", start: datetime = START) -> list[ObservedFrame]:
    """Ada is granted, Mallory denied, 20 s apart."""
    recorder = Recorder.in_folder(settings.logs / FOLDER)
    door = LiveDoor(settings.rules(), PEOPLE, terminal=terminal)
    for shown, at in [(ADA, 0.0), (MALLORY, 20.0)]:
        for number in range(40):
            frame = door.see([shown] if number < 25 else [], at + number * 0.2, start=start)
            recorder.take(FrameObserved(terminal, terminal, frame, settings.rules()))
    recorder.take(DoorClosed(terminal, terminal, door.close(), settings.rules()))
    recorder.close()
    return door.frames


@pytest.mark.usefixtures("known")
def test_under_the_recorded_settings_nothing_changes(tmp_path: Path) -> None:
    settings = the_settings(tmp_path)
    record(settings)
    assert asyncio.run(replay(settings)).splitlines() == [
        "visits: 2, decided otherwise: 0",
        "granted: 1 -> 1",
        '  "Ada": 1 -> 1',
        "denied: 1 -> 1",
    ]


@pytest.mark.usefixtures("known")
def test_under_others_it_tells_what_changes(tmp_path: Path) -> None:
    record(the_settings(tmp_path))
    report = asyncio.run(replay(the_settings(tmp_path, threshold=0.2))).splitlines()
    assert report[0] == "threshold: 0.3 -> 0.2"
    assert report[1].startswith("2026-11-22 08:00:0") and report[1].endswith(
        ' front granted "Ada" (recognised 0.240/0.300) -> denied unknown (unknown_face 0.240/0.200)'
    )
    assert report[2:] == [
        "visits: 2, decided otherwise: 1",
        "granted: 1 -> 0",
        '  "Ada": 1 -> 0',
        "denied: 1 -> 2",
    ]


@pytest.mark.usefixtures("known")
def test_what_another_recogniser_saw_is_not_decided_again_and_told(tmp_path: Path) -> None:
    record(the_settings(tmp_path))
    report = asyncio.run(replay(the_settings(tmp_path, recogniser="sface", threshold=1.0))).splitlines()
    assert report[0].startswith("nothing is recorded in") and len(report) == 2
    assert report[1].startswith("skipped: ") and "recorded with dlib" in report[1]


@pytest.mark.usefixtures("known")
def test_visits_are_chosen_by_time_and_terminal(tmp_path: Path) -> None:
    settings = the_settings(tmp_path)
    record(settings)
    record(settings, "back", START + timedelta(days=2))

    def visits(**chosen: object) -> str:
        return asyncio.run(replay(settings, **chosen)).splitlines()[0]  # type: ignore[arg-type]

    assert visits() == "visits: 4, decided otherwise: 0"
    assert visits(terminal="back") == "visits: 2, decided otherwise: 0"
    assert visits(since=first_moment("2026-11-24")) == "visits: 2, decided otherwise: 0"
    assert visits(until=last_moment("2026-11-22")) == "visits: 2, decided otherwise: 0"
    assert visits(since=START + timedelta(seconds=10), until=START + timedelta(days=1)) == (
        "visits: 1, decided otherwise: 0"
    )
    folder = settings.logs / FOLDER
    nothing = f"nothing is recorded of terminal side in {folder}; there are back, front"
    assert visits(terminal="side") == nothing
    assert visits(since=first_moment("2027-11-24"), terminal="side") == f"nothing is recorded in {folder}"


def test_moments_are_days_or_times(tmp_path: Path) -> None:
    assert first_moment("2026-11-22") == datetime(2026, 11, 22)
    half_past = datetime(2026, 11, 22, 8, 30)
    assert first_moment("2026-11-22T08:30") == last_moment("2026-11-22T08:30") == half_past
    assert last_moment("2026-11-22") == datetime(2026, 11, 23)
    with pytest.raises(ValueError, match="yesterday"):
        first_moment("yesterday")


@pytest.mark.usefixtures("known")
def test_what_one_should_know_is_said(tmp_path: Path) -> None:
    settings = the_settings(tmp_path)
    record(settings)
    day = settings.logs / FOLDER / "2026-11-22"
    (day / "foreign.rec").write_bytes(b"JPEG" * 9)
    with (day / "front.rec").open("ab") as file:
        file.write(b"\xff" * 9)
    report = asyncio.run(replay(the_settings(tmp_path, liveness="challenge"))).splitlines()
    assert "liveness: off -> challenge" in report
    assert "note: challenges that nobody was asked then, so that all fail: 1" in report
    assert [line.split(": ")[0] for line in report[-2:]] == ["skipped", "skipped"]
    assert str(day / "foreign.rec") in report[-2] and str(day / "front.rec") in report[-1]


@pytest.mark.usefixtures("known")
def test_an_unfinished_recording_and_another_gallery_are_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = the_settings(tmp_path)
    frames = record(settings)
    recorder = Recorder.in_folder(settings.logs / FOLDER)
    for frame in frames[:5]:
        changed = replace(frame, followed=(), enrolled=(1, 1))
        recorder.take(FrameObserved("crashed", "front", changed, settings.rules()))
    recorder.close()
    report = asyncio.run(replay(settings)).splitlines()
    assert report[-3:] == [
        "note: enrolled then: 1 by 1 photos; now: 2 by 2. That changes visits, too",
        "note: visits left out, as their end was not recorded: 1",
        "note: in 4 frames other faces are followed than then: another server version?",
    ]


def test_people_toml_is_read_or_the_start_fails(tmp_path: Path) -> None:
    settings = the_settings(tmp_path)
    assert roster_of(settings) == EMPTY
    settings.people_file.write_text('[people."Ada"]\ndisabled = true\n')
    assert roster_of(settings).permits["Ada"].disabled
    settings.people_file.write_text("[")
    with pytest.raises(StartError, match=r"people\.toml"):
        roster_of(settings)


def test_without_anybody_enrolled_the_command_works_from_the_folder(tmp_path: Path) -> None:
    settings = the_settings(tmp_path)
    record(settings)
    report = asyncio.run(replay(settings))
    assert "(recognised 0.240/0.300) -> denied unknown (nobody_enrolled)" in report
    assert "note: enrolled then: 2 by 2 photos; now: 0 by 0. That changes visits, too" in report


def pictures() -> Iterator[tuple[float, bytes]]:
    """8 s of the video, 10 frames a second, as JPEG."""
    video = cv2.VideoCapture(str(VIDEO))
    rate = video.get(cv2.CAP_PROP_FPS)
    for number in range(int(8 * rate)):
        good, picture = video.read()
        if not good:
            return
        if number % round(rate / 10) == 0:
            yield number / rate, cv2.imencode(".jpg", picture)[1].tobytes()


@pytest.mark.skipif(not VIDEO.exists(), reason="the video is not beside this checkout")
@pytest.mark.parametrize(
    ("then", "now", "verdict"),
    [
        (Liveness.PASSIVE, Liveness.OFF, Verdict.GRANTED),
        (Liveness.PASSIVE, Liveness.CHALLENGE, Verdict.DENIED),
        (Liveness.CHALLENGE, Liveness.OFF, Verdict.GRANTED),
    ],
)
def test_a_real_video_is_decided_again_as_it_was(
    then: Liveness, now: Liveness, verdict: Verdict, tmp_path: Path, models: Models
) -> None:
    accepted = judge_photo(models, (DATA / "people" / "lin-manuel-miranda.png").read_bytes())
    assert isinstance(accepted, PhotoAccepted)
    lin = Gallery.build(SFACE, 1, [("Lin", np.stack([accepted.embedding, accepted.mirrored]))])
    rules = Rules(liveness=then)
    recorder = Recorder.in_folder(tmp_path)
    live = LiveDoor(rules, lin)
    for at, jpeg in pictures():
        hints = live.door.hints(WANTED, at)
        frame = live.take(analyse_frame(models, jpeg, hints), hints, at)
        recorder.take(FrameObserved("s", "stage", frame, rules))
    recorder.take(DoorClosed("s", "stage", live.close(), rules))
    recorder.close()
    recordings, problems = find(tmp_path)
    same = Replay(recordings, rules, lin, EMPTY)
    assert same.go_on() and not problems
    assert same.compared and not any(each.changed for each in same.compared)
    notes = same.notes
    assert (notes.strayed, notes.unasked, notes.unfinished) == (0, 0, 0)
    assert any(frame.drawn for frame in live.frames), "somebody was asked for something"
    other = Replay(recordings, replace(rules, liveness=now), lin, EMPTY)
    other.go_on()
    after = [each.after for each in other.compared if each.after]
    assert verdict in {decision.verdict for decision in after if decision.name == "Lin"}
    assert other.notes.unasked == 0
