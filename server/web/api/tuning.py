"""Other rules: what they would mean, what they would have meant, and putting them in force."""

import asyncio
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from starlette.requests import HTTPConnection

from server.access.matching.gallery import Gallery
from server.access.odds import threshold_at, visit_risk
from server.access.rules import Rules
from server.accounts.rights import Caller
from server.audit.operator_log import ActKind
from server.gallery.det import errors_at
from server.gallery.self_test import SelfTest
from server.history.conditions import Span
from server.history.overview import threshold_stats
from server.recording.files import FOLDER as RECORDINGS
from server.roster.terminals import rules_in_force
from server.tuning.outlook import outlook
from server.tuning.replay_task import ReplayOrder
from server.tuning.replays import Job, ReplayBusyError
from server.tuning.tuning import Tuning
from server.tuning.values import Value, rules_with, values_of
from server.tuning.words import changes
from server.web.acting import note
from server.web.api.tuning_models import ErrorCurve, ErrorPoint, Grid, GridLine, Preview, RulesView
from server.web.callers import Administrator, Ports
from server.web.etags import IfMatch, etag_of, require_match
from server.web.problems import ProblemError
from server.web.replay_views import JobView
from server.web.running import Running
from server.web.tuning_views import (
    LISTED,
    OutlookView,
    Wanted,
    people_who_change,
    settings_shown,
)

router = APIRouter(prefix="/tuning", tags=["tuning"])
GRID_RISKS = tuple(10 ** -(tenth / 3) for tenth in range(6, 19))
"""Shares of strangers let in, from 1 in 100 to 1 in 1,000,000, three to a factor of ten."""


def tuning(connection: HTTPConnection) -> Tuning:
    found: Tuning = connection.app.state.tuning
    return found


Tuner = Annotated[Tuning, Depends(tuning)]


@router.get("")
async def present_rules(caller: Administrator, running: Ports, tuner: Tuner, response: Response) -> RulesView:
    """The rules that hold now, and what they mean for the people enrolled."""
    response.headers["ETag"] = etag(running)
    return await shown(running, tuner, caller)


@router.post("/preview")
async def preview(wanted: Wanted, caller: Administrator, running: Ports, tuner: Tuner) -> Preview:
    """What other settings would mean. Nothing changes."""
    now = running.rules.rules
    then = rules_with(now, wanted.values())
    gallery, found = await tuner.self_tests.of_those_enrolled()
    more, less = await asyncio.to_thread(people_who_change, now, then, gallery.population, found)
    return Preview(
        now=await _outlook(now, running, gallery, found),
        then=await _outlook(then, running, gallery, found),
        changes=changes(now, then),
        more=more[:LISTED],
        more_people=len(more),
        less=less[:LISTED],
        less_people=len(less),
    )


@router.get("/errors")
async def error_curve(caller: Administrator, running: Ports, tuner: Tuner) -> ErrorCurve:
    """How often enrolled photos would be taken for somebody else, against how often they would not be
    recognised, at each distance."""
    gallery, found = await tuner.self_tests.of_those_enrolled()
    return ErrorCurve(
        points=[ErrorPoint(**each._asdict()) for each in errors_at(found)],
        own=len(found.own),
        others=found.compared,
        threshold=running.rules.rules.threshold_for(gallery.population),
    )


@router.get("/grid")
async def grid(
    caller: Administrator, running: Ports, days: Annotated[int, Query(ge=1, le=3650)] = 30
) -> Grid:
    """What other thresholds would have recognised of the visits of the last days; of the latest 10,000."""
    rules, population = running.rules.rules, running.gallery().population
    present = rules.threshold_for(population)
    thresholds = [threshold_at(rules, risk, population) for risk in GRID_RISKS]
    lines = await running.database.read(
        lambda sql: threshold_stats(
            sql,
            [*thresholds, present],
            rules.least_margin,
            rules.recogniser.name,
            Span(since=datetime.now() - timedelta(days=days)),
            caller.terminals,
        )
    )
    *others, now = lines
    risk = visit_risk(rules, present, population)
    return Grid(
        visits=now.visits,
        days=days,
        present=GridLine.of(now, risk),
        lines=[GridLine.of(line, risk) for line, risk in zip(others, GRID_RISKS, strict=True)],
    )


@router.post("/replay", status_code=HTTPStatus.ACCEPTED)
async def start_replay(wanted: Wanted, caller: Administrator, running: Ports, tuner: Tuner) -> JobView:
    """Decide again what was recorded, under other settings, beside the running server. One at a time."""
    order = ReplayOrder(
        folder=running.settings.logs / RECORDINGS,
        rules=rules_with(running.rules.rules, wanted.values()),
        gallery=running.gallery(),
        roster=running.roster(),
        terminals=caller.terminals,
        cipher=running.cipher,
    )
    try:
        return JobView.of(tuner.replays.start(order), running.rules.rules)
    except ReplayBusyError:
        raise ProblemError.conflict("A replay is under way; wait for it, or end it.") from None


@router.get("/replay")
async def replay(caller: Administrator, running: Ports, tuner: Tuner) -> JobView:
    """How far the replay has come, or what came of the last one."""
    return JobView.of(_own_job(tuner, caller), running.rules.rules)


@router.delete("/replay", status_code=HTTPStatus.NO_CONTENT)
async def stop_replay(caller: Administrator, tuner: Tuner) -> None:
    """End the replay that is under way."""
    _own_job(tuner, caller)
    await tuner.replays.stop()


@router.put("")
async def apply(
    wanted: Wanted,
    caller: Administrator,
    running: Ports,
    tuner: Tuner,
    response: Response,
    if_match: IfMatch = None,
) -> RulesView:
    """Put other settings in force: into the settings file, and from the next frame on at every terminal."""
    if caller.terminals is not None:
        detail = "Rules hold at all terminals, and you see only some."
        raise ProblemError(HTTPStatus.FORBIDDEN, "forbidden", detail)
    async with tuner.changing:
        require_match(if_match, etag(running))
        plan = await asyncio.to_thread(tuner.applying.plan, wanted.values())
        if plan.changed or plan.after != (plan.before or b""):
            told = {name: f"{_shown(old)} -> {_shown(new)}" for name, (old, new) in plan.changed.items()}
            await note(running, caller, ActKind.SETTINGS_APPLIED, None, **told)
            await asyncio.to_thread(tuner.applying.write, plan)
            tuner.applying.put_in_force(plan)
    response.headers["ETag"] = etag(running)
    return await shown(running, tuner, caller)


async def shown(running: Running, tuner: Tuning, caller: Caller) -> RulesView:
    """The rules that hold now, of what the caller may see; also for the page."""
    rules, settings = running.rules.rules, running.settings
    gallery, found = await tuner.self_tests.of_those_enrolled()
    return RulesView(
        settings=settings_shown(rules, running.source),
        file=str(running.source.path),
        recogniser=rules.recogniser.name,
        people=len(gallery.people),
        photos=gallery.photos,
        elsewhere=[
            f"{here.place}: {differs}"
            for here in rules_in_force(running.roster(), rules)
            if (here.terminal is None or caller.sees(here.terminal)) and (differs := here.unlike(rules))
        ],
        outlook=await _outlook(rules, running, gallery, found),
        recording=settings.record,
        recording_days=settings.record_days,
    )


def etag(running: Running) -> str:
    return etag_of(str(values_of(running.rules.rules)))


async def _outlook(rules: Rules, running: Running, gallery: Gallery, found: SelfTest) -> OutlookView:
    confirmed = running.roster().confirmed
    return OutlookView.of(await asyncio.to_thread(outlook, rules, gallery.population, found, confirmed))


def _own_job(tuner: Tuning, caller: Caller) -> Job:
    """The job, if all that it is about is the caller's to see. Raises ProblemError."""
    job = tuner.replays.job
    if job is None or not (
        caller.terminals is None or (job.terminals is not None and set(job.terminals) <= caller.terminals)
    ):
        raise ProblemError.not_found("Nothing has been replayed since the server started.")
    return job


def _shown(value: Value) -> str:
    return "none" if value is None else str(value)
