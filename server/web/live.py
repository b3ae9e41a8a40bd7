"""Pictures of the doors for those who watch: which go out and when, and how they are packed. Pure."""

import json
import math
import struct
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from server.support.clock import milliseconds
from server.terminals.live import Health, LiveFrame
from server.terminals.pace import Spread
from wire.words import INSTRUCTIONS, refusal

PICTURES_PER_SECOND = 120.0
"""Sent in all, to everybody who watches: one takes the event loop about 0.2 ms, and door's frames wait for
it."""
ROUNDS_PER_SECOND = 15.0
"""Of pictures, for one who watches: doors send no more."""
HEALTH_SECONDS = 1.0
CHECK_SECONDS = 1.5
"""How often it is looked up whether somebody may still watch: who may no longer is gone within 2 s."""
_LENGTH = struct.Struct(">I")


class Bulletin:
    """How the terminals fare, looked up and encoded once for all who watch."""

    def __init__(self, look: Callable[[], list[Health]], clock: Callable[[], float] = time.monotonic) -> None:
        """`clock`: monotonic seconds."""
        self._look = look
        self._clock = clock
        self._encoded: list[tuple[str, str]] = []
        self._until = -math.inf

    def message(self, sees: Callable[[str], bool]) -> str:
        """For somebody who sees some of the terminals; at most half of `HEALTH_SECONDS` old."""
        if self._clock() >= self._until:
            self._encoded = [
                (each.terminal, json.dumps(health_of(each), ensure_ascii=False)) for each in self._look()
            ]
            self._until = self._clock() + HEALTH_SECONDS / 2
        seen = [encoded for terminal, encoded in self._encoded if sees(terminal)]
        return f'{{"health": [{", ".join(seen)}]}}'


def pause_between(pictures: int, watching: int) -> float:
    """How many seconds somebody waits after each of so many pictures of a round, while so many are watching:
    no frame of a door waits behind more than one of them."""
    return max(1.0 / (ROUNDS_PER_SECOND * pictures), max(watching, 1) / PICTURES_PER_SECOND)


def packed(frame: LiveFrame, last: bool) -> bytes:
    """One picture as a message: the length of what is told of it, that as JSON, the JPEG. `last`: of a round;
    the browser answers when it has shown it."""
    result = frame.result
    told = {
        "terminal": frame.terminal,
        "last": last,
        "verdict": result.verdict.value,
        "faces": [face.to_map() for face in result.faces],
        "prompt": None if result.prompt is None else INSTRUCTIONS[result.prompt].sentence,
    }
    head = json.dumps(told, ensure_ascii=False).encode()
    return b"".join((_LENGTH.pack(len(head)), head, frame.jpeg))


def health_of(health: Health) -> dict[str, Any]:
    """How a terminal fares, in values that JSON knows. Times in milliseconds, moments since 1970; spreads as
    [half of the frames, 95 % of them]."""
    decision = health.decision
    return {
        "terminal": health.terminal,
        "connected": health.left is None,
        "since": _ms(health.connected),
        "left": _ms(health.left),
        "address": health.address,
        "camera": health.camera.value,
        "camera_since": _ms(health.camera_since),
        "clock_skew": None if health.clock_skew is None else round(health.clock_skew, 1),
        "answered": round(health.rates.answered, 1),
        "skipped": round(health.rates.skipped, 1),
        "queue_ms": _spread(health.rates.queue_ms),
        "work_ms": _spread(health.rates.work_ms),
        "decision": None
        if decision is None
        else {
            "id": decision.id,
            "moment": _ms(health.decided),
            "verdict": decision.verdict.value,
            "name": decision.name,
            "reason": decision.reason.value,
            "words": refusal(decision.reason.value),
        },
    }


def _spread(spread: Spread | None) -> list[float] | None:
    return None if spread is None else [round(spread.half, 1), round(spread.most, 1)]


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else milliseconds(moment)
