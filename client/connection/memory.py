"""What earlier answers of a connection said that still matters. Pure: the clock is passed in."""

from dataclasses import dataclass

from wire import DecisionNotice, Prompt, Reason, Result, Verdict

SAME_DEADLINE_SECONDS = 0.5
"""Two answers that set ends less than this apart speak of one deadline: the network varies that much."""

DEPARTED = frozenset({Reason.LEFT.value, Reason.NOT_LIVE.value})
"""Decisions about somebody who has gone, and not about whoever stands there."""


@dataclass(frozen=True)
class Refusal:
    """A decision against the visitor, `told` at that time (`time.monotonic()` seconds)."""

    decision: DecisionNotice
    told: float


@dataclass(frozen=True)
class Deadline:
    """`prompt` is to be done by `ends` (`time.monotonic()` seconds); at first there were `seconds`."""

    prompt: Prompt
    ends: float
    seconds: float

    def left(self, now: float) -> float:
        """Seconds left, at least 0."""
        return max(0.0, self.ends - now)

    def share_left(self, now: float) -> float:
        """The share of the time that is left, 0 to 1."""
        return min(1.0, self.left(now) / self.seconds) if self.seconds > 0 else 0.0


@dataclass(frozen=True)
class Memory:
    """The newest refusal, unless a grant followed it, and the newest deadline."""

    refusal: Refusal | None = None
    deadline: Deadline | None = None

    def after(self, result: Result, received: float) -> "Memory":
        """What to remember once `result` was received."""
        return Memory(self._refusal(result.decision, received), self._deadline(result, received))

    def _refusal(self, decision: DecisionNotice | None, received: float) -> Refusal | None:
        if decision is None or decision.reason in DEPARTED:
            return self.refusal
        return Refusal(decision, received) if decision.verdict is Verdict.DENIED else None

    def _deadline(self, result: Result, received: float) -> Deadline | None:
        if result.prompt is None or result.prompt_seconds is None:
            return self.deadline
        ends, before = received + result.prompt_seconds, self.deadline
        if before and before.prompt is result.prompt and abs(ends - before.ends) < SAME_DEADLINE_SECONDS:
            return Deadline(result.prompt, ends, before.seconds)
        return Deadline(result.prompt, ends, result.prompt_seconds)
