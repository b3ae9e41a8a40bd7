"""What the API tells of rules, of what others would mean, and of what they would have meant."""

from collections import Counter

from pydantic import BaseModel

from server.history.thresholds import Line
from server.web.tuning_views import LISTED, OutlookView, PersonChange, SettingView


class RulesView(BaseModel):
    """The rules that hold now. `file`: the settings file. `elsewhere`: where people.toml says otherwise, such
    as "terminal lab: liveness off". `recording`: whether what is seen is kept for a replay, for
    `recording_days`."""

    settings: list[SettingView]
    file: str
    recogniser: str
    people: int
    photos: int
    elsewhere: list[str]
    outlook: OutlookView
    recording: bool
    recording_days: int


class Preview(BaseModel):
    """What other settings would mean. `changes`: in words. `more`, `less`: whose photos would be recognised
    more, or less, often; some of them, of `more_people` and `less_people`."""

    now: OutlookView
    then: OutlookView
    changes: list[str]
    more: list[PersonChange]
    more_people: int
    less: list[PersonChange]
    less_people: int


class ErrorPoint(BaseModel):
    """`fmr`: share of comparisons with somebody else that come out at `distance` or nearer. `fnmr`: share of
    photos that are farther from the person's other ones."""

    distance: float
    fmr: float
    fnmr: float


class ErrorCurve(BaseModel):
    """The people enrolled here, photo by photo: ascending `points`. `own`: how many photos were held against
    the person's other ones, `others`: how many comparisons with somebody else there were. `threshold`: the
    one that holds now."""

    points: list[ErrorPoint]
    own: int
    others: int
    threshold: float


class NameCount(BaseModel):
    name: str
    count: int

    @classmethod
    def most(cls, counts: Counter[str]) -> "list[NameCount]":
        """The first of many."""
        return [cls(name=name, count=count) for name, count in counts.most_common(LISTED)]


class GridLine(BaseModel):
    """One threshold, and the share of strangers that it lets in. `recognised`: visits that came so near to
    somebody. `lost`: grants that would not have been made; `gained`: visits that were refused because nobody
    was near enough; by person, some of them."""

    threshold: float
    risk: float
    recognised: int
    lost: list[NameCount]
    lost_visits: int
    gained: list[NameCount]
    gained_visits: int

    @classmethod
    def of(cls, line: Line, risk: float) -> "GridLine":
        return cls(
            threshold=round(line.threshold, 4),
            risk=risk,
            recognised=line.recognised,
            lost=NameCount.most(line.lost),
            lost_visits=line.lost.total(),
            gained=NameCount.most(line.gained),
            gained_visits=line.gained.total(),
        )


class Grid(BaseModel):
    """What other thresholds would have recognised of the latest `visits`. `lines`: the loosest first.
    `present`: the threshold that holds now."""

    visits: int
    days: int
    present: GridLine
    lines: list[GridLine]
