"""What the screen says at a moment, as a pure function of what is known then."""

from dataclasses import dataclass
from enum import Enum

from client.camera.frames import Area, area
from client.camera.local_faces import LocalFaces
from client.connection.memory import Memory
from client.connection.status import Answer, LinkState, LinkStatus, is_late
from wire import DecisionNotice, FaceReport, Result, Verdict
from wire.words import LINKS, PROPOSALS, Arrow, Banner, instruction, refusal

GRANT_SECONDS = 1.0
"""How long a verdict outlives the picture it was drawn from. A person takes about this long to leave a
doorway, and the next one must not inherit a grant."""
REFUSAL_SECONDS = 4.0
"""How long a refusal's reason is shown, as long as the answers still deny: long enough to read a note."""


PROPOSAL_SECONDS = 4.0
"""How long it is shown what became of a proposal."""


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
class Message:
    """What the visitor is told beyond the banner: `headline` instead of its own words, `lines` under them,
    an `arrow` of which the share `progress` is full, and how much of the time to do it is left, 0 to 1."""

    headline: str = ""
    lines: tuple[str, ...] = ()
    arrow: Arrow | None = None
    time_left: float | None = None
    progress: float = 1.0


NO_MESSAGE = Message()


@dataclass(frozen=True)
class Screen:
    """All that is drawn over the picture. `names` belong to a grant."""

    banner: Banner
    names: tuple[str, ...]
    marks: tuple[Mark, ...]
    link: str
    latency_ms: float | None
    message: Message = NO_MESSAGE


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
LOCAL_LABEL = "local detection"


def screen_at(
    now: float, status: LinkStatus, local: LocalFaces | None, camera_lost: bool, late_seconds: float
) -> Screen:
    """The screen at `now`, in `time.monotonic()` seconds.

    A verdict needs a camera, a connection whose answers are not late, and evidence younger than
    GRANT_SECONDS; without them there is no grant, no name, and nobody is asked to do anything. Whoever cannot
    be served is told the administrator's note.
    """
    late = is_late(status, now, late_seconds)
    answer = status.answer if status.answer and _fresh(status.answer.captured, now) else None
    latency = answer.latency_ms if answer else None
    link = _link(status, now)
    note = Message("", (status.note,)) if status.note else NO_MESSAGE
    if camera_lost:
        return Screen(
            banner=Banner.NO_CAMERA, names=(), marks=(), link=link, latency_ms=latency, message=note
        )
    if late:
        marks = _local_marks(local) if local and _fresh(local.captured, now) else ()
        banner = Banner.LATE if status.state is LinkState.CONNECTED else Banner.OFFLINE
        return Screen(banner=banner, names=(), marks=marks, link=link, latency_ms=latency, message=note)
    if answer is None:
        return Screen(banner=Banner.IDLE, names=(), marks=(), link=link, latency_ms=latency)
    return _answered_screen(answer, link, _message(answer.result, status.memory, now))


def _link(status: LinkStatus, now: float) -> str:
    """The connection in a word; for a moment what became of a proposal instead."""
    proposal = status.proposal
    told = proposal is not None and now - proposal.told < PROPOSAL_SECONDS
    return PROPOSALS[proposal.outcome] if proposal and told else LINKS[status.state.value]


def decided_screen(decision: DecisionNotice, answer: Answer) -> Screen:
    """What `decision` means for whom the frame of `answer` shows, whatever that answer said of them."""
    granted = decision.verdict is Verdict.GRANTED
    return Screen(
        banner=_BANNERS[decision.verdict],
        names=decision.names if granted else (),
        marks=_marks(answer),
        link=LINKS[LinkState.CONNECTED.value],
        latency_ms=answer.latency_ms,
        message=NO_MESSAGE if granted else _refused(decision),
    )


def _answered_screen(answer: Answer, link: str, message: Message) -> Screen:
    return Screen(
        banner=_BANNERS[answer.result.verdict],
        names=_granted_names(answer),
        marks=_marks(answer),
        link=link,
        latency_ms=answer.latency_ms,
        message=message,
    )


def _marks(answer: Answer) -> tuple[Mark, ...]:
    picture = answer.sent.picture
    return tuple(_mark(face, picture.width, picture.height) for face in answer.result.faces)


def _message(result: Result, memory: Memory, now: float) -> Message:
    """What `result` leaves to be said at `now`. A grant needs nothing more; a refusal's reason is read before
    anything is asked of the visitor, and whatever is asked then, the word DENIED stays."""
    if result.verdict is Verdict.GRANTED:
        return NO_MESSAGE
    denied = result.verdict is Verdict.DENIED
    if denied and memory.refusal and now - memory.refusal.told < REFUSAL_SECONDS:
        return _refused(memory.refusal.decision)
    if result.prompt is None:
        return NO_MESSAGE
    deadline = memory.deadline if result.prompt_seconds is not None else None
    told = instruction(result.prompt, deadline.left(now) if deadline else None)
    share = deadline.share_left(now) if deadline else None
    progress = 1.0 if result.prompt_progress is None else max(0.0, result.prompt_progress)
    headline, lines = ("", (told.sentence,)) if denied else (told.headline, (told.line,) if told.line else ())
    return Message(headline, lines, told.arrow, share, progress)


def _refused(decision: DecisionNotice) -> Message:
    why = refusal(decision.reason)
    if decision.note:
        return Message(f"{Banner.DENIED.value}: {why}", (decision.note,))
    return Message("", (why,))


def _granted_names(answer: Answer) -> tuple[str, ...]:
    result = answer.result
    if result.verdict is not Verdict.GRANTED:
        return ()
    return tuple(face.name for face in result.faces if face.verdict is Verdict.GRANTED and face.name)


def _fresh(captured: float, now: float) -> bool:
    return now - captured < GRANT_SECONDS


def _mark(face: FaceReport, width: int, height: int) -> Mark:
    top, right, bottom, left = face.box
    return Mark(area(left, top, right, bottom, width, height), face.name or "", _COLOURS[face.verdict])


def _local_marks(local: LocalFaces) -> tuple[Mark, ...]:
    return tuple(Mark(found, LOCAL_LABEL, Colour.LOCAL) for found in local.areas)
