"""Deciding a recording again: the same under the same rules, whatever happened; and fair under others."""

import random
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.access.decision import Decision
from server.access.liveness.challenge import Extent, plan
from server.access.liveness.proof import Liveness
from server.access.lockout import Lockouts
from server.access.matching.recogniser import DLIB
from server.access.observed import ClosedDoor, ObservedFrame
from server.access.orders import EMPTY, Roster, TerminalRules
from server.access.permits import Permit, Window
from server.access.policy import Policy
from server.access.rules import Rules
from server.access.seen import Face, Flaw
from server.recording.comparison import Compared, Totals
from server.recording.entries import RecordedEntry, RecordingHeader
from server.recording.format import pack, rules_as_text, unpack
from server.recording.presence import Presence
from server.recording.rerun import SAME_CHALLENGE_SECONDS, Draws, Rerun
from tests.support.embeddings import box, gallery, look, person, stranger
from tests.support.recorded import START, LiveDoor, landmarks
from wire import Verdict
from wire.framing import HEADER
from wire.reasons import Prompt, Reason

PEOPLE = gallery({"Ada": person(0), "Bob": person(1)})
OFF = Rules(recogniser=DLIB, liveness=Liveness.OFF)
ROSTER = Roster(
    permits={"Bob": Permit(schedule=(Window.read("sun 08:00-08:01"),))},
    terminals={"left": TerminalRules(policy=Policy.ALL, note="ring the bell")},
)

faces = st.builds(
    lambda who, left, width, looked, at, flaw, seed: Face(
        box(left, width),
        who if looked else None,
        None if looked else at,
        b"patch",
        float(width),
        mirrored=who if looked and seed % 2 else None,
        flaw=flaw if looked else None,
        landmarks=landmarks(seed) if seed % 3 else None,
    ),
    who=st.sampled_from([look(0, 0.2), look(0, 0.3, 1), look(1, 0.22), stranger(0), stranger(1)]),
    left=st.sampled_from([100, 110, 300, 500]),
    width=st.sampled_from([60, 100, 140]),
    looked=st.sampled_from([True, True, True, False]),
    at=st.integers(0, 3),
    flaw=st.sampled_from([None, None, None, None, Flaw.TOO_DARK, Flaw.TOO_SMALL]),
    seed=st.integers(0, 30),
)
frames = st.tuples(
    st.sampled_from([0.1, 0.2, 0.3, 0.5, 0.9, 1.6, 2.5, 5.5]),
    st.lists(faces, max_size=2),
    st.integers(1, 12),
    st.sampled_from([False, False, False, True]),
)
"""Seconds since the frame before; faces; how often the same again, 0.2 s apart; the log cannot be written."""
streams = st.lists(frames, min_size=1, max_size=12)
rules = st.builds(
    Rules,
    threshold=st.sampled_from([None, 0.21, 0.3]),
    looks=st.integers(2, 4),
    policy=st.sampled_from(Policy),
    liveness=st.sampled_from(Liveness),
    attempts=st.sampled_from([0, 2]),
    proof_seconds=st.sampled_from([0.5, 6.0]),
)


def header(session: str, terminal: str, rules: Rules, run: str = "run") -> RecordingHeader:
    return RecordingHeader(run, session, terminal, 0, START, rules_as_text(rules))


def live(stream: list[tuple[float, list[Face], int, bool]], door: LiveDoor, at: float = 0.0) -> float:
    for gap, shown, times, retract in stream:
        at += gap
        for _ in range(times):
            door.see(shown, at, retract)
            at += 0.2
    return at


def as_recorded(
    door: LiveDoor, rules: Rules, close: bool = True
) -> tuple[RecordingHeader, list[RecordedEntry]]:
    """What the recorder writes of it, after a round through the file format."""
    presence = Presence()
    whats: list[ObservedFrame | ClosedDoor] = [frame for frame in door.frames if presence.wants(frame)]
    whats += [door.close()] if close else []
    entries = [RecordedEntry(number, what) for number, what in enumerate(whats)]
    read = [unpack(pack(entry)[HEADER.size :]) for entry in entries]
    return header(f"session-{door.terminal}", door.terminal, rules), read


def draws_of(entries: list[RecordedEntry]) -> Draws:
    draws = Draws()
    for entry in entries:
        draws.take(entry)
    return draws


def again(
    about: RecordingHeader, entries: list[RecordedEntry], rules: Rules, roster: Roster = EMPTY
) -> tuple[Rerun, list[Compared]]:
    rerun = Rerun(rules, PEOPLE, roster, {about.session: draws_of(entries)})
    compared = [each for entry in entries for each in rerun.feed(about, entry).compared]
    return rerun, compared + rerun.finish()


def essence(decision: Decision) -> Decision:
    """What is recorded of it, but for the id."""
    return replace(decision, id="", nearest=())


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(streams, rules, st.sampled_from(["left", "right"]), st.booleans())
def test_under_the_same_rules_every_decision_is_made_again_in_the_same_frame(
    stream: list[tuple[float, list[Face], int, bool]], rules: Rules, terminal: str, close: bool
) -> None:
    door = LiveDoor(rules, PEOPLE, ROSTER, terminal)
    live(stream, door)
    about, entries = as_recorded(door, rules, close)
    rerun = Rerun(rules, PEOPLE, ROSTER, {about.session: draws_of(entries)})
    compared: list[Compared] = []
    remade: list[Decision] = []
    for entry in entries:
        decisions, over = rerun.feed(about, entry)
        compared += over
        what = entry.what
        remade += decisions if isinstance(what, ObservedFrame) else ()
        then = what.decisions if isinstance(what, ClosedDoor) else [what.decision] if what.decision else []
        assert [essence(each) for each in decisions] == [essence(each) for each in then]
    compared += rerun.finish()
    assert not any(each.changed for each in compared)
    assert rerun.notes.strayed == 0 and rerun.notes.unasked == 0
    summaries = [summary for entry in entries for summary in entry.what.ended]
    assert len(compared) == len(summaries)
    assert close <= (rerun.notes.unfinished == 0)
    live_decisions = [frame.decision.id for frame in door.frames if frame.decision]
    nearest = [frame.decision.nearest for frame in door.frames if frame.decision]
    assert [decision.nearest for decision in remade] == nearest, "not recorded, and found again"
    recorded = [
        entry.what.decision.id
        for entry in entries
        if isinstance(entry.what, ObservedFrame) and entry.what.decision
    ]
    assert recorded == live_decisions, "no decision is left out of the recording"


@settings(max_examples=60, deadline=None)
@given(streams, rules, rules)
def test_under_any_other_rules_every_visit_is_told_once(
    stream: list[tuple[float, list[Face], int, bool]], then: Rules, now: Rules
) -> None:
    now = replace(now, looks=then.looks)
    door = LiveDoor(then, PEOPLE)
    live(stream, door)
    about, entries = as_recorded(door, then)
    rerun, compared = again(about, entries, now)
    assert len(compared) == sum(len(entry.what.ended) for entry in entries)
    assert rerun.notes.strayed == 0, "whom a frame continues does not depend on the rules"
    before = [each.before.id for each in compared if each.before]
    assert sorted(before) == sorted(
        summary.decision.id for entry in entries for summary in entry.what.ended if summary.decision
    )


def visit(door: LiveDoor, shown: Face, at: float, seconds: float = 2.0) -> float:
    """The face is in view for so long, then nobody is."""
    for _ in range(int(seconds / 0.2)):
        door.see([shown], at)
        at += 0.2
    for _ in range(10):
        door.see([], at)
        at += 0.2
    return at


ada, mallory = Face(box(), look(0, 0.24)), Face(box(), stranger(0))


def test_a_stricter_threshold_takes_a_grant_away_and_a_looser_one_gives_it() -> None:
    for then, now, before, after in [
        (0.3, 0.2, Verdict.GRANTED, Verdict.DENIED),
        (0.2, 0.3, Verdict.DENIED, Verdict.GRANTED),
    ]:
        rules = replace(OFF, threshold=then)
        door = LiveDoor(rules, PEOPLE)
        visit(door, ada, 0.0, 5.0)
        visit(door, mallory, 20.0, 5.0)
        about, entries = as_recorded(door, rules)
        _, compared = again(about, entries, replace(rules, threshold=now))
        assert [each.changed for each in compared] == [True, False]
        assert compared[0].before is not None and compared[0].after is not None
        assert (compared[0].before.verdict, compared[0].after.verdict) == (before, after)
        assert compared[0].terminal == "door"
        assert compared[0].moment in {frame.moment for frame in door.frames[:25]}
        totals = Totals()
        for each in compared:
            totals.add(each)
        was, now_ = (1, 0) if before is Verdict.GRANTED else (0, 1)
        assert totals.granted == [was, now_] and totals.people == {"Ada": [was, now_]}
        assert totals.denied == [2 - was, 2 - now_] and totals.visits == 2


def test_visits_too_short_for_one_of_the_rules_are_told_with_nothing_on_that_side() -> None:
    for then, now, close in [(2, 4, True), (4, 2, True), (2, 4, False), (4, 2, False)]:
        door = LiveDoor(replace(OFF, looks=then), PEOPLE)
        visit(door, ada, 0.0, 0.6)
        about, entries = as_recorded(door, OFF, close)
        _, (only,) = again(about, entries, replace(OFF, looks=now))
        decided = only.before if then == 2 else only.after
        nothing = only.after if then == 2 else only.before
        assert nothing is None and decided is not None and decided.verdict is Verdict.GRANTED and only.changed


def test_a_visit_has_changed_with_its_verdict_its_name_or_its_reason() -> None:
    door = LiveDoor(OFF, PEOPLE)
    visit(door, ada, 0.0)
    decision = next(frame.decision for frame in door.frames if frame.decision)

    def changed(**what: object) -> bool:
        return Compared(START, "door", decision, replace(decision, **what)).changed  # type: ignore[arg-type]

    assert changed(verdict=Verdict.DENIED) and changed(name="Bob") and changed(reason=Reason.NEAR_TIE)
    assert not changed(id="other", distance=0.1, threshold=0.2, looks=9)


def test_a_decision_that_could_not_be_logged_is_refused_again() -> None:
    door = LiveDoor(OFF, PEOPLE)
    for number in range(4):
        door.see([ada], number * 0.2, retract=True)
    about, entries = as_recorded(door, OFF)
    _, (only,) = again(about, entries, OFF)
    assert only.after is not None and only.after.reason is Reason.LOG_UNAVAILABLE and not only.changed


def test_lockouts_go_from_session_to_session_and_end_with_the_run() -> None:
    rules = replace(OFF, attempts=2)
    lockouts = Lockouts()
    recorded = []
    at = 0.0
    for number in range(3):
        door = LiveDoor(rules, PEOPLE, lockouts=lockouts)
        at = visit(door, mallory if number < 2 else ada, at)
        about, entries = as_recorded(door, rules)
        recorded.append((replace(about, session=str(number)), entries))
    rerun = Rerun(rules, PEOPLE, EMPTY, {})
    compared = [
        c for about, entries in recorded for entry in entries for c in rerun.feed(about, entry).compared
    ]
    assert [each.after.reason for each in compared if each.after] == [
        Reason.UNKNOWN_FACE,
        Reason.UNKNOWN_FACE,
        Reason.LOCKED_OUT,
    ]
    assert not any(each.changed for each in compared)
    about, entries = recorded[2]
    compared = [c for entry in entries for c in rerun.feed(replace(about, run="next"), entry).compared]
    assert compared[0].after is not None and compared[0].after.verdict is Verdict.GRANTED


def test_what_people_toml_says_is_asked_for_the_recorded_time_and_terminal() -> None:
    bob = Face(box(), look(1, 0.2))
    for start, reason in [(0.0, Reason.RECOGNISED), (120.0, Reason.OUTSIDE_SCHEDULE)]:
        door = LiveDoor(OFF, PEOPLE)
        visit(door, bob, start)
        about, entries = as_recorded(door, OFF)
        _, (only,) = again(about, entries, OFF, ROSTER)
        assert only.after is not None and only.after.reason is reason


def test_what_is_missing_at_the_end_or_in_the_middle_is_left_out_and_counted() -> None:
    door = LiveDoor(OFF, PEOPLE)
    visit(door, ada, 0.0)
    door.see([ada], 20.0), [door.see([ada], 20.0 + each * 0.2) for each in range(1, 5)]
    about, entries = as_recorded(door, OFF, close=False)
    rerun, compared = again(about, entries, OFF)
    assert len(compared) == 1 and rerun.notes.unfinished == 1
    cut = [replace(entry, cut=entry.number == 20) for entry in entries if entry.number not in range(8, 20)]
    rerun, compared = again(about, cut, OFF)
    assert not compared and rerun.notes.unfinished == 2, "the first was cut short, the second never ended"


def test_a_challenge_nobody_was_asked_is_counted_and_one_that_was_asked_is_asked_again() -> None:
    alive = replace(ada, landmarks=landmarks(1))
    for then, unasked in [(Liveness.OFF, 1), (Liveness.CHALLENGE, 0)]:
        rules = replace(OFF, liveness=then)
        door = LiveDoor(rules, PEOPLE)
        visit(door, alive, 0.0)
        about, entries = as_recorded(door, rules)
        rerun, _ = again(about, entries, replace(OFF, liveness=Liveness.CHALLENGE))
        assert rerun.notes.unasked == unasked
        # earlier than at the time, by looser rules
        rerun, _ = again(about, entries, replace(OFF, liveness=Liveness.CHALLENGE, looks=2))
        assert rerun.notes.unasked == unasked


def test_a_challenge_asks_for_the_steps_that_were_asked_then(monkeypatch: pytest.MonkeyPatch) -> None:
    plans: list[list[Prompt]] = []

    def noted(rng: random.Random, extent: Extent) -> list[Prompt]:
        plans.append(plan(rng, extent))
        return list(plans[-1])

    monkeypatch.setattr("server.access.liveness.challenge.plan", noted)
    alive = replace(ada, landmarks=landmarks(1))
    rules = replace(OFF, liveness=Liveness.CHALLENGE)
    seen = set()
    for _ in range(12):
        plans.clear()
        door = LiveDoor(rules, PEOPLE)
        visit(door, alive, 0.0)
        visit(door, alive, 20.0)
        about, entries = as_recorded(door, rules)
        again(about, entries, rules)
        again(about, entries, replace(rules, looks=2))
        assert len(plans) == 6 and plans[:2] == plans[2:4] == plans[4:]
        seen.add(str(plans[0]))
    assert len(seen) > 1, "nobody can foresee them"


def test_the_nearest_draw_counts_up_to_a_limit() -> None:
    known = Draws([10.0, 20.0], [(1,), (2,)])
    assert [known.near(at) for at in (9.0, 10.0, 14.9, 15.1, 20.0, 29.0)] == [
        (1,),
        (1,),
        (1,),
        (2,),
        (2,),
        (2,),
    ]
    assert known.near(10.0 - SAME_CHALLENGE_SECONDS - 0.1) == known.near(20.1 + SAME_CHALLENGE_SECONDS) == ()
    assert Draws().near(0.0) == ()


def test_other_faces_followed_than_at_the_time_are_noticed() -> None:
    door = LiveDoor(OFF, PEOPLE)
    visit(door, ada, 0.0)
    about, entries = as_recorded(door, OFF)
    frame = entries[3].what
    assert isinstance(frame, ObservedFrame) and frame.followed
    entries[3] = replace(entries[3], what=replace(frame, followed=()))
    rerun, _ = again(about, entries, OFF)
    assert rerun.notes.strayed == 1
    assert rerun.notes.enrolled == {(2, 2)} and rerun.notes.rules["liveness"] == {"off"}
