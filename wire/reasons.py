"""Closed vocabularies that the server tells and the terminal puts into words and colours."""

from enum import Enum


class Verdict(str, Enum):
    """What a frame, or a face in it, means for the door."""

    NONE = "none"
    CHECKING = "checking"
    GRANTED = "granted"
    DENIED = "denied"


class Reason(str, Enum):
    """Why a visit was decided as it was: stable codes for the log and the terminal."""

    RECOGNISED = "recognised"
    UNKNOWN_FACE = "unknown_face"
    NEAR_TIE = "near_tie"
    DISAGREEING = "disagreeing"
    TOO_FEW_LOOKS = "too_few_looks"
    NOBODY_ENROLLED = "nobody_enrolled"
    NOT_ALONE = "not_alone"
    REVOKED = "revoked"
    LEFT = "left"
    LOG_UNAVAILABLE = "log_unavailable"
    UNDELIVERED = "undelivered"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    TOO_BLURRED = "too_blurred"
    LOOKING_AWAY = "looking_away"
    NOT_LIVE = "not_live"
    CHALLENGE_FAILED = "challenge_failed"
    DISABLED = "disabled"
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"
    OUTSIDE_SCHEDULE = "outside_schedule"
    WRONG_TERMINAL = "wrong_terminal"
    LOCKED_OUT = "locked_out"


class Prompt(str, Enum):
    """What the visitor is asked to do now. Left and right are the visitor's own."""

    COME_CLOSER = "come_closer"
    LOOK_AT_CAMERA = "look_at_camera"
    MORE_LIGHT = "more_light"
    LESS_LIGHT = "less_light"
    HOLD_STILL = "hold_still"
    MOVE_A_LITTLE = "move_a_little"
    TURN_LEFT = "turn_left"
    TURN_RIGHT = "turn_right"
    OPEN_MOUTH = "open_mouth"
    BLINK = "blink"
    STEP_AWAY = "step_away"
    WAIT = "wait"


class ProposalOutcome(str, Enum):
    """What became of a face that was proposed for enrolment. `TOO_LATE`: the frame is not there any more."""

    KEPT = "kept"
    NO_UNKNOWN_FACE = "no_unknown_face"
    TOO_MANY = "too_many"
    TOO_LATE = "too_late"
