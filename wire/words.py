"""What the visitor reads: every code of the protocol in plain words, short enough for two metres. ASCII.

Terminals of all kinds say the same: a page gets the words as plain values (`vocabulary`).
"""

import math
from enum import Enum
from typing import Any, NamedTuple

from wire.reasons import Prompt, ProposalOutcome, Reason


class Banner(Enum):
    """The one thing a visitor reads."""

    GRANTED = "GRANTED"
    DENIED = "DENIED"
    CHECKING = "CHECKING..."
    IDLE = "LOOK AT THE CAMERA"
    LATE = "SERVER IS LATE"
    OFFLINE = "NOT CONNECTED"
    NO_CAMERA = "NO CAMERA"


class Arrow(Enum):
    """A side of the screen, whereto something is to be moved. The visitor faces it, so it is the visitor's
    own left or right."""

    LEFT = "left"
    RIGHT = "right"
    DOWN = "down"


class Instruction(NamedTuple):
    """What to do, a line that says more, and where the arrow points."""

    headline: str
    line: str = ""
    arrow: Arrow | None = None

    @property
    def sentence(self) -> str:
        """All of it in one line."""
        return f"{self.headline}, {self.line}".capitalize() if self.line else self.headline.capitalize()


REFUSALS: dict[Reason, str] = {
    Reason.RECOGNISED: "Recognised",
    Reason.UNKNOWN_FACE: "Not recognised",
    Reason.NEAR_TIE: "Not sure who you are",
    Reason.DISAGREEING: "Not sure who you are",
    Reason.TOO_FEW_LOOKS: "Not seen well enough",
    Reason.NOBODY_ENROLLED: "Nobody is enrolled yet",
    Reason.NOT_ALONE: "One person at a time",
    Reason.REVOKED: "No longer enrolled",
    Reason.LEFT: "Left too early",
    Reason.LOG_UNAVAILABLE: "Out of order",
    Reason.UNDELIVERED: "Out of order",
    Reason.TOO_DARK: "Too dark",
    Reason.TOO_BRIGHT: "Too bright",
    Reason.TOO_BLURRED: "Picture too blurred",
    Reason.LOOKING_AWAY: "Face turned away",
    Reason.NOT_LIVE: "Live face not confirmed",
    Reason.CHALLENGE_FAILED: "Instructions not followed",
    Reason.DISABLED: "Access is switched off",
    Reason.NOT_YET_VALID: "Access has not begun yet",
    Reason.EXPIRED: "Access has expired",
    Reason.OUTSIDE_SCHEDULE: "Not at this time",
    Reason.WRONG_TERMINAL: "Not at this door",
    Reason.LOCKED_OUT: "Too many attempts",
}

PROPOSALS: dict[ProposalOutcome | None, str] = {
    ProposalOutcome.KEPT: "proposed for enrolment",
    ProposalOutcome.NO_UNKNOWN_FACE: "not proposed: no unknown face in view",
    ProposalOutcome.TOO_MANY: "not proposed: too many wait already",
    ProposalOutcome.TOO_LATE: "not proposed: too late, try again",
    None: "not proposed: the server does not take it",
}
"""For whoever attends the terminal."""
INSTRUCTIONS: dict[Prompt, Instruction] = {
    Prompt.COME_CLOSER: Instruction("COME CLOSER"),
    Prompt.LOOK_AT_CAMERA: Instruction("LOOK AT THE CAMERA"),
    Prompt.MORE_LIGHT: Instruction("TOO DARK", "Face the light"),
    Prompt.LESS_LIGHT: Instruction("TOO BRIGHT", "Step out of the light"),
    Prompt.HOLD_STILL: Instruction("HOLD STILL"),
    Prompt.MOVE_A_LITTLE: Instruction("MOVE A LITTLE", "Turn your head"),
    Prompt.TURN_LEFT: Instruction("TURN HEAD LEFT", "Until the arrow is full", Arrow.LEFT),
    Prompt.TURN_RIGHT: Instruction("TURN HEAD RIGHT", "Until the arrow is full", Arrow.RIGHT),
    Prompt.OPEN_MOUTH: Instruction("OPEN YOUR MOUTH", "Until the arrow is full", Arrow.DOWN),
    Prompt.BLINK: Instruction("BLINK", "Close and open your eyes"),
    Prompt.STEP_AWAY: Instruction("STEP AWAY", "Then come back"),
    Prompt.WAIT: Instruction("PLEASE WAIT"),
}

MINUTES_FROM = 90.0
"""Longer waits are told in minutes, in seconds."""
WAIT_SECONDS = "Try again in {} s"
WAIT_MINUTES = "Try again in {} minutes"

LINKS = {
    "connecting": "connecting",
    "connected": "connected",
    "lost": "connection lost",
    "retrying": "retrying",
}
"""Whether the terminal can reach its server, by the state that it calls so."""


def refusal(code: str) -> str:
    """Why somebody was refused. A code that only a newer server knows reads as the commonest of all."""
    try:
        return REFUSALS[Reason(code)]
    except ValueError:
        return REFUSALS[Reason.UNKNOWN_FACE]


def instruction(prompt: Prompt, seconds_left: float | None) -> Instruction:
    """What to do now. Only a wait says how long: everything else is to be done at once."""
    told = INSTRUCTIONS[prompt]
    if prompt is not Prompt.WAIT or seconds_left is None:
        return told
    if seconds_left > MINUTES_FROM:
        return told._replace(line=WAIT_MINUTES.format(math.ceil(seconds_left / 60)))
    return told._replace(line=WAIT_SECONDS.format(math.ceil(seconds_left)))


def vocabulary() -> dict[str, Any]:
    """All of it for a terminal in another language, as values that JSON knows."""
    return {
        "banners": {banner.name.lower(): banner.value for banner in Banner},
        "links": LINKS,
        "refusals": {reason.value: told for reason, told in REFUSALS.items()},
        "unknown_refusal": refusal(""),
        "instructions": {
            prompt.value: {
                "headline": told.headline,
                "line": told.line,
                "arrow": told.arrow.value if told.arrow else None,
            }
            for prompt, told in INSTRUCTIONS.items()
        },
        "wait": {"seconds": WAIT_SECONDS, "minutes": WAIT_MINUTES, "minutes_from": MINUTES_FROM},
    }
