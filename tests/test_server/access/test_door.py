"""What the door decides: once for each visit, one decision a frame, and never for the wrong face."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.access.decision import Decision
from server.access.door import NEAREST, Door
from server.access.liveness.proof import Aliveness, Liveness
from server.access.matching.gallery import Gallery
from server.access.matching.recogniser import Embedding
from server.access.outcome import Outcome
from server.access.policy import Policy, frame_verdict
from server.access.seen import Face, Hints
from server.access.tracks import GAP_SECONDS, LOST_SECONDS
from server.access.visit import RETRY_SECONDS
from tests.support.doors import close, settled
from tests.support.embeddings import analysis, box, face, gallery, look, person, shifted, stranger
from tests.support.rules import rules
from wire import FaceReport, Verdict
from wire.reasons import Reason

ADA, BOB = 0, 1
PEOPLE = gallery({"Ada": person(ADA), "Bob": person(BOB)})
WITHOUT_ADA = gallery({"Bob": person(BOB)}, version=2)
NONE, CHECKING, GRANTED, DENIED = Verdict.NONE, Verdict.CHECKING, Verdict.GRANTED, Verdict.DENIED
STEP = 0.25

ada, bob, mallory = face(look(ADA, 0.25)), face(look(BOB, 0.25), left=300), face(stranger(0), left=500)
tiny = Face(box(left=700, width=30), None)


class Doorway:
    """A door that sees frames 0.25 s apart, and all the decisions it made."""

    def __init__(self, policy: Policy = Policy.ANY, known: Gallery = PEOPLE, **changes: float) -> None:
        numbers = count(1)
        self.rules = rules(policy=policy, **changes)
        self.door = Door(self.rules, new_id=lambda: f"d{next(numbers)}")
        self.gallery = known
        self.now = 0.0
        self.decisions: list[Decision] = []

    def see(self, *faces: Face, seconds: float = STEP, written: bool = True) -> Outcome:
        """`written`: whether a decision on this frame can be written down."""
        self.now += seconds
        seen = self.door.observe(analysis(*faces), self.gallery, self.now, rules=self.rules)
        outcome = settled(self.door, seen, written)
        self.decisions += [outcome.decision] if outcome.decision else []
        return outcome

    def watch(self, *faces: Face, frames: int) -> Outcome:
        for _ in range(frames - 1):
            self.see(*faces)
        return self.see(*faces)

    @property
    def said(self) -> list[tuple[Verdict, str | None, Reason]]:
        return [(decision.verdict, decision.name, decision.reason) for decision in self.decisions]


ADA_GRANTED = (GRANTED, "Ada", Reason.RECOGNISED)
BOB_GRANTED = (GRANTED, "Bob", Reason.RECOGNISED)
STRANGER_DENIED = (DENIED, None, Reason.UNKNOWN_FACE)
DENY_FRAMES = 7
"""Frames that take `stranger_seconds`."""
POOR_LOOK_FRAMES = 13
"""Frames that take `deny_seconds`."""


@pytest.fixture
def doorway() -> Doorway:
    return Doorway()


def verdicts(outcome: Outcome) -> list[Verdict]:
    return [report.verdict for report in outcome.faces]


def test_the_third_agreeing_frame_grants(doorway: Doorway) -> None:
    outcomes = [doorway.see(ada) for _ in range(4)]
    assert [outcome.verdict for outcome in outcomes] == [CHECKING, CHECKING, GRANTED, GRANTED]
    assert [outcome.decision is not None for outcome in outcomes] == [False, False, True, False]
    assert doorway.said == [ADA_GRANTED]


def test_a_looser_threshold_holds_from_the_next_frame_on(doorway: Doorway) -> None:
    poor = face(look(ADA, 0.5))
    assert doorway.watch(poor, frames=4).verdict is CHECKING
    doorway.rules = replace(doorway.rules, threshold=0.6)
    decision = doorway.see(poor).decision
    assert decision is not None and decision.verdict is GRANTED and decision.threshold == 0.6


def test_a_stricter_one_shuts_the_door_on_whoever_is_in_view(doorway: Doorway) -> None:
    assert doorway.watch(ada, frames=4).verdict is GRANTED
    doorway.rules = replace(doorway.rules, threshold=0.2)
    assert doorway.see(ada).verdict is CHECKING
    doorway.rules = replace(doorway.rules, threshold=0.45)
    assert doorway.see(ada).verdict is GRANTED


@pytest.mark.parametrize(
    "change",
    [{"looks": 5}, {"margin": 1.3}, {"policy": Policy.ALL}, {"liveness": Liveness.CHALLENGE}],
)
def test_every_other_rule_does_so_too(doorway: Doorway, change: dict[str, Any]) -> None:
    doorway.watch(ada, mallory, frames=2)
    doorway.rules = replace(doorway.rules, **change)
    assert doorway.see(ada, mallory).verdict is CHECKING and not doorway.said
    doorway.rules = rules()
    assert doorway.see(ada, mallory).verdict is GRANTED


def test_patience_and_attempts_may_change_while_somebody_is_looked_at(doorway: Doorway) -> None:
    doubtful = face(look(ADA, 0.5))
    doorway.watch(doubtful, frames=6)
    doorway.rules = replace(doorway.rules, deny_seconds=0.5, attempts=1)
    assert doorway.see(doubtful).verdict is DENIED
    locked = doorway.watch(bob, frames=3)
    assert locked.decision is not None and locked.decision.reason is Reason.LOCKED_OUT


def test_a_decision_tells_what_it_rests_on(doorway: Doorway) -> None:
    decision = doorway.watch(ada, frames=3).decision
    assert decision is not None and decision.runner_up is not None
    assert decision.id == "d1"
    assert decision.distance == pytest.approx(0.25)
    assert decision.runner_up == pytest.approx(2**0.5)
    assert (decision.threshold, decision.looks) == (doorway.rules.threshold, 3)


def test_a_decision_tells_the_few_who_came_nearest() -> None:
    """As its distance and its runner-up have it, also of somebody who is not recognised."""
    crowd = gallery({"Ada": person(ADA), **{f"P{at}": person(at + 1) for at in range(9)}})
    doorway = Doorway(known=crowd)
    for visitor, frames, name in ((ada, 3, "Ada"), (face(shifted(look(ADA, 0.5), 0.3, 1)), 30, None)):
        doorway.watch(visitor, frames=frames)
        doorway.see(seconds=LOST_SECONDS + STEP)
        decision = doorway.decisions[-1]
        assert decision.name == name and len(decision.nearest) == NEAREST
        assert decision.nearest[0] == ("Ada", decision.distance)
        assert decision.nearest[1].distance == decision.runner_up
        assert [each.distance for each in decision.nearest] == sorted(
            each.distance for each in decision.nearest
        )


def test_the_nearest_are_of_the_people_that_the_distance_is_of(doorway: Doorway) -> None:
    """Although somebody is enrolled no longer when the visit ends."""
    doorway.watch(face(look(ADA, 0.5)), frames=3)
    doorway.gallery = WITHOUT_ADA
    decision = doorway.see(seconds=LOST_SECONDS + STEP).decision
    assert decision is not None and decision.reason is Reason.LEFT
    assert decision.nearest == (("Ada", decision.distance), ("Bob", decision.runner_up))


def test_a_face_is_reported_where_it_is_and_without_a_name_until_recognised(doorway: Doorway) -> None:
    (first,) = doorway.see(ada).faces
    assert (first.box, first.name) == (ada.box, None)
    assert first.distance == pytest.approx(0.25)
    (third,) = doorway.watch(ada, frames=2).faces
    assert (third.name, third.verdict) == ("Ada", GRANTED)


def test_a_notice_names_whom_the_decision_names(doorway: Doorway) -> None:
    granted = doorway.watch(ada, frames=3).decision
    assert granted is not None
    notice = granted.notice()
    assert (notice.id, notice.verdict, notice.names, notice.reason) == (
        "d1",
        GRANTED,
        ("Ada",),
        "recognised",
    )
    denied = doorway.watch(mallory, frames=DENY_FRAMES).decision
    assert denied is not None and denied.notice().names == ()


def test_a_stranger_is_denied_once_after_a_while(doorway: Doorway) -> None:
    assert doorway.watch(mallory, frames=DENY_FRAMES - 1).verdict is CHECKING
    outcome = doorway.see(mallory)
    assert outcome.verdict is DENIED and outcome.decision is not None
    assert doorway.watch(mallory, frames=50).verdict is DENIED
    assert doorway.said == [STRANGER_DENIED]


def test_when_nobody_is_enrolled_everybody_is_denied() -> None:
    doorway = Doorway(known=gallery({}))
    doorway.watch(ada, frames=DENY_FRAMES)
    assert doorway.said == [(DENIED, None, Reason.NOBODY_ENROLLED)]
    assert doorway.decisions[0].distance is None


def test_an_empty_doorway_decides_nothing(doorway: Doorway) -> None:
    outcome = doorway.watch(frames=100)
    assert outcome == Outcome(NONE, (), None)
    assert close(doorway.door)[0] == [] and not doorway.decisions


def test_one_decision_a_frame_and_all_in_the_end(doorway: Doorway) -> None:
    assert doorway.watch(ada, bob, frames=3).verdict is GRANTED
    assert doorway.said == [ADA_GRANTED]
    doorway.see(ada, bob)
    assert doorway.said == [ADA_GRANTED, BOB_GRANTED]


def test_a_denied_visitor_who_looks_better_is_granted(doorway: Doorway) -> None:
    poor = face(look(ADA, 0.5))
    doorway.watch(poor, frames=POOR_LOOK_FRAMES)
    assert doorway.said == [STRANGER_DENIED]
    assert doorway.watch(ada, frames=5).verdict is GRANTED
    assert doorway.said == [STRANGER_DENIED, ADA_GRANTED]


def test_enrolling_a_denied_visitor_grants(doorway: Doorway) -> None:
    doorway.watch(mallory, frames=DENY_FRAMES)
    doorway.gallery = gallery({"Ada": person(ADA), "Mallory": stranger(0)}, version=2)
    assert doorway.see(mallory).verdict is GRANTED
    assert doorway.said == [STRANGER_DENIED, (GRANTED, "Mallory", Reason.RECOGNISED)]


def test_revocation_ends_the_grant_in_the_next_frame(doorway: Doorway) -> None:
    doorway.watch(ada, frames=3)
    doorway.gallery = WITHOUT_ADA
    outcome = doorway.see(ada)
    assert outcome.verdict is DENIED and verdicts(outcome) == [DENIED]
    assert outcome.faces[0].name is None
    assert doorway.said == [ADA_GRANTED, (DENIED, "Ada", Reason.REVOKED)]
    doorway.watch(ada, frames=20)
    assert len(doorway.decisions) == 2


def test_revocation_is_decided_even_if_the_face_is_not_in_view(doorway: Doorway) -> None:
    doorway.watch(ada, frames=3)
    doorway.gallery = WITHOUT_ADA
    assert doorway.see().verdict is NONE
    assert doorway.said[-1] == (DENIED, "Ada", Reason.REVOKED)


def test_a_revocation_goes_before_a_grant_to_another(doorway: Doorway) -> None:
    doorway.watch(ada, frames=3)
    doorway.watch(ada, bob, frames=2)
    doorway.gallery = WITHOUT_ADA
    assert verdicts(doorway.see(ada, bob)) == [DENIED, CHECKING]
    assert doorway.said == [ADA_GRANTED, (DENIED, "Ada", Reason.REVOKED)]
    doorway.see(ada, bob)
    assert doorway.said[-1] == BOB_GRANTED


def test_a_grant_does_not_pass_to_another_name_without_a_revocation(doorway: Doorway) -> None:
    doorway.watch(ada, frames=3)
    doorway.gallery = gallery({"Eve": person(ADA), "Bob": person(BOB)}, version=2)
    doorway.watch(ada, frames=2)
    assert doorway.said == [
        ADA_GRANTED,
        (DENIED, "Ada", Reason.REVOKED),
        (GRANTED, "Eve", Reason.RECOGNISED),
    ]


def test_the_grant_ends_while_looks_contradict_it(doorway: Doorway) -> None:
    doorway.watch(ada, frames=5)
    assert doorway.see(face(look(ADA, 0.57))).verdict is CHECKING
    assert doorway.see(ada).verdict is GRANTED
    assert doorway.said == [ADA_GRANTED]


def test_somebody_else_in_the_same_place_is_not_granted(doorway: Doorway) -> None:
    doorway.watch(ada, frames=5)
    outcome = doorway.see(face(stranger(0)))
    assert (outcome.verdict, outcome.faces[0].name) == (CHECKING, None)
    assert doorway.watch(face(stranger(0)), frames=DENY_FRAMES - 1).verdict is DENIED
    assert doorway.said == [ADA_GRANTED, STRANGER_DENIED]


def test_two_known_people_who_swap_places_are_told_apart(doorway: Doorway) -> None:
    doorway.watch(ada, frames=5)
    bob_there = face(look(BOB, 0.25))
    assert [doorway.see(bob_there).verdict for _ in range(3)] == [CHECKING, CHECKING, GRANTED]
    assert doorway.said == [ADA_GRANTED, BOB_GRANTED]


def test_a_face_that_changes_slowly_stays_one_visit(doorway: Doorway) -> None:
    """Each change is small against the last five looks, and large against the first ones."""
    doorway.watch(face(stranger(0)), frames=5)
    doorway.watch(face(shifted(stranger(0), 0.41)), frames=5)
    doorway.see(face(shifted(stranger(0), 0.82), left=5000))
    (decision,) = doorway.decisions
    assert close(doorway.door)[0] == [] and decision.looks == DENY_FRAMES


def test_a_short_absence_does_not_end_a_visit(doorway: Doorway) -> None:
    doorway.watch(ada, frames=3)
    assert doorway.see().verdict is NONE
    assert doorway.see(ada, seconds=LOST_SECONDS - STEP).verdict is GRANTED
    assert doorway.said == [ADA_GRANTED]


def test_whoever_comes_back_later_visits_anew(doorway: Doorway) -> None:
    doorway.watch(ada, frames=3)
    assert doorway.see(seconds=LOST_SECONDS + STEP).verdict is NONE
    assert doorway.see(ada).verdict is CHECKING
    assert doorway.watch(ada, frames=2).verdict is GRANTED
    assert doorway.said == [ADA_GRANTED, ADA_GRANTED]


def test_frames_that_come_slowly_still_make_a_visit(doorway: Doorway) -> None:
    for _ in range(6):
        doorway.see(ada, seconds=2.0)
    assert doorway.said == [ADA_GRANTED]


def test_nothing_is_continued_over_a_long_gap_between_frames(doorway: Doorway) -> None:
    doorway.watch(ada, frames=2)
    doorway.see(ada, seconds=GAP_SECONDS + STEP)
    assert not doorway.decisions


def test_somebody_who_goes_before_a_decision_has_left(doorway: Doorway) -> None:
    doorway.watch(mallory, frames=3)
    outcome = doorway.see(seconds=LOST_SECONDS + STEP)
    assert outcome.verdict is NONE
    assert doorway.said == [(DENIED, None, Reason.LEFT)]


def test_a_glimpse_is_no_visit(doorway: Doorway) -> None:
    doorway.watch(mallory, frames=2)
    doorway.see(seconds=LOST_SECONDS + STEP)
    assert close(doorway.door)[0] == [] and not doorway.decisions


def test_whoever_was_decided_does_not_leave_again(doorway: Doorway) -> None:
    doorway.watch(ada, frames=3)
    doorway.watch(frames=20)
    assert doorway.said == [ADA_GRANTED] and close(doorway.door)[0] == []


def test_all_who_left_at_once_are_decided_one_by_one(doorway: Doorway) -> None:
    doorway.watch(mallory, face(stranger(1), left=0), frames=3)
    doorway.see(seconds=LOST_SECONDS + STEP)
    assert len(doorway.decisions) == 1
    doorway.watch(frames=3)
    assert doorway.said == [(DENIED, None, Reason.LEFT)] * 2


def test_glimpses_do_not_hold_up_those_who_left(doorway: Doorway) -> None:
    doorway.see(face(stranger(1), left=0))
    doorway.watch(mallory, frames=3)
    doorway.see(seconds=LOST_SECONDS + STEP)
    assert doorway.said == [(DENIED, None, Reason.LEFT)]


def test_close_decides_what_was_under_way_once(doorway: Doorway) -> None:
    doorway.watch(mallory, face(stranger(1), left=0), frames=3)
    assert [decision.reason for decision in close(doorway.door)[0]] == [Reason.LEFT] * 2
    assert close(doorway.door)[0] == []


def test_close_decides_those_who_had_just_left_too(doorway: Doorway) -> None:
    doorway.watch(mallory, face(stranger(1), left=0), frames=3)
    doorway.see(seconds=LOST_SECONDS + STEP)
    assert [decision.reason for decision in close(doorway.door)[0]] == [Reason.LEFT]


def test_nothing_counts_before_it_is_written_down(doorway: Doorway) -> None:
    doorway.watch(ada, frames=2)
    door, later = doorway.door, doorway.now + STEP
    proposed = door.observe(analysis(ada), PEOPLE, later).decision
    assert proposed is not None and proposed.verdict is GRANTED
    assert door.settle(proposed, written=True).verdict is GRANTED


def test_while_a_decision_waits_to_be_written_the_door_says_checking(doorway: Doorway) -> None:
    doorway.watch(ada, frames=2)
    outcome = doorway.door.observe(analysis(ada), PEOPLE, doorway.now + STEP)
    assert (outcome.verdict, outcome.faces) == (CHECKING, ())


def test_a_grant_that_could_not_be_logged_is_denied(doorway: Doorway) -> None:
    doorway.watch(ada, frames=2)
    outcome = doorway.see(ada, written=False)
    assert outcome.verdict is DENIED and verdicts(outcome) == [DENIED]
    refused = outcome.decision
    assert refused is not None
    assert (refused.verdict, refused.reason) == (DENIED, Reason.LOG_UNAVAILABLE)
    assert (refused.id, refused.name, refused.looks) == ("d1", "Ada", 3)
    assert refused.distance == pytest.approx(0.25)


def test_a_grant_that_could_not_be_logged_is_tried_again_later(doorway: Doorway) -> None:
    doorway.watch(ada, frames=2)
    doorway.see(ada, written=False)
    waiting = round(RETRY_SECONDS / STEP) - 1
    assert doorway.watch(ada, frames=waiting).verdict is DENIED
    assert len(doorway.decisions) == 1
    assert doorway.see(ada).verdict is GRANTED
    assert doorway.said == [(DENIED, "Ada", Reason.LOG_UNAVAILABLE), ADA_GRANTED]


def test_a_denial_that_could_not_be_logged_stays_a_denial(doorway: Doorway) -> None:
    doorway.watch(mallory, frames=DENY_FRAMES - 1)
    assert doorway.see(mallory, written=False).verdict is DENIED
    assert doorway.watch(mallory, frames=10).verdict is DENIED


def test_a_grant_that_could_not_be_logged_leaves_the_others(doorway: Doorway) -> None:
    doorway.watch(ada, bob, frames=3)
    assert verdicts(doorway.see(ada, bob, written=False)) == [GRANTED, DENIED]


def test_what_could_not_be_logged_of_somebody_who_left_changes_no_face(doorway: Doorway) -> None:
    doorway.watch(mallory, frames=3)
    outcome = doorway.see(ada, seconds=LOST_SECONDS + STEP, written=False)
    assert verdicts(outcome) == [CHECKING]
    assert outcome.decision is not None and outcome.decision.reason is Reason.LOG_UNAVAILABLE
    (over,) = outcome.ended
    assert over.decision is outcome.decision, "what is kept of the visit is what was settled"


def test_any_lets_a_stranger_stand_by(doorway: Doorway) -> None:
    outcome = doorway.watch(ada, mallory, frames=DENY_FRAMES + 1)
    assert outcome.verdict is GRANTED and verdicts(outcome) == [GRANTED, DENIED]
    assert doorway.said == [ADA_GRANTED, STRANGER_DENIED]


def test_largest_grants_the_largest_only() -> None:
    doorway = Doorway(Policy.LARGEST)
    outcome = doorway.watch(mallory, ada, frames=4)
    assert outcome.verdict is CHECKING
    assert (outcome.faces[1].name, outcome.faces[1].verdict) == ("Ada", CHECKING)
    assert not doorway.decisions
    assert doorway.see(ada, mallory).verdict is GRANTED
    assert doorway.see(mallory, ada).verdict is CHECKING
    assert doorway.said == [ADA_GRANTED]


def test_largest_counts_a_face_too_many_to_be_compared() -> None:
    doorway = Doorway(Policy.LARGEST)
    assert doorway.watch(face(None, width=300), ada, frames=5).verdict is CHECKING
    assert not doorway.decisions


def test_whoever_left_unpermitted_is_logged_by_name() -> None:
    doorway = Doorway(Policy.LARGEST)
    doorway.watch(mallory, ada, frames=3)
    assert (DENIED, "Ada", Reason.LEFT) in [(d.verdict, d.name, d.reason) for d in close(doorway.door)[0]]


def test_whoever_left_recognised_has_not_tried_anything() -> None:
    doorway = Doorway(Policy.LARGEST, attempts=1)
    for _ in range(5):
        doorway.watch(face(None, width=300), ada, frames=3)
        doorway.watch(frames=round(LOST_SECONDS / STEP) + 2)
    assert doorway.said == [(DENIED, "Ada", Reason.LEFT)] * 5
    doorway.watch(ada, frames=3)
    assert doorway.said[-1] == ADA_GRANTED


def test_all_waits_until_everybody_is_recognised() -> None:
    doorway = Doorway(Policy.ALL)
    doorway.watch(ada, frames=1)
    assert doorway.watch(ada, bob, frames=2).verdict is CHECKING
    assert not doorway.decisions
    assert [doorway.see(ada, bob).verdict for _ in range(2)] == [CHECKING, GRANTED]
    assert doorway.said == [ADA_GRANTED, BOB_GRANTED]


def test_all_denies_whoever_is_not_alone() -> None:
    doorway = Doorway(Policy.ALL)
    outcome = doorway.watch(ada, mallory, frames=DENY_FRAMES + 1)
    assert outcome.verdict is DENIED
    assert sorted(doorway.said, key=str) == sorted(
        [STRANGER_DENIED, (DENIED, "Ada", Reason.NOT_ALONE)], key=str
    )


def test_all_tells_a_newcomer_apart_before_denying_them_for_their_company() -> None:
    doorway = Doorway(Policy.ALL)
    doorway.watch(mallory, frames=DENY_FRAMES)
    doorway.watch(mallory, ada, frames=2)
    assert doorway.said == [STRANGER_DENIED]
    doorway.see(mallory, ada)
    assert doorway.said[1:] == [(DENIED, "Ada", Reason.NOT_ALONE)]


def test_all_withdraws_a_grant_when_a_stranger_joins() -> None:
    doorway = Doorway(Policy.ALL)
    doorway.watch(ada, frames=3)
    assert doorway.see(ada, mallory).verdict is CHECKING
    assert doorway.watch(ada, mallory, frames=DENY_FRAMES).verdict is DENIED
    assert (DENIED, "Ada", Reason.NOT_ALONE) in doorway.said


def test_all_grants_again_when_the_stranger_has_gone() -> None:
    doorway = Doorway(Policy.ALL)
    doorway.watch(ada, mallory, frames=DENY_FRAMES + 1)
    assert doorway.watch(ada, frames=round(LOST_SECONDS / STEP)).verdict is DENIED
    assert doorway.see(ada).verdict is GRANTED
    assert doorway.said[-1] == ADA_GRANTED


def test_all_does_not_forget_a_companion_the_detector_missed_for_a_frame() -> None:
    doorway = Doorway(Policy.ALL)
    doorway.watch(ada, mallory, frames=2)
    for _ in range(2):
        assert doorway.see(ada).verdict is CHECKING
    assert not doorway.decisions


def test_all_does_not_show_a_grant_while_a_new_companion_is_missed_for_a_frame() -> None:
    doorway = Doorway(Policy.ALL)
    doorway.watch(ada, frames=3)
    doorway.see(ada, mallory)
    outcome = doorway.see(ada)
    assert verdicts(outcome) == [GRANTED] and outcome.verdict is CHECKING


def test_all_grants_nobody_beside_a_face_that_was_not_compared() -> None:
    doorway = Doorway(Policy.ALL)
    outcome = doorway.watch(ada, tiny, frames=10)
    assert outcome.verdict is CHECKING and verdicts(outcome) == [CHECKING, CHECKING]
    assert not doorway.decisions
    assert doorway.see(ada).verdict is CHECKING, "the detector may have missed it once"
    assert doorway.see(ada, seconds=LOST_SECONDS).verdict is GRANTED
    assert doorway.see(ada, tiny).verdict is CHECKING
    assert doorway.see(ada).verdict is CHECKING


def test_largest_grants_nobody_while_a_larger_face_was_missed_once() -> None:
    doorway = Doorway(Policy.LARGEST)
    in_front = face(stranger(0), left=400, width=200)
    doorway.watch(in_front, ada, frames=4)
    assert doorway.see(ada).verdict is CHECKING
    assert doorway.see(in_front, ada).verdict is CHECKING
    assert not doorway.decisions
    doorway.watch(ada, frames=7)
    assert doorway.said[-1] == ADA_GRANTED
    assert doorway.see(face(stranger(1), left=400, width=200), ada).verdict is CHECKING
    assert doorway.see(ada).verdict is CHECKING


def test_a_face_that_was_not_compared_is_reported_as_being_checked(doorway: Doorway) -> None:
    assert doorway.see(tiny).faces == (FaceReport(tiny.box, None, None, CHECKING),)
    doorway.watch(tiny, frames=50)
    assert not doorway.decisions


@pytest.mark.parametrize(
    ("faces", "any_", "all_", "largest"),
    [
        ([], NONE, NONE, NONE),
        ([CHECKING], CHECKING, CHECKING, CHECKING),
        ([GRANTED], GRANTED, GRANTED, GRANTED),
        ([DENIED], DENIED, DENIED, DENIED),
        ([GRANTED, CHECKING], GRANTED, CHECKING, GRANTED),
        ([CHECKING, GRANTED], GRANTED, CHECKING, CHECKING),
        ([GRANTED, DENIED], GRANTED, DENIED, GRANTED),
        ([DENIED, GRANTED], GRANTED, DENIED, DENIED),
        ([CHECKING, DENIED], CHECKING, DENIED, CHECKING),
        ([DENIED, CHECKING], CHECKING, DENIED, DENIED),
        ([DENIED, CHECKING, GRANTED], GRANTED, DENIED, DENIED),
        ([GRANTED, GRANTED], GRANTED, GRANTED, GRANTED),
    ],
)
def test_verdict_of_a_frame(faces: list[Verdict], any_: Verdict, all_: Verdict, largest: Verdict) -> None:
    reports = [FaceReport(box(), None, None, verdict) for verdict in faces]
    assert frame_verdict(reports, Policy.ANY) is any_
    assert frame_verdict(reports, Policy.ALL) is all_
    assert frame_verdict(reports, Policy.LARGEST) is largest


def test_words_of_the_log_are_pinned() -> None:
    assert [policy.value for policy in Policy] == ["any", "flag", "all", "largest"]
    assert [each.value for each in Aliveness] == ["off", "not_proven", "live", "challenge"]


places = st.sampled_from([0, 100, 180, 400])
distances = st.floats(0, 0.875, width=32)
seen_people = st.tuples(st.integers(0, 1), distances, st.integers(0, 7), places)
scenes = st.lists(
    st.tuples(
        st.lists(seen_people, max_size=2), st.lists(seen_people, max_size=2), st.sampled_from([0.1, 1, 2.5])
    ),
    max_size=14,
)
Sightings = Sequence[tuple[int, float, int, int]]


def known_face(who: int, distance: float, direction: int, left: int) -> Face:
    return face(look(who, distance, direction), left=left)


def strange_face(who: int, distance: float, direction: int, left: int) -> Face:
    return face(shifted(stranger(who), distance, direction), left=left)


@given(scenes, st.sampled_from(Policy))
def test_two_strangers_are_never_granted(
    scene: list[tuple[Sightings, Sightings, float]], policy: Policy
) -> None:
    doorway = Doorway(policy)
    for some, others, seconds in scene:
        outcome = doorway.see(*(strange_face(*at) for at in [*some, *others]), seconds=seconds)
        assert outcome.verdict is not GRANTED
    assert GRANTED not in [decision.verdict for decision in doorway.decisions + close(doorway.door)[0]]


nearby_strangers: list[Embedding] = [shifted(person(ADA), 0.5, 0), shifted(person(ADA), 0.5, 1)]


@given(st.lists(st.tuples(st.integers(0, 1), places), max_size=20))
def test_two_strangers_either_side_of_somebody_enrolled_are_never_taken_for_them(
    visits: list[tuple[int, int]],
) -> None:
    """Their mean is near enough; they are farther from each other than one face ever is."""
    doorway = Doorway()
    for who, left in visits:
        assert doorway.see(face(nearby_strangers[who], left=left)).verdict is not GRANTED


@settings(max_examples=200)
@given(scenes, st.sampled_from(Policy), st.sampled_from([PEOPLE, WITHOUT_ADA]))
def test_rules_that_hold_whatever_happens(
    scene: list[tuple[Sightings, Sightings, float]], policy: Policy, later: Gallery
) -> None:
    doorway = Doorway(policy)
    sightings = {"Ada": 0, "Bob": 0}
    for at, (known, strange, seconds) in enumerate(scene):
        doorway.gallery = later if at > 8 else PEOPLE
        faces = [known_face(*each) for each in known] + [strange_face(*each) for each in strange]
        before = len(doorway.decisions)
        outcome = doorway.see(*faces, seconds=seconds)
        assert len(outcome.faces) == len(faces)
        assert [report.box for report in outcome.faces] == [seen.box for seen in faces]
        assert len(doorway.decisions) - before <= 1
        for who, *_ in known:
            sightings["Ada" if who == ADA else "Bob"] += 1
        for report, seen in zip(outcome.faces, faces, strict=True):
            if report.verdict is GRANTED:
                assert report.name is not None and report.name in doorway.gallery
                assert sightings[report.name] >= doorway.rules.looks
                nearest = doorway.gallery.match(seen.embedding) if seen.embedding is not None else None
                assert nearest is not None and nearest.name == report.name
        if policy is Policy.ALL and outcome.verdict is GRANTED:
            assert not strange
    ids = [decision.id for decision in doorway.decisions]
    assert len(set(ids)) == len(ids)
    for decision in doorway.decisions:
        assert (decision.verdict is GRANTED) == (decision.reason is Reason.RECOGNISED)
        assert decision.verdict is DENIED or decision.looks >= doorway.rules.looks


def test_a_grant_rests_on_a_look_that_is_not_old(doorway: Doorway) -> None:
    """In a crowd a face may be followed without being looked at: it is nobody until it is looked at again."""
    doorway.watch(ada, frames=3)
    doorway.door.hints(Hints(48, 4, 10**6), doorway.now)
    followed = Face(ada.box, None, followed=0)
    verdicts_ = [verdicts(doorway.see(followed)) for _ in range(8)]
    assert verdicts_ == [[GRANTED]] * 6 + [[CHECKING]] * 2
    assert doorway.see(followed).faces[0].name is None
    assert verdicts(doorway.see(ada)) == [GRANTED]
