"""Who may change whom: what holds at all doors, and what an administrator has laid down."""

import unicodedata
from collections.abc import Iterable
from http import HTTPStatus

from server.access.orders import Roster
from server.accounts.rights import Caller, Right
from server.web.callers import require_everywhere
from server.web.problems import ProblemError


def may_bar(caller: Caller, person: str, roster: Roster) -> bool:
    """Whether the caller may hold or release somebody's photos, or say of look-alikes that the person is one:
    limits could be evaded so under another name."""
    return caller.everywhere and (caller.may(Right.ADMINISTER) or person not in roster.permits)


def may_take_away(caller: Caller, person: str | None, paths: Iterable[str], roster: Roster) -> bool:
    """Whether the caller may remove or rename photos at these paths, which show that person: what people.toml
    says of them would be evaded so, too."""
    return caller.everywhere and (caller.may(Right.ADMINISTER) or not _has_entry(person, paths, roster))


def require_may_bar(caller: Caller, people: Iterable[str], roster: Roster) -> None:
    """Raises ProblemError."""
    require_everywhere(caller)
    for person in people:
        if not may_bar(caller, person, roster):
            raise _forbidden(f"Limits are laid down for {person}: only an administrator may do this.")


def require_face_stays(person: str | None, is_last: bool, roster: Roster) -> None:
    """The last photo of somebody with limits is what a photo under another name is compared with. Raises
    ProblemError."""
    if is_last and person in roster.permits:
        raise ProblemError.conflict(
            f"Limits are laid down for {person}, and no other photo enrols them: without it the same face"
            " could be enrolled under another name. Add another photo first, lift the limits, or erase the"
            " person; who is to come in nowhere is disabled."
        )


def is_held(path: str, roster: Roster) -> bool:
    """Whether people.toml has the photo enrol nobody."""
    return _composed(path) in map(_composed, roster.held)


def require_may_take_away(caller: Caller, person: str | None, paths: Iterable[str], roster: Roster) -> None:
    """Raises ProblemError."""
    require_everywhere(caller)
    if not may_take_away(caller, person, paths, roster):
        whom = person or "this photo"
        raise _forbidden(f"people.toml lays something down for {whom}: only an administrator may do this.")


def _has_entry(person: str | None, paths: Iterable[str], roster: Roster) -> bool:
    """Whether people.toml says anything of the person or a photo: limits, a confirmed pair, a hold."""
    return (
        person in roster.permits
        or any(person in pair for pair in roster.confirmed)
        or any(is_held(path, roster) for path in paths)
    )


def _composed(path: str) -> str:
    """As it is compared: file systems differ in how they keep accents."""
    return unicodedata.normalize("NFC", path)


def _forbidden(detail: str) -> ProblemError:
    return ProblemError(HTTPStatus.FORBIDDEN, "forbidden", detail)
