"""A row that is made of an event is the one that is made of its line."""

from datetime import datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from server.audit.operator_log import Act, ActKind, parse
from server.history.rows import act_row

OFFSETS = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=OFFSETS)


@given(MOMENTS)
def test_an_act_has_the_same_row_as_its_line(moment: datetime) -> None:
    """Else the next start takes the line for one that is missing, and adds it."""
    act = Act(moment, "account:jane", ActKind.SIGN_IN)
    assert act_row(parse(act.line())) == act_row(act)
