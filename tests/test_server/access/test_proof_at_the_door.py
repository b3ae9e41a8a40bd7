"""What a door asks of a recognised face before it grants: proof of life, and who may come in when."""

import itertools
import random
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import numpy as np
import pytest

from server.access.attention import LANDMARK_SECONDS
from server.access.decision import Decision
from server.access.door import Door
from server.access.liveness import proof
from server.access.liveness.challenge import ChallengeState, Extent
from server.access.liveness.proof import (
    LONGEST_PAUSE_SECONDS,
    PAUSE_SECONDS,
    Aliveness,
    Liveness,
    LivenessCheck,
    Proof,
)
from server.access.liveness.sightings import Sighting
from server.access.lockout import FIRST_SECONDS, Lockouts
from server.access.matching.gallery import Gallery
from server.access.matching.recogniser import DLIB
from server.access.orders import Roster, TerminalRules
from server.access.outcome import Asked, Outcome
from server.access.permits import Permit
from server.access.policy import Policy
from server.access.rules import VISIT_LOOKS
from server.access.seen import Face, Flaw, Hints, Landmarks, Pose
from server.access.tracks import BREAK_SECONDS, SLOT_SECONDS
from tests.support.doors import close, settled
from tests.support.embeddings import analysis, box, face, gallery, look, person, shifted, stranger
from tests.support.rules import rules
from wire import Verdict
from wire.reasons import Prompt, Reason

ADA, BOB = 0, 1
PEOPLE = gallery({"Ada": person(ADA), "Bob": person(BOB)})
POINTS = Landmarks(np.zeros((68, 2), np.float32), Pose(0.0, 0.0, 0.0))
ada, bob, mallory = face(look(ADA, 0.2)), face(look(BOB, 0.2), left=300), face(stranger(0), left=500)
GRANTED, DENIED, CHECKING = Verdict.GRANTED, Verdict.DENIED, Verdict.CHECKING
NOON = datetime(2026, 11, 23, 12)
LIVE_AFTER = 4
STEP = 0.25


class FakePassive:
    """Is convinced by `LIVE_AFTER` sightings, where there may be any conviction."""

    convinced = True
    counts = True

    def __init__(self) -> None:
        self.seen = 0

    def see(self, sighting: Sighting) -> bool:
        self.seen += 1
        return self.counts

    @property
    def live(self) -> bool:
        return self.convinced and self.seen >= LIVE_AFTER


class FakeChallenge:
    """Passes or fails after `LIVE_AFTER` sightings, or when its time is over."""

    outcome = ChallengeState.PASSED
    begun = 0
    extent = Extent.SHORT
    progress = 0.25

    def __init__(self, rng: object, started: float, extent: Extent, before: object) -> None:
        type(self).begun += 1
        type(self).extent = extent
        self.started = started
        self.seen = 0
        self.state = ChallengeState.RUNNING
        self.prompt = Prompt.TURN_LEFT

    def see(self, sighting: Sighting) -> None:
        self.seen += 1
        if self.seen >= LIVE_AFTER:
            self.state = self.outcome

    def tick(self, now: float) -> None:
        if self.seconds_left(now) == 0:
            self.state = ChallengeState.FAILED

    def seconds_left(self, now: float) -> float:
        return max(0.0, self.started + 20 - now)


@pytest.fixture(autouse=True)
def fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof, "Passive", FakePassive)
    monkeypatch.setattr(proof, "Challenge", FakeChallenge)
    monkeypatch.setattr(FakePassive, "convinced", True)
    monkeypatch.setattr(FakePassive, "counts", True)
    monkeypatch.setattr(FakeChallenge, "outcome", ChallengeState.PASSED)
    monkeypatch.setattr(FakeChallenge, "begun", 0)


class Doorway:
    """A door whose worker finds landmarks wherever they are wanted, and all the decisions it made."""

    def __init__(self, liveness: Liveness = Liveness.PASSIVE, **changes: Any) -> None:
        self.lockouts: Lockouts = changes.pop("lockouts", Lockouts())
        self.roster: Roster = changes.pop("roster", Roster())
        self.moment = NOON
        self.rules = rules(liveness=liveness, **changes)
        new_id = iter(map(str, range(1000))).__next__
        self.door = Door(self.rules, new_id=new_id, terminal="front", lockouts=self.lockouts)
        self.gallery: Gallery = PEOPLE
        self.now = 100.0
        self.decisions: list[Decision] = []
        self.wanted_landmarks = 0

    def see(self, *faces: Face, seconds: float = STEP, written: bool = True) -> Outcome:
        self.now += seconds
        hints = self.door.hints(Hints(48, 4, 10**6), self.now)
        boxes = [followed.box for followed in hints.followed if followed.landmarks]
        self.wanted_landmarks += len(boxes)
        shown = [replace(each, landmarks=POINTS) if each.box in boxes else each for each in faces]
        orders = self.roster.orders("front", self.moment)
        observed = self.door.observe(analysis(*shown), self.gallery, self.now, orders)
        outcome = settled(self.door, observed, written)
        self.decisions += [outcome.decision] if outcome.decision else []
        return outcome

    def watch(self, *faces: Face, frames: int) -> Outcome:
        outcome = self.see(*faces)
        for _ in range(frames - 1):
            outcome = self.see(*faces)
        return outcome

    @property
    def said(self) -> list[tuple[Verdict, str | None, Reason]]:
        return [(decision.verdict, decision.name, decision.reason) for decision in self.decisions]


ADA_GRANTED = (GRANTED, "Ada", Reason.RECOGNISED)
FAILED = (DENIED, "Ada", Reason.CHALLENGE_FAILED)


def test_without_liveness_no_landmarks_are_asked_for() -> None:
    doorway = Doorway(Liveness.OFF)
    assert doorway.watch(ada, frames=3).verdict is GRANTED
    assert (doorway.wanted_landmarks, doorway.decisions[0].liveness) == (0, Aliveness.OFF)


def test_a_recognised_face_is_granted_once_it_is_proven_to_live() -> None:
    doorway = Doorway()
    assert doorway.watch(ada, frames=LIVE_AFTER).verdict is CHECKING
    assert not doorway.decisions
    assert doorway.watch(ada, frames=3).verdict is GRANTED
    assert doorway.said == [ADA_GRANTED] and doorway.decisions[0].liveness is Aliveness.LIVE
    assert FakeChallenge.begun == 0


def test_nobody_is_named_before_the_face_is_proven_to_live() -> None:
    doorway = Doorway()
    while not doorway.decisions:
        (face,) = doorway.see(ada).faces
        if not doorway.decisions:
            assert face.name is None and face.distance is not None
    assert face.name == "Ada"
    assert doorway.decisions[0].notice().names == ("Ada",)


def test_a_photo_is_refused_without_being_greeted_by_name() -> None:
    FakePassive.convinced, FakeChallenge.outcome = False, ChallengeState.FAILED
    doorway = Doorway()
    outcome = doorway.watch(ada, frames=16)
    assert doorway.said == [FAILED], "the log tells whose photo it was"
    assert doorway.decisions[0].notice().names == () and outcome.faces[0].name is None


def test_whoever_is_barred_is_not_named_either_as_nothing_is_proven() -> None:
    roster = Roster({"Ada": Permit(disabled=True)})
    doorway = Doorway(roster=roster)
    outcome = doorway.watch(ada, frames=10)
    assert doorway.said == [(DENIED, "Ada", Reason.DISABLED)]
    assert doorway.decisions[0].notice().names == () and outcome.faces[0].name is None


def test_landmarks_are_looked_for_only_while_proof_is_wanted() -> None:
    doorway = Doorway()
    doorway.watch(ada, frames=20)
    assert LIVE_AFTER <= doorway.wanted_landmarks <= LIVE_AFTER + 1
    assert LANDMARK_SECONDS < STEP


def test_a_stranger_is_looked_at_for_proof_until_nobody_hopes_to_know_them() -> None:
    FakePassive.convinced = False
    doorway = Doorway()
    while not doorway.decisions:
        doorway.see(mallory)
    wanted = doorway.wanted_landmarks
    assert wanted > 0, "they might have been a resident"
    doorway.watch(mallory, frames=20)
    assert doorway.wanted_landmarks <= wanted + 1


def test_in_challenge_mode_nobody_is_looked_at_for_proof_before_being_known() -> None:
    doorway = Doorway(Liveness.CHALLENGE)
    doorway.watch(mallory, frames=20)
    assert doorway.wanted_landmarks == 0


def test_proof_counts_from_the_first_frame_on_before_it_is_known_whose_it_is() -> None:
    doorway = Doorway(looks=5)
    granted = next(frames for frames in range(1, 20) if doorway.see(ada).verdict is GRANTED)
    assert granted <= LIVE_AFTER + 2, "as soon as it is recognised and looked at once more"


def test_what_a_face_proved_is_not_proven_of_who_it_is_taken_for_next() -> None:
    """One track, first recognised as one, then as another."""
    check = LivenessCheck(1.5, random.Random(0))
    for at in range(1, 4):
        check.follow(0.0, Liveness.PASSIVE, at)
        check.see(POINTS, at)
    check.ask("Ada", 4.0)
    check.see(POINTS, 4.0)
    told = [(check.proof, check.name)]
    check.ask("Bob", 5.0)
    told.append((check.proof, check.name))
    assert told == [(Proof.PROVEN, "Ada"), (Proof.GATHERING, "Bob")]


def test_a_photo_is_challenged_and_never_granted() -> None:
    FakePassive.convinced = False
    FakeChallenge.outcome = ChallengeState.FAILED
    doorway = Doorway()
    doorway.watch(ada, frames=2 + round(doorway.rules.proof_seconds / STEP))
    assert FakeChallenge.begun == 0
    asked = doorway.watch(ada, frames=2).asked
    assert FakeChallenge.begun == 1 and asked is not None
    assert asked.prompt is Prompt.TURN_LEFT and asked.seconds is not None and 19 <= asked.seconds <= 20
    assert (asked.progress, FakeChallenge.extent) == (FakeChallenge.progress, Extent.SHORT)
    doorway.watch(ada, frames=6)
    assert doorway.said == [FAILED]
    assert doorway.decisions[0].liveness is Aliveness.NOT_PROVEN
    doorway.watch(ada, frames=300)
    assert {*doorway.said} == {FAILED} and len(doorway.said) == FakeChallenge.begun > 3


def watch_until_asked_again(doorway: Doorway) -> Outcome:
    begun = FakeChallenge.begun
    while FakeChallenge.begun == begun:
        outcome = doorway.see(ada)
    return outcome


def test_whoever_fails_is_asked_again_after_a_pause_and_comes_in() -> None:
    """Without leaving the picture; the failure and the grant are a line each."""
    FakePassive.convinced, FakeChallenge.outcome = False, ChallengeState.FAILED
    doorway = Doorway()
    outcome = doorway.watch(ada, frames=16)
    assert doorway.said == [FAILED] and outcome.verdict is DENIED
    assert outcome.asked is not None and outcome.asked.prompt is Prompt.WAIT
    assert outcome.asked.seconds is not None and 0 < outcome.asked.seconds <= PAUSE_SECONDS
    FakeChallenge.outcome = ChallengeState.PASSED
    outcome = watch_until_asked_again(doorway)
    assert outcome.asked is not None and outcome.asked.prompt is Prompt.TURN_LEFT
    assert outcome.verdict is CHECKING, "nobody who is being asked is told that he is denied"
    assert doorway.watch(ada, frames=LIVE_AFTER + 2).verdict is GRANTED
    assert doorway.said == [FAILED, ADA_GRANTED]


def test_after_a_failed_ask_nothing_but_an_ask_proves_anything() -> None:
    """A print that is held up for long enough shows some change or other in the end."""
    FakePassive.convinced, FakeChallenge.outcome = False, ChallengeState.FAILED
    doorway = Doorway()
    doorway.watch(ada, frames=16)
    FakePassive.convinced = True
    doorway.watch(ada, frames=100)
    assert {*doorway.said} == {FAILED} and len(doorway.said) > 1


def test_pauses_between_asks_grow_and_do_not_grow_for_ever() -> None:
    FakePassive.convinced, FakeChallenge.outcome = False, ChallengeState.FAILED
    doorway = Doorway(attempts=0)
    failed: list[float] = []
    while len(failed) < 7:
        before = len(doorway.said)
        doorway.see(ada)
        failed += [doorway.now] if len(doorway.said) > before else []
    lasted = LIVE_AFTER * STEP
    between = [later - earlier for earlier, later in itertools.pairwise(failed)]
    pauses = [min(PAUSE_SECONDS * 2**count, LONGEST_PAUSE_SECONDS) for count in range(6)]
    assert between == pytest.approx([lasted + pause for pause in pauses], abs=2 * STEP)


def test_each_failed_ask_is_a_failed_attempt() -> None:
    """A photo that stays before the camera has no more asks than the terminal has attempts."""
    FakePassive.convinced, FakeChallenge.outcome = False, ChallengeState.FAILED
    doorway = Doorway(attempts=3)
    while Reason.LOCKED_OUT not in [reason for _, _, reason in doorway.said]:
        outcome = doorway.see(ada)
    assert doorway.said == [FAILED] * 3 + [(DENIED, "Ada", Reason.LOCKED_OUT)]
    assert outcome.asked is not None and outcome.asked.prompt is Prompt.WAIT
    assert FakeChallenge.begun == 3
    doorway.watch(ada, frames=round(FIRST_SECONDS / STEP) - 8)
    assert FakeChallenge.begun == 3, "nobody is asked while the terminal is locked"


def test_a_failed_ask_that_could_not_be_written_down_is_written_down_later() -> None:
    FakePassive.convinced, FakeChallenge.outcome = False, ChallengeState.FAILED
    doorway = Doorway()
    while not doorway.decisions:
        doorway.see(ada, written=False)
    assert doorway.decisions[0].reason is Reason.LOG_UNAVAILABLE
    doorway.see(ada)
    assert doorway.said[-1] == FAILED
    doorway.watch(ada, frames=4)
    assert len(doorway.said) == 2


def test_passive_proof_goes_on_counting_while_somebody_is_asked() -> None:
    FakePassive.convinced, FakeChallenge.outcome = False, ChallengeState.RUNNING
    doorway = Doorway()
    doorway.watch(ada, frames=12)
    assert FakeChallenge.begun == 1 and not doorway.said
    FakePassive.convinced = True
    doorway.watch(ada, frames=3)
    assert doorway.said == [ADA_GRANTED] and doorway.decisions[0].liveness is Aliveness.LIVE


def test_in_challenge_mode_it_does_not() -> None:
    FakeChallenge.outcome = ChallengeState.RUNNING
    doorway = Doorway(Liveness.CHALLENGE)
    doorway.watch(ada, frames=40)
    assert FakeChallenge.begun == 1 and not doorway.said


def test_whoever_goes_while_asked_again_has_failed_again() -> None:
    FakePassive.convinced, FakeChallenge.outcome = False, ChallengeState.FAILED
    doorway = Doorway(attempts=2)
    doorway.watch(ada, frames=16)
    watch_until_asked_again(doorway)
    assert FakeChallenge.begun == 2 and doorway.said == [FAILED]
    doorway.see(seconds=2.0)
    assert doorway.said == [FAILED, (DENIED, "Ada", Reason.NOT_LIVE)]
    assert doorway.lockouts.of("front", 2, doorway.now).seconds_left(doorway.now) > 0


def test_whoever_has_turned_as_asked_is_told_to_look_at_the_camera_again() -> None:
    doorway = Doorway(Liveness.CHALLENGE)
    doorway.watch(ada, frames=4)
    outcome = doorway.watch(replace(ada, flaw=Flaw.LOOKING_AWAY), frames=LIVE_AFTER + 12)
    assert not doorway.decisions and outcome.asked == Asked(Prompt.LOOK_AT_CAMERA)
    doorway.watch(ada, frames=6)
    assert doorway.said == [ADA_GRANTED]


def test_a_challenge_that_is_passed_is_told_in_the_log() -> None:
    FakePassive.convinced = False
    doorway = Doorway()
    doorway.watch(ada, frames=60)
    assert doorway.said == [ADA_GRANTED] and doorway.decisions[0].liveness is Aliveness.CHALLENGE


def test_in_challenge_mode_everybody_is_challenged() -> None:
    doorway = Doorway(Liveness.CHALLENGE)
    doorway.watch(ada, frames=4)
    assert (FakeChallenge.begun, FakeChallenge.extent) == (1, Extent.WHOLE)
    doorway.watch(ada, frames=10)
    assert doorway.said == [ADA_GRANTED] and doorway.decisions[0].liveness is Aliveness.CHALLENGE


def test_who_it_is_must_be_looked_at_again_after_the_proof() -> None:
    doorway = Doorway()
    doorway.watch(ada, frames=3)
    seen = replace(ada, embedding=None, followed=0, landmarks=POINTS)
    for _ in range(LIVE_AFTER + 1):
        doorway.see(seen, seconds=0.1)
    assert not doorway.decisions, "proven, but the last look came before"
    doorway.see(ada, seconds=0.1)
    doorway.see(ada, seconds=0.1)
    assert doorway.said == [ADA_GRANTED]


def test_proof_is_for_one_unbroken_track() -> None:
    """Most of the proof, a gap in which another could have come, and the rest."""
    doorway = Doorway()
    doorway.watch(ada, frames=3 + LIVE_AFTER - 1)
    doorway.see(ada, seconds=BREAK_SECONDS + 0.1)
    assert doorway.watch(ada, frames=2).verdict is CHECKING
    assert doorway.watch(ada, frames=LIVE_AFTER).verdict is GRANTED


@pytest.mark.parametrize(("apart", "granted"), [(0.41, True), (0.43, False)])
def test_another_living_face_held_in_between_proves_nothing(apart: float, granted: bool) -> None:
    """A photo of Ada is recognised; somebody alive and not quite unlike her takes its place for the proof."""
    assert apart < DLIB.other_face
    doorway = Doorway(threshold=0.3)
    photo = face(person(ADA))
    for _ in range(5):
        doorway.watch(photo, frames=3)
        doorway.watch(face(look(ADA, apart)), frames=LIVE_AFTER + 2)
    assert (ADA_GRANTED in doorway.said) is granted


@pytest.mark.parametrize(("apart", "granted"), [(0.41, True), (0.43, False)])
@pytest.mark.parametrize("liveness", [Liveness.PASSIVE, Liveness.CHALLENGE])
def test_nobody_does_for_a_photo_what_it_is_asked(liveness: Liveness, apart: float, granted: bool) -> None:
    """A photo of Ada is recognised and asked; somebody alive takes its place for that."""
    FakePassive.convinced = False
    doorway = Doorway(liveness, threshold=0.3)
    while not FakeChallenge.begun:
        doorway.see(face(person(ADA)))
    doorway.watch(face(look(ADA, apart)), frames=LIVE_AFTER + 3)
    assert doorway.said[:1] == [ADA_GRANTED if granted else FAILED]


def test_another_face_in_mid_ask_is_another_visit_and_the_ask_has_failed() -> None:
    FakeChallenge.outcome = ChallengeState.RUNNING
    doorway = Doorway(Liveness.CHALLENGE)
    doorway.watch(ada, frames=5)
    assert FakeChallenge.begun == 1
    outcome = doorway.watch(face(look(BOB, 0.2)), frames=8)
    assert {reason for _, name, reason in doorway.said if name == "Ada"} == {Reason.NOT_LIVE}
    assert ADA_GRANTED not in doorway.said and outcome.verdict is not GRANTED


def test_a_challenge_that_breaks_off_has_failed() -> None:
    doorway = Doorway(Liveness.CHALLENGE)
    doorway.watch(ada, frames=5)
    doorway.see(ada, seconds=BREAK_SECONDS + 0.1)
    doorway.watch(ada, frames=6)
    assert doorway.said == [FAILED]
    doorway.watch(ada, frames=12)
    assert doorway.said == [FAILED, ADA_GRANTED], "and is begun anew"


def test_a_challenge_that_nobody_takes_up_leaves_a_line() -> None:
    doorway = Doorway(Liveness.CHALLENGE)
    doorway.watch(ada, frames=4)
    doorway.watch(frames=10)
    assert FakeChallenge.begun == 1 and doorway.said == [(DENIED, "Ada", Reason.NOT_LIVE)]


def test_a_photo_that_is_taken_away_before_the_proof_leaves_a_line() -> None:
    FakePassive.convinced = False
    doorway = Doorway()
    doorway.watch(ada, frames=8)
    doorway.watch(frames=10)
    assert doorway.said == [(DENIED, "Ada", Reason.NOT_LIVE)]


def laid_down(permit: Permit | None = None, **terminal: Any) -> Roster:
    permits = {"Ada": permit} if permit else {}
    return Roster(permits, {"front": TerminalRules(**terminal)})


@pytest.mark.parametrize(
    ("permit", "reason"),
    [
        (Permit(disabled=True), Reason.DISABLED),
        (Permit(valid_from=date(2027, 1, 1)), Reason.NOT_YET_VALID),
        (Permit(valid_until=date(2026, 1, 1)), Reason.EXPIRED),
        (Permit(terminals=frozenset({"back"})), Reason.WRONG_TERMINAL),
        (Permit(schedule=()), Reason.OUTSIDE_SCHEDULE),
    ],
)
def test_a_resident_who_may_not_come_in_is_denied_once_and_told_why(permit: Permit, reason: Reason) -> None:
    doorway = Doorway(Liveness.OFF, roster=laid_down(permit, note="Ring the bell"))
    assert doorway.watch(ada, frames=20).verdict is DENIED
    assert doorway.said == [(DENIED, "Ada", reason)]
    assert doorway.decisions[0].notice().note == "Ring the bell"
    doorway.roster = Roster()
    assert doorway.watch(ada, frames=3).verdict is GRANTED, "what is laid down may change meanwhile"


@pytest.mark.parametrize("liveness", [Liveness.PASSIVE, Liveness.CHALLENGE])
def test_whoever_may_not_come_in_is_not_asked_for_proof_and_fails_none(liveness: Liveness) -> None:
    FakePassive.convinced = False
    doorway = Doorway(liveness, roster=laid_down(Permit(disabled=True)), attempts=1)
    asked = {doorway.see(ada).asked for _ in range(80)}
    assert (asked, FakeChallenge.begun) == ({None}, 0)
    assert doorway.wanted_landmarks <= 3, "before it is known who it is"
    assert doorway.said == [(DENIED, "Ada", Reason.DISABLED)]
    doorway.roster = Roster()
    doorway.watch(ada, frames=60)
    assert doorway.said[-1] == ADA_GRANTED, "and no failed challenge stands against them"


def test_whoever_is_barred_in_mid_challenge_has_not_failed_it() -> None:
    FakeChallenge.outcome = ChallengeState.FAILED
    doorway = Doorway(Liveness.CHALLENGE)
    doorway.watch(ada, frames=4)
    doorway.roster = laid_down(Permit(disabled=True))
    doorway.watch(ada, frames=40)
    doorway.roster, FakeChallenge.outcome = Roster(), ChallengeState.PASSED
    doorway.watch(ada, frames=12)
    assert doorway.said == [(DENIED, "Ada", Reason.DISABLED), ADA_GRANTED]


def test_a_resident_who_is_disabled_while_granted_is_granted_no_longer() -> None:
    doorway = Doorway(Liveness.OFF)
    assert doorway.watch(ada, frames=3).verdict is GRANTED
    doorway.roster = laid_down(Permit(disabled=True))
    assert doorway.see(ada).verdict is DENIED
    assert doorway.said == [ADA_GRANTED, (DENIED, "Ada", Reason.DISABLED)]


def test_a_grant_carries_no_note() -> None:
    doorway = Doorway(Liveness.OFF, roster=laid_down(note="Ring the bell"))
    doorway.watch(ada, frames=3)
    assert doorway.decisions[0].notice().note is None


def test_what_is_laid_down_for_a_terminal_wins_over_the_settings() -> None:
    doorway = Doorway(Liveness.OFF, roster=laid_down(liveness=Liveness.CHALLENGE, policy=Policy.ALL))
    doorway.watch(ada, frames=4)
    assert FakeChallenge.begun == 1
    doorway.watch(ada, bob, mallory, frames=40)
    assert GRANTED not in [decision.verdict for decision in doorway.decisions[1:]]


def test_company_is_flagged_where_that_is_wanted() -> None:
    flagged = Doorway(Liveness.OFF, policy=Policy.FLAG)
    flagged.watch(ada, mallory, frames=3)
    alone = Doorway(Liveness.OFF, policy=Policy.FLAG)
    alone.watch(ada, frames=3)
    ignored = Doorway(Liveness.OFF, policy=Policy.ANY)
    ignored.watch(ada, mallory, frames=3)
    assert [each.decisions[0].accompanied for each in (flagged, alone, ignored)] == [True, False, False]
    assert [each.said[0] for each in (flagged, alone, ignored)] == [ADA_GRANTED] * 3


def test_two_residents_together_are_not_flagged() -> None:
    doorway = Doorway(Liveness.OFF, policy=Policy.FLAG)
    doorway.watch(ada, bob, frames=4)
    assert [decision.accompanied for decision in doorway.decisions] == [False, False]


def strangers_visit(doorway: Doorway, who: int) -> None:
    doorway.watch(face(stranger(who)), frames=12)
    doorway.see(seconds=2.0)


def test_a_terminal_is_locked_after_too_many_failed_visits_and_says_for_how_long() -> None:
    doorway = Doorway(Liveness.OFF, attempts=3)
    for who in range(3):
        strangers_visit(doorway, who)
    outcome = doorway.watch(ada, frames=3)
    assert doorway.said[-1] == (DENIED, "Ada", Reason.LOCKED_OUT)
    assert outcome.asked is not None and outcome.asked.prompt is Prompt.WAIT
    assert outcome.asked.seconds is not None and 0 < outcome.asked.seconds <= FIRST_SECONDS
    doorway.watch(ada, frames=round(FIRST_SECONDS / STEP))
    assert doorway.said[-1] == ADA_GRANTED, "whoever waits for it is let in"


def test_reconnecting_does_not_lift_a_lock() -> None:
    lockouts = Lockouts()
    first = Doorway(Liveness.OFF, attempts=2, lockouts=lockouts)
    for who in range(2):
        strangers_visit(first, who)
    second = Doorway(Liveness.OFF, attempts=2, lockouts=lockouts)
    second.now = first.now
    second.watch(ada, frames=4)
    assert second.said == [(DENIED, "Ada", Reason.LOCKED_OUT)]


def test_an_empty_doorway_is_free() -> None:
    doorway = Doorway(Liveness.OFF, attempts=1)
    doorway.watch(frames=100)
    doorway.watch(face(stranger(0)), frames=4)
    doorway.see(seconds=2.0)
    assert [reason for _, _, reason in doorway.said] == [Reason.LEFT], "passing by once is no attempt"
    assert doorway.watch(ada, frames=3).verdict is GRANTED


def test_who_leaves_before_being_refused_again_and_again_locks_the_door() -> None:
    """1.2 seconds are enough for a grant, and too few for a denial."""
    doorway = Doorway(Liveness.OFF, attempts=10)
    locked = []
    for who in range(30):
        doorway.watch(face(stranger(who % 5)), frames=5)
        doorway.see(seconds=2.0)
        locked.append(doorway.lockouts.of("front", 10, doorway.now).seconds_left(doorway.now) > 0)
    assert [reason for _, _, reason in doorway.said] == [Reason.LEFT] * 30
    assert locked == [False] * 29 + [True]
    doorway.watch(ada, frames=4)
    assert doorway.said[-1] == (DENIED, "Ada", Reason.LOCKED_OUT)


def test_after_so_many_looks_only_a_new_visit_helps() -> None:
    """A stranger who stands there for ever gets no more chances than were calibrated."""
    doorway = Doorway(Liveness.OFF)
    near = face(look(ADA, 0.5))
    asked = [doorway.watch(near, frames=VISIT_LOOKS - 1).asked, doorway.watch(near, frames=3).asked]
    assert asked == [None, Asked(Prompt.STEP_AWAY)]
    assert doorway.watch(ada, frames=10).verdict is DENIED
    doorway.see(seconds=2.0)
    assert doorway.watch(ada, frames=3).verdict is GRANTED


def test_who_was_recognised_in_time_is_not_bound_by_the_looks_that_proof_takes() -> None:
    FakePassive.convinced = False
    doorway = Doorway(proof_seconds=60.0)
    doorway.watch(ada, frames=VISIT_LOOKS + 10)
    FakePassive.convinced = True
    assert doorway.watch(ada, frames=3).verdict is GRANTED


@pytest.mark.parametrize(
    ("flaw", "prompt", "reason"),
    [
        (Flaw.TOO_DARK, Prompt.MORE_LIGHT, Reason.TOO_DARK),
        (Flaw.TOO_BRIGHT, Prompt.LESS_LIGHT, Reason.TOO_BRIGHT),
        (Flaw.TOO_BLURRED, Prompt.HOLD_STILL, Reason.TOO_BLURRED),
        (Flaw.LOOKING_AWAY, Prompt.LOOK_AT_CAMERA, Reason.LOOKING_AWAY),
        (Flaw.TOO_SMALL, Prompt.COME_CLOSER, None),
    ],
)
def test_poor_looks_say_nothing_but_what_to_mend(flaw: Flaw, prompt: Prompt, reason: Reason | None) -> None:
    doorway = Doorway(Liveness.OFF)
    poor = replace(ada, flaw=flaw)
    assert doorway.watch(poor, frames=10).asked == Asked(prompt)
    assert not doorway.decisions
    doorway.watch(poor, frames=round(doorway.rules.poor_seconds / STEP))
    assert doorway.said == ([(DENIED, None, reason)] if reason else [])
    assert doorway.watch(ada, frames=4).verdict is GRANTED, "a good look still counts"


def test_whoever_goes_without_one_good_look_is_logged_for_it() -> None:
    dark, far = (Doorway(Liveness.OFF) for _ in range(2))
    dark.watch(replace(ada, flaw=Flaw.TOO_DARK), frames=5)
    far.watch(replace(ada, flaw=Flaw.TOO_SMALL), frames=5)
    for doorway in (dark, far):
        doorway.watch(frames=8)
    assert (dark.said, far.said) == ([(DENIED, None, Reason.TOO_DARK)], [])


def test_a_poor_look_still_ends_the_visit_of_another() -> None:
    """It is not compared with the gallery, but it tells that this is not the same face."""
    doorway = Doorway(Liveness.OFF)
    doorway.watch(ada, frames=3)
    outcome = doorway.see(replace(face(stranger(0)), flaw=Flaw.LOOKING_AWAY))
    assert outcome.verdict is CHECKING


def test_each_visit_is_accounted_for_when_it_is_over() -> None:
    doorway = Doorway(Liveness.OFF)
    doorway.watch(face(look(ADA, 0.5)), frames=4)
    doorway.watch(ada, frames=5)
    ended = [account for _ in range(8) for account in doorway.see().ended]
    (account,) = ended
    assert account.decision is doorway.decisions[-1]
    assert account.candidate == "Ada" and 0.2 < (account.distance or 0) < 0.4
    assert (account.people, account.photos, account.looks) == (2, 1, 9)
    assert account.seconds == pytest.approx(8 * STEP)


@pytest.mark.parametrize("permit", [Permit(schedule=()), Permit(terminals=frozenset({"back"}))], ids=str)
def test_whoever_is_recognised_and_barred_is_accounted_for_as_recognised(permit: Permit) -> None:
    doorway = Doorway(Liveness.OFF, roster=laid_down(permit))
    doorway.watch(ada, frames=5)
    (account,) = [account for _ in range(8) for account in doorway.see().ended]
    assert account.candidate == "Ada" and account.distance is not None
    assert account.decision is not None and account.distance <= account.decision.threshold


def test_a_closing_door_accounts_for_those_who_are_there() -> None:
    doorway = Doorway(Liveness.OFF)
    doorway.watch(ada, frames=3)
    decisions, (account,) = close(doorway.door)
    assert decisions == [] and account.candidate == "Ada"


def test_frames_of_a_face_without_a_look_have_no_account() -> None:
    doorway = Doorway(Liveness.OFF)
    doorway.watch(Face(box(), None), frames=5)
    assert close(doorway.door) == ([], [])


BLURRED = Flaw.TOO_BLURRED


def test_looks_that_cannot_tell_faces_apart_prove_nothing() -> None:
    """A photo of Ada is recognised, then the lens is fogged, and somebody else gives the proof behind it."""
    doorway = Doorway()
    doorway.watch(ada, frames=3)
    other = replace(face(look(ADA, 0.55)), flaw=BLURRED)
    assert not any(doorway.see(other).verdict is GRANTED for _ in range(30))
    assert ADA_GRANTED not in doorway.said


def test_after_a_blurred_look_proof_begins_anew() -> None:
    doorway = Doorway()
    doorway.watch(ada, frames=3 + LIVE_AFTER - 1)
    doorway.see(replace(ada, flaw=BLURRED))
    assert doorway.watch(ada, frames=LIVE_AFTER - 1).verdict is CHECKING
    assert doorway.watch(ada, frames=4).verdict is GRANTED


def test_a_head_that_turns_away_for_the_challenge_goes_on_proving() -> None:
    doorway = Doorway(Liveness.CHALLENGE)
    doorway.watch(ada, frames=4)
    doorway.watch(replace(ada, flaw=Flaw.LOOKING_AWAY), frames=LIVE_AFTER)
    doorway.watch(ada, frames=2)
    assert doorway.said == [ADA_GRANTED]


@pytest.mark.parametrize(("apart", "granted"), [(0.41, True), (0.45, False)])
def test_a_head_that_looks_like_another_once_it_is_turned_away_proves_nothing(
    apart: float, granted: bool
) -> None:
    doorway = Doorway(Liveness.CHALLENGE)
    doorway.watch(ada, frames=4)
    assert ada.embedding is not None
    turned = face(shifted(ada.embedding, apart, 7))
    doorway.watch(replace(turned, flaw=Flaw.LOOKING_AWAY), frames=LIVE_AFTER)
    doorway.watch(ada, frames=2)
    assert (doorway.said == [ADA_GRANTED]) is granted


def test_what_is_not_counted_now_does_not_let_what_counted_before_prove_anything() -> None:
    doorway = Doorway()
    FakePassive.counts = False
    doorway.watch(ada, frames=LIVE_AFTER + 1)
    assert ADA_GRANTED not in doorway.said
    FakePassive.counts = True
    doorway.watch(ada, frames=2)
    assert doorway.said == [ADA_GRANTED]


@pytest.mark.parametrize("first", [Liveness.OFF, Liveness.PASSIVE])
def test_a_grant_does_not_outlive_a_rule_that_asks_for_more(first: Liveness) -> None:
    doorway = Doorway(first)
    assert doorway.watch(ada, frames=8).verdict is GRANTED
    doorway.roster = laid_down(liveness=Liveness.CHALLENGE)
    outcome = doorway.see(ada)
    assert (outcome.verdict, outcome.faces[0].name) == (CHECKING, None)
    assert doorway.watch(ada, frames=LIVE_AFTER + 3).verdict is GRANTED
    assert [each.liveness for each in doorway.decisions][-1] is Aliveness.CHALLENGE
    doorway.roster = laid_down(liveness=Liveness.OFF)
    assert doorway.see(ada).verdict is GRANTED


def test_blurred_looks_do_not_lead_a_track_from_one_face_to_another() -> None:
    doorway = Doorway(Liveness.OFF)
    doorway.watch(ada, frames=3)
    for apart in (0.3, 0.4, 0.5):
        doorway.see(replace(face(look(ADA, apart)), flaw=BLURRED))
    doorway.see(face(look(ADA, 0.82)))
    followed = doorway.door.hints(Hints(48, 4, 10**6), doorway.now + STEP).followed
    assert len(followed) == 2, "another visit has begun"


def test_a_granted_face_that_may_have_been_exchanged_is_proven_anew_and_logged_again() -> None:
    doorway = Doorway(proof_seconds=60.0)
    doorway.watch(ada, frames=10)
    assert doorway.said == [ADA_GRANTED]
    FakePassive.convinced = False
    assert doorway.see(ada, seconds=BREAK_SECONDS + 0.1).verdict is CHECKING
    assert doorway.watch(ada, frames=10).verdict is CHECKING
    FakePassive.convinced = True
    assert doorway.watch(ada, frames=5).verdict is GRANTED
    assert doorway.said == [ADA_GRANTED, ADA_GRANTED]


def test_hanging_up_does_not_hide_a_failed_attempt() -> None:
    FakePassive.convinced = False
    lockouts = Lockouts()
    for _ in range(2):
        doorway = Doorway(attempts=2, lockouts=lockouts)
        doorway.watch(ada, frames=8)
        decisions, _ = close(doorway.door)
        assert [decision.reason for decision in decisions] == [Reason.NOT_LIVE]
    assert lockouts.of("front", 2, doorway.now).seconds_left(doorway.now) > 0


def test_passers_by_are_no_attempts_however_late_they_are_noticed_to_have_left() -> None:
    doorway = Doorway(Liveness.OFF, attempts=1)
    for at in range(5):
        doorway.see(face(stranger(0)), seconds=0.1 if at else STEP)
    doorway.watch(frames=10)
    assert [reason for _, _, reason in doorway.said] == [Reason.LEFT]
    assert doorway.watch(ada, frames=3).verdict is GRANTED


def test_one_bad_look_does_not_refuse_somebody_who_is_being_proven() -> None:
    FakePassive.convinced = False
    doorway = Doorway(contradiction=0.3, proof_seconds=60.0)
    doorway.watch(ada, frames=16)
    doorway.see(face(look(ADA, 0.35)))
    assert not doorway.decisions
    FakePassive.convinced = True
    doorway.watch(ada, frames=4)
    assert doorway.said == [ADA_GRANTED]


def test_a_visit_counts_as_one_failed_attempt_and_one_for_each_failed_ask() -> None:
    FakeChallenge.outcome = ChallengeState.FAILED
    doorway = Doorway(Liveness.CHALLENGE, attempts=3)
    doorway.watch(face(look(ADA, 0.5)), frames=16)
    doorway.watch(ada, frames=12)
    assert [reason for _, _, reason in doorway.said] == [Reason.UNKNOWN_FACE, Reason.CHALLENGE_FAILED]
    assert doorway.lockouts.of("front", 3, doorway.now).seconds_left(doorway.now) == 0
    doorway.watch(ada, frames=round(PAUSE_SECONDS / STEP) + 4)
    assert doorway.lockouts.of("front", 3, doorway.now).seconds_left(doorway.now) > 0


def test_who_was_proven_and_could_not_come_in_for_company_is_not_called_unproven() -> None:
    doorway = Doorway(policy=Policy.LARGEST)
    larger = face(stranger(0), left=400, width=200)
    doorway.watch(larger, ada, frames=12)
    doorway.watch(larger, frames=10)
    assert (DENIED, "Ada", Reason.LEFT) in doorway.said


def test_all_means_that_everybody_has_shown_that_they_may_come_in() -> None:
    """Ada has been proven to live; Bob is recognised, and has not."""
    doorway = Doorway(policy=Policy.ALL)
    doorway.watch(ada, frames=LIVE_AFTER)
    doorway.watch(ada, bob, frames=LIVE_AFTER)
    assert not doorway.decisions
    outcome = doorway.watch(ada, bob, frames=4)
    assert outcome.verdict is GRANTED and {name for _, name, _ in doorway.said} == {"Ada", "Bob"}


def test_two_residents_who_were_denied_for_company_come_in_once_it_has_gone() -> None:
    doorway = Doorway(Liveness.OFF, policy=Policy.ALL)
    doorway.watch(ada, bob, mallory, frames=14)
    assert {reason for _, name, reason in doorway.said if name} == {Reason.NOT_ALONE}
    doorway.watch(ada, bob, frames=12)
    assert [verdict for verdict, _, _ in doorway.said[-2:]] == [GRANTED, GRANTED]


def test_a_resident_who_may_not_come_in_is_company() -> None:
    doorway = Doorway(Liveness.OFF, policy=Policy.ALL)
    doorway.roster = Roster({"Bob": Permit(disabled=True)})
    doorway.watch(ada, bob, frames=20)
    assert GRANTED not in [verdict for verdict, _, _ in doorway.said]


def test_two_visitors_are_challenged_one_after_the_other() -> None:
    doorway = Doorway(Liveness.CHALLENGE)
    doorway.watch(ada, bob, frames=5)
    assert FakeChallenge.begun == 1
    doorway.watch(ada, bob, frames=14)
    assert FakeChallenge.begun == 2
    assert {name for _, name, _ in doorway.said} == {"Ada", "Bob"}


def test_whoever_is_challenged_sees_what_to_do_although_somebody_larger_stands_there() -> None:
    FakeChallenge.outcome, FakePassive.convinced = ChallengeState.RUNNING, False
    doorway = Doorway(Liveness.CHALLENGE)
    doorway.watch(ada, frames=4)
    larger = face(look(BOB, 0.2), left=400, width=200)
    outcome = doorway.watch(larger, ada, frames=14)
    assert outcome.asked is not None and outcome.asked.prompt is Prompt.TURN_LEFT


def test_more_frames_a_second_are_no_more_chances() -> None:
    doorway = Doorway(Liveness.OFF)
    near = face(look(ADA, 0.5))
    for _ in range(VISIT_LOOKS + 5):
        outcome = doorway.see(near, seconds=1 / 30)
    assert outcome.asked != Asked(Prompt.STEP_AWAY)
    for _ in range(VISIT_LOOKS + 5):
        outcome = doorway.see(near, seconds=SLOT_SECONDS + 0.005)
    assert outcome.asked == Asked(Prompt.STEP_AWAY), "its looks are used up"


def test_passive_proof_is_not_enough_once_a_challenge_is_ordered() -> None:
    doorway = Doorway(policy=Policy.LARGEST)
    larger = face(stranger(0), left=400, width=200)
    doorway.watch(larger, ada, frames=12)
    doorway.roster = laid_down(liveness=Liveness.CHALLENGE)
    doorway.watch(larger, ada, frames=2)
    assert FakeChallenge.begun == 1
    doorway.watch(ada, frames=12)
    granted = [decision for decision in doorway.decisions if decision.verdict is GRANTED]
    assert [decision.liveness for decision in granted] == [Aliveness.CHALLENGE]


def test_a_grant_that_was_not_logged_lifts_no_lock() -> None:
    doorway = Doorway(Liveness.OFF, attempts=2)
    strangers_visit(doorway, 0)
    doorway.watch(ada, frames=2)
    outcome = doorway.see(ada, written=False)
    assert outcome.decision is not None and outcome.decision.reason is Reason.LOG_UNAVAILABLE
    doorway.see(seconds=2.0)
    strangers_visit(doorway, 1)
    assert doorway.lockouts.of("front", 2, doorway.now).seconds_left(doorway.now) > 0
