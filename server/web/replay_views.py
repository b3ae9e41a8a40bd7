"""A replay, as the API tells of it."""

from pydantic import BaseModel

from server.access.decision import Decision
from server.access.rules import Rules
from server.recording.comparison import Compared
from server.support.clock import milliseconds
from server.tuning.replay_task import ReplayResult
from server.tuning.replays import Job, State
from server.tuning.words import changes

LISTED = 100
"""So many people are named."""


class Verdict(BaseModel):
    """What was decided of a visit. `distance`: to the nearest person; null: there was none."""

    verdict: str
    name: str | None
    reason: str
    distance: float | None
    threshold: float

    @classmethod
    def of(cls, decision: Decision | None) -> "Verdict | None":
        if decision is None:
            return None
        return cls(
            verdict=decision.verdict.value,
            name=decision.name,
            reason=decision.reason.value,
            distance=None if decision.distance is None else round(decision.distance, 3),
            threshold=round(decision.threshold, 3),
        )


class ChangedVisit(BaseModel):
    """A visit that ends otherwise. `moment`: milliseconds since 1970. null: nothing was decided."""

    moment: int
    terminal: str
    before: Verdict | None
    after: Verdict | None

    @classmethod
    def of(cls, compared: Compared) -> "ChangedVisit":
        return cls(
            moment=milliseconds(compared.moment),
            terminal=compared.terminal,
            before=Verdict.of(compared.before),
            after=Verdict.of(compared.after),
        )


class Grants(BaseModel):
    """How often somebody was granted, and would be."""

    name: str
    before: int
    after: int


class ResultView(BaseModel):
    """What a replay found. `people`: whose grants would be others, some of them; of `people_changed`.
    `changed`: how many visits end otherwise; `listed`: the latest of them. `remarks`: what has to be known to
    read this. `problems`: files that could not be read."""

    visits: int
    granted_before: int
    granted_after: int
    denied_before: int
    denied_after: int
    people: list[Grants]
    people_changed: int
    changed: int
    listed: list[ChangedVisit]
    remarks: list[str]
    problems: list[str]

    @classmethod
    def of(cls, result: ReplayResult) -> "ResultView":
        totals = result.totals
        people = [
            Grants(name=name, before=before, after=after)
            for name, (before, after) in totals.people.items()
            if before != after
        ]
        people.sort(key=lambda each: (-abs(each.after - each.before), each.name))
        return cls(
            visits=totals.visits,
            granted_before=totals.granted[0],
            granted_after=totals.granted[1],
            denied_before=totals.denied[0],
            denied_after=totals.denied[1],
            people=people[:LISTED],
            people_changed=len(people),
            changed=result.changed,
            listed=[ChangedVisit.of(each) for each in result.listed],
            remarks=list(result.remarks),
            problems=list(result.problems),
        )


class JobView(BaseModel):
    """A replay. `began`: milliseconds since 1970. `changes`: how its rules differ from those that hold now,
    in words. `counted`: records read so far; `records`: how many there are, once that is known; `decided`:
    how many of them have been decided again. `problem`: why it has failed."""

    state: State
    began: int
    changes: list[str]
    counted: int
    records: int | None
    decided: int
    problem: str | None
    result: ResultView | None

    @classmethod
    def of(cls, job: Job, present: Rules) -> "JobView":
        return cls(
            state=job.state,
            began=milliseconds(job.moment),
            changes=changes(present, job.rules),
            counted=job.progress.counted,
            records=job.progress.entries,
            decided=job.progress.decided,
            problem=job.problem,
            result=None if job.result is None else ResultView.of(job.result),
        )
