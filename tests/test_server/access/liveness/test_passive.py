"""Passive liveness: what proves a face, and what is forgotten."""

from collections.abc import Callable

import numpy as np
import pytest

from server.access.liveness.passive import (
    AHEAD_DEGREES,
    DEEP,
    LEAST_SECONDS,
    PRESENT,
    SOON_DEEP,
    SOON_SECONDS,
    WINDOW_SECONDS,
    Evidence,
    Passive,
)
from server.access.liveness.sightings import Sighting
from server.access.seen import Landmarks
from tests.support.heads import head
from tests.support.textures import Skin, shown, sighted

Motion = Callable[[float], dict[str, float]]
SKIN = Skin()


def swing(at: float, size: float = 9.0) -> float:
    return size * float(np.sin(2 * np.pi * 0.4 * at))


def turning(at: float) -> dict[str, float]:
    return {"turned": swing(at)}


def still(at: float) -> dict[str, float]:
    return {}


def held(at: float) -> dict[str, float]:
    return {"aside": swing(at, 0.6), "tilted": swing(at + 0.3, 0.8), "gain": 1 + swing(at, 0.1)}


def watch(
    proof: Passive,
    motion: Motion,
    start: float,
    end: float,
    rate: float = 10.0,
    skin: Skin = SKIN,
    presence: float | None = 30.0,
) -> None:
    random = np.random.default_rng(0)
    for at in np.arange(start, end, 1 / rate):
        proof.see(Sighting.take(float(at), sighted(shown(skin.seen(**motion(float(at))), random), presence)))


def proven(motion: Motion, seconds: float = 6.0, rate: float = 10.0) -> bool:
    proof = Passive()
    watch(proof, motion, 0.0, seconds, rate)
    return proof.live


@pytest.mark.parametrize("rate", [7.5, 10.0, 15.0])
def test_a_head_that_turns_is_live(rate: float) -> None:
    assert proven(turning, rate=rate)


def test_a_face_that_blinks_is_live() -> None:
    assert proven(lambda at: {"shut": float(at % 2 < 0.2)})


def test_a_face_that_speaks_is_live() -> None:
    assert proven(lambda at: {"speaking": float(at % 1 < 0.5)})


@pytest.mark.parametrize("rate", [7.5, 10.0, 15.0])
@pytest.mark.parametrize("motion", [still, held], ids=["still", "held"])
def test_a_print_is_not_proven(motion: Motion, rate: float) -> None:
    assert not proven(motion, rate=rate)


@pytest.mark.parametrize(("seconds", "live"), [(SOON_SECONDS - 0.1, False), (SOON_SECONDS, True)])
def test_what_was_seen_for_a_short_time_must_show_more_depth(seconds: float, live: bool) -> None:
    assert Evidence(depth=DEEP, seconds=seconds).live is live
    assert Evidence(depth=SOON_DEEP, seconds=seconds).live


def test_nothing_is_proven_at_once() -> None:
    assert not proven(turning, seconds=LEAST_SECONDS - 0.1)


def test_by_points_that_tell_no_presence_it_is_proven_too() -> None:
    proof = Passive()
    watch(proof, turning, 0.0, 6.0, presence=None)
    assert proof.live


def test_faces_that_are_hardly_there_are_not_looked_at() -> None:
    proof = Passive()
    watch(proof, turning, 0.0, 6.0, presence=PRESENT - 0.1)
    assert not proof.live and proof.evidence.seconds == 0


def test_neither_are_those_that_look_away_nor_those_without_a_texture() -> None:
    proof, random = Passive(), np.random.default_rng(0)
    for index in range(60):
        seen = shown(SKIN.seen(**turning(index / 10)), random)
        aside = AHEAD_DEGREES + 1
        proof.see(Sighting.take(index / 10, sighted(seen, yaw=aside) if index % 2 else head()))
    assert proof.evidence.seconds == 0


def test_a_gap_forgets_everything() -> None:
    proof = Passive()
    watch(proof, turning, 0.0, 6.0)
    assert proof.live
    watch(proof, still, 6.6, 6.8)
    assert not proof.live and proof.evidence.seconds < 0.3


@pytest.mark.parametrize("other", [{"across": 14.0}, {"distance": 85.0}], ids=["aside", "smaller"])
def test_a_jump_forgets_everything(other: dict[str, float]) -> None:
    proof = Passive()
    watch(proof, turning, 0.0, 5.0)
    proof.see(Sighting.take(5.0, sighted(shown(SKIN.seen(), np.random.default_rng(0)), **other)))
    assert not proof.live and proof.evidence.seconds == 0


def test_another_picture_in_the_same_place_forgets_everything() -> None:
    proof = Passive()
    watch(proof, turning, 0.0, 5.0)
    assert proof.live
    watch(proof, still, 5.0, 5.6, skin=Skin(1))
    assert not proof.live and proof.evidence.seconds < 0.2


def test_a_hand_that_passes_is_no_part_of_the_face() -> None:
    proof, random, hand = Passive(), np.random.default_rng(0), Skin(2)
    for index in range(60):
        skin = hand if index % 10 in (3, 4, 5) else SKIN
        proof.see(Sighting.take(index / 10, sighted(shown(skin.seen(), random))))
    assert not proof.live and proof.evidence.seconds > 5


def test_two_pictures_in_turn_make_no_live_one() -> None:
    proof, random = Passive(), np.random.default_rng(0)
    for index in range(80):
        proof.see(Sighting.take(index / 10, sighted(shown(Skin(index // 10 % 2).seen(), random))))
        assert not proof.live


def test_evidence_is_forgotten_with_time_and_so_is_memory_bounded() -> None:
    proof = Passive()
    watch(proof, turning, 0.0, 6.0)
    assert proof.live
    watch(proof, still, 6.0, 6.5 + WINDOW_SECONDS)
    assert not proof.live
    assert proof.evidence.seconds <= WINDOW_SECONDS


SCORES = [((0.9, 0.9, 0.4), True), ((0.9, 0.4), False), ((0.9, 0.2, 0.3), False), ((0.1,), False)]


@pytest.mark.parametrize(("scores", "live"), SCORES)
def test_an_antispoofing_model_takes_away(scores: tuple[float, ...], live: bool) -> None:
    assert opinion(turning, scores) is live


def test_an_antispoofing_model_adds_nothing() -> None:
    assert not opinion(still, (1.0,))


def opinion(motion: Motion, scores: tuple[float, ...]) -> bool:
    proof, random = Passive(), np.random.default_rng(0)
    for index in range(60):
        texture = shown(SKIN.seen(**motion(index / 10)), random)
        seen: Landmarks = sighted(texture, antispoof=scores[index % len(scores)])
        proof.see(Sighting.take(index / 10, seen))
    return proof.live
