"""Who may come in where and when: days, weeks, the hours around midnight, and which reason is told."""

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.access.permits import DAYS, Permit, Window, bar
from wire.reasons import Reason

MONDAY = datetime(2026, 11, 23)
WEEK_MINUTES = 7 * 24 * 60
days = st.integers(0, 6)
minutes = st.integers(0, 1439)
moments = st.integers(0, WEEK_MINUTES * 60 - 1).map(lambda second: MONDAY + timedelta(seconds=second))


def at(day: str, time: str) -> datetime:
    hours, rest = time.split(":", 1)
    clock = datetime.strptime(f"{hours}:{rest}", "%H:%M:%S" if ":" in rest else "%H:%M")
    return MONDAY + timedelta(
        days=DAYS.index(day), hours=clock.hour, minutes=clock.minute, seconds=clock.second
    )


def clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def minutes_of_the_week(first: int, last: int, start: int, end: int) -> set[int]:
    """Which minutes after Monday 00:00 a window holds, by walking from its first day to its last."""
    found = set()
    day = first
    while True:
        length = (end - start) if start < end else (end + 1440 - start)
        found |= {(day * 1440 + start + step) % WEEK_MINUTES for step in range(length)}
        if day == last:
            return found
        day = (day + 1) % 7


@given(days, days, minutes, st.integers(0, 1440), moments)
def test_a_window_holds_the_minutes_that_walking_through_the_week_finds(
    first: int, last: int, start: int, end: int, moment: datetime
) -> None:
    if start == end:
        return
    window = Window.read(f"{DAYS[first]}-{DAYS[last]} {clock(start)}-{clock(end)}")
    minute = moment.weekday() * 1440 + moment.hour * 60 + moment.minute
    assert (moment in window) == (minute in minutes_of_the_week(first, last, start, end))


@given(days, days, minutes, st.integers(0, 1440))
def test_a_window_is_written_as_it_is_read(first: int, last: int, start: int, end: int) -> None:
    if start == end:
        return
    text = f"{DAYS[first]}-{DAYS[last]} {clock(start)}-{clock(end)}"
    assert Window.read(str(Window.read(text))) == Window.read(text)


@pytest.mark.parametrize(
    "text", ["mon-fri 07:00-19:00", "sat 09:00-24:00", "fri-mon 22:00-02:00", "mon-sun 00:00-24:00"]
)
def test_a_window_is_written_as_people_do(text: str) -> None:
    assert str(Window.read(text)) == text


@given(days, minutes, st.integers(0, 1440))
def test_the_start_is_inside_and_the_end_is_not(day: int, start: int, end: int) -> None:
    if start == end:
        return
    window = Window.read(f"{DAYS[day]} {clock(start)}-{clock(end)}")
    begins = MONDAY + timedelta(days=day, minutes=start)
    ends = MONDAY + timedelta(days=day + (end < start), minutes=end)
    instant = timedelta(microseconds=1)
    assert begins in window and ends - instant in window
    assert begins - instant not in window and ends not in window


@given(days, days, minutes, minutes, moments)
def test_a_window_and_the_one_that_starts_when_it_ends_cover_each_moment_once(
    first: int, last: int, start: int, end: int, moment: datetime
) -> None:
    if start == end or (last + 1) % 7 != first:
        return
    window = Window.read(f"{DAYS[first]}-{DAYS[last]} {clock(start)}-{clock(end)}")
    other = Window.read(f"mon-sun {clock(end)}-{clock(start)}")
    assert (moment in window) != (moment in other)


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("mon-fri 07:00-19:00", ["mon 07:00", "fri 18:59:59"], ["mon 06:59:59", "fri 19:00", "sat 12:00"]),
        ("sat 9:00-12:00", ["sat 09:00"], ["sun 09:00", "fri 09:00"]),
        ("fri 22:00-02:00", ["fri 22:00", "sat 01:59"], ["fri 01:00", "sat 02:00", "sat 22:00"]),
        ("sun 22:00-02:00", ["sun 23:00", "mon 01:00"], ["mon 22:00", "sun 01:00"]),
        ("fri-mon 10:00-11:00", ["fri 10:00", "sun 10:00", "mon 10:00"], ["tue 10:00", "thu 10:00"]),
        ("mon-sun 00:00-24:00", ["mon 00:00", "sun 23:59:59"], []),
        ("tue 22:00-00:00", ["tue 23:59:59"], ["wed 00:00"]),
        (" MON - Fri  07:00 - 19:00 ", ["wed 12:00"], ["sun 12:00"]),
    ],
)
def test_windows(text: str, inside: list[str], outside: list[str]) -> None:
    window = Window.read(text)
    assert [moment for moment in inside if at(*moment.split()) not in window] == []
    assert [moment for moment in outside if at(*moment.split()) in window] == []


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "write it like"),
        ("07:00-19:00", "write it like"),
        ("mon", "write it like"),
        ("mon,tue 07:00-19:00", "write it like"),
        ("mon 7-19", "write it like"),
        ("mon 07:00-19:00 x", "write it like"),
        ("xyz 07:00-19:00", "no day 'xyz'"),
        ("mon-foo 07:00-19:00", "no day 'foo'"),
        ("mon 07:60-19:00", "no time 07:60"),
        ("mon 07:00-24:01", "no time 24:01"),
        ("mon 25:00-26:00", "no time 25:00"),
        ("mon 24:00-08:00", "starts at 00:00"),
        ("mon 08:00-08:00", "whole day is 00:00-24:00"),
    ],
)
def test_what_is_no_window_is_refused_in_words(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Window.read(text)


def test_the_clock_on_the_wall_counts_also_when_it_is_changed() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    window = Window.read("sun 02:00-03:00")
    twice = datetime(2026, 10, 25, 2, 30, tzinfo=berlin)
    assert twice in window and twice.replace(fold=1) in window
    before = datetime(2026, 3, 29, 0, 59, tzinfo=timezone.utc).astimezone(berlin)
    after = (before.astimezone(timezone.utc) + timedelta(minutes=1)).astimezone(berlin)
    assert (before.hour, after.hour) == (1, 3)
    assert before not in window and after not in window


NOW = datetime(2026, 11, 23, 12, 0)
OFFICE = (Window.read("mon-fri 07:00-19:00"),)
NIGHT = (Window.read("sat 22:00-23:00"),)


def test_without_a_permit_or_with_an_empty_one_there_are_no_limits() -> None:
    assert bar(None, "front-door", NOW) is None
    assert bar(Permit(), "front-door", NOW) is None


def test_the_first_and_the_last_day_count() -> None:
    permit = Permit(valid_from=date(2026, 1, 2), valid_until=date(2026, 1, 4))
    found = [
        bar(permit, "lab", datetime(2026, 1, day, hour, 59, 59)) for day in range(1, 6) for hour in (0, 23)
    ]
    early, late = Reason.NOT_YET_VALID, Reason.EXPIRED
    assert found == [early, early, None, None, None, None, None, None, late, late]


def test_one_of_the_windows_must_hold_the_moment() -> None:
    assert bar(Permit(schedule=OFFICE), "lab", NOW) is None
    assert bar(Permit(schedule=NIGHT + OFFICE), "lab", NOW) is None
    assert bar(Permit(schedule=NIGHT), "lab", NOW) is Reason.OUTSIDE_SCHEDULE
    assert bar(Permit(schedule=()), "lab", NOW) is Reason.OUTSIDE_SCHEDULE


def test_only_the_named_terminals_can_be_used() -> None:
    permit = Permit(terminals=frozenset({"front-door", "lab"}))
    assert bar(permit, "lab", NOW) is None
    assert bar(permit, "LAB", NOW) is Reason.WRONG_TERMINAL
    assert bar(Permit(terminals=frozenset()), "lab", NOW) is Reason.WRONG_TERMINAL


def test_the_reason_that_lasts_longest_is_told() -> None:
    permit = Permit(date(2026, 12, 1), date(2026, 11, 1), NIGHT, frozenset({"lab"}), disabled=True)
    lifted = [
        replace(permit, disabled=False),
        replace(permit, disabled=False, valid_until=None),
        replace(permit, disabled=False, valid_until=None, valid_from=None),
        Permit(schedule=NIGHT),
    ]
    assert [bar(each, "front-door", NOW) for each in (permit, *lifted)] == [
        Reason.DISABLED,
        Reason.EXPIRED,
        Reason.NOT_YET_VALID,
        Reason.WRONG_TERMINAL,
        Reason.OUTSIDE_SCHEDULE,
    ]


@given(
    st.none() | st.dates(date(2026, 11, 20), date(2026, 11, 27)),
    st.none() | st.dates(date(2026, 11, 20), date(2026, 11, 27)),
    st.none() | st.just(OFFICE),
    st.none() | st.frozensets(st.sampled_from(["lab", "front-door"])),
    moments,
)
def test_a_further_limit_never_lets_anybody_in(
    valid_from: date | None,
    valid_until: date | None,
    schedule: tuple[Window, ...] | None,
    terminals: frozenset[str] | None,
    moment: datetime,
) -> None:
    permit = Permit(valid_from, valid_until, schedule, terminals)
    looser = [
        replace(permit, valid_from=None),
        replace(permit, valid_until=None),
        replace(permit, schedule=None),
        replace(permit, terminals=None),
    ]
    if bar(permit, "lab", moment) is None:
        assert [bar(each, "lab", moment) for each in looser] == [None] * 4
    assert bar(replace(permit, disabled=True), "lab", moment) is Reason.DISABLED
