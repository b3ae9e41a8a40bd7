"""What the screen says at a moment, as a pure function of what is known then."""

from dataclasses import dataclass
from enum import Enum

from client.frames import Area, area
from client.status import Answer, LinkState, LinkStatus, is_late
from wire import FaceReport, Verdict

GRANT_SECONDS = 1.0
"""How long a verdict outlives the picture it was drawn from. A person takes about this long to leave a
doorway, and the next one must not inherit a grant."""


class Banner(Enum):
    """The one thing a visitor reads."""

    GRANTED = "GRANTED"
    DENIED = "DENIED"
    CHECKING = "CHECKING..."
    IDLE = "LOOK AT THE CAMERA"
    LATE = "SERVER IS LATE"
    OFFLINE = "NOT CONNECTED"
    NO_CAMERA = "NO CAMERA"


class Colour(Enum):
    """What a rectangle around a face means."""

    GRANTED = "granted"
    DENIED = "denied"
    CHECKING = "checking"
    UNDECIDED = "undecided"
    LOCAL = "local"


@dataclass(frozen=True)
class Mark:
    """A rectangle around a face."""

    area: Area
    label: str
    colour: Colour


@dataclass(frozen=True)
class LocalFaces:
    """What the local detector saw in the frame captured at `captured`, in `time.monotonic()` seconds."""

    areas: tuple[Area, ...]
    captured: float


@dataclass(frozen=True)
class Screen:
    """All that is drawn over the picture. `names` belong to a grant."""

    banner: Banner
    names: tuple[str, ...]
    marks: tuple[Mark, ...]
    link: str
    latency_ms: float | None


_BANNERS = {
    Verdict.NONE: Banner.IDLE,
    Verdict.CHECKING: Banner.CHECKING,
    Verdict.GRANTED: Banner.GRANTED,
    Verdict.DENIED: Banner.DENIED,
}
_COLOURS = {
    Verdict.NONE: Colour.UNDECIDED,
    Verdict.CHECKING: Colour.CHECKING,
    Verdict.GRANTED: Colour.GRANTED,
    Verdict.DENIED: Colour.DENIED,
}
_LINKS = {
    LinkState.CONNECTING: "connecting",
    LinkState.CONNECTED: "connected",
    LinkState.LOST: "connection lost",
    LinkState.RETRYING: "retrying",
}
LOCAL_LABEL = "local detection"


def screen_at(
    now: float, status: LinkStatus, local: LocalFaces | None, camera_lost: bool, late_seconds: float
) -> Screen:
    """The screen at `now`, in `time.monotonic()` seconds.

    A verdict needs a camera, a connection whose answers are not late, and evidence younger than
    GRANT_SECONDS; without them there is no grant and no name.
    """
    late = is_late(status, now, late_seconds)
    answer = status.answer if status.answer and _fresh(status.answer.captured, now) else None
    latency = answer.latency_ms if answer else None
    link = _LINKS[status.state]
    if camera_lost:
        return Screen(Banner.NO_CAMERA, (), (), link, latency)
    if late:
        marks = _local_marks(local) if local and _fresh(local.captured, now) else ()
        banner = Banner.LATE if status.state is LinkState.CONNECTED else Banner.OFFLINE
        return Screen(banner, (), marks, link, latency)
    if answer is None:
        return Screen(Banner.IDLE, (), (), link, latency)
    return decided_screen(answer, link)


def decided_screen(answer: Answer, link: str = _LINKS[LinkState.CONNECTED]) -> Screen:
    """The screen while `answer` holds."""
    result = answer.result
    marks = tuple(_mark(face, answer.sent.width, answer.sent.height) for face in result.faces)
    return Screen(_BANNERS[result.verdict], _granted_names(answer), marks, link, answer.latency_ms)


def _granted_names(answer: Answer) -> tuple[str, ...]:
    result = answer.result
    if result.verdict is not Verdict.GRANTED:
        return ()
    return tuple(face.name for face in result.faces if face.verdict is Verdict.GRANTED and face.name)


def _fresh(captured: float, now: float) -> bool:
    return now - captured < GRANT_SECONDS


def _mark(face: FaceReport, width: int, height: int) -> Mark:
    top, right, bottom, left = face.box
    label = face.name or ("unknown" if face.verdict is Verdict.DENIED else "")
    return Mark(area(left, top, right, bottom, width, height), label, _COLOURS[face.verdict])


def _local_marks(local: LocalFaces) -> tuple[Mark, ...]:
    return tuple(Mark(found, LOCAL_LABEL, Colour.LOCAL) for found in local.areas)
