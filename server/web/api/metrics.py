"""Numbers for Prometheus, and whatever else reads its format: nobody's name is among them."""

import asyncio
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, Response
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Metric,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
)
from prometheus_client.registry import Collector

from server.accounts.rights import Caller
from server.terminals.frame_tally import BOUNDS, FrameTally
from server.vitals.vitals import Vitals
from server.web.callers import Measurer, Ports
from server.web.running import Running
from server.web.state import certificate_of, disk_of

router = APIRouter(tags=["health"])
_TEXT: dict[int | str, dict[str, Any]] = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}


class _Told(Collector):
    """Metrics as they were when they were asked for."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = list(metrics)

    def collect(self) -> list[Metric]:
        return self._metrics


@router.get("/metrics", response_class=Response, responses=_TEXT)
async def metrics(caller: Measurer, running: Ports) -> Response:
    """The server's own numbers, in Prometheus' text format. Needs the right to read metrics."""
    told = [*_of_the_doors(running, caller), *_of_the_server(running)]
    text = await asyncio.to_thread(_rendered, told, running)
    return Response(text, media_type=CONTENT_TYPE_LATEST)


def _rendered(told: list[Metric], running: Running) -> bytes:
    """With what only the disk and the system know."""
    registry = CollectorRegistry()
    registry.register(_Told([*told, *_of_the_machine(running)]))
    ProcessCollector(namespace="doorward", registry=registry)
    return generate_latest(registry)


def _of_the_doors(running: Running, caller: Caller) -> Iterator[Metric]:
    vitals, gallery = running.vitals, running.gallery()
    frames = vitals.frames()
    yield _counter("frames_answered", "Frames that were answered.", frames.tally.answered)
    yield _counter("frames_skipped", "Frames that made way for a newer one.", frames.tally.skipped)
    yield _latency(frames.tally)
    yield _gauge("frames_in_work", "Frames that a worker looks at, or that are decided.", frames.in_work)
    yield _gauge("frames_waiting", "Frames that wait for a worker.", frames.waiting)
    yield _gauge("terminals_connected", "Terminals that are connected.", frames.connected)
    yield _gauge("people", "People enrolled.", len(gallery.people))
    yield _gauge("photos", "Photos that enrol them.", gallery.photos)
    yield _decisions(vitals, caller)
    connected = GaugeMetricFamily(
        "doorward_terminal_connected",
        "Whether a terminal is there; it shows for a while after it has left.",
        labels=["terminal"],
    )
    there = {health.terminal: health.left is None for health in running.live.health()}
    for terminal, is_there in there.items():
        if caller.sees(terminal):
            connected.add_metric([terminal], float(is_there))
    yield connected


def _decisions(vitals: Vitals, caller: Caller) -> Metric:
    decisions = CounterMetricFamily(
        "doorward_decisions", "Decisions since the start.", labels=["terminal", "verdict", "reason"]
    )
    for kind, count in sorted(vitals.decisions.counts().items()):
        if caller.sees(kind.terminal):
            decisions.add_metric(list(kind), count)
    return decisions


def _latency(tally: FrameTally) -> Metric:
    counts, total = [], 0
    for bound, count in zip([*map(str, BOUNDS), "+Inf"], tally.within, strict=True):
        total += count
        counts.append((bound, float(total)))
    return HistogramMetricFamily(
        "doorward_frame_seconds",
        "From the arrival of a frame to its answer.",
        buckets=counts,
        sum_value=tally.seconds,
    )


def _of_the_server(running: Running) -> Iterator[Metric]:
    vitals = running.vitals
    workers = vitals.workers()
    yield InfoMetricFamily("doorward", "The server.", {"version": version("doorward")})
    yield _gauge("start_time_seconds", "When it started, since 1970.", vitals.started)
    yield _gauge("workers_wanted", "Worker processes that there are to be.", workers.wanted)
    yield _gauge("workers_alive", "Worker processes that are there.", workers.alive)
    yield _gauge("workers_busy", "Worker processes that look at something.", workers.busy)
    yield _counter("workers_replaced", "Worker processes that ended and were replaced.", workers.replaced)
    yield _gauge("loop_delay_seconds", "How late the event loop was last.", vitals.loop_delay.last)
    yield _gauge("loop_delay_worst_seconds", "The worst of the last minute.", vitals.loop_delay.worst)
    yield _gauge("database_writes_waiting", "Writes that are not done yet.", running.database.waiting)
    lost = CounterMetricFamily(
        "doorward_events_lost", "Events that a part which keeps them has missed.", labels=["sink"]
    )
    for name, events in sorted(vitals.lost().items()):
        lost.add_metric([name], events)
    yield lost


def _of_the_machine(running: Running) -> Iterator[Metric]:
    server, workers = running.vitals.memory()
    memory = GaugeMetricFamily("doorward_memory_bytes", "Memory in use.", labels=["of"])
    for of, used in (("server", server), ("workers", workers)):
        if used is not None:
            memory.add_metric([of], used)
    yield memory
    yield _gauge("disk_free_bytes", "Free in the logs folder.", disk_of(running.settings.logs).free)
    certificate = certificate_of(running.settings)
    if certificate is not None and certificate.until is not None:
        told = "End of the certificate's validity, since 1970."
        yield _gauge("certificate_expiry_seconds", told, certificate.until / 1000)


def _counter(name: str, told: str, value: float) -> Metric:
    return CounterMetricFamily(f"doorward_{name}", told, value)


def _gauge(name: str, told: str, value: float) -> Metric:
    return GaugeMetricFamily(f"doorward_{name}", told, value)
