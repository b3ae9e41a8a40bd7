"""The idle rate: noise, light and shaking are no movement; whatever a visitor does is."""

import time
from collections.abc import Callable
from functools import lru_cache

import cv2
import numpy as np
import pytest

from client.camera.frames import CapturedFrame, Image
from client.camera.simulated import EMPTY_SECONDS, VISIT_SECONDS, fitted, frame_at
from client.connection.idle import HOLD_SECONDS, IDLE_SECONDS, IdleRate
from tests.support.photos import photo

FPS = 20.0
RANDOM = np.random.default_rng(7)
NOISE = RANDOM.normal(0, 1, (480, 640, 3)).astype(np.float32)


@lru_cache
def portrait() -> Image:
    image = cv2.imread(str(photo("obama")))
    assert image is not None
    return fitted(image)


@lru_cache
def room(left: int = 0, top: int = 0) -> Image:
    """A scene with large and small things in it, seen from a place a few pixels aside."""
    scene = np.full((520, 680, 3), 120, np.uint8)
    scene[:, 400:] = (70, 90, 110)
    scene[300:, :250] = (200, 210, 220)
    scene[100:140:8, 40:200] = 20
    cv2.putText(scene, "Exit", (430, 200), cv2.FONT_HERSHEY_SIMPLEX, 2, (240, 240, 240), 6)
    return scene[20 + top : 500 + top, 20 + left : 660 + left]


def noisy(scene: Image, light: float = 1.0, sigma: float = 3.0) -> Image:
    noise = np.roll(NOISE, tuple(RANDOM.integers(0, (480, 640))), axis=(0, 1))
    return cv2.addWeighted(scene, light, noise, sigma, 0, dtype=cv2.CV_8U)


class Camera:
    """Offers pictures at `FPS`; the server answers each that is sent before the next is taken."""

    def __init__(self) -> None:
        self.rate = IdleRate()
        self.now = 100.0
        self.number = 0

    def take(self, picture: Image, nobody: bool = True) -> bool:
        """Whether the picture was sent."""
        self.now += 1 / FPS
        self.number += 1
        frame = CapturedFrame(self.number, picture, self.now)
        sent = self.rate.due(frame)
        if sent:
            self.rate.answered(frame.captured, nobody)
        return sent

    def watch(self, seconds: float, picture: Callable[[], Image], nobody: bool = True) -> int:
        """How many pictures were sent in so many seconds."""
        return sum(self.take(picture(), nobody) for _ in range(round(seconds * FPS)))

    @property
    def idle(self) -> bool:
        return self.watch(2, room) <= 4


@pytest.fixture
def resting() -> Camera:
    """A camera that has seen nothing but an empty room for a while."""
    camera = Camera()
    camera.watch(HOLD_SECONDS + 1, lambda: noisy(room()))
    return camera


def test_at_first_every_picture_is_sent_then_two_a_second() -> None:
    camera = Camera()
    assert camera.watch(HOLD_SECONDS, room) == HOLD_SECONDS * FPS
    assert camera.watch(10, room) == pytest.approx(10 / IDLE_SECONDS, abs=1)


def test_noise_is_no_movement(resting: Camera) -> None:
    assert resting.watch(10, lambda: noisy(room())) <= 20
    assert resting.watch(10, lambda: noisy(room(), sigma=8)) <= 20


def test_changing_light_is_no_movement(resting: Camera) -> None:
    started = resting.now

    def picture() -> Image:
        return noisy(room(), light=1 + 0.07 * np.sin(2 * np.pi * (resting.now - started) / 5))

    assert resting.watch(10, picture) <= 20


def test_a_shaking_camera_is_no_movement(resting: Camera) -> None:
    assert resting.watch(10, lambda: noisy(room(*RANDOM.integers(-2, 3, 2).tolist()))) <= 20


def test_the_empty_scene_of_the_simulated_camera_is_still() -> None:
    camera = Camera()
    moments = [at / FPS for at in range(round(EMPTY_SECONDS * FPS))]
    for round_ in range(3):
        sent = sum(camera.take(frame_at(portrait(), at, seed=0)) for at in moments)
        assert sent <= (len(moments) if round_ < 2 else 4)


def test_the_first_picture_with_a_simulated_visitor_is_sent_at_once() -> None:
    camera = Camera()
    empty = [frame_at(portrait(), at / FPS) for at in range(round(EMPTY_SECONDS * FPS))]
    camera.watch(HOLD_SECONDS + 1, lambda: empty[-1])
    assert not camera.take(empty[-2])
    assert camera.take(frame_at(portrait(), EMPTY_SECONDS))


@pytest.mark.parametrize(("size", "grey"), [(40, 25), (60, 25), (120, 25), (40, 230)])
def test_a_small_thing_that_enters_is_sent_at_once(resting: Camera, size: int, grey: int) -> None:
    while resting.take(noisy(room())):
        pass
    entered = room().copy()
    entered[200 : 200 + size, 300 : 300 + size] = grey
    assert resting.take(noisy(entered))
    assert resting.watch(HOLD_SECONDS - 0.1, lambda: noisy(entered)) == round((HOLD_SECONDS - 0.1) * FPS)
    assert resting.watch(5, lambda: noisy(entered)) <= 11, "it stays there, and is no face"


def test_slow_movement_is_seen_between_two_pictures_at_the_idle_rate(resting: Camera) -> None:
    """Two pixels a picture: too little from one picture to the next."""
    offset = iter(range(0, 400, 2))

    def picture() -> Image:
        scene = room().copy()
        left = next(offset)
        scene[150:250, left : left + 60] = 25
        return noisy(scene)

    assert resting.watch(5, picture) > 0.6 * 5 * FPS


def test_while_a_face_is_seen_every_picture_is_sent(resting: Camera) -> None:
    picture = noisy(room())
    while not resting.take(picture, nobody=False):
        pass
    assert resting.watch(5, lambda: picture, nobody=False) == 5 * FPS
    assert resting.watch(1, lambda: picture) == FPS, "the face is gone, for a moment or for good"
    resting.watch(2, lambda: picture)
    assert resting.idle


def test_without_an_answer_every_picture_is_due() -> None:
    rate = IdleRate()
    assert all(rate.due(CapturedFrame(number, room(), number / FPS)) for number in range(200))


def test_an_answer_from_before_the_movement_says_nothing(resting: Camera) -> None:
    """However long the server takes, somebody may stand there until it has looked."""
    before = resting.now
    entered = room().copy()
    entered[100:300, 200:350] = 25
    for number in range(200):
        resting.now += 1 / FPS
        assert resting.rate.due(CapturedFrame(number, entered, resting.now))
        resting.rate.answered(before, nobody=True)


def test_a_picture_of_another_size_is_another_picture(resting: Camera) -> None:
    while resting.take(room()):
        pass
    assert resting.take(room()[:200, :300])


@pytest.mark.parametrize("shape", [(1, 1), (3, 700), (60, 80), (288, 360), (481, 641), (1080, 1920)])
def test_pictures_of_any_size_come_to_rest(shape: tuple[int, int]) -> None:
    camera = Camera()
    scene = np.full((*shape, 3), 130, np.uint8)
    camera.watch(HOLD_SECONDS, lambda: scene)
    assert camera.watch(5, lambda: scene) <= 11
    assert camera.take(scene // 2) or shape[0] * shape[1] < 64


def test_a_visit_of_the_sample_person_is_sent_in_full() -> None:
    """The server sees the face a few pictures after it appears, and says so until it is gone."""
    camera = Camera()
    person = portrait()
    camera.watch(HOLD_SECONDS + 1, lambda: frame_at(person, 1.0))
    moments = [EMPTY_SECONDS + at / FPS for at in range(round(VISIT_SECONDS * FPS))]
    assert all(camera.take(frame_at(person, at), nobody=number < 3) for number, at in enumerate(moments))


def test_deciding_costs_less_than_half_a_millisecond() -> None:
    rate = IdleRate()
    frames = [CapturedFrame(number, noisy(room()), number / FPS) for number in range(20)]
    taken = []
    for frame in frames * 5:
        started = time.perf_counter()
        rate.due(frame)
        taken.append(time.perf_counter() - started)
    assert sorted(taken)[len(taken) // 4] < 0.5e-3, "a quarter of the time undisturbed by other processes"
