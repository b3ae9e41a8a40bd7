"""Two real people who take each other's place in front of one camera: nobody inherits an identity.

The whole chain from JPEG to verdict, with its own clock: 30 frames a second.
"""

from collections.abc import Iterable, Iterator
from itertools import count
from typing import NamedTuple

import cv2
import numpy as np
import pytest

from client.camera.simulated import EMPTY_SECONDS, HEIGHT, WIDTH, frame_at
from server.access.attention import LOOK_SECONDS, NEWCOMER_SECONDS, WAIT_SECONDS
from server.access.door import Door
from server.access.liveness.proof import Liveness
from server.access.matching.gallery import Gallery
from server.access.matching.recogniser import SFACE
from server.access.rules import Rules
from server.access.seen import Hints, PhotoAccepted
from server.access.visit import Care
from server.vision.frame import analyse_frame
from server.vision.models import Models
from server.vision.photo import judge_photo
from tests.support.doors import settled
from tests.support.photos import DATA, VIDEO, jpeg, photo
from tests.support.visits import encoded
from wire import Verdict

FPS = 30
WANTED = Hints(min_face=48, max_faces=4, max_pixels=10**7)


class Seen(NamedTuple):
    """One frame as answered: each face's (left edge, name, verdict), and the frame's verdict."""

    faces: list[tuple[int, str | None, Verdict]]
    verdict: Verdict
    decided: Verdict | None

    @property
    def granted(self) -> bool:
        return self.verdict is Verdict.GRANTED or any(face[2] is Verdict.GRANTED for face in self.faces)


class Watch:
    """A door with its worker, in this process."""

    def __init__(self, models: Models, known: Gallery) -> None:
        self._models = models
        self._known = known
        self._door = Door(Rules(liveness=Liveness.OFF), new_id=map(str, count()).__next__)
        self._now = 1000.0
        self.embedded = 0

    def see(self, frames: Iterable[bytes], fps: float = FPS) -> list[Seen]:
        seen = []
        for frame in frames:
            self._now += 1 / fps
            analysis = analyse_frame(self._models, frame, self._door.hints(WANTED, self._now))
            self.embedded += sum(face.embedding is not None for face in analysis.faces)
            outcome = settled(self._door, self._door.observe(analysis, self._known, self._now))
            decided = outcome.decision.verdict if outcome.decision else None
            faces = [(face.box.left, face.name, face.verdict) for face in outcome.faces]
            seen.append(Seen(faces, outcome.verdict, decided))
        return seen


def enrolled(models: Models, **photos: bytes) -> Gallery:
    outcomes = {name: judge_photo(models, data) for name, data in photos.items()}
    return Gallery.build(
        SFACE,
        1,
        [
            (name, np.stack([outcome.embedding, outcome.mirrored]))
            for name, outcome in outcomes.items()
            if isinstance(outcome, PhotoAccepted)
        ],
    )


@pytest.fixture(scope="module")
def watch(models: Models) -> Watch:
    return Watch(models, enrolled(models, obama=jpeg("obama")))


@pytest.fixture
def door(models: Models, watch: Watch) -> Watch:
    return Watch(models, watch._known)


def at_the_door(name: str, start: float, seconds: float) -> Iterator[bytes]:
    picture = cv2.imread(str(photo(name)))
    assert picture is not None
    for at in range(round(seconds * FPS)):
        yield encoded(frame_at(picture, EMPTY_SECONDS + start + at / FPS))


def portrait(name: str) -> "cv2.typing.MatLike":
    """The person from the shoulders up, half a frame wide."""
    picture = cv2.imread(str(photo(name)))
    assert picture is not None
    return cv2.resize(picture[: int(picture.shape[1] * 1.2)], (WIDTH // 2, HEIGHT))


def scene(*people: tuple[str, int]) -> bytes:
    """People by name and left edge; who comes later stands in front."""
    picture = np.full((HEIGHT, WIDTH, 3), 127, np.uint8)
    for name, left in people:
        start, end = max(0, left), min(WIDTH, left + WIDTH // 2)
        if start < end:
            picture[:, start:end] = portrait(name)[:, start - left : end - left]
    return encoded(picture)


def decoded(frame: bytes) -> "cv2.typing.MatLike":
    picture = cv2.imdecode(np.frombuffer(frame, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return picture


def test_the_enrolled_one_is_granted_within_half_a_second(door: Watch) -> None:
    seen = door.see(at_the_door("obama2", 0, 0.5))
    assert [frame.decided for frame in seen if frame.decided] == [Verdict.GRANTED]
    assert seen[-1].granted


def test_while_he_stands_there_he_is_followed_and_only_verified(door: Watch) -> None:
    door.see(at_the_door("obama2", 0, 0.5))
    before = door.embedded
    seen = door.see(at_the_door("obama2", 0.5, 4))
    assert all(frame.granted for frame in seen)
    assert 3 <= door.embedded - before <= 12


def test_a_cut_to_somebody_else_ends_the_grant_in_that_frame(door: Watch) -> None:
    door.see(at_the_door("obama2", 0, 1))
    seen = door.see(at_the_door("biden", 1, 3))
    assert not any(frame.granted for frame in seen)
    assert {name for frame in seen for _, name, _ in frame.faces} == {None}
    assert Verdict.DENIED in {frame.decided for frame in seen}


def test_cuts_back_and_forth_never_grant_the_other(door: Watch) -> None:
    for turn in range(6):
        name = "biden" if turn % 2 else "obama2"
        seen = door.see(at_the_door(name, turn / 2, 0.5))
        assert turn % 2 == 0 or not any(frame.granted for frame in seen)


def test_two_people_who_walk_across_each_other_keep_their_own_verdicts(door: Watch) -> None:
    """They start apart, pass in front of each other, and end with places exchanged."""
    steps = np.linspace(0, WIDTH // 2, 45).round().astype(int)
    frames = [scene(("obama3", int(step)), ("biden", WIDTH // 2 - int(step))) for step in steps]
    before = door.see([frames[0]] * FPS)
    assert [name for _, name, _ in sorted(before[-1].faces)] == ["obama", None]
    door.see(frames)
    after = door.see([frames[-1]] * FPS)
    for frame in after[round(FPS * LOOK_SECONDS[Care.GATHER]) :]:
        assert [name for _, name, _ in sorted(frame.faces)] in ([None, "obama"], [None, None])
    assert [name for _, name, _ in sorted(after[-1].faces)] == [None, "obama"]


def test_while_they_cross_only_the_enrolled_one_is_ever_granted(models: Models, door: Watch) -> None:
    """Biden passes in front: from the frame in which only his face is left nobody is granted."""
    steps = [int(step) for step in np.linspace(WIDTH, 0, 30)]
    door.see([scene(("obama3", 0))] * FPS)
    door.see(scene(("obama3", 0), ("biden", step)) for step in steps)
    hidden = door.see([scene(("biden", 0))] * (2 * FPS))
    assert not any(frame.granted for frame in hidden)


def test_a_slow_cross_fade_is_found_out_by_the_next_verification(door: Watch) -> None:
    """No camera sees this; it is the hardest case for the comparison from frame to frame."""
    obama, biden = (decoded(scene((name, 160))) for name in ("obama3", "biden"))
    assert door.see([encoded(obama)] * FPS)[-1].granted
    door.see(encoded(cv2.addWeighted(obama, 1 - at / 30, biden, at / 30, 0)) for at in range(30))
    seen = door.see([encoded(biden)] * (2 * FPS))
    assert not any(frame.granted for frame in seen[round(WAIT_SECONDS[Care.VERIFY] * FPS) + 1 :])


def test_a_newcomer_beside_a_followed_face_is_reported_in_time(door: Watch) -> None:
    door.see([scene(("obama3", 0))] * FPS)
    seen = door.see([scene(("obama3", 0), ("biden", WIDTH // 2))] * FPS)
    first = next(at for at, frame in enumerate(seen) if len(frame.faces) == 2)
    assert first / FPS <= NEWCOMER_SECONDS + 1 / FPS
    assert all(len(frame.faces) == 2 for frame in seen[first:])


@pytest.mark.skipif(not VIDEO.exists(), reason="the video is not beside this checkout")
def test_the_cuts_of_a_real_video_hand_nothing_on(models: Models) -> None:
    """Lin-Manuel Miranda is far away up to frame 20 or so, and near from 84 to 211; then comes a cut to the
    audience."""
    lin = enrolled(models, lin=(DATA / "people" / "lin-manuel-miranda.png").read_bytes())
    video = cv2.VideoCapture(str(VIDEO))
    frames = []
    while True:
        more, picture = video.read()
        if not more:
            break
        frames.append(encoded(picture))
    seen = Watch(models, lin).see(frames)
    granted = [at for at, frame in enumerate(seen) if frame.granted]
    assert any(84 <= at <= 211 for at in granted)
    assert all(at <= 25 or 84 <= at <= 211 for at in granted)
    assert [at for at, frame in enumerate(seen) if frame.faces and at >= 212]
