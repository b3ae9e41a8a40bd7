"""What a terminal is told of a frame."""

from dataclasses import replace

from server.access.outcome import Outcome
from wire import Prompt, Result, Timing, Verdict


def timing_of(queue_seconds: float, work_seconds: float) -> Timing:
    return Timing(_ms(queue_seconds), _ms(work_seconds))


def result_of(
    seq: int, outcome: Outcome, timing: Timing, decided_seq: int | None, next_seconds: float
) -> Result:
    """`decided_seq`: the frame that last showed whom the decision is about. `next_seconds`: how soon the next
    frame is wanted."""
    faces = tuple(
        face if face.distance is None else replace(face, distance=round(face.distance, 4))
        for face in outcome.faces
    )
    earlier = None if decided_seq == seq else decided_seq
    notice = outcome.decision.notice(earlier) if outcome.decision else None
    asked = outcome.asked
    seconds = None if asked is None or asked.seconds is None else round(asked.seconds, 2)
    return Result(
        seq=seq,
        verdict=outcome.verdict,
        faces=faces,
        decision=notice,
        timing=timing,
        prompt=asked.prompt if asked else None,
        prompt_seconds=seconds,
        prompt_progress=None if asked is None or asked.progress is None else round(asked.progress, 2),
        next_ms=_next_ms(next_seconds),
    )


def not_looked_at(seq: int, queue_seconds: float, next_seconds: float) -> Result:
    """The server has too much to do. A terminal that does not know `overloaded` shows the prompt."""
    return Result(
        seq=seq,
        verdict=Verdict.CHECKING,
        faces=(),
        decision=None,
        timing=timing_of(queue_seconds, 0.0),
        prompt=Prompt.WAIT,
        next_ms=_next_ms(next_seconds),
        overloaded=True,
    )


def _next_ms(seconds: float) -> float | None:
    return _ms(seconds) if seconds > 0 else None


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
